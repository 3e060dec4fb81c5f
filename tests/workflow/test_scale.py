"""A study of 43 models and 1,200 layers: the plan takes under a minute, and a model more costs what it has to."""

import json
import os
import resource
import shutil
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from workflow_runs import Workflow

from thinkalike.study.job_settings import job_settings
from thinkalike.study.products import expected_settings, products
from thinkalike.study.reading import load_study

pytestmark = pytest.mark.slow

EMPTY = pa.table({"stimulus_id": ["a"]})


def large_study(models: int) -> dict[str, Any]:
    """A study of models of the hub, none of which is here."""
    return {
        "study": "large",
        "datasets": {"words": {"grammar": "config/grammars/short_sentences.fcfg", "sentences": 7500}},
        # 42 models of 28 layers and one of 24.
        "models": {
            f"model{number:02d}": {"hub": f"somebody/model{number:02d}", "layers": 27 if number < 42 else 23}
            for number in range(models)
        },
        "similarity": {"feature_based": ["weighted_kendall"], "feature_agnostic": ["rsa", "cka_debiased"]},
    }


def test_the_eleventh_model_runs_only_its_own_jobs(workflow: Workflow) -> None:
    everything = workflow.jobs(large_study(10))
    pairs = 10 * 11 // 2
    assert own_jobs(everything) == {"download": 10, "extract": 10, "mlem": 280, "compare_profiles": pairs} | {
        "compare_representations": 2 * pairs
    }
    assert sum(everything.values()) < 1.1 * (2 * 10 + 280 + 3 * pairs) + 20, "few jobs beside those of layers and pairs"
    pretend_done(workflow, large_study(10))
    workflow.study(large_study(10), "--touch", "--forceall", "--cores", "1")
    assert workflow.jobs(large_study(10)) == {}
    jobs = workflow.jobs(large_study(11))
    assert own_jobs(jobs) == {"download": 1, "extract": 1, "mlem": 28, "compare_profiles": 11} | {
        "compare_representations": 2 * 11
    }
    assert set(collections(jobs).values()) == {1}, "collections and figures, once each"
    assert "stimuli" not in jobs


def test_the_43rd_model_runs_only_its_own_jobs_planned_in_under_a_minute(workflow: Workflow) -> None:
    pretend_done(workflow, large_study(42))
    # These have to be made anew; what Snakemake remembers of the others is left out here, it takes minutes to pretend.
    shutil.rmtree(workflow.folder / "results/large/words/tables")
    jobs, seconds = timed_plan(workflow, large_study(43))
    assert own_jobs(jobs) == {"download": 1, "extract": 1, "mlem": 24, "compare_profiles": 43} | {
        "compare_representations": 2 * 43
    }
    assert set(collections(jobs).values()) == {1}
    assert seconds < 60


def timed_plan(workflow: Workflow, study: dict[str, Any]) -> tuple[dict[str, int], float]:
    """Return the jobs and the seconds of processor time, which are those of the wall on an idle machine."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    jobs = workflow.jobs(study)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return jobs, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


OWN = ("download", "extract", "mlem", "compare_profiles", "compare_representations")


def own_jobs(jobs: dict[str, int]) -> dict[str, int]:
    return {rule: count for rule, count in jobs.items() if rule in OWN}


def collections(jobs: dict[str, int]) -> dict[str, int]:
    return {rule: count for rule, count in jobs.items() if rule not in OWN}


def pretend_done(workflow: Workflow, study: dict[str, Any]) -> None:
    """Put an empty file or table in the place of every result, all of the same age."""
    summary = workflow.study(study, "--summary").stdout
    paths = [line.split("\t")[0] for line in summary.splitlines() if line.startswith("results/")]
    assert len(paths) > 10 * len(study["models"])
    moment = time.time() - 60
    for path in (workflow.folder / name for name in paths):
        _make(path)
    # A table says with which settings it was made, and one that does not is refused.
    loaded = load_study(study, workflow.folder)
    rules = job_settings(loaded)
    for product in products(loaded):
        record = {"rule": product.rule, "settings": expected_settings(loaded, product, rules)}
        table = EMPTY.replace_schema_metadata({b"thinkalike.record": json.dumps(record).encode()})
        for path in product.paths:
            if (place := workflow.folder / f"results/{loaded.name}" / path).is_file():
                pq.write_table(table, place)
    for path in (workflow.folder / "results").rglob("*"):
        os.utime(path, (moment, moment))


def _make(path: Path) -> None:
    if path.name == "representations":
        path.mkdir(parents=True, exist_ok=True)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
