"""Digests of the files that a study is made from, so that a file that has changed is seen whatever its date says."""

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path


def file_digests(paths: Iterable[str]) -> dict[str, str]:
    """Return the digest of each file that comes from outside results/; what a rule makes there has its own record."""
    return {path: digest for path in paths if (digest := source_digest(path)) is not None}


def source_digest(path: str) -> str | None:
    """Return a file's SHA-256, or None if it is not there or a rule makes it."""
    if is_made_here(path):
        return None
    try:
        status = Path(path).stat()
    except OSError:
        return None
    # Whatever is written to a file moves its time of change, which no one can set.
    return _digest(path, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def is_made_here(path: str) -> bool:
    """Return whether a source of a study lies in results/, where a rule makes it, perhaps in this very run."""
    return Path(path).parts[:1] == ("results",)


@cache
def _digest(path: str, size: int, modified: int, changed: int) -> str | None:
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
