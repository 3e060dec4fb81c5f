"""A folder to begin a study of one's own in: what `thinkalike init` writes."""

import re
import shutil
from pathlib import Path
from typing import Any

from thinkalike.catalogue import STIMULUS_SOURCES
from thinkalike.errors import InputError
from thinkalike.shipped import workflow_folder
from thinkalike.study.digests import is_made_here
from thinkalike.study.schema import read_schema
from thinkalike.study.study import paths_of
from thinkalike.study.yaml_file import read_study_file

_HERE = Path(__file__).resolve().parent
FIRST = "start"


def shipped_studies() -> dict[str, Path]:
    """Return the studies that come with the package, by name; `start` is the one to begin with."""
    others = sorted((workflow_folder() / "config").glob("*.yaml"))
    return {FIRST: _HERE / "study.yaml"} | {path.stem: path for path in others}


def start_study(folder: Path, like: str = FIRST) -> list[Path]:
    """Write a study, the files that it is made from, a Snakefile and profiles into a folder.

    Parameters
    ----------
    folder
        The folder, which may exist but must hold none of these files. Its name becomes the study's.
    like
        The shipped study to copy.

    Returns
    -------
    list of Path
        The files that were written.

    Raises
    ------
    InputError
        If the folder's name can be no study's name, there is no such shipped study, or a file is there already.
    """
    studies = shipped_studies()
    if like not in studies:
        raise InputError(f"There is no shipped study '{like}'; there are {', '.join(studies)}.")
    name = folder.resolve().name
    allowed = read_schema()["$defs"]["name"]
    if not re.search(allowed["pattern"], name):
        raise InputError(
            f"The folder's name becomes the study's, but '{name}' cannot be one; allowed are: {allowed['description']}"
        )
    copied = _files(studies[like], name)
    taken = [path for path in copied if (folder / path).exists()]
    if taken:
        raise InputError(f"{folder / taken[0]} is there already; choose another folder, or move that file away.")
    for path, source in copied.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(source, str):
            target.write_text(source, encoding="utf-8")
        else:
            shutil.copy(source, target)
    return [folder / path for path in copied]


def _files(study: Path, name: str) -> dict[str, Path | str]:
    """Return what is written where: a file to copy, or a text."""
    root = workflow_folder()
    text = re.sub(r"(?m)^study:.*$", f"study: '{name}'", study.read_text(encoding="utf-8"), count=1)
    profiles = sorted(path for path in (root / "profiles").rglob("*") if path.is_file())
    return {
        "Snakefile": _HERE / "Snakefile",
        ".gitignore": "/results/\n/.snakemake/\n",
        "config/config.yaml": text,
        **{path: root / path for path in _source_files(read_study_file(study)["datasets"])},
        **{str(path.relative_to(root)): path for path in profiles},
    }


def _source_files(datasets: dict[str, dict[str, Any]]) -> list[str]:
    """Return the files that datasets and their corpora are made from, but for those that the rules make."""
    files = [path for entry in datasets.values() for key in STIMULUS_SOURCES for path in paths_of(entry.get(key, []))]
    files += [entry["corpus"]["grammar"] for entry in datasets.values() if "corpus" in entry]
    return sorted({path for path in files if not is_made_here(path)})
