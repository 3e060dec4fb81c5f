"""Weights per pair of levels equal scikit-learn's on the explicit design of level pairs."""

import numpy as np
import pandas as pd
import pytest
from planted import planted, scaled, squared_distances, with_missing
from scipy.spatial.distance import squareform
from scipy.stats import spearmanr
from sklearn.linear_model import Ridge

from thinkalike.errors import InputError
from thinkalike.mlem import MLEM, cross_validate
from thinkalike.mlem.fold_fit import Choice, fit_folds
from thinkalike.mlem.label_null import Permuter
from thinkalike.mlem.level_pairs import FEWEST_STIMULI, MOST_LEVELS
from thinkalike.mlem.permuted_levels import PermutedLevels
from thinkalike.mlem.problem import make_problem


def level_design(features, kinds=None, missing="same"):
    """Return the explicit design, one row per pair in pdist order, with a name for each column."""
    left, right = np.triu_indices(len(features), 1)
    columns, names = [], []
    for name in features.columns:
        if (kinds or {}).get(name) == "numeric":
            numbers = features[name].to_numpy(dtype=float)
            columns.append(np.abs(numbers[left] - numbers[right]) / np.ptp(numbers))
            names.append((name, None, None))
            continue
        values = features[name].astype(object).where(features[name].notna(), None)
        values = values.map(lambda value: "undefined" if value is None and missing == "category" else value)
        codes, levels = pd.factorize(values)
        sizes = np.bincount(codes[codes >= 0], minlength=len(levels))
        a, b = np.minimum(codes[left], codes[right]), np.maximum(codes[left], codes[right])
        differ = (a != b) & (a >= 0)
        if len(levels) > MOST_LEVELS:
            columns.append(differ.astype(float))
            names.append((name, None, None))
            continue
        rare = np.zeros(len(left))
        for i in range(len(levels)):
            for j in range(i + 1, len(levels)):
                column = (differ & (a == i) & (b == j)).astype(float)
                if min(sizes[i], sizes[j]) < FEWEST_STIMULI:
                    rare += column
                else:
                    columns.append(column)
                    names.append((name, str(levels[i]), str(levels[j])))
        if (sizes < FEWEST_STIMULI).any():
            columns.append(rare)
            names.append((name, None, None))
    return np.column_stack(columns), names


def uneven(n_stimuli=150, seed=0, noise=1.0):
    """Return features whose levels are unevenly far apart: common and rare, of many levels, undefined."""
    rng = np.random.default_rng(seed)
    features, vectors = planted(n_stimuli, levels=(2, 3, 5), weights=(1.0, 0.3, 0.2), noise=noise, seed=seed)
    features["f1"] = rng.choice(list("abc"), size=n_stimuli, p=[0.6, 0.38, 0.02])
    vectors[:, 0] += features["f2"].map(dict(zip("abcde", [0.0, 0.2, 0.5, 2.0, 2.1], strict=True)))
    features["word"] = rng.integers(30, size=n_stimuli)
    return with_missing(features, 0.1), vectors


def ridge(design, target, alpha):
    return Ridge(alpha=alpha, positive=True, tol=1e-14, max_iter=1_000_000).fit(design, target)


@pytest.mark.parametrize("missing", ["same", "category"])
@pytest.mark.parametrize("alpha", [0.1, 10.0])
def test_equals_ridge_on_explicit_pairs_of_levels(missing, alpha):
    features, vectors = uneven()
    design, names = level_design(features, missing=missing)
    reference = ridge(design, scaled(squared_distances(vectors)), alpha)
    model = MLEM(alpha=alpha, missing=missing, scoring="spearman").fit(features, vectors)
    table = model.level_weights_
    found = dict(
        zip(zip(table["feature"], table["level_a"], table["level_b"], strict=True), table["weight"], strict=True)
    )
    found |= {("word", None, None): model.weights_["word"]}
    assert set(found) == set(names)
    weights = np.array([found[name] for name in names])
    np.testing.assert_allclose(weights, reference.coef_, atol=1e-6 * reference.coef_.max())
    np.testing.assert_allclose(model.predict(features), reference.predict(design), atol=1e-6)
    expected = spearmanr(reference.predict(design).round(9), squared_distances(vectors)).statistic
    assert model.score(features, vectors) == pytest.approx(expected, abs=1e-5)
    counts = design.sum(axis=0)
    own = [place for place, name in enumerate(names) if name[0] == "f2"]
    mean = np.average(reference.coef_[own], weights=counts[own])
    assert model.weights_["f2"] == pytest.approx(mean, abs=1e-6)


@pytest.mark.parametrize("exclude", [False, True])
def test_closed_form_equals_a_pass_over_all_pairs(exclude):
    features, vectors = uneven()
    words = features["word"] % 7 if exclude else None
    arguments = {"folds": 3, "inner_folds": 3, "exclude": words}
    closed = cross_validate(features, vectors, **arguments)
    matrix = squareform(squared_distances(vectors))
    passed = cross_validate(features, matrix, model=MLEM(distance="precomputed"), **arguments)
    np.testing.assert_allclose(closed.level_weights["weight"], passed.level_weights["weight"], atol=1e-9)
    np.testing.assert_allclose(closed.scores, passed.scores, atol=1e-9)
    np.testing.assert_allclose(closed.importance, passed.importance, atol=1e-9)
    np.testing.assert_array_equal(closed.alphas, passed.alphas)
    pd.testing.assert_frame_equal(closed.correlations, passed.correlations, atol=1e-9)


def test_numeric_features_beside_levels():
    features, vectors = uneven()
    features["zipf"] = np.random.default_rng(0).normal(size=150)
    kinds = {"zipf": "numeric"}
    design, names = level_design(features, kinds)
    reference = ridge(design, scaled(squared_distances(vectors)), 1.0)
    model = MLEM(kinds=kinds).fit(features, vectors)
    assert model.weights_["zipf"] == pytest.approx(reference.coef_[names.index(("zipf", None, None))], abs=1e-6)
    np.testing.assert_allclose(model.predict(features), reference.predict(design), atol=1e-6)


def test_of_two_levels_there_is_one_pair():
    features, vectors = planted(100, levels=(2, 2), weights=(1.0, 0.4), noise=2.0)
    levels = cross_validate(features, vectors, ceiling=False)
    difference = cross_validate(features, vectors, model=MLEM(coding="difference"), ceiling=False)
    np.testing.assert_allclose(levels.weights, difference.weights, atol=1e-11)
    np.testing.assert_allclose(levels.scores, difference.scores, atol=1e-11)
    np.testing.assert_allclose(levels.importance, difference.importance, atol=1e-11)


def test_exact_importance_permutes_all_columns_of_a_feature_together():
    features, vectors = uneven(120)
    exact = cross_validate(features, vectors, alphas=[1.0], folds=3)
    sampled = cross_validate(features, vectors, alphas=[1.0], folds=3, importance="sampled", n_repeats=200)
    np.testing.assert_allclose(exact.importance, sampled.importance, atol=0.012)
    assert exact.importance["f2"].mean() > 0.1


def test_unevenly_spaced_levels_are_recovered_and_held_out():
    features, vectors = uneven(400, noise=0.5)
    by_level = cross_validate(features, vectors)
    by_difference = cross_validate(features, vectors, model=MLEM(coding="difference"))
    assert by_level.score > by_difference.score + 0.1
    table = MLEM(alpha=0.1).fit(features, vectors).level_weights_.query("feature == 'f2'")
    weights = {frozenset(pair): weight for *pair, weight in table[["level_a", "level_b", "weight"]].to_numpy()}
    assert weights[frozenset("ad")] > 5 * weights[frozenset("de")]


def test_new_stimuli_may_lack_levels_and_have_new_ones():
    features, vectors = uneven()
    model = MLEM().fit(features, vectors)
    predicted = squareform(model.predict(features))
    some = [5, 140, 7, 33, 91]
    np.testing.assert_allclose(
        squareform(model.predict(features.iloc[some])), predicted[np.ix_(some, some)], atol=1e-12
    )
    other = features.iloc[[0, 1]].assign(f2=["new", features["f2"].iloc[1] or "a"], f0="a", f1="a", word=1)
    assert model.predict(other)[0] == pytest.approx(model.intercept_ + model.weights_["f2"], abs=1e-12)


def test_null_distribution_is_that_of_fitting_everything_again():
    features, vectors = uneven(90)
    result = cross_validate(features, vectors, folds=np.arange(90) % 3, alphas=[1.0])
    table = result.infer(n_resamples=5, n_permutations=9)
    assert table["estimate"][0] == pytest.approx(result.score, abs=1e-9)
    weights = table[table["quantity"] == "weight"].set_index("feature")["estimate"]
    np.testing.assert_allclose(weights, result.weights.mean(), atol=1e-9)
    labels = np.random.default_rng(0).permutation(features["f2"].to_numpy())
    permuted = cross_validate(features.assign(f2=labels), vectors, folds=np.arange(90) % 3, alphas=[1.0])
    problem = make_problem(features, vectors, feature_coding="levels")
    fits, _ = fit_folds(problem, np.arange(90) % 3, np.arange(90), Choice([1.0], 0), 0)
    permuter = Permuter(problem, fits, [np.arange(90)] * 4)
    codes = dict(zip(features["f2"].to_numpy(), problem.coding.codes[:, 2], strict=True))
    labels = np.array([codes[label] for label in labels])
    found = permuter._statistics(2, labels)
    quick = PermutedLevels(problem, fits, 2, np.arange(90)).statistics(labels)
    np.testing.assert_allclose(quick, found, rtol=1e-8, atol=1e-11)
    assert found[0] == pytest.approx(permuted.weights["f2"].mean(), abs=1e-9)
    assert found[1] == pytest.approx(permuted.importance["f2"].mean(), abs=1e-9)


@pytest.mark.parametrize("feature", [0, 1, 2])
def test_permuting_levels_of_units_equals_fitting_everything_again(feature):
    features, vectors = uneven(90)  # some levels are rare, some values undefined
    units = np.arange(90) % 30
    name = f"f{feature}"
    features[name] = features[name].to_numpy()[units]
    problem = make_problem(features, vectors, feature_coding="levels")
    fits, _ = fit_folds(problem, np.arange(90) // 5 % 3, np.arange(90), Choice([10.0], 0), 0)
    permuter = Permuter(problem, fits, [units if f == feature else np.arange(90) for f in range(4)])
    column = PermutedLevels(problem, fits, feature, units)
    for seed in range(2):
        labels = np.random.default_rng(seed).permutation(permuter.labels[feature])
        expected = permuter._statistics(feature, labels)
        np.testing.assert_allclose(column.statistics(labels), expected, rtol=1e-8, atol=1e-11)


def test_interactions_are_of_differences():
    features, vectors = planted(60)
    with pytest.raises(InputError, match="give coding='difference' with them"):
        cross_validate(features, vectors, model=MLEM(interactions=True))
    with pytest.raises(InputError, match="coding is 'pairs'"):
        MLEM(coding="pairs").fit(features, vectors)
