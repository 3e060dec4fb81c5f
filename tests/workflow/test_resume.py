"""The same bytes however a study was run: on one core or four, in one go or killed and resumed."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from activation_study import activation_study
from workflow_runs import ROOT, Workflow

pytestmark = pytest.mark.slow

MODELS = {"alpha": 2, "beta": 1}


def tables(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every table and every layer's results."""
    results = folder / "results/activations/words"
    found = {str(path.relative_to(results)): path.read_bytes() for path in results.rglob("*.parquet")}
    found |= {str(path.relative_to(results)): path.read_bytes() for path in results.rglob("*.csv")}
    assert "tables/similarity.csv" in found
    return found


@pytest.fixture(scope="module")
def one_core(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], int]:
    """The tables of a run on one core, and how many files it left."""
    workflow = Workflow(tmp_path_factory.mktemp("one-core"))
    study = activation_study(workflow.folder, MODELS)
    workflow.study(study, "--cores", "1", "all_tables")
    return tables(workflow.folder), files(workflow.folder)


def files(folder: Path) -> int:
    return sum(1 for path in folder.rglob("results/**/*.parquet"))


def test_four_cores_give_the_same_bytes(one_core: tuple[dict[str, bytes], int], workflow: Workflow) -> None:
    workflow.study(activation_study(workflow.folder, MODELS), "--cores", "4", "all_tables")
    assert tables(workflow.folder) == one_core[0]


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
    one_core: tuple[dict[str, bytes], int], workflow: Workflow
) -> None:
    study = activation_study(workflow.folder, MODELS)
    workflow.write(study)
    expected, number = one_core
    for target in sorted(random.Random(0).sample(range(1, number - 1), 3)):
        assert kill_at(workflow, target)
        # The killed run could not take its lock away.
        workflow.study(study, "--unlock")
    workflow.study(study, "--cores", "2", "all_tables")
    assert tables(workflow.folder) == expected
    assert workflow.jobs(study, "all_tables") == {}
    assert not list((workflow.folder / "results").rglob("*.partial*")), "half-written files are left"
