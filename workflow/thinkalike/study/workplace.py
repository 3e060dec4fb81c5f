"""What is wrong with the folders in which a study is to be run, said before it runs."""

import os
import re
from pathlib import Path

from thinkalike.errors import InputError


def refuse_place(folder: Path, checkout: str | Path, results: str = "results") -> None:
    """Raise InputError where Snakemake could not work in a folder, or nothing could be written to its results.

    Parameters
    ----------
    folder
        The folder in which the study is run: the working directory.
    checkout
        The folder in which the Snakefile lies.
    results
        The folder of results, relative to `folder`.
    """
    for what, path in (("working directory", folder), ("checkout", Path(checkout))):
        found = re.search(r"[{}]", str(path))
        if found:
            raise InputError(
                f"The path of the {what}, {path}, holds {found[0]!r}, which Snakemake takes for a wildcard; rename "
                "that folder."
            )
    place = folder / results
    for part in (*reversed(place.relative_to(folder).parents[:-1]), place.relative_to(folder)):
        _refuse(folder / part)


def _refuse(path: Path) -> None:
    if path.is_symlink() and not path.exists():
        raise InputError(
            f"{path} is a link to {path.readlink()}, which does not exist; make that folder or remove the link."
        )
    if path.exists() and not path.is_dir():
        raise InputError(f"{path} is a file where the folder of results should be; move it away.")
    nearest = path
    while not nearest.exists():
        nearest = nearest.parent
    if not os.access(nearest, os.W_OK):
        raise InputError(
            f"{nearest} cannot be written to; change its mode (`chmod u+w`), or let results/ be a link to where there "
            "is space to write."
        )
