"""What cannot be compared is refused in one sentence that says what to do."""

import numpy as np
import pytest

from thinkalike.errors import InputError
from thinkalike.representations.storage import Representation
from thinkalike.similarity import compare, compare_all, compare_models

X = np.random.default_rng(0).normal(size=(30, 5))
NOT_FINITE = X.copy()
NOT_FINITE[7, 2] = np.nan
IDS = np.array([f"s{i:05d}" for i in range(30)])


@pytest.mark.parametrize(
    ("Y", "options", "message"),
    [
        (X[:20], {}, "X has 30 stimuli but Y has 20"),
        (NOT_FINITE, {}, r"Y: row 7 holds a value that is not finite \(so do 1 of 30 rows\)"),
        (X[:, 0], {}, r"two dimensions.*\(30,\).*reshape a single unit to \(n, 1\)"),
        (np.ones((30, 4)), {}, "all 30 rows are equal"),
        (np.full((30, 2), "a"), {}, "must be an array of real numbers"),
        (X[:2], {}, "2 stimuli are too few"),
        (X, {"measure": "cks"}, r"no measure 'cks' \(did you mean 'cka'\?\); choose one of .*cka_debiased"),
        (X, {"measure": "jaccard", "k": 30}, "'k' is 30 but 30 stimuli have at most 29 neighbours"),
        (X, {"measure": "jaccard", "k": 0}, "'k' is 0"),
        (X, {"measure": "rsa", "k": 3}, "'rsa' has no option 'k'; its options are: dissimilarity"),
        (X, {"measure": "rsa", "dissimilarity": "l1"}, "'dissimilarity' is 'l1' but must be one of 'euclidean'"),
        (X, {"measure": "procrustes_angular", "alpha": 2}, "'alpha' is 2"),
        (X, {"measure": "svcca", "variance": 0}, "'variance' is 0"),
        (X, {"measure": "cka", "batch_size": 3}, "'batch_size' is 3 but must be null or a whole number, at least 4"),
        (X, {"measure": "linear_regression", "folds": 20}, "at most 15 folds"),
        (X, {"preprocessing": "whiten"}, "Preprocessing 'whiten' is not known"),
        (X, {"preprocessing": "drop-top-5"}, "would leave nothing"),
        (X @ np.ones((5, 40)), {"measure": "rsa", "preprocessing": "drop-top-1"}, "Y: .*would leave nothing"),
    ],
)
def test_refused(Y, options, message):
    with pytest.raises(InputError, match=message) as caught:
        compare(X, Y, **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("measure", ["cca", "pwcca", "linear_regression"])
@pytest.mark.parametrize("units", [29, 30, 100])
def test_units_as_many_as_stimuli_are_refused_where_the_value_is_one_for_any_data(measure, units):
    Y = np.random.default_rng(1).normal(size=(30, units))
    with pytest.raises(InputError, match="1 for any data"):
        compare(X, Y, measure)
    assert compare(X, Y, measure, allow_trivial=True) == pytest.approx(1.0, abs=1e-9)


def test_regression_is_not_refused_when_only_the_target_is_wide():
    Y = np.random.default_rng(1).normal(size=(30, 100))
    assert 0 < compare(Y, X, "linear_regression") < 0.5


def test_a_wide_representation_of_low_rank_is_not_refused():
    rng = np.random.default_rng(1)
    Y = rng.normal(size=(30, 4)) @ rng.normal(size=(4, 100))
    assert compare(X, Y, "linear_regression") == pytest.approx(compare(X, Y[:, :4], "linear_regression"), abs=1e-9)


def test_duplicated_stimuli_do_not_hide_a_trivial_value():
    rng = np.random.default_rng(1)
    rows = np.repeat(np.arange(15), 2)
    a, b = rng.normal(size=(15, 20))[rows], rng.normal(size=(15, 20))[rows]
    with pytest.raises(InputError, match=r"30 stimuli \(15 distinct\)"):
        compare(a, b, "cca")


def test_correlations_that_are_one_for_any_data_are_announced():
    Y = np.random.default_rng(1).normal(size=(30, 26))
    with pytest.warns(UserWarning, match="2 of 5 canonical correlations are 1 for any data"):
        compare(X, Y, "cca")


def test_other_order_of_stimuli_is_matched_by_id():
    order = np.random.default_rng(1).permutation(30)
    a = Representation(IDS, X.astype(np.float32))
    b = Representation(IDS[order], X.astype(np.float32)[order])
    assert compare(a, b, "rsa") == 1.0
    assert compare(a.vectors, b.vectors, "rsa") < 0.9


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (np.array([f"t{i}" for i in range(30)]), "stimulus_id 's00000' is in a, layer 0 alone"),
        (np.repeat(IDS[:15], 2), "occurs twice"),
    ],
)
def test_other_stimuli_are_refused(ids, message):
    a, b = Representation(IDS, X.astype(np.float32)), Representation(ids, X.astype(np.float32))
    with pytest.raises(InputError, match=message):
        compare_models({"0": a}, {"0": b}, model_a="a", model_b="b")


def test_ids_and_bare_arrays_are_not_mixed():
    with pytest.raises(InputError, match="bare: this is a bare array among representations with stimulus ids"):
        compare_all({"with ids": Representation(IDS, X.astype(np.float32)), "bare": X})


def test_a_refusal_names_the_model_and_the_layer():
    with pytest.raises(InputError, match="gpt2, layer 3: all 30 rows are equal"):
        compare_models({"0": X}, {"2": X, "3": np.ones((30, 2))}, model_a="bert", model_b="gpt2")
    with pytest.raises(InputError, match="nothing to compare between bert and gpt2"):
        compare_models({"0": X}, {}, model_a="bert", model_b="gpt2")


def test_constant_columns_are_harmless():
    padded = np.hstack([X, np.ones((30, 2))])
    for preprocessing in ("none", "centre", "z-score"):
        plain = compare(X, X[:, ::-1] ** 3, preprocessing=preprocessing)
        assert compare(padded, X[:, ::-1] ** 3, preprocessing=preprocessing) == pytest.approx(plain, abs=1e-11)


def test_a_single_unit_can_be_compared():
    assert compare(X[:, :1], -2 * X[:, :1], "rsa") == 1.0
    assert compare(X[:, :1], -2 * X[:, :1], "cka_debiased") == 1.0
