"""What a change reruns: exactly what depends on it, counted by dry runs."""

import os
import time
from pathlib import Path
from typing import Any

import pytest
from activation_study import write_activations
from workflow_runs import Workflow, copy_of, counted

pytestmark = pytest.mark.slow

PAIRS = 3
LAYERS = 3
FIGURES = {
    "figure_feature_importance": 1,
    "figure_feature_importance_difference": 1,
    "figure_level_weights": 1,
    "figure_scores": 1,
    "figure_similarity": 1,
    "figure_similarity_scatter": 1,
    "figure_pair_least": 1,
    "figure_pair_most": 1,
}
# What follows from other vectors or features.
EXPLAINED = {"explain_similarity": 1, "figure_explained": 1}
# What follows from new fits: their tables, the profiles' similarity, and what is drawn of them.
AFTER_FITS = {
    "mlem": LAYERS,
    "collect_importance": 1,
    "collect_level_weights": 1,
    "collect_scores": 1,
    "compare_profiles": PAIRS,
    "trajectories": 1,
    "collect_similarity": 1,
    "agreement": 1,
    "layer_maps": 1,
    "explain_pairs": 1,
    "explorer": 1,
    "summary": 1,
    "front_page": 1,
    "resources": 1,
    "all": 1,
} | FIGURES


@pytest.fixture
def done(activations: tuple[Workflow, dict[str, Any]]) -> tuple[Workflow, dict[str, Any]]:
    """A finished study, which tests leave as it is, and its configuration."""
    return activations


def without(counts: dict[str, int], *rules: str) -> dict[str, int]:
    """Return the counts of all rules but these; figures that come and go with other measures are left out too."""
    return {rule: count for rule, count in counts.items() if rule not in rules}


def test_nothing_to_do(done) -> None:
    workflow, study = done
    assert workflow.jobs(study) == {}


def test_touching_files_reruns_nothing(done) -> None:
    workflow, study = done
    later = time.time() + 5
    for path in [*workflow.folder.glob("*.npz"), *workflow.folder.glob("config/**/*"), workflow.folder / "study.yaml"]:
        os.utime(path, (later, later))
    os.utime(workflow.folder / "results/activations/words/stimuli.parquet", (later, later))
    assert workflow.jobs(study) == {}


def test_a_model_more_runs_its_own_jobs_and_its_pairs(done) -> None:
    workflow, study = done
    path = workflow.folder / "activations-gamma.npz"
    write_activations(path, workflow.folder, layers=2, sentences=40, units=8)
    study["models"]["gamma"] = {"activations": path.name, "layers": ["0", "1"]}
    new_pairs = 3
    assert workflow.jobs(study) == AFTER_FITS | {
        **EXPLAINED,
        "collect_models": 1,
        "extract": 1,
        "diagnose": 1,
        "collect_diagnostics": 1,
        "word_maps": 1,
        "mlem": 2,
        "compare_profiles": new_pairs,
        "compare_representations": new_pairs,
    }


def test_a_model_less_leaves_the_collections_alone_to_do(done) -> None:
    workflow, study = done
    del study["models"]["beta"]
    left = without(AFTER_FITS, "mlem", "compare_profiles", "trajectories")
    more = {"collect_models": 1, "collect_diagnostics": 1, "explain_similarity": 1, "word_maps": 1}
    assert workflow.jobs(study) == left | more


def test_another_penalty_reruns_the_fits_and_what_follows(done) -> None:
    workflow, study = done
    study["mlem"]["alphas"] = [0.1, 1.0]
    assert workflow.jobs(study) == AFTER_FITS


def test_a_feature_less_reruns_the_fits_and_what_follows(done) -> None:
    workflow, study = done
    study["mlem"]["features"] = ["word_length", "part_of_speech", "word_position"]
    assert workflow.jobs(study) == AFTER_FITS | EXPLAINED


def test_a_measure_more_runs_its_pairs_and_what_is_drawn_of_all(done) -> None:
    workflow, study = done
    study["similarity"] = {"feature_agnostic": ["rsa", "cka_debiased"]}
    found = workflow.jobs(study)
    untouched = (
        "mlem",
        "collect_importance",
        "collect_level_weights",
        "collect_scores",
        "compare_profiles",
        "trajectories",
    )
    untouched += (
        "figure_feature_importance",
        "figure_feature_importance_difference",
        "figure_level_weights",
        "figure_scores",
    )
    more = {"compare_representations": PAIRS, "figure_measure_agreement": 1}
    assert found == without(AFTER_FITS, *untouched) | more


def test_an_option_of_a_measure_reruns_that_measure(done) -> None:
    workflow, study = done
    study["similarity"] = {"options": {"rsa": {"dissimilarity": "cosine"}}}
    assert workflow.jobs(study, "measure_weighted_kendall") == {}
    assert workflow.jobs(study, "measure_rsa") == {"compare_representations": PAIRS, "measure_rsa": 1}


def test_an_option_of_a_figure_redraws_that_figure(done) -> None:
    workflow, study = done
    study["figures"]["scores"] = {"scale": 1.5}
    assert workflow.jobs(study) == {"figure_scores": 1, "all": 1}


def test_another_seed_reruns_all_that_draws(done) -> None:
    workflow, study = done
    study["seed"] = 1
    found = workflow.jobs(study)
    everything = {
        "stimuli": 1,
        "extract": 2,
        "mlem": LAYERS,
        "compare_profiles": PAIRS,
        "compare_representations": PAIRS,
    }
    assert everything.items() <= found.items()


def test_another_dataset_leaves_the_first_alone(done) -> None:
    workflow, study = done
    study["datasets"]["more"] = {**study["datasets"]["words"], "sentences": 50}
    found = workflow.jobs(study)
    assert found["stimuli"] == 1
    assert found["mlem"] == LAYERS
    study["datasets"]["words"]["sentences"] = 41
    assert workflow.jobs(study)["stimuli"] == 2


def test_a_study_in_parts(done) -> None:
    workflow, study = done
    study["seed"] = 2
    one_model = workflow.jobs(study, "model_beta")
    assert one_model == {"stimuli": 1, "extract": 1, "mlem": 1, "model_beta": 1}
    one_measure = workflow.jobs(study, "measure_rsa")
    assert one_measure == {"stimuli": 1, "extract": 2, "compare_representations": PAIRS, "measure_rsa": 1}
    vectors = workflow.jobs(study, "all_representations")
    assert vectors == {"stimuli": 1, "extract": 2, "all_representations": 1}
    until = workflow.jobs(study, "--until", "mlem")
    assert until == {"stimuli": 1, "extract": 2, "mlem": LAYERS}


@pytest.mark.parametrize(
    ("stage", "first", "untouched"),
    [
        ("representations", "extract", {"stimuli"}),
        ("mlem", "mlem", {"stimuli", "extract", "compare_representations"}),
        ("similarity", "compare_representations", {"stimuli", "extract", "mlem"}),
        ("figures", "figure_scores", {"stimuli", "extract", "mlem", "compare_profiles", "compare_representations"}),
    ],
)
def test_a_new_version_of_a_stage_reruns_it_and_what_follows(done, stage: str, first: str, untouched: set[str]) -> None:
    workflow, study = done
    raised = f"from thinkalike.study.stage_versions import STAGE_VERSION; STAGE_VERSION['{stage}'] += 1"
    text = workflow.study(study, "--dry-run", first=raised).stdout
    found = set(counted(text))
    assert first in found
    assert not found & untouched


def test_results_stay_valid_without_the_representations(done, tmp_path: Path) -> None:
    original, study = done
    workflow = copy_of(original.folder, tmp_path)
    results = workflow.folder / "results/activations/words"
    before = {path: path.stat().st_mtime_ns for path in results.glob("tables/*")}
    workflow.study(study, "--cores", "1", "remove_representations")
    assert not list(results.glob("*/representations"))
    assert workflow.jobs(study) == {}
    study["figures"]["scores"] = {"scale": 1.5}
    assert workflow.jobs(study) == {"figure_scores": 1, "all": 1}
    assert {path: path.stat().st_mtime_ns for path in results.glob("tables/*")} == before
