"""Results that change are noticed: whoever changes them raises the stage's version, so that studies are made anew."""

import copy
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from digests import STAGES, column_digest, differences, digests_of, sums
from workflow_runs import Workflow

from thinkalike.study.stage_versions import STAGE_VERSION

STORED = Path(__file__).with_name("digests.json")
STORE = "STORE_DIGESTS=1 .venv/bin/pytest tests/workflow/test_digests.py"


def versions_up_to(stage: str) -> dict[str, int]:
    """Return the versions on which a stage's results depend."""
    return {name: STAGE_VERSION[name] for name in STAGES[: STAGES.index(stage) + 1]}


def complaint(stage: str, stored: dict[str, Any], found: dict[str, Any]) -> str:
    """Return what is to be done about a stage; nothing where its results are those that are stored."""
    changes = list(differences(stored["results"], found))
    if stored["versions"] != versions_up_to(stage):
        return f"The stage '{stage}' or one before it has a new version: store its digests with\n    {STORE}"
    if not changes:
        return ""
    return (
        f"The results of the stage '{stage}' are others than before: {'; '.join(changes[:5])}; {len(changes)} in all.\n"
        f"If that is meant, raise STAGE_VERSION['{stage}'] (or that of the stage before it that changed) in "
        f"study/stage_versions.py and store the digests with\n    {STORE}\nIf not, the last change has a fault."
    )


@pytest.fixture(scope="module")
def found(finished: Workflow) -> dict[str, Any]:
    return digests_of(finished.folder / "results/tiny/words")


@pytest.mark.parametrize("stage", STAGES)
def test_results_are_those_of_the_stages_version(found: dict[str, Any], stage: str) -> None:
    known = json.loads(STORED.read_text()) if STORED.exists() else {}
    same_version = stage in known and known[stage]["versions"] == versions_up_to(stage)
    if os.environ.get("STORE_DIGESTS") and not same_version:
        known[stage] = {"versions": versions_up_to(stage), "results": found[stage]}
        STORED.write_text(json.dumps(known, sort_keys=True, separators=(",", ":")).replace('},"', '},\n"') + "\n")
    message = complaint(stage, known[stage], found[stage])
    assert not message, message


def test_every_stage_of_a_version_is_held() -> None:
    assert set(STAGES) == set(STAGE_VERSION)


def test_a_change_of_any_column_of_any_table_is_noticed(found: dict[str, Any]) -> None:
    stored = {stage: {"versions": versions_up_to(stage), "results": found[stage]} for stage in STAGES}
    assert not any(complaint(stage, stored[stage], found[stage]) for stage in STAGES)
    for stage in ("stimuli", "training", "mlem", "similarity"):
        for table, columns in found[stage].items():
            for column, digest in columns.items():
                other = copy.deepcopy(found[stage])
                other[table][column] = "0" if isinstance(digest, str) else [digest[0] + 1, *digest[1:]]
                assert f"{table}, {column}" in complaint(stage, stored[stage], other)
    raised = {**stored["mlem"], "versions": {**stored["mlem"]["versions"], "training": 0}}
    assert "has a new version: store its digests" in complaint("mlem", raised, found["mlem"])


def test_rounding_is_not_noticed_and_little_else_is_missed() -> None:
    values = np.random.default_rng(0).normal(size=300)
    before = sums(values)
    assert not list(differences(before, sums(values + 1e-6 * np.random.default_rng(1).normal(size=300))))
    assert list(differences(before, sums(1.003 * values)))
    assert list(differences(before, sums(values[::-1])))
    assert list(differences(before, sums(np.where(np.arange(300) == 7, np.nan, values))))
    assert list(differences(before, sums(np.where(np.arange(300) == 7, values + 1, values))))
    assert column_digest(pd.Series(["a", None])) != column_digest(pd.Series(["a", "b"]))
