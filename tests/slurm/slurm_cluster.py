"""Run studies through the SLURM of these tests, and ask it what it did."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from snakemake_server import SNAKEMAKE

ROOT = Path(__file__).resolve().parents[2]

# The profile for users, with less patience: this SLURM answers at once and has no shared file system.
HASTE = ["--slurm-init-seconds-before-status-checks", "2", "--latency-wait", "5"]


class Cluster:
    """A folder in which studies are run through SLURM."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("config", "profiles"):
            (folder / name).symlink_to(ROOT / name)

    def command(self, study: dict[str, Any], *arguments: str) -> list[str]:
        file = f"{study['study']}.yaml"
        (self.folder / file).write_text(yaml.safe_dump(study, sort_keys=False))
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--nocolor"]
        return [*command, "--configfile", file, *arguments]

    def start(self, study: dict[str, Any], *arguments: str) -> subprocess.Popen:
        """Start a study through SLURM and return at once."""
        command = self.command(study, "--workflow-profile", "profiles/slurm", *HASTE, *arguments)
        return subprocess.Popen(
            command,
            cwd=self.folder,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # A shell lets what it starts in the background ignore Ctrl-C, and that is inherited.
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        )

    def run(self, study: dict[str, Any], *arguments: str, check: bool = True, seconds: float = 600) -> tuple[int, str]:
        """Run a study through SLURM; return the exit code and what it printed."""
        process = self.start(study, *arguments)
        try:
            text, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            pytest.fail(f"no end after {seconds:g} s:\n{process.communicate()[0]}\n{queue()}")
        if check and process.returncode:
            pytest.fail(text)
        return process.returncode, text

    def run_here(self, study: dict[str, Any], *arguments: str) -> str:
        """Run a study on this machine without SLURM."""
        _, _, _, *command = self.command(study, "--workflow-profile", "profiles/default", "--cores", "2", *arguments)
        result = SNAKEMAKE.run(command, self.folder)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout + result.stderr

    def jobs(self, study: dict[str, Any], *arguments: str) -> dict[str, int]:
        """Return how many jobs of each rule a run would start."""
        text = self.run_here(study, "--dry-run", *arguments)
        table = text.partition("Job stats:")[2].partition("\n\n")[0]
        counts = re.findall(r"^(\w+)\s+(\d+)$", table, flags=re.MULTILINE)
        return {rule: int(count) for rule, count in counts if rule != "total"}


def submitted(text: str) -> int:
    """Return how many SLURM jobs a run of Snakemake submitted, by what it printed."""
    return len(set(re.findall(r"with SLURM jobid (\d+)", text)))


def queue() -> list[list[str]]:
    """Return number and state of the jobs that wait or run."""
    text = subprocess.run(["squeue", "--noheader", "--format=%i %T"], capture_output=True, text=True).stdout
    return [line.split() for line in text.splitlines()]


def accounts(state: str = "all") -> list[dict[str, Any]]:
    """Return what SLURM still knows of the jobs in `state`, in the order in which they were submitted."""
    columns = ["jobid", "state", "partition", "minmemory", "timelimit", "tres-per-job", "comment"]
    command = ["squeue", "--noheader", "--states", state, "--Format", ",".join(f"{name}:|" for name in columns)]
    text = subprocess.run(command, capture_output=True, text=True).stdout
    return sorted((_job(line) for line in text.splitlines()), key=lambda job: int(job["id"]))


def _job(line: str) -> dict[str, Any]:
    number, state, partition, memory, limit, gres, comment = line.split("|")[:7]
    # The plugin writes "rule_NAME_wildcards_VALUES" there.
    rule, _, wildcards = comment.removeprefix("rule_").partition("_wildcards_")
    *days, clock = limit.split("-")
    hours, minutes, _ = ["0", "0", *clock.split(":")][-3:]
    total = 24 * 60 * int(days[0] if days else 0) + 60 * int(hours) + int(minutes)
    return {
        "id": number,
        "state": state,
        "partition": partition,
        "memory": memory,
        "minutes": total,
        "gres": gres,
        "rule": rule,
        "wildcards": wildcards,
    }


def wait_for(ready: Callable[[], Any], seconds: float = 180, what: str = "this") -> Any:
    """Return the first true value of `ready`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := ready():
            return value
        time.sleep(0.2)
    return pytest.fail(f"{what} did not happen within {seconds:g} s; queue: {queue()}")
