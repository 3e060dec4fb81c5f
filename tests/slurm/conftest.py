"""A real SLURM, which these tests start and stop."""

import fcntl
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

sys.path += [str(Path(__file__).parent), str(Path(__file__).parents[1] / "workflow")]

import local_slurm
from slurm_cluster import Cluster


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is in this folder."""
    for item in items:
        if Path(item.fspath).is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.slurm)
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def installed() -> None:
    """Debian's SLURM on this machine."""
    if reason := local_slurm.why_impossible():
        pytest.skip(reason)
    if not local_slurm.is_installed():
        pytest.skip("SLURM is not installed; `make slurm` installs it, as root")


@contextmanager
def only_one() -> Iterator[None]:
    """Wait for other processes that test with SLURM: a machine has one."""
    with (Path(tempfile.gettempdir()) / "thinkalike-slurm.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="module")
def slurm(installed: None) -> Iterator[None]:
    """A running SLURM with the partitions cpu and gpu."""
    os.environ.pop("SLURM_CONF", None)
    # Whoever ends the tests from outside must not leave the daemons behind.
    before = signal.signal(signal.SIGTERM, lambda *_: pytest.exit("SIGTERM"))
    with only_one():
        local_slurm.start()
        try:
            yield
        finally:
            local_slurm.stop()
            signal.signal(signal.SIGTERM, before)


@pytest.fixture
def cluster(slurm: None, tmp_path: Path) -> Iterator[Cluster]:
    """A folder of its own; jobs that a test leaves behind are cancelled."""
    yield Cluster(tmp_path)
    subprocess.run(["scancel", "--user=root"], capture_output=True)
