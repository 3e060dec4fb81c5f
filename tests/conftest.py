"""The order of the tests, how many processes run them, and which of them `make quick` leaves out."""

import os
import shutil
from pathlib import Path

import pytest

# What takes minutes. Among several processes it begins first, so that none ends long after the others.
BEGIN = ("slurm", "workflow")
# Fixtures in which a whole study is run, or the workflow is copied and planned.
WHOLE = {"finished", "finished_activations", "checkout"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if not WHOLE.isdisjoint(getattr(item, "fixturenames", ())) or item.get_closest_marker("long"):
            item.add_marker(pytest.mark.slow)
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: _rank(Path(item.fspath).parent.name))


def _rank(folder: str) -> int:
    return BEGIN.index(folder) if folder in BEGIN else len(BEGIN)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return the number of processes for `-n auto`: one more than cores with SLURM, whose tests mostly wait."""
    cores = len(os.sched_getaffinity(0))
    waiting = shutil.which("slurmctld") is not None and "not slurm" not in config.option.markexpr
    return cores + 1 if waiting else cores
