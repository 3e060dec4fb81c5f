"""Folders to run studies in."""

import os
from pathlib import Path

import pytest
from filelock import FileLock
from workflow_runs import TINY, Workflow, copy_of


@pytest.fixture
def workflow(tmp_path: Path) -> Workflow:
    return Workflow(tmp_path)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    """A folder in which the tiny study has run; tests must leave its results as they are."""
    # One process of pytest-xdist runs it for all.
    shared = tmp_path_factory.getbasetemp()
    shared = shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared
    original = shared / "tiny-study"
    with FileLock(f"{original}.lock"):
        if not original.exists():
            workflow = Workflow(tmp_path_factory.mktemp("tiny"))
            workflow.study(TINY, "--cores", "2")
            workflow.folder.rename(original)
    return copy_of(original, tmp_path_factory.mktemp("finished"))


@pytest.fixture
def copy_of_finished(finished: Workflow, tmp_path: Path) -> Workflow:
    """A copy of that folder, to change."""
    return copy_of(finished.folder, tmp_path)
