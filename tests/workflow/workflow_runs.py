"""Run the workflow as a user would, in a folder of its own."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml
from snakemake_server import SNAKEMAKE, Run

ROOT = Path(__file__).resolve().parents[2]

TINY = {
    "study": "tiny",
    "datasets": {
        "words": {
            "grammar": "config/grammars/short_sentences.fcfg",
            "sentences": 40,
            "corpus": {"grammar": "config/grammars/corpus.fcfg", "sentences": 2000, "heldout": 60},
        }
    },
    "models": {
        "gpt2": {"train": "gpt2", "layers": 2, "width": 32, "steps": 20},
        "lstm": {"train": "lstm", "layers": 1, "width": 32, "steps": 20},
        "bert-untrained": {"train": "bert", "layers": 1, "width": 32, "steps": 0},
    },
    "mlem": {"folds": 3, "inner_folds": 3, "resamples": 20, "halvings": 2},
    "similarity": {"feature_based": ["weighted_kendall", "resolved_kendall"]},
    "figures": {"formats": ["png"]},
}


class Workflow:
    """A folder in which studies are run with this checkout's Snakefile."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "config").symlink_to(ROOT / "config")
        (folder / "profiles").symlink_to(ROOT / "profiles")

    def write(self, study: dict, name: str = "study.yaml") -> str:
        (self.folder / name).write_text(yaml.safe_dump(study, sort_keys=False))
        return name

    def run(self, *arguments: str, check: bool = True, timeout: float = 600, first: str = "") -> Run:
        """Run Snakemake with these arguments, after the Python code `first`; a failure fails the test if `check`."""
        command = [] if "--snakefile" in arguments else ["--snakefile", str(ROOT / "Snakefile")]
        command += ["--workflow-profile", str(ROOT / "profiles/default"), "--nocolor", *arguments]
        result = SNAKEMAKE.run(command, self.folder, timeout, first)
        if check and result.returncode:
            pytest.fail(f"snakemake {' '.join(command)}\n{result.stdout}\n{result.stderr}")
        return result

    def study(self, study: dict, *arguments: str, **options) -> Run:
        return self.run("--configfile", self.write(study), *arguments, **options)

    def jobs(self, study: dict, *arguments: str) -> dict[str, int]:
        """Return how many jobs of each rule a run would start."""
        planned = self.study(study, "--dry-run", *arguments).stdout
        # Shown where a test fails: why each job would run.
        print(planned)
        return counted(planned)


def counted(text: str) -> dict[str, int]:
    """Return the number of jobs of each rule in what a dry run printed."""
    table = text.partition("Job stats:")[2].partition("\n\n")[0]
    counts = dict(re.findall(r"^(\w+)\s+(\d+)$", table, flags=re.MULTILINE))
    return {rule: int(count) for rule, count in counts.items() if rule not in ("total", "job")}


def copy_of(folder: Path, place: Path) -> Workflow:
    subprocess.run(["cp", "-a", f"{folder}/.", str(place)], check=True)
    copied = object.__new__(Workflow)
    copied.folder = place
    return copied
