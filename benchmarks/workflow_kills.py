"""Kill a study with SIGKILL at twenty random moments, then twenty changes of the finished study; compare all tables.

    python benchmarks/workflow_kills.py [--kills 20] [--cores 4] [--seed 0]

Each kill ends Snakemake and all its jobs at once, as a lost node does, up to a second after the study has a certain
number of new tables; these numbers are drawn from all there are, so that kills meet every stage. The change is one of
every stage: stimuli, extraction, fits and comparisons. Prints one line per kill and the verdicts: after the first runs,
and after the changes, every table must be that of a run that nobody disturbed.
"""

import argparse
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tests/workflow"))

from activation_study import activation_study

MODELS = {"alpha": 4, "beta": 3, "gamma": 3}


CHANGE: dict[str, dict[str, Any]] = {
    "datasets": {"words": {"punctuation": True}},  # there is none in the grammar: the stage runs, the stimuli stay
    "representations": {"tokens_per_batch": 256},
    "mlem": {"alphas": [0.1, 1.0]},
    "similarity": {"preprocessing": "centre"},
}


def main() -> None:
    arguments = _arguments()
    draw = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as folder:
        killed = Path(folder, "killed")
        study = _prepare(killed, change=False)
        different = _kill_often(killed, Path(folder, "first"), draw, arguments, change=False)
        study = _changed(study)
        (killed / "study.yaml").write_text(yaml.safe_dump(study, sort_keys=False))
        different += _kill_often(killed, Path(folder, "changed"), draw, arguments, change=True)
        sys.exit(bool(different))


def _kill_often(
    killed: Path, undisturbed: Path, draw: random.Random, arguments: argparse.Namespace, change: bool
) -> list[str]:
    """Run one study undisturbed and another with kills; return the tables in which they differ."""
    _prepare(undisturbed, change)
    _snakemake(undisturbed, arguments.cores).wait()
    expected = _tables(undisturbed)
    what = "changes of the finished study" if change else "first runs"
    print(f"Undisturbed, on {arguments.cores} cores: {len(expected)} tables; kills of {what}:", flush=True)
    start = time.time_ns()
    moments = sorted(draw.sample(range(len(expected)), arguments.kills))
    for number, tables in enumerate(moments, start=1):
        _kill(killed, arguments.cores, tables, draw.random(), number, start)
    code = _snakemake(killed, arguments.cores).wait()
    found = _tables(killed)
    different = sorted(name for name in expected | found if expected.get(name) != found.get(name))
    print(
        f"{len(found)} tables after {arguments.kills} kills of {what}, exit code {code} of the last run, "
        f"{len(different)} differ: {different or 'none'}",
        flush=True,
    )
    return different + (["exit code"] if code else [])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--cores", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def _prepare(folder: Path, change: bool) -> dict[str, Any]:
    folder.mkdir()
    (folder / "config").symlink_to(ROOT / "config")
    study = activation_study(folder, MODELS)
    study = _changed(study) if change else study
    (folder / "study.yaml").write_text(yaml.safe_dump(study, sort_keys=False))
    return study


def _changed(study: dict[str, Any]) -> dict[str, Any]:
    changed = {**study, **{key: {**study.get(key, {}), **value} for key, value in CHANGE.items()}}
    return {**changed, "datasets": {"words": {**study["datasets"]["words"], **CHANGE["datasets"]["words"]}}}


def _snakemake(folder: Path, cores: int, *more: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--cores", str(cores)]
    command += ["--workflow-profile", str(ROOT / "profiles/default"), "--configfile", "study.yaml"]
    command += ["--nocolor", *(more or ["all_tables"])]
    with (folder / "log.txt").open("a") as log:
        return subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, start_new_session=True)


def _kill(folder: Path, cores: int, tables: int, pause: float, number: int, start: int) -> None:
    process = _snakemake(folder, cores)
    while process.poll() is None and _new(folder, start) < tables:
        time.sleep(0.05)
    time.sleep(pause)
    what = "killed" if process.poll() is None else "was complete before"
    if process.returncode is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    _snakemake(folder, cores, "--unlock").wait()
    print(f"{number:2d}: {what} with {_new(folder, start)} new tables", flush=True)


def _new(folder: Path, start: int) -> int:
    """Return how many tables were written since `start`."""
    results = folder / "results"
    paths = [path for path in results.rglob("*") if path.suffix in (".parquet", ".csv") and path.name[0] != "."]
    count = 0
    for path in paths:
        with contextlib.suppress(FileNotFoundError):  # a job that starts removes its old results
            count += path.stat().st_mtime_ns > start
    return count


def _tables(folder: Path) -> dict[str, bytes]:
    results = folder / "results"
    paths = [path for path in results.rglob("*") if path.suffix in (".parquet", ".csv") and path.name[0] != "."]
    return {str(path.relative_to(results)): path.read_bytes() for path in paths}


if __name__ == "__main__":
    main()
