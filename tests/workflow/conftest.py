"""Run the workflow as a user would, in a folder of its own."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from filelock import FileLock

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
    "mlem": {"folds": 3, "inner_folds": 3},
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

    def run(self, *arguments: str, check: bool = True, timeout: float = 600) -> subprocess.CompletedProcess:
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
        command += ["--workflow-profile", str(ROOT / "profiles/default"), "--nocolor", *arguments]
        result = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=timeout)
        if check and result.returncode:
            pytest.fail(f"{' '.join(command)}\n{result.stdout}\n{result.stderr}")
        return result

    def study(self, study: dict, *arguments: str, **options) -> subprocess.CompletedProcess:
        return self.run("--configfile", self.write(study), *arguments, **options)

    def jobs(self, study: dict, *arguments: str) -> dict[str, int]:
        """Return how many jobs of each rule a run would start."""
        text = self.study(study, "--dry-run", *arguments).stdout
        table = text.partition("Job stats:")[2].partition("\n\n")[0]
        counts = dict(re.findall(r"^(\w+)\s+(\d+)$", table, flags=re.MULTILINE))
        return {rule: int(count) for rule, count in counts.items() if rule not in ("total", "job")}


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


def copy_of(folder: Path, place: Path) -> Workflow:
    subprocess.run(["cp", "-a", f"{folder}/.", str(place)], check=True)
    copied = object.__new__(Workflow)
    copied.folder = place
    return copied


Jobs = Callable[[dict], dict[str, int]]
