"""The fit equals scikit-learn's ridge on the explicit pairs."""

import numpy as np
import pandas as pd
import pytest
from planted import WEIGHTS, pair_design, planted, scaled, squared_distances, with_missing
from scipy.spatial.distance import pdist, squareform
from scipy.stats import spearmanr
from sklearn.linear_model import Ridge

from thinkalike.mlem import MLEM
from thinkalike.mlem.extremes import block_extremes
from thinkalike.mlem.pair_distances import make_distances


def ridge(design, target, alpha, intercept=True):
    model = Ridge(alpha=alpha, positive=True, fit_intercept=intercept, tol=1e-14, max_iter=1_000_000)
    return model.fit(design, target)


@pytest.mark.parametrize("alpha", [1e-4, 1.0, 1e2, 1e4])
@pytest.mark.parametrize("missing", ["same", "category"])
@pytest.mark.parametrize("intercept", [True, False])
def test_weights_equal_ridge_on_explicit_pairs(alpha, missing, intercept):
    features, vectors = planted(120, noise=2.0)
    features = with_missing(features)
    reference = ridge(pair_design(features, missing=missing), scaled(squared_distances(vectors)), alpha, intercept)
    model = MLEM(coding="difference", alpha=alpha, missing=missing, fit_intercept=intercept).fit(features, vectors)
    largest = reference.coef_.max()
    np.testing.assert_allclose(model.weights_, reference.coef_, atol=1e-6 * largest, rtol=0)
    np.testing.assert_allclose(model.intercept_, reference.intercept_, atol=1e-6)


def test_weights_equal_ridge_where_the_constraint_binds():
    features, vectors = planted(100, noise=8.0, seed=3, weights=(0.1, 0, 0, 0, 0, 0, 0, 0))
    reference = ridge(pair_design(features), scaled(squared_distances(vectors)), 1.0)
    model = MLEM(coding="difference").fit(features, vectors)
    assert (model.weights_ == 0).sum() >= 2
    np.testing.assert_allclose(model.weights_, reference.coef_, atol=1e-6 * reference.coef_.max())


@pytest.mark.parametrize(
    ("distance", "target"),
    [
        ("cosine", lambda x: scaled(pdist(x, "cosine"))),
        ("correlation", lambda x: scaled(pdist(x, "correlation"))),
        ("manhattan", lambda x: scaled(pdist(x, "cityblock"))),
        ("euclidean_squared", lambda x: scaled(pdist(x)) ** 2),
    ],
)
def test_other_distances_equal_ridge_on_explicit_pairs(distance, target):
    features, vectors = planted(90, n_units=32)
    vectors = vectors + 0.3
    reference = ridge(pair_design(features), target(vectors), 0.5)
    model = MLEM(coding="difference", alpha=0.5, distance=distance).fit(features, vectors)
    np.testing.assert_allclose(model.weights_, reference.coef_, atol=1e-6 * reference.coef_.max())


def test_precomputed_matrix_gives_the_same_as_its_vectors():
    features, vectors = planted(90)
    matrix = squareform(squared_distances(vectors))
    by_matrix = MLEM(coding="difference", distance="precomputed").fit(features, matrix)
    by_vectors = MLEM(coding="difference").fit(features, vectors)
    np.testing.assert_allclose(by_matrix.weights_, by_vectors.weights_, rtol=1e-9, atol=1e-12)
    assert by_matrix.score(features, matrix) == pytest.approx(by_vectors.score(features, vectors), abs=1e-12)


def test_numeric_features_equal_ridge_on_explicit_pairs():
    features, vectors = planted(100, levels=(2, 3), weights=(1.0, 0.4))
    rng = np.random.default_rng(5)
    features["zipf"] = rng.normal(size=100)
    features["length"] = pd.array(rng.integers(1, 7, size=100), dtype="Int64")
    features.loc[3, "length"] = pd.NA
    vectors[:, 0] += features["zipf"]
    kinds = {"zipf": "numeric", "length": "numeric"}
    reference = ridge(pair_design(features, kinds), scaled(squared_distances(vectors)), 1.0)
    model = MLEM(coding="difference", kinds=kinds, scoring="spearman").fit(features, vectors)
    np.testing.assert_allclose(model.weights_, reference.coef_, atol=1e-6 * reference.coef_.max())
    expected = spearmanr(reference.predict(pair_design(features, kinds)), squared_distances(vectors)).statistic
    assert model.score(features, vectors) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("n_features", [17, 70])
def test_many_features_need_no_table_of_all_patterns(n_features):
    rng = np.random.default_rng(0)
    features = pd.DataFrame(rng.integers(2, size=(80, n_features))).rename(columns=str)
    vectors = rng.normal(size=(80, 20))
    vectors[:, :2] += features.iloc[:, :2].to_numpy()
    reference = ridge(pair_design(features), scaled(squared_distances(vectors)), 1.0)
    model = MLEM(coding="difference").fit(features, vectors)
    np.testing.assert_allclose(model.weights_, reference.coef_, atol=1e-6 * reference.coef_.max())
    predicted = model.predict(features)
    expected = pair_design(features) @ model.weights_.to_numpy() + model.intercept_
    np.testing.assert_allclose(predicted, expected, atol=1e-12)


def test_score_equals_scipy_with_heavy_ties():
    rng = np.random.default_rng(0)
    features = pd.DataFrame({"a": rng.integers(2, size=60), "b": rng.integers(3, size=60)})
    vectors = rng.integers(2, size=(60, 4)) + features[["a"]].to_numpy()  # a handful of distinct distances
    model = MLEM(coding="difference", scoring="spearman").fit(features, vectors)
    distances = squared_distances(vectors)
    assert len(np.unique(distances)) < 30
    expected = spearmanr(model.predict(features), distances).statistic
    assert model.score(features, vectors) == pytest.approx(expected, abs=1e-12)


def test_duplicate_vectors_are_ties():
    """Causal models give equal vectors to equal left contexts; a matrix product does not give them equal distances."""
    rng = np.random.default_rng(0)
    features, _ = planted(90)
    vectors = rng.normal(size=(30, 300))[np.arange(90) % 30]
    model = MLEM(coding="difference", alpha=1e-3, scoring="spearman").fit(features, vectors)
    expected = spearmanr(model.predict(features), squared_distances(vectors)).statistic
    assert model.score(features, vectors) == pytest.approx(expected, abs=1e-12)


def test_score_of_one_balanced_perfect_feature_knows_its_ties():
    features = pd.DataFrame({"a": [0, 1] * 50})
    vectors = np.random.default_rng(0).normal(size=(100, 30)) * 0.1 + 5 * features.to_numpy()
    model = MLEM(coding="difference", scoring="spearman").fit(features, vectors)
    expected = spearmanr(pair_design(features)[:, 0], squared_distances(vectors)).statistic
    assert expected == pytest.approx(0.866, abs=2e-3)
    assert model.score(features, vectors) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("n_stimuli", [500, 1000])
def test_planted_weights_are_recovered(n_stimuli):
    recovered = []
    for seed in range(10):
        features, vectors = planted(n_stimuli, n_units=768, seed=seed)
        model = MLEM(coding="difference", alpha=1.0).fit(features, vectors)
        recovered.append(model.weights_.to_numpy() * (model.high_ - model.low_))
    assert np.abs(np.array(recovered) - WEIGHTS).max() <= 0.01
    null = np.sort([weights[-1] for weights in recovered])
    assert null[-2] <= 0.002  # nine draws of ten; the tenth is what the data of 500 stimuli happen to say
    assert null[-1] <= 0.003


def test_kept_and_recomputed_blocks_agree(monkeypatch):
    features, vectors = planted(150)
    first = MLEM(coding="difference", distance="euclidean_squared").fit(features, vectors)
    monkeypatch.setattr("thinkalike.mlem.pair_distances.KEEP_STIMULI", 0)
    monkeypatch.setattr("thinkalike.mlem.pair_pass._PAIRS_PER_BLOCK", 2000)
    monkeypatch.setattr("thinkalike.mlem.extremes._BLOCK", 40)
    second = MLEM(coding="difference", distance="euclidean_squared").fit(features, vectors)
    np.testing.assert_allclose(second.weights_, first.weights_, rtol=1e-12)
    assert second.score(features, vectors) == pytest.approx(first.score(features, vectors), abs=1e-12)


def test_far_from_the_origin_nothing_is_lost():
    features, vectors = planted(100)
    near = MLEM(coding="difference").fit(features, vectors)
    far = MLEM(coding="difference").fit(features, vectors + 1000.0)
    np.testing.assert_allclose(far.weights_, near.weights_, atol=1e-9)


@pytest.mark.parametrize("distance", ["sqeuclidean", "euclidean_squared"])
@pytest.mark.parametrize("case", ["continuous", "discrete", "duplicates"])
def test_screened_extremes_are_exact(monkeypatch, distance, case):
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(400, 40)) + 100
    if case == "discrete":
        vectors = rng.integers(2, size=(400, 5)).astype(float)  # nearly all pairs are candidates
    if case == "duplicates":
        vectors[300] = vectors[7]
    labels = np.arange(400) % 3
    monkeypatch.setattr("thinkalike.mlem.extremes.KEEP_STIMULI", 100)
    monkeypatch.setattr("thinkalike.mlem.extremes._BLOCK", 50)
    monkeypatch.setattr("thinkalike.mlem.extremes._MOST_CANDIDATES", 100)
    lowest, highest = block_extremes(make_distances(vectors.copy(), distance, 400), labels)
    full = squareform(pdist(vectors, "sqeuclidean" if distance == "sqeuclidean" else "euclidean"))
    np.fill_diagonal(full, np.nan)
    for a in range(3):
        for b in range(3):
            block = full[np.ix_(labels == a, labels == b)]
            assert lowest[a, b] == pytest.approx(np.nanmin(block), rel=1e-12, abs=1e-12)
            assert highest[a, b] == pytest.approx(np.nanmax(block), rel=1e-12)
