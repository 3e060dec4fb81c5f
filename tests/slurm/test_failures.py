"""What goes wrong on a cluster: a job fails, is cancelled, runs out of time or memory; the user presses Ctrl-C."""

import os
import signal
import subprocess
import time
from typing import Any

from activation_study import activation_study, write_activations
from slurm_cluster import Cluster, accounts, queue, wait_for

ENDLESS = {"inference": {"n_resamples": 10_000_000}}


def endless_study(cluster: Cluster, layers: int) -> dict[str, Any]:
    """A study whose fits take hours, with its vectors in place."""
    study = activation_study(cluster.folder, {"alpha": layers})
    study["mlem"] |= ENDLESS
    cluster.run_here(study, "all_representations")
    return study


def running(rule: str, known: set[str] = frozenset()) -> list[dict[str, str]]:
    """Return the jobs of a rule that run and are not among `known`."""
    return [job for job in accounts("RUNNING") if job["rule"] == rule and job["id"] not in known]


def test_a_failing_job_is_shown_the_rest_goes_on_and_the_next_run_does_what_is_missing(cluster: Cluster) -> None:
    study = activation_study(cluster.folder, {"alpha": 1, "beta": 1})
    broken = cluster.folder / study["models"]["beta"]["activations"]
    # Of fewer sentences than the study has.
    write_activations(broken, cluster.folder, layers=1, sentences=30, units=8)
    code, text = cluster.run(study, "all_mlem", "--retries", "0", check=False)
    assert code != 0
    assert "Error in rule extract" in text
    assert "activations-beta.npz" in text and "ERROR" in text, "the job's log should be shown"
    fits = cluster.folder / "results/activations/words"
    assert (fits / "alpha/mlem/layer-0/scores.parquet").exists(), "the rest should have gone on"
    assert not (fits / "beta/representations").exists()
    write_activations(broken, cluster.folder, layers=1, sentences=60, units=8)
    missing = {"extract": 1, "mlem": 1, "collect_importance": 1, "collect_scores": 1, "all_mlem": 1}
    assert cluster.jobs(study, "all_mlem") == missing
    cluster.run_here(study, "all_mlem")
    assert cluster.jobs(study, "all_mlem") == {}


def test_a_job_beyond_its_memory_is_tried_again_with_more(cluster: Cluster) -> None:
    study = activation_study(cluster.folder, {"alpha": 1})
    # Less than Python with pandas takes, and then enough.
    more = ["--set-resources", "stimuli:mem_mb=100*attempt**5"]
    cluster.run(study, "all_stimuli", *more)
    attempts = [job for job in accounts() if job["rule"] == "stimuli"][-2:]
    assert [job["state"] for job in attempts] == ["FAILED", "COMPLETED"]
    assert [job["memory"] for job in attempts] == ["100M", "3200M"]


def test_a_job_beyond_its_time_or_cancelled_is_tried_again_with_more_and_then_named(cluster: Cluster) -> None:
    study = endless_study(cluster, layers=2)
    process = cluster.start(study, "all_mlem")
    try:
        first = wait_for(lambda: len(jobs := running("mlem")) == 2 and jobs, what="the start of two fits")
        known = {job["id"] for job in first}
        late, cancelled = first
        wait_for(lambda: computing(cluster, 2), what="the fits' own start")
        ended = time.time()
        end_by_time(late)
        subprocess.run(["scancel", cancelled["id"]], check=True)
        second = wait_for(lambda: len(jobs := running("mlem", known)) == 2 and jobs, 90, "a second attempt of both")
        assert all(job["minutes"] == 2 * first[0]["minutes"] for job in second)
        assert all(int(job["memory"][:-1]) == 2 * int(first[0]["memory"][:-1]) for job in second)
        wait_for(lambda: computing(cluster, 2, since=ended), what="the fits' second start")
        subprocess.run(["scancel", *(job["id"] for job in second)], check=True)
        text, _ = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode != 0
    assert "status is: 'TIMEOUT'" in text
    assert text.count("status is: 'CANCELLED'") == 3
    assert text.count("Trying to restart job") == 2
    assert not queue()


def computing(cluster: Cluster, number: int, since: float = 0.0) -> bool:
    """Return whether that many fits have begun to write their log after `since`."""
    logs = (cluster.folder / "results").rglob("mlem/layer-*.log")
    return sum(path.stat().st_mtime > since for path in logs) == number


def end_by_time(job: dict[str, Any]) -> None:
    """Let a job's time be over; SLURM looks every half minute."""
    subprocess.run(["scontrol", "update", f"JobId={job['id']}", "TimeLimit=0"], check=True)


def test_one_interrupt_cancels_what_runs_and_what_waits(cluster: Cluster) -> None:
    study = endless_study(cluster, layers=6)
    process = cluster.start(study, "all_mlem")
    try:
        wait_for(lambda: len(queue()) == 6 and running("mlem"), what="six jobs in the queue")
        os.kill(process.pid, signal.SIGINT)
        process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode != 0
    wait_for(lambda: not queue(), what="an empty queue")
    # What was done before stays done, and nothing blocks the next run.
    assert cluster.jobs(study, "all_mlem")["mlem"] == 6
