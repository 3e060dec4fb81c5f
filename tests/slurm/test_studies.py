"""Studies through sbatch: whole, two at once, and all that needs no GPU inside a single allocation."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from activation_study import activation_study
from slurm_cluster import ROOT, Cluster, accounts, queue, submitted, wait_for

CORPUS = {"grammar": "config/grammars/corpus.fcfg", "sentences": 2000, "heldout": 60}


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
    cluster.run(study, "all_similarity", seconds=280)
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
    texts = [process.communicate(timeout=150)[0] for process in processes]
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
    wait_for(lambda: job not in {row[0] for row in queue()}, seconds=120, what="the end of the allocation")
    log = (cluster.folder / f"thinkalike-{job}.log").read_text()
    assert "12 of 12 steps (100%) done" in log or not cluster.jobs(study, "all_similarity"), log
    assert cluster.jobs(study, "all_similarity") == {}, log
