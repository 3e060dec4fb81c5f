"""Folders to run studies in, and two finished studies that the tests share."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from activation_study import activation_study
from filelock import FileLock
from workflow_runs import ROOT, TINY, Workflow, copy_of


@pytest.fixture
def workflow(tmp_path: Path) -> Workflow:
    return Workflow(tmp_path)


def shared_run(factory: pytest.TempPathFactory, name: str, run: Callable[[Workflow], object]) -> Workflow:
    """Return a copy of a folder in which a study has run: one process of pytest-xdist runs it for all."""
    shared = factory.getbasetemp()
    shared = shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared
    original = shared / name
    with FileLock(f"{original}.lock"):
        if not original.exists():
            workflow = Workflow(factory.mktemp(name))
            run(workflow)
            workflow.folder.rename(original)
    return copy_of(original, factory.mktemp(f"{name}-copy"))


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    """A folder in which the tiny study has run; tests must leave its results as they are."""
    return shared_run(tmp_path_factory, "tiny-study", lambda workflow: workflow.study(TINY, "--cores", "2"))


@pytest.fixture
def copy_of_finished(finished: Workflow, tmp_path: Path) -> Workflow:
    """A copy of that folder, to change."""
    return copy_of(finished.folder, tmp_path)


@pytest.fixture(scope="session")
def finished_activations(tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    """A folder in which a study of given activations has run on one core; tests leave its results as they are."""
    return shared_run(tmp_path_factory, "activation-study", run_activations)


def run_activations(workflow: Workflow) -> None:
    # A copy, whose files can be touched.
    (workflow.folder / "config").unlink()
    shutil.copytree(ROOT / "config", workflow.folder / "config")
    study = activation_study(workflow.folder, {"alpha": 2, "beta": 1}, sentences=40)
    workflow.write(study, "finished.yaml")
    workflow.study(study, "--cores", "1")


@pytest.fixture
def activations(finished_activations: Workflow) -> tuple[Workflow, dict[str, Any]]:
    """That folder and the study's configuration, two models of two layers and of one, which may be changed."""
    return finished_activations, yaml.safe_load((finished_activations.folder / "finished.yaml").read_text())
