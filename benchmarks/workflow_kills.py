"""Kill a study with SIGKILL at twenty random moments, then twenty changes of the finished study; compare all results.

    python benchmarks/workflow_kills.py [--kills 20] [--cores 1] [--seed 0]

Each kill ends Snakemake and all its jobs at once, as a lost node does, up to a second after a certain share of the jobs
is done: one kill in each twentieth of the run, so that every stage is met. The finished study is then changed in every
stage, one after the other from the first to the last, each change is killed several times, and finished. Prints one
line per kill and the verdicts: every table, figure and page must have the bytes of a run that nobody disturbed. Takes
about a quarter of an hour on one core.
"""

import argparse
import os
import random
import re
import shutil
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
from workflow_changes import with_changes, write_vectors

# From the first stage to the last: what a change has made is not made again by the changes that follow.
CHANGES: dict[str, dict[str, Any]] = {
    "stimuli": {"datasets": {"words": {"sentences": 36}}},
    "training": {"models": {"lstm": {"steps": 8}}},
    "extraction": {"representations": {"tokens_per_batch": 256}},
    "fits": {"mlem": {"alphas": [0.1, 1.0]}},
    "comparisons": {"similarity": {"preprocessing": "centre"}},
    "tables": {"models": {"alpha": {"family": "given"}}},
    "figures": {"figures": {"scores": {"scale": 1.5}}},
}
COMPARED = (".parquet", ".csv", ".png", ".html")


def main() -> None:
    arguments = _arguments()
    draw = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        study = _prepare(folder / "killed")
        _kill_often(folder / "killed", arguments.cores, draw, arguments.kills, "first run")
        wrong = _differences(folder / "killed", study, folder / "undisturbed", arguments.cores, "first run")
        for number, (stage, change) in enumerate(CHANGES.items()):
            # Figures follow the last change of all.
            target = "all" if stage == "figures" else "all_tables"
            study = with_changes(study, change)
            # As many kills for each stage, and what is left over for the first ones.
            kills = len(range(number, arguments.kills, len(CHANGES)))
            _write(folder / "killed", study)
            _kill_often(folder / "killed", arguments.cores, draw, kills, f"change of {stage}", target)
        wrong += _differences(folder / "killed", study, folder / "changed", arguments.cores, "changes")
        sys.exit(bool(wrong))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def _differences(killed: Path, study: dict[str, Any], undisturbed: Path, cores: int, what: str) -> list[str]:
    """Run the same study in another folder without kills; return the results in which the two differ."""
    _prepare(undisturbed)
    _write(undisturbed, study)
    code = _snakemake(undisturbed, cores).wait() + _snakemake(killed, cores).wait()
    idle = "Nothing to be done" in (killed / "log.txt").read_text()
    expected, found = _results(undisturbed), _results(killed)
    different = sorted(name for name in expected | found if expected.get(name) != found.get(name))
    print(f"{what}: {len(expected)} files undisturbed (exit code {code}), {len(found)} after the kills, ", end="")
    print(f"{len(different)} differ: {different or 'none'}; another run has nothing to do: {idle}", flush=True)
    return different + (["exit code"] if code or not expected or not idle else [])


def _prepare(folder: Path) -> dict[str, Any]:
    """Make a folder with the study of one model that is trained and one whose activations are given."""
    folder.mkdir()
    (folder / "config").symlink_to(ROOT / "config")
    study = activation_study(folder, {"alpha": 1}, name="killed", sentences=40)
    write_vectors(folder / study["models"]["alpha"]["activations"])
    study["models"]["lstm"] = {"train": "lstm", "layers": 1, "width": 32, "steps": 5}
    study["datasets"]["words"]["corpus"] = {"grammar": "config/grammars/corpus.fcfg", "sentences": 2000, "heldout": 60}
    _write(folder, study)
    return study


def _write(folder: Path, study: dict[str, Any]) -> None:
    (folder / "study.yaml").write_text(yaml.safe_dump(study, sort_keys=False))


def _kill_often(folder: Path, cores: int, draw: random.Random, kills: int, what: str, target: str = "all") -> None:
    """Kill runs of a study at random shares of what the first of them has to do, then finish it."""
    total = None
    for number in range(kills):
        process = _snakemake(folder, cores, target)
        jobs, done = _wait(process, folder, total, (number + draw.random()) / kills)
        total = total or jobs
        time.sleep(draw.random())
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        end = "killed" if process.wait() == -signal.SIGKILL else "ended by itself"
        print(f"{what}: {end} with {total - jobs + done} of {total} jobs done", flush=True)
        # As `snakemake --unlock` does.
        shutil.rmtree(folder / ".snakemake/locks", ignore_errors=True)
    if code := _snakemake(folder, cores, target).wait():
        sys.exit(f"{what}: the last run ended with {code}:\n{(folder / 'log.txt').read_text()}")
    print(f"{what}: finished", flush=True)


def _wait(process: subprocess.Popen, folder: Path, total: int | None, share: float) -> tuple[int, int]:
    """Wait until a share of all jobs is done; return the number of this run's jobs and of those done."""
    while process.poll() is None:
        text = (folder / "log.txt").read_text()
        jobs = re.search(r"^total +(\d+)$", text, flags=re.MULTILINE)
        done = len(re.findall(r"^\d+ of \d+ steps", text, flags=re.MULTILINE))
        if jobs and int(jobs[1]) - done <= (total or int(jobs[1])) * (1 - share):
            return int(jobs[1]), done
        time.sleep(0.05)
    return 0, 0


def _snakemake(folder: Path, cores: int, target: str = "all") -> subprocess.Popen:
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--cores", str(cores)]
    command += ["--workflow-profile", str(ROOT / "profiles/default"), "--configfile", "study.yaml", "--nocolor", target]
    with (folder / "log.txt").open("w") as log:
        return subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, start_new_session=True)


def _results(folder: Path) -> dict[str, bytes]:
    """Return what every run has to make in the same way: what jobs took differs."""
    results = folder / "results/killed"
    paths = [path for path in results.rglob("*") if path.suffix in COMPARED and "resources" not in path.parts]
    return {str(path.relative_to(results)): path.read_bytes() for path in paths}


if __name__ == "__main__":
    main()
