"""The order of the tests."""

import os
from pathlib import Path

import pytest

# What takes minutes. Among several processes it begins first, so that none ends long after the others.
LONG = ("slurm", "workflow")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: _rank(Path(item.fspath).parent.name))


def _rank(folder: str) -> int:
    return LONG.index(folder) if folder in LONG else len(LONG)
