"""Refuse the files that a study is made from where they are not there, or Snakemake could not name or date them."""

import os
import re
import time
from pathlib import Path

from thinkalike.errors import InputError
from thinkalike.study.digests import is_made_here

_LONGEST = 255
_LATER = 60  # seconds: clocks of machines that share a disk differ by less


def check_source_file(key: str, path: str, base: Path) -> None:
    """Refuse a source that is not there, cannot be read, or that Snakemake could not name or date."""
    if is_made_here(path):
        return
    refuse_odd_path(key, path)
    place = base / path
    if place.is_dir():
        raise InputError(f"Configuration: {key} names '{path}', which is a folder; give a file.")
    if not place.is_file():
        raise InputError(f"Configuration: {key} names the file '{path}', which does not exist; correct the path.")
    if not os.access(place, os.R_OK):
        raise InputError(f"Configuration: {key} names the file '{path}', which you may not read; change its mode.")
    refuse_future(key, place, path)


def refuse_odd_path(key: str, path: str) -> None:
    """Refuse a path with signs that Snakemake reads as its own, or that no file can have."""
    found = re.search(r"[{}<>\x00-\x1f\x7f]", path)
    if found:
        what = "means something to Snakemake" if found[0] in "{}<>" else "does no good"
        raise InputError(f"Configuration: {key} names {path!r}, but {found[0]!r} in a path {what}; rename it.")
    longest = max((len(os.fsencode(part)) for part in Path(path).parts), default=0)
    if longest > _LONGEST:
        raise InputError(
            f"Configuration: {key} names a path with a part of {longest} bytes ('{path[:40]}...'), but a file's name "
            f"has at most {_LONGEST}; correct it."
        )


def refuse_future(key: str, place: Path, path: str) -> None:
    """Refuse a file that is dated later than now: its results would look older than it is."""
    modified = place.stat().st_mtime
    if modified > time.time() + _LATER:
        date = time.strftime("%Y-%m-%d %H:%M", time.localtime(modified))
        raise InputError(
            f"Configuration: {key} names the file '{path}', which is dated in the future ({date}); set its date "
            f"(`touch '{path}'`) or the machine's clock."
        )
