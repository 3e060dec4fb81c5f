"""The same bytes however a study was run: on one core or four, in one go or killed and resumed."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from workflow_runs import ROOT, Workflow

pytestmark = pytest.mark.long

Bytes = dict[str, bytes]


def tables(folder: Path) -> Bytes:
    """Return the bytes of every table and every layer's results."""
    results = folder / "results/activations/words"
    found = {str(path.relative_to(results)): path.read_bytes() for path in results.rglob("*.parquet")}
    found |= {str(path.relative_to(results)): path.read_bytes() for path in results.rglob("*.csv")}
    assert "tables/similarity.csv" in found
    return found


def files(folder: Path) -> int:
    return sum(1 for path in folder.rglob("results/**/*.parquet"))


def unfinished(activations: tuple[Workflow, dict[str, Any]], folder: Path) -> tuple[Workflow, dict[str, Any]]:
    """Return a folder with what the finished study was made from, and the study."""
    finished, study = activations
    for path in finished.folder.glob("*.npz"):
        shutil.copy(path, folder)
    return Workflow(folder), study


@pytest.fixture(scope="module")
def four_cores(finished_activations: Workflow, tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    """A run on four cores, to the tables."""
    study = yaml.safe_load((finished_activations.folder / "finished.yaml").read_text())
    workflow, _ = unfinished((finished_activations, study), tmp_path_factory.mktemp("four-cores"))
    workflow.study(study, "--cores", "4", "all_tables")
    return workflow


def test_four_cores_give_the_same_bytes(four_cores: Workflow, finished_activations: Workflow) -> None:
    found, one_core = tables(four_cores.folder), tables(finished_activations.folder)
    assert found == {name: one_core[name] for name in found}


def kill_at(workflow: Workflow, number: int) -> bool:
    """Start a run, end it and its jobs with SIGKILL once there are `number` files; return whether it still ran."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--cores", "2"]
    command += [
        "--workflow-profile",
        str(ROOT / "profiles/default"),
        "--configfile",
        "study.yaml",
        "--nocolor",
        "all_tables",
    ]
    process = subprocess.Popen(
        command, cwd=workflow.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    while process.poll() is None and files(workflow.folder) < number:
        time.sleep(0.05)
    if process.poll() is not None:
        return False
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return True


def test_a_run_that_is_killed_and_resumed_gives_the_same_bytes(
    four_cores: Workflow, activations: tuple[Workflow, dict[str, Any]], tmp_path: Path
) -> None:
    workflow, study = unfinished(activations, tmp_path)
    workflow.write(study)
    for target in sorted(random.Random(0).sample(range(1, files(four_cores.folder) - 1), 3)):
        assert kill_at(workflow, target)
        # The killed run could not take its lock away.
        workflow.study(study, "--unlock")
    workflow.study(study, "--cores", "2", "all_tables")
    assert tables(workflow.folder) == tables(four_cores.folder)
    assert workflow.jobs(study, "all_tables") == {}
    assert not list((workflow.folder / "results").rglob("*.partial*")), "half-written files are left"
