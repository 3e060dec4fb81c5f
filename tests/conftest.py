"""The order of the tests, and which of them `make quick` leaves out."""

import os
from pathlib import Path

import pytest

# What takes minutes. Among several processes it begins first, so that none ends long after the others.
LONG = ("slurm", "workflow")
# Fixtures in which a whole study is run, or the workflow is copied and planned.
WHOLE = {"finished", "finished_activations", "checkout"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if not WHOLE.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: _rank(Path(item.fspath).parent.name))


def _rank(folder: str) -> int:
    return LONG.index(folder) if folder in LONG else len(LONG)
