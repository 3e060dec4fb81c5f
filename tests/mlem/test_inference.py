"""Intervals by resampling and p-values by permutation: each shortcut equals the plain computation."""

import numpy as np
import pandas as pd
import pytest
from planted import pair_design, planted, squared_distances, with_missing
from scipy.stats import false_discovery_control
from sklearn.linear_model import Ridge

from thinkalike.errors import InputError
from thinkalike.mlem import MLEM, cross_validate
from thinkalike.mlem.fold_fit import Choice, fit_folds
from thinkalike.mlem.label_null import Permuter, exceedance, unit_labels
from thinkalike.mlem.permuted_column import PermutedColumn
from thinkalike.mlem.problem import make_problem
from thinkalike.mlem.resampling import Resampler


def fitted(features, vectors, n_folds=3, **options):
    problem = make_problem(features, vectors, **options)
    labels = np.arange(len(features)) % n_folds
    fits, _ = fit_folds(problem, labels, np.arange(len(features)), Choice([1.0], 0), 0)
    return problem, fits


def expanded(features, vectors, weights):
    """Return the stimuli written out as often as they were drawn, and which original each row is."""
    rows = np.repeat(np.arange(len(features)), weights)
    return features.iloc[rows].reset_index(drop=True), vectors[rows], rows


def test_resample_equals_writing_out_the_copies_without_their_own_pairs():
    features, vectors = planted(90, noise=2.0)
    features = with_missing(features)
    problem, fits = fitted(features, vectors)
    weights = np.random.default_rng(0).integers(0, 3, size=90)
    statistics = Resampler(problem, fits).weighted(weights.astype(float), binned=False)

    copies, copied_vectors, origin = expanded(features, vectors, weights)
    plain = make_problem(copies, copied_vectors, exclude=origin)
    labels = (np.arange(90) % 3)[origin]
    plain_fits, _ = fit_folds(plain, labels, origin, Choice([1.0], 0), 0)
    scores = [fit.held_out_score for fit in plain_fits]
    # The scale stays that of the data, so the weights agree where both are put back into distances.
    expected = np.mean(
        [a.parameters * (a.high - a.low) / (b.high - b.low) for a, b in zip(plain_fits, fits, strict=True)], axis=0
    )
    assert statistics.score == pytest.approx(np.mean(scores), abs=1e-4)  # the scale moves alpha a little
    np.testing.assert_allclose(statistics.weights, expected, atol=1e-9)


def test_weights_of_one_reproduce_the_cross_validation():
    features, vectors = planted(90, noise=2.0)
    result = cross_validate(features, vectors, folds=np.arange(90) % 3, alphas=[1.0], model=MLEM(coding="difference"))
    problem, fits = fitted(features, vectors)
    statistics = Resampler(problem, fits).weighted(np.ones(90), binned=False)
    assert statistics.score == pytest.approx(result.score, abs=1e-13)
    np.testing.assert_allclose(statistics.weights, result.weights.mean(), atol=1e-13)
    np.testing.assert_allclose(statistics.importance, result.importance.mean(), atol=1e-13)


@pytest.mark.parametrize("feature", [0, 3])
def test_permuted_column_equals_fitting_everything_again(feature):
    features, vectors = planted(90, noise=3.0)
    features = with_missing(features)
    problem, fits = fitted(features, vectors)
    units = np.arange(90)
    permuter = Permuter(problem, fits, [units] * 8)
    column = PermutedColumn(problem, fits, feature, units)
    for seed in range(3):
        labels = np.random.default_rng(seed).permutation(permuter.labels[feature])
        np.testing.assert_allclose(
            column.statistics(labels), permuter._statistics(feature, labels), rtol=1e-8, atol=1e-11
        )


def test_permuted_column_equals_ridge_on_permuted_pairs():
    features, vectors = planted(60, noise=2.0)
    problem, fits = fitted(features, vectors)
    labels = np.random.default_rng(0).permutation(problem.coding.codes[:, 0])
    weight, _ = PermutedColumn(problem, fits, 0, np.arange(60)).statistics(labels)
    permuted = features.assign(f0=labels)
    distances, design = squared_distances(vectors), pair_design(permuted)
    left, right = np.triu_indices(60, 1)
    weights = []
    for fold in range(3):
        train = (left % 3 != fold) & (right % 3 != fold)
        low, high = distances[train].min(), distances[train].max()
        model = Ridge(alpha=1.0, positive=True, tol=1e-14, max_iter=1_000_000)
        weights.append(model.fit(design[train], (distances[train] - low) / (high - low)).coef_[0])
    assert weight == pytest.approx(np.mean(weights), abs=1e-7)


@pytest.mark.parametrize("exclude", [None, np.arange(80) // 8])
def test_units_exchange_their_labels_as_wholes(exclude):
    features, vectors = planted(80, noise=2.0)
    lemmas = np.arange(80) % 4
    features["f0"] = np.array(list("aabb"))[lemmas]
    problem, fits = fitted(features, vectors, exclude=exclude)
    permuter = Permuter(problem, fits, [lemmas] + [np.arange(80)] * 7)
    weights, drops = permuter.importances(0, 60, np.random.default_rng(0))
    # Two of four lemmas are "a": six labellings, of which two and two differ in the names of the levels alone.
    possible = []
    for labels in ("aabb", "abab", "abba"):
        relabelled = features.assign(f0=np.array(list(labels))[lemmas])
        result = cross_validate(
            relabelled, vectors, folds=np.arange(80) % 3, alphas=[1.0], exclude=exclude, model=MLEM(coding="difference")
        )
        possible.append((result.weights["f0"].mean(), result.importance["f0"].mean()))
    found = np.abs(np.stack([weights, drops], axis=1)[:, None] - np.array(possible)).max(axis=2) < 1e-9
    assert (found.sum(axis=1) == 1).all(), "a labelling that no exchange of whole lemmas gives"
    assert found.any(axis=0).all(), "an exchange that never happens"


def test_a_feature_that_varies_within_its_unit_is_refused():
    features, vectors = planted(60)
    problem = make_problem(features, vectors)
    with pytest.raises(InputError, match="'f0' has several values within one unit"):
        unit_labels(problem.coding, 0, np.arange(60) % 5)


def test_labels_are_exchanged_at_the_coarsest_level_where_they_are_constant():
    features, vectors = planted(90, levels=(2, 3, 3), weights=(1.0, 0.4, 0.2))
    sentences, lemmas = np.arange(90) // 3, np.arange(90) % 10
    features["f0"], features["f1"] = features["f0"].to_numpy()[sentences], features["f1"].to_numpy()[lemmas]
    result = cross_validate(features, vectors, groups=sentences, alphas=[1.0], folds=2)
    options = {"n_resamples": 0, "n_permutations": 9}
    table = result.infer(**options)
    by_name = table.set_index(["quantity", "feature"])["unit"]
    assert by_name["weight"].tolist() == ["groups", "stimulus", "stimulus"] and pd.isna(table["unit"][0])
    given = result.infer(units={"f0": sentences}, **options)
    pd.testing.assert_frame_equal(given.drop(columns="unit"), table.drop(columns="unit"))
    levels = {"sentence": sentences, "lemma": lemmas}
    table = result.infer(levels=levels, units={"f0": None}, **options)
    assert table.set_index(["quantity", "feature"])["unit"]["importance"].tolist() == ["stimulus", "lemma", "stimulus"]


def test_p_counts_the_observed_labelling():
    assert exceedance(1.0, np.array([0.0, 0.5, 1.0, 2.0])) == 3 / 5
    assert exceedance(3.0, np.zeros(99)) == 0.01


@pytest.mark.slow
def test_inference_table_of_planted_features():
    features, vectors = planted(150, noise=2.0)
    groups = np.arange(150) // 3
    result = cross_validate(features, vectors, groups=groups, alphas=[1.0], model=MLEM(coding="difference"))
    table = result.infer(n_resamples=60, n_permutations=39)
    again = result.infer(n_resamples=60, n_permutations=39)
    pd.testing.assert_frame_equal(table, again, check_exact=True)
    score = table.iloc[0]
    assert score["quantity"] == "score" and pd.isna(score["feature"])
    assert score["estimate"] == pytest.approx(result.score, abs=1e-12)
    assert score["low"] < score["estimate"] < score["high"] and score["p"] == 1 / 40
    by_name = table[table["quantity"] == "importance"].set_index("feature")
    assert by_name.loc["f0", "p"] == by_name.loc["f0", "p_max"] == 1 / 40
    assert by_name.loc["f7", "p_max"] > 0.05
    assert (table["p_max"] >= table["p"] - 1e-12).all()


@pytest.mark.parametrize("options", [{"distance": "manhattan"}, {"interactions": True}, {"exclude": np.arange(60) % 9}])
def test_the_general_path_runs_for_everything_else(options):
    features, vectors = planted(60, levels=(2, 3, 2), weights=(1.0, 0.3, 0.0))
    exclude = options.pop("exclude", None)
    result = cross_validate(
        features, vectors, model=MLEM(coding="difference", **options), alphas=[1.0], folds=2, exclude=exclude
    )
    table = result.infer(n_resamples=5, n_permutations=9, controls=["f1"])
    assert table.loc[0, "p"] == 0.1
    controls = table[table["feature"] == "f1"]
    assert controls["p"].notna().all() and controls[["p_max", "q"]].isna().all(axis=None)
    importances = table[(table["quantity"] == "importance") & (table["feature"] != "f1")]
    np.testing.assert_allclose(importances["q"], false_discovery_control(importances["p"]))
    assert table["estimate"].to_numpy()[0] == pytest.approx(result.score, abs=1e-9)
