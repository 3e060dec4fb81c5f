"""What made a table: the job, its settings, and the tables that it read."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

# Of a folder that a job writes, the table that the same job writes beside it speaks.
_SPEAKS_FOR = {"representations": "layers.parquet", "checkpoint": "training.parquet"}


def record_of_job(
    rule: str, wildcards: Mapping[str, str], settings: Mapping[str, Any], inputs: Iterable[str], output: str
) -> dict[str, Any]:
    """Return what a job's tables say of their making.

    Parameters
    ----------
    rule, wildcards, settings
        The rule's name, the job's wildcards and its parameters.
    inputs
        Files and folders that it reads.
    output
        One of the files that it writes: inputs are named relative to its folder, so that results may be moved as a
        whole.

    Returns
    -------
    dict
        `rule`, `wildcards`, `settings`, and `inputs`, which holds the digest of what each table held by its path.
    """
    start = Path(output).parent
    digests = {}
    for path in inputs:
        table = speaking_table(Path(path))
        digest = recorded_digest(table)
        if digest is not None:
            digests[os.path.relpath(table, start)] = digest
    return {"rule": rule, "wildcards": dict(wildcards), "settings": dict(settings), "inputs": digests}


def speaking_table(path: Path) -> Path:
    """Return the table that speaks for an input: itself, or one beside it for a folder."""
    return path.with_name(_SPEAKS_FOR[path.name]) if path.name in _SPEAKS_FOR else path


def recorded_digest(path: Path) -> str | None:
    """Return the digest of its content that a table of this package carries, or None for any other file."""
    from thinkalike.tables import read_record

    if path.suffix != ".parquet" or not path.is_file():
        return None
    return read_record(path).get("digest")
