"""The job that this process runs, of which the tables that it writes speak."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

_current: dict[str, Any] | None = None


@contextmanager
def recorded(made: Mapping[str, Any]) -> Iterator[None]:
    """Let every table that is written inside carry `made` in its metadata; in all threads of this process."""
    global _current
    _current = dict(made)
    try:
        yield
    finally:
        _current = None


def current_job() -> dict[str, Any] | None:
    """Return what tables are to say of their making, or None outside a job."""
    return _current
