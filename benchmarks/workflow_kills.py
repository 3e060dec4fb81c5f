"""Kill a study with SIGKILL at twenty random moments, resume it each time, and compare every table with a whole run.

    python benchmarks/workflow_kills.py [--kills 20] [--cores 4] [--seed 0]

Each kill ends Snakemake and all its jobs at once, as a lost node does, up to a second after the study has a certain
number of tables; these numbers are drawn from all there are, so that kills meet every stage. Prints one line per kill
and the verdict.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tests/workflow"))

from activation_study import activation_study

MODELS = {"alpha": 4, "beta": 3, "gamma": 3}


def main() -> None:
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        undisturbed, killed = Path(folder, "undisturbed"), Path(folder, "killed")
        for place in (undisturbed, killed):
            _prepare(place)
        _snakemake(undisturbed, arguments.cores).wait()
        expected = _tables(undisturbed)
        print(f"Undisturbed, on {arguments.cores} cores: {len(expected)} tables", flush=True)
        draw = random.Random(arguments.seed)
        moments = sorted(draw.sample(range(len(expected)), arguments.kills))
        for number, tables in enumerate(moments, start=1):
            _kill(killed, arguments.cores, tables, draw.random(), number)
        _snakemake(killed, arguments.cores).wait()
        found = _tables(killed)
        different = sorted(name for name in expected | found if expected.get(name) != found.get(name))
        print(f"{len(found)} tables after {arguments.kills} kills, {len(different)} differ: {different or 'none'}")
        sys.exit(bool(different))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--cores", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def _prepare(folder: Path) -> None:
    folder.mkdir()
    (folder / "config").symlink_to(ROOT / "config")
    (folder / "study.yaml").write_text(yaml.safe_dump(activation_study(folder, MODELS), sort_keys=False))


def _snakemake(folder: Path, cores: int, *more: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--cores", str(cores)]
    command += ["--workflow-profile", str(ROOT / "profiles/default"), "--configfile", "study.yaml"]
    command += ["--nocolor", *(more or ["all_tables"])]
    with (folder / "log.txt").open("a") as log:
        return subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, start_new_session=True)


def _kill(folder: Path, cores: int, tables: int, pause: float, number: int) -> None:
    process = _snakemake(folder, cores)
    while process.poll() is None and len(_tables(folder)) < tables:
        time.sleep(0.05)
    time.sleep(pause)
    what = "killed" if process.poll() is None else "was complete before"
    if process.returncode is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    _snakemake(folder, cores, "--unlock").wait()
    print(f"{number:2d}: {what} with {len(_tables(folder))} tables", flush=True)


def _tables(folder: Path) -> dict[str, bytes]:
    results = folder / "results"
    paths = [path for path in results.rglob("*") if path.suffix in (".parquet", ".csv") and path.name[0] != "."]
    return {str(path.relative_to(results)): path.read_bytes() for path in paths}


if __name__ == "__main__":
    main()
