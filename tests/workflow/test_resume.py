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
from conftest import ROOT, Workflow

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
def one_core(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], float]:
    """The tables of a run on one core, and how long it took."""
    workflow = Workflow(tmp_path_factory.mktemp("one-core"))
    study = activation_study(workflow.folder, MODELS)
    start = time.monotonic()
    workflow.study(study, "--cores", "1", "all_tables")
    return tables(workflow.folder), time.monotonic() - start


def test_four_cores_give_the_same_bytes(one_core: tuple[dict[str, bytes], float], workflow: Workflow) -> None:
    workflow.study(activation_study(workflow.folder, MODELS), "--cores", "4", "all_tables")
    assert tables(workflow.folder) == one_core[0]


def kill_after(workflow: Workflow, seconds: float) -> bool:
    """Start a run and end it and all its jobs with SIGKILL after `seconds`; return whether it was still running."""
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
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return True
    return False


def test_a_run_that_is_killed_and_resumed_gives_the_same_bytes(
    one_core: tuple[dict[str, bytes], float], workflow: Workflow
) -> None:
    study = activation_study(workflow.folder, MODELS)
    workflow.write(study)
    expected, seconds = one_core
    draw = random.Random(0)
    killed = 0
    for _ in range(3):
        killed += kill_after(workflow, draw.uniform(0.15, 0.4) * seconds)
        # The killed run could not take its lock away.
        workflow.study(study, "--unlock")
    assert killed
    workflow.study(study, "--cores", "2", "all_tables")
    assert tables(workflow.folder) == expected
    assert workflow.jobs(study, "all_tables") == {}
    left = [path for path in (workflow.folder / "results").rglob("*.partial*") if path.is_file()]
    assert all(path.name.startswith(".") for path in left), "half-written files are hidden"
