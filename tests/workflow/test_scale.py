"""A study of 43 models and 1,200 layers: the plan takes under a minute, and a model more costs what it has to."""

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from workflow_runs import Workflow, counted

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


@pytest.mark.long
def test_the_fifth_model_runs_only_its_own_jobs(workflow: Workflow) -> None:
    everything = workflow.jobs(large_study(4))
    pairs = 4 * 5 // 2
    assert own_jobs(everything) == {"download": 4, "extract": 4, "mlem": 112, "compare_profiles": pairs} | {
        "compare_representations": 2 * pairs
    }
    assert sum(everything.values()) < 1.1 * (2 * 4 + 112 + 3 * pairs) + 30, "few jobs beside those of layers and pairs"
    pretend_done(workflow, large_study(4))
    workflow.study(large_study(4), "--touch", "--forceall", "--cores", "1")
    assert workflow.jobs(large_study(4)) == {}
    jobs = workflow.jobs(large_study(5))
    assert own_jobs(jobs) == {"download": 1, "extract": 1, "mlem": 28, "compare_profiles": 5} | {
        "compare_representations": 2 * 5
    }
    assert set(collections(jobs).values()) == {1}, "collections and figures, once each"
    assert "stimuli" not in jobs


@pytest.mark.long
def test_the_43rd_model_runs_only_its_own_jobs_planned_in_under_a_minute(workflow: Workflow) -> None:
    pretend_done(workflow, large_study(42))
    # These have to be made anew; what Snakemake remembers of the others is left out here, it takes minutes to pretend.
    shutil.rmtree(workflow.folder / "results/large/words/tables")
    plan = workflow.study(large_study(43), "--dry-run")
    jobs = counted(plan.stdout)
    assert own_jobs(jobs) == {"download": 1, "extract": 1, "mlem": 24, "compare_profiles": 43} | {
        "compare_representations": 2 * 43
    }
    assert set(collections(jobs).values()) == {1}
    # Of processor time: the wall's on an idle machine.
    assert plan.seconds < 60


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
        settings = expected_settings(loaded, product, rules)
        record = {"rule": product.rule, "wildcards": product.wildcards, "settings": settings}
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
