"""Every row of the table of docs/cluster.md that says what a change reruns."""

import os
import time
from collections.abc import Callable
from typing import Any

import pytest
from workflow_runs import ROOT, Workflow, counted

pytestmark = pytest.mark.slow

Study = dict[str, Any]
Counts = dict[str, int]
FITS = {"mlem"}
VECTORS = {"stimuli", "extract"}
COMPARISONS = {"compare_profiles", "compare_representations"}
EVERYTHING = VECTORS | FITS | COMPARISONS


def planned(change: Callable[[Study], None]) -> Callable[[Workflow, Study], list[Counts]]:
    def plan(workflow: Workflow, study: Study) -> list[Counts]:
        change(study)
        return [workflow.jobs(study)]

    return plan


def removed_and_redrawn(workflow: Workflow, study: Study) -> list[Counts]:
    study["figures"]["scores"] = {"scale": 1.5}
    redrawn = workflow.jobs(study)
    assert redrawn == {"figure_scores": 1, "all": 1}
    del study["figures"]["scores"], study["models"]["beta"]
    return [workflow.jobs(study)]


def fits_anew(workflow: Workflow, study: Study) -> list[Counts]:
    changes = ({"features": ["word_length", "part_of_speech"]}, {"controls": []}, {"alphas": [0.1, 1.0]}, {"folds": 4})
    return [workflow.jobs(study | {"mlem": study["mlem"] | change}) for change in changes]


def new_version(workflow: Workflow, study: Study) -> list[Counts]:
    raised = "from thinkalike.study.stage_versions import STAGE_VERSION; STAGE_VERSION['mlem'] += 1"
    return [counted(workflow.study(study, "--dry-run", first=raised).stdout)]


def nothing_that_counts(workflow: Workflow, study: Study) -> list[Counts]:
    later = time.time() + 5
    for path in [*workflow.folder.glob("*.npz"), *workflow.folder.glob("config/**/*")]:
        os.utime(path, (later, later))
    path = workflow.folder / workflow.write(study)
    path.write_text("# a comment\n" + path.read_text())
    commented = workflow.run("--configfile", path.name, "--dry-run").stdout
    more = ["--set-threads", "mlem=2", "--set-resources", "mlem:mem_mb=4000"]
    return [counted(commented), workflow.jobs(study, *more)]


def add_a_measure(study: Study) -> None:
    study["similarity"] = {"feature_agnostic": ["rsa", "cka_debiased"]}


def rename_the_family(study: Study) -> None:
    study["models"]["alpha"]["family"] = "first"


def more_sentences(study: Study) -> None:
    study["datasets"]["words"]["sentences"] = 41


def another_seed(study: Study) -> None:
    study["seed"] = 1


# By row: how the change is planned, the rules that must run then, and those that must not.
ROWS: dict[str, tuple[Callable[[Workflow, Study], list[Counts]], set[str], set[str]]] = {
    "a model removed, a figure's option": (removed_and_redrawn, {"collect_scores", "figure_scores"}, EVERYTHING),
    "a measure added, or its options": (
        planned(add_a_measure),
        {"compare_representations", "collect_similarity"},
        VECTORS | FITS | {"compare_profiles"},
    ),
    "features, controls, penalties, folds": (
        fits_anew,
        FITS | {"compare_profiles", "figure_scores"},
        VECTORS | {"compare_representations"},
    ),
    "a dataset's file or settings": (planned(more_sentences), EVERYTHING, set()),
    "the seed": (planned(another_seed), EVERYTHING, set()),
    "a model's `family`": (planned(rename_the_family), {"collect_models", "figure_scores"}, EVERYTHING),
    "a stage's number in `stage_versions.py`": (
        new_version,
        FITS | {"compare_profiles"},
        VECTORS | {"compare_representations"},
    ),
    "touching files, a fresh checkout, comments, resources, threads": (nothing_that_counts, set(), EVERYTHING),
}


def rows_of_the_page() -> list[str]:
    page = (ROOT / "docs/cluster.md").read_text()
    table = page.partition("| change | runs |\n| --- | --- |\n")[2].partition("\n\n")[0]
    return [line.split(" | ")[0].removeprefix("| ") for line in table.splitlines()]


def test_the_rows_are_those_of_the_page() -> None:
    assert rows_of_the_page() == list(ROWS)


@pytest.mark.parametrize("row", ROWS)
def test_a_change_reruns_what_the_page_says(activations, row: str) -> None:
    plan, runs, stays = ROWS[row]
    for found in plan(*activations):
        assert runs <= set(found)
        assert not stays & set(found)
        assert bool(found) == bool(runs)
