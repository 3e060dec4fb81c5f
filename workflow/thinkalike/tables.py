"""Parquet tables that say what made them."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from thinkalike.content_digest import content_digest
from thinkalike.current_job import current_job
from thinkalike.errors import InputError
from thinkalike.files import whole_file
from thinkalike.version import __version__

if TYPE_CHECKING:  # the Snakefile reads what tables say of themselves, which needs no pandas
    import pandas as pd

_KEY = b"thinkalike"
# Which job wrote the table, and the digest of what it holds: `thinkalike verify` compares them.
_RECORD = b"thinkalike.record"


def attach_metadata(table: pa.Table, metadata: Mapping[str, Any], **record: Any) -> pa.Table:
    """Return `table` with `metadata` and the package version as JSON in its schema metadata.

    Written by a job of a study, the table also gets what that job was told (see thinkalike.job_record), and `record`.
    """
    content = {_KEY: {"version": __version__, **metadata}}
    record = {**(current_job() or {}), **record}
    if record:
        content[_RECORD] = record
    encoded = {key: json.dumps(value, sort_keys=True).encode() for key, value in content.items()}
    return table.replace_schema_metadata({**(table.schema.metadata or {}), **encoded})


def write_table(
    frame: "pd.DataFrame", path: str | Path, metadata: Mapping[str, Any] | None = None, **record: Any
) -> None:
    """Write `frame` (its index is dropped) with what made it and a digest of what it holds, whole or not at all."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    # pandas' own metadata holds its version: the same table would have other bytes after an update.
    table = attach_metadata(table.replace_schema_metadata(None), metadata or {}, digest=content_digest(table), **record)
    with whole_file(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def read_table(path: str | Path, columns: list[str] | None = None) -> "pd.DataFrame":
    """Read a table that `write_table` wrote, or any other Parquet file."""
    return _open(path).read(columns=columns).to_pandas()


def read_metadata(path: str | Path) -> dict[str, Any]:
    """Return what `attach_metadata` stored; empty for a file made elsewhere."""
    return json.loads((_open(path).schema_arrow.metadata or {}).get(_KEY, b"{}"))


def read_record(path: str | Path) -> dict[str, Any]:
    """Return which job wrote a table: rule, wildcards, settings, inputs, digest; empty for a file made elsewhere."""
    return json.loads((_open(path).schema_arrow.metadata or {}).get(_RECORD, b"{}"))


def require(table: "pd.DataFrame", columns: Iterable[str], name: str) -> None:
    """Raise `InputError` where the table called `name` is empty or lacks one of `columns`."""
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise InputError(
            f"The {name} table has no column {_listed(missing)}; it has {_listed(map(str, table.columns))}."
        )
    if table.empty:
        raise InputError(f"The {name} table has no rows, so there is nothing to do: run the stage that makes it.")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names) or "no columns"


def _open(path: str | Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except FileNotFoundError as error:
        raise InputError(f"{path}: there is no such file.") from error
    except pa.ArrowInvalid as error:
        raise InputError(f"{path}: this is not a readable Parquet file ({error}); remove it and run again.") from error


def first_coding(table: "pd.DataFrame") -> "pd.DataFrame":
    """Return the rows of the coding of features that a study goes by, where a table holds more than one.

    With `coding: levels` the tables `importance` and `scores` hold the rows of `difference`, too.
    """
    return table[table["coding"] == _leading(table)] if "coding" in table and len(table) else table


def other_codings(table: "pd.DataFrame") -> "pd.DataFrame":
    """Return the rows of the coding that stands beside the one a study goes by; none where there is no other."""
    return table[table["coding"] != _leading(table)] if "coding" in table and len(table) else table.iloc[:0]


def _leading(table: "pd.DataFrame") -> str:
    """Return `levels` where it is among the codings, whatever the order of the rows, else the only one."""
    return "levels" if (table["coding"] == "levels").any() else str(table["coding"].iloc[0])
