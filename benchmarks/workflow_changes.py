"""Change a finished study in every stage while jobs fail or die, run it three times, compare it with a fresh run.

    python benchmarks/workflow_changes.py [--checkout .] [--stages fits "a figure"]

The first two runs after a change are disturbed: the first job of the changed stage fails, is killed, fails with
`--keep-going`, or cannot do what the study asks for; the third run is left alone. Prints the exit codes of the three
and whether the tables and figures are then those of a fresh run, as a table for docs/cluster.md. `--checkout` measures
another state of the code, with the Python of its environment. Takes about half an hour on one core, less with some
stages alone.
"""

import argparse
import copy
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import yaml

ROOT = Path(__file__).resolve().parents[1]
GRAMMAR = "config/grammars/short_sentences.fcfg"
Study = dict[str, Any]

# Stage: the script whose jobs come first after the change, and the change.
CHANGES: dict[str, tuple[str, Study]] = {
    "stimuli": ("stimuli", {"datasets": {"words": {"sentences": 36}}}),
    "extraction": ("extract", {"representations": {"tokens_per_batch": 256}}),
    "fits": ("mlem", {"mlem": {"alphas": [0.1, 1.0]}}),
    "comparisons": ("compare_representations", {"similarity": {"preprocessing": "centre"}}),
    "a table": ("collect_models", {"models": {"alpha": {"family": "given"}}}),
    "a figure": ("figure", {"figures": {"scores": {"scale": 1.5}}}),
}
HOW = [
    *((stage, "fails") for stage in CHANGES),
    *((stage, "is killed") for stage in ("stimuli", "extraction", "fits", "a figure")),
    ("fits", "fails, --keep-going"),
]
# Snakemake starts a script under this name; here it ends before its first line.
FAULT = """
import os, signal, sys
rule, _, how = os.environ.get("FAULT", "").partition(":")
if rule and sys.orig_argv[-1].endswith(f".{rule}.py"):
    os.kill(os.getpid(), signal.SIGKILL) if how == "kill" else os._exit(1)
"""


def write_vectors(path: Path, sentences: int = 60, words: int = 20, units: int = 8) -> None:
    """Write one layer of random vectors for every word that a dataset of so many sentences may have."""
    identifiers = [f"s{sentence:05d}-{word}" for sentence in range(sentences) for word in range(words)]
    vectors = np.random.default_rng(list(path.name.encode())).normal(size=(len(identifiers), units))
    np.savez(path, **{"stimulus_id": np.array(identifiers), "0": vectors.astype(np.float32)})


def with_changes(study: Study, change: Study) -> Study:
    """Return a copy of a study with some of its keys set, at any depth."""
    changed = copy.deepcopy(study)
    for key, value in change.items():
        changed[key] = with_changes(changed.get(key, {}), value) if isinstance(value, dict) else value
    return changed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkout", type=Path, default=ROOT)
    parser.add_argument("--stages", nargs="*", choices=list(CHANGES), default=list(CHANGES))
    arguments = parser.parse_args()
    checkout = arguments.checkout.resolve()
    sys.path.append(str(checkout / "tests/workflow"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "faults").mkdir()
        (folder / "faults/sitecustomize.py").write_text(FAULT)
        run = Runs(checkout, folder)
        finished = run.place("finished")
        study = run.study(finished)
        assert run.run(finished, study) == 0, (finished / "log.txt").read_text()
        print("| change | exit codes of three runs | then the results of a fresh run |\n| --- | --- | --- |")
        for stage, how in (row for row in HOW if row[0] in arguments.stages):
            print(run.change(finished, study, stage, how), flush=True)
        for what, change in IMPOSSIBLE.items():
            print(run.impossible(finished, study, what, change), flush=True)


def too_many(folder: Path, study: Study) -> None:
    study["datasets"]["words"]["sentences"] = 100_000_000


def incomplete(folder: Path, study: Study) -> None:
    write_vectors(folder / study["models"]["beta"]["activations"], sentences=20)


def without_notes(folder: Path, study: Study) -> None:
    shutil.rmtree(folder / ".snakemake")
    study["mlem"]["alphas"] = [0.1, 1.0]


IMPOSSIBLE: dict[str, Callable[[Path, Study], None]] = {
    "`sentences: 100000000`, more than the grammar has": too_many,
    "an activations file that lacks stimuli": incomplete,
    "`.snakemake` deleted, then other `alphas`": without_notes,
}


class Runs:
    """Runs of one checkout's studies below one folder."""

    def __init__(self, checkout: Path, folder: Path) -> None:
        self.checkout = checkout
        self.folder = folder
        self.fresh: dict[str, dict[str, bytes]] = {}

    def place(self, name: str) -> Path:
        """Return a new folder in which a study can be run."""
        place = self.folder / name
        place.mkdir()
        (place / "config").symlink_to(self.checkout / "config")
        return place

    def study(self, place: Path) -> Study:
        """Write the activations of two models, more than the study asks for, and return the study."""
        from activation_study import activation_study

        study = activation_study(place, {"alpha": 1, "beta": 1}, sentences=40)
        for model in study["models"].values():
            write_vectors(place / model["activations"])
        return study

    def run(self, place: Path, study: Study, *arguments: str, fault: str = "") -> int:
        """Run a study and return Snakemake's exit code."""
        (place / "study.yaml").write_text(yaml.safe_dump(study, sort_keys=False))
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(self.checkout / "Snakefile"), "--cores", "1"]
        command += ["--workflow-profile", str(self.checkout / "profiles/default"), "--configfile", "study.yaml"]
        faults = {"FAULT": fault, "PYTHONPATH": str(self.folder / "faults")} if fault else {}
        with (place / "log.txt").open("a") as log:
            environment = {**os.environ, **faults}
            return subprocess.call([*command, *arguments], cwd=place, stdout=log, stderr=log, env=environment)

    def change(self, finished: Path, study: Study, stage: str, how: str) -> str:
        """Return the row of one change whose first job fails or dies in two of three runs."""
        script, change = CHANGES[stage]
        changed, place = with_changes(study, change), self._copy(finished)
        fault = script + (":kill" if "killed" in how else "")
        more = ["--keep-going"] if "--keep-going" in how else []
        codes = [self.run(place, changed, *more, fault=fault) for _ in range(2)] + [self.run(place, changed)]
        same = self._results(place) == self._fresh(stage, changed)
        shutil.rmtree(place)
        return _row(f"{stage}; the job {how}", codes, "yes" if same else "**no**")

    def impossible(self, finished: Path, study: Study, what: str, change: Callable[[Path, Study], None]) -> str:
        """Return the row of a change that cannot be carried out."""
        place, changed = self._copy(finished), copy.deepcopy(study)
        change(place, changed)
        codes = [self.run(place, changed) for _ in range(3)]
        shutil.rmtree(place)
        return _row(what, codes, "refused" if codes[-1] else "**old results, exit code 0**")

    def _copy(self, finished: Path) -> Path:
        place = self.folder / "changed"
        subprocess.run(["cp", "-a", str(finished), str(place)], check=True)
        return place

    def _fresh(self, stage: str, study: Study) -> dict[str, bytes]:
        if stage not in self.fresh:
            place = self.place(f"fresh {stage}")
            self.study(place)
            assert self.run(place, study) == 0, (place / "log.txt").read_text()
            self.fresh[stage] = self._results(place)
            assert len(self.fresh[stage]) > 20
        return self.fresh[stage]

    def _results(self, place: Path) -> dict[str, bytes]:
        results = place / "results/activations/words"
        paths = [path for path in results.rglob("*") if path.suffix in (".parquet", ".csv", ".png")]
        return {str(path.relative_to(results)): path.read_bytes() for path in paths}


def _row(what: str, codes: list[int], end: str) -> str:
    return f"| {what} | {', '.join(map(str, codes))} | {end} |"


if __name__ == "__main__":
    main()
