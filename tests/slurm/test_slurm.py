"""Studies through sbatch: whole, two at once, in one allocation; and what goes wrong there.

One file, so that one process of pytest-xdist runs it: the machine has one SLURM.
"""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from activation_study import activation_study, write_activations
from slurm_cluster import ROOT, Cluster, accounts, queue, submitted, wait_for

CORPUS = {"grammar": "config/grammars/corpus.fcfg", "sentences": 2000, "heldout": 60}
ENDLESS = {"inference": {"n_resamples": 10_000_000}}


def tables(folder: Path, study: str) -> dict[str, bytes]:
    """Return the bytes of a study's tables."""
    found = sorted((folder / "results" / study).glob("*/tables/*"))
    assert found
    return {path.name: path.read_bytes() for path in found}


def tiny_study(folder: Path) -> dict:
    """A model trained here, another given by its activations."""
    study = activation_study(folder, {"alpha": 1}, name="tiny")
    study["models"]["lstm"] = {"train": "lstm", "layers": 1, "width": 16, "steps": 5}
    study["datasets"]["words"]["corpus"] = CORPUS
    return study


def test_the_tiny_study_through_sbatch_has_the_bytes_of_a_local_run(
    cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> None:
    study = tiny_study(cluster.folder)
    expected = cluster.jobs(study, "all_similarity")
    before = {job["id"] for job in accounts()}
    cluster.run(study, "all_similarity")
    assert not queue()
    finished = [job for job in accounts() if job["id"] not in before]
    assert {job["state"] for job in finished} == {"COMPLETED"}
    through_slurm = Counter(job["rule"] for job in finished)
    assert through_slurm.items() <= expected.items(), "each job is one SLURM job"
    long = ("stimuli", "corpus", "train", "extract", "mlem", "compare_profiles", "compare_representations")
    assert set(long) <= set(through_slurm)
    assert not [rule for rule in through_slurm if rule.startswith(("collect", "figure", "all"))]
    assert {job["partition"] for job in finished if job["rule"] == "extract"} == {"gpu"}
    assert all("gpu" in job["gres"] for job in finished if job["rule"] == "extract")
    assert {job["partition"] for job in finished if job["rule"] != "extract"} == {"cpu"}
    assert cluster.jobs(study, "all_similarity") == {}, "a second run would do something"
    local = Cluster(tmp_path_factory.mktemp("local"))
    local.run_here(tiny_study(local.folder), "all_similarity")
    assert tables(cluster.folder, "tiny") == tables(local.folder, "tiny")


def test_two_studies_in_one_checkout_with_models_of_the_same_name(cluster: Cluster) -> None:
    first = activation_study(cluster.folder, {"alpha": 1}, name="first")
    second = activation_study(cluster.folder, {"alpha": 1}, name="second", seed=1)
    # Not in step: two runs that end in the same instant trip over Snakemake's folder of locks (docs/cluster.md).
    processes = [cluster.start(first, "all_mlem")]
    wait_for((cluster.folder / "results/first/words/stimuli.parquet").is_file, what="the first study's stimuli")
    processes.append(cluster.start(second, "all_mlem", "all_similarity"))
    wait_for((cluster.folder / "results/second/logs").is_dir, what="the second study's first job")
    assert processes[0].poll() is None, "the studies do not run at the same time"
    texts = [process.communicate(timeout=600)[0] for process in processes]
    for process, text in zip(processes, texts, strict=True):
        assert process.returncode == 0, text[-3000:]
    assert cluster.jobs(first, "all_mlem") == cluster.jobs(second, "all_similarity") == {}
    scores = [tables(cluster.folder, name)["scores.csv"] for name in ("first", "second")]
    assert scores[0] != scores[1], "the two studies have different activations"


def test_the_rest_in_one_allocation(cluster: Cluster) -> None:
    study = activation_study(cluster.folder, {"alpha": 2, "beta": 1})
    _, text = cluster.run(study, "all_representations")
    assert submitted(text) == 3
    command = ["sbatch", "--parsable", "--cpus-per-task=3", "--mem=6G", "--time=10"]
    arguments = ["all_similarity", "--snakefile", str(ROOT / "Snakefile"), "--configfile", "activations.yaml"]
    environment = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(cluster.folder)}
    job = subprocess.run(
        [*command, "profiles/allocation/run.sh", *arguments],
        cwd=cluster.folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    wait_for(lambda: job not in {row[0] for row in queue()}, seconds=600, what="the end of the allocation")
    log = (cluster.folder / f"thinkalike-{job}.log").read_text()
    assert "12 of 12 steps (100%) done" in log or not cluster.jobs(study, "all_similarity"), log
    assert cluster.jobs(study, "all_similarity") == {}, log


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


def test_a_change_whose_job_fails_or_is_killed_is_tried_again_by_every_run(cluster: Cluster, monkeypatch) -> None:
    """The profile goes on after a failure (`keep-going`): what is left must not pass for the changed study."""
    study = activation_study(cluster.folder, {"alpha": 1}, sentences=40)
    cluster.run_here(study, "all_mlem")
    scores = cluster.folder / "results/activations/words/tables/scores.parquet"
    before = scores.read_bytes()
    study["mlem"]["alphas"] = [0.1, 1.0]
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "tests/workflow/faults"))
    for fault in ("mlem", "mlem:kill"):
        monkeypatch.setenv("FAULT", fault)
        code, text = cluster.run(study, "all_mlem", "--retries", "0", check=False)
        assert code != 0 and "Error in rule mlem" in text
    monkeypatch.delenv("FAULT")
    assert cluster.jobs(study, "all_mlem")["mlem"] == 1
    cluster.run_here(study, "all_mlem")
    assert cluster.jobs(study, "all_mlem") == {} and scores.read_bytes() != before


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
        second = wait_for(lambda: len(jobs := running("mlem", known)) == 2 and jobs, 240, "a second attempt of both")
        assert all(job["minutes"] == 2 * first[0]["minutes"] for job in second)
        assert all(int(job["memory"][:-1]) == 2 * int(first[0]["memory"][:-1]) for job in second)
        wait_for(lambda: computing(cluster, 2, since=ended), what="the fits' second start")
        subprocess.run(["scancel", *(job["id"] for job in second)], check=True)
        text, _ = process.communicate(timeout=600)
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
