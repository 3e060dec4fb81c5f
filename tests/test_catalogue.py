"""The catalogue's names and values are those of the code that they speak of, and of a study's schema."""

import re
import subprocess
import sys

import pytest

from thinkalike.catalogue import (
    LAYER_MEASURES,
    MEASURE_OPTIONS,
    MEASURE_SETS,
    MODEL_SOURCES,
    PROFILE_MEASURES,
    RESAMPLE_MEASURES,
    STIMULUS_SOURCES,
    TRAINED_ARCHITECTURES,
    Option,
    check_measure_options,
    check_preprocessing,
    check_width,
)
from thinkalike.errors import InputError
from thinkalike.similarity import MEASURES
from thinkalike.study.schema import read_schema

SCHEMA = read_schema()


def test_it_needs_no_numbers():
    code = "import sys, thinkalike.catalogue; sys.exit('numpy' in sys.modules or 'pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_measures_are_those_that_are_registered():
    kinds = {name: entry.compares for name, entry in MEASURES.items()}
    assert set(PROFILE_MEASURES) == {name for name, kind in kinds.items() if kind == "profiles"}
    assert set(RESAMPLE_MEASURES) == {name for name, kind in kinds.items() if kind == "resamples"}
    assert set(LAYER_MEASURES) == {name for name, kind in kinds.items() if kind in ("representations", "sequences")}


@pytest.mark.parametrize("name", MEASURE_OPTIONS)
def test_options_are_those_of_the_measure_and_allow_its_defaults(name):
    assert set(MEASURE_OPTIONS[name]) == set(MEASURES[name].options)
    check_measure_options(name, MEASURES[name].options)


def test_sets_hold_allowed_options():
    for published, members in MEASURE_SETS.items():
        for name, options in members.items():
            check_measure_options(f"{name}.{published}", options)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("cks", {}, r"no measure 'cks' \(did you mean 'cka'\?\); choose one of aligned_cosine"),
        ("rsa.ot+is", {}, "measures of published sets are procrustes.ot"),
        ("rsa", {"k": 3}, "Measure 'rsa' has no option 'k'; its options are: dissimilarity, comparison, centre"),
        ("weighted_kendall", {"k": 3}, "its options are: none"),
        ("rsa", {"dissimilarity": "l1"}, "'dissimilarity' is 'l1' but must be one of 'euclidean', 'sqeuclidean'"),
        ("rsa", {"dissimilarity": 3}, "'dissimilarity' is 3 but must be one of"),
        ("rsa", {"centre": "yes"}, "'centre' is 'yes' but must be true or false"),
        ("rsa", {"centre": 1}, "'centre' is 1 but must be true or false"),
        ("jaccard.ot+is", {"k": 0}, "'k' is 0 but must be a whole number, at least 1"),
        ("jaccard", {"k": 2.5}, "'k' is 2.5 but must be a whole number"),
        ("jaccard", {"k": True}, "'k' is True but must be a whole number"),
        ("svcca", {"variance": 0}, "'variance' is 0 but must be a number, above 0 and at most 1"),
        ("svcca", {"variance": float("nan")}, "'variance' is nan but must be"),
        ("procrustes_angular", {"alpha": 2}, "'alpha' is 2 but must be a number, at least 0 and at most 1"),
        ("cka", {"batch_size": 3}, "'batch_size' is 3 but must be null or a whole number, at least 4"),
        ("cka", {"scale": float("inf")}, "'scale' is inf but must be a number, above 0"),
        ("linear_regression", {"folds": 1}, "'folds' is 1 but must be 0 or a whole number, at least 2"),
        ("linear_regression", {"folds": False}, "'folds' is False but must be 0 or a whole number"),
    ],
)
def test_wrong_options_are_refused(name, options, message):
    with pytest.raises(InputError, match=message):
        check_measure_options(name, options)


def test_right_options_pass():
    check_measure_options("cka", {"batch_size": None, "scale": 2, "kernel": "rbf"})
    check_measure_options("linear_regression", {"folds": 0})


def test_every_kind_of_option_says_what_it_may_be():
    assert str(Option("number")) == "a number"
    assert Option("number").allows(-3.5) and not Option("number").allows("3")


@pytest.mark.parametrize("how", ["none", "centre", "z-score", "drop-top-1", "drop-top-12"])
def test_preprocessing_that_exists(how):
    check_preprocessing(how)


@pytest.mark.parametrize("how", ["drop-top", "drop-top-0", "drop-top-1.5", "zscore", "", None, 1])
def test_preprocessing_that_does_not_exist(how):
    with pytest.raises(InputError, match="is not known"):
        check_preprocessing(how)


@pytest.mark.parametrize("width", [1, 8, 31, 32, 64, 128])
def test_widths_that_can_be_trained(width):
    check_width(width)


@pytest.mark.parametrize("width", [-32, 0, 33, 40, 100])
def test_widths_that_cannot_be_trained(width):
    with pytest.raises(InputError, match=f"width of {width} cannot be built"):
        check_width(width)


def test_trained_architectures_are_those_that_can_be_trained_and_end_as_said():
    from thinkalike.representations.training import SETTINGS
    from thinkalike.representations.training.architectures import build_model

    assert set(SETTINGS) == set(TRAINED_ARCHITECTURES)
    for name, architecture in TRAINED_ARCHITECTURES.items():
        model = build_model(name, layers=1, width=8, vocabulary=9, positions=6, initial_scale=0.1, seed=0)
        last_parts = {path.rpartition(".")[2] for path, _ in model.named_modules()}
        assert bool(last_parts & {"ln_f", "norm_f"}) == architecture.final_norm  # what transformers calls a final norm


def test_the_schema_names_the_same():
    definitions = SCHEMA["$defs"]
    assert set(definitions["model"]["properties"]["train"]["enum"]) == set(TRAINED_ARCHITECTURES)
    assert set(MODEL_SOURCES) <= set(definitions["model"]["properties"])
    assert set(STIMULUS_SOURCES) <= set(definitions["dataset"]["properties"])
    similarity = SCHEMA["properties"]["similarity"]["properties"]
    assert set(similarity["feature_based"]["items"]["enum"]) == {*PROFILE_MEASURES, *RESAMPLE_MEASURES}
    agnostic, sets, pattern = similarity["feature_agnostic"]["items"]["anyOf"]
    assert set(agnostic["enum"]) == set(LAYER_MEASURES)
    assert set(sets["enum"]) == set(MEASURE_SETS)
    assert all(re.search(pattern["pattern"], f"rsa.{name}") for name in MEASURE_SETS)
