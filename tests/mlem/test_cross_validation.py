"""Nested cross-validation equals the same procedure in scikit-learn, on explicit pairs."""

import numpy as np
import pandas as pd
import pytest
from planted import pair_design, planted, squared_distances, with_missing
from scipy.spatial.distance import squareform
from scipy.stats import spearmanr
from sklearn.linear_model import Ridge
from sklearn.metrics import make_scorer
from sklearn.model_selection import GridSearchCV

from thinkalike.errors import InputError
from thinkalike.mlem import MLEM, cross_validate, fold_fit
from thinkalike.mlem.cells import label_codes
from thinkalike.mlem.cross_validation import ALPHAS, _penalties_at_the_end
from thinkalike.mlem.fold_fit import Choice, fit_folds
from thinkalike.mlem.folds import inner_folds, outer_folds
from thinkalike.mlem.problem import make_problem


def spearman(truth, prediction):
    return spearmanr(prediction, truth).statistic if np.ptp(prediction) > 0 else 0.0


def nested_in_sklearn(features, vectors, groups, n_folds, n_inner, seed, keep=None):
    """The procedure on explicit pairs: GridSearchCV on training pairs, score on pairs of held-out stimuli."""
    design, distances = pair_design(features), squared_distances(vectors)
    left, right = np.triu_indices(len(features), 1)
    keep = np.ones(len(left), dtype=bool) if keep is None else keep
    labels = outer_folds(n_folds, groups, seed)
    rows = []
    for fold in range(n_folds):
        held = labels == fold
        train = np.flatnonzero(~held[left] & ~held[right] & keep)
        test = held[left] & held[right] & keep
        low, high = distances[train].min(), distances[train].max()
        splits = []
        for part in inner_folds(groups, held, n_inner, seed, fold):
            inside = np.isin(np.arange(len(features)), part)
            touched = inside[left[train]].astype(int) + inside[right[train]]
            splits.append((np.flatnonzero(touched == 0), np.flatnonzero(touched == 2)))
        search = GridSearchCV(
            Ridge(positive=True, tol=1e-12, max_iter=100_000),
            {"alpha": list(ALPHAS)},
            cv=splits,
            scoring=make_scorer(spearman),
        ).fit(design[train], (distances[train] - low) / (high - low))
        rows.append(
            {
                "alpha": search.best_params_["alpha"],
                "weights": search.best_estimator_.coef_,
                "intercept": search.best_estimator_.intercept_,
                "score": spearman(distances[test], search.predict(design[test])),
                "means": search.cv_results_["mean_test_score"],
            }
        )
    return rows


@pytest.mark.parametrize(("seed", "noise"), [(0, 2.0), (1, 5.0)])
def test_equals_nested_grid_search(seed, noise):
    features, vectors = planted(100, noise=noise, seed=seed)
    features = with_missing(features)
    sentences = [f"s{i // 3:03d}" for i in range(100)]
    groups = label_codes(sentences, pd.RangeIndex(100), "groups")
    expected = nested_in_sklearn(features, vectors, groups, 4, 3, seed)
    model = MLEM(coding="difference", scoring="spearman")
    result = cross_validate(features, vectors, model=model, folds=4, inner_folds=3, groups=sentences, seed=seed)
    for fold, row in enumerate(expected):
        assert result.alphas[fold] == row["alpha"] or means_tie(row, result.alphas[fold])
        if result.alphas[fold] != row["alpha"]:
            continue
        np.testing.assert_allclose(result.weights.iloc[fold], row["weights"], atol=1e-6 * row["weights"].max())
        assert result.intercepts[fold] == pytest.approx(row["intercept"], abs=1e-6)
        assert result.scores[fold] == pytest.approx(row["score"], abs=1e-6)
    assert sum(result.alphas[fold] == row["alpha"] for fold, row in enumerate(expected)) >= 3


def means_tie(row, alpha):
    """scikit-learn's own solver stops a little early: between alphas whose scores tie its choice may be another."""
    return abs(row["means"][ALPHAS.index(alpha)] - row["means"].max()) < 1e-6


def test_excluded_pairs_are_neither_fitted_nor_scored():
    features, vectors = planted(90, noise=2.0, seed=4)
    features = with_missing(features)
    words = np.random.default_rng(0).integers(12, size=90)
    groups = np.arange(90)
    left, right = np.triu_indices(90, 1)
    expected = nested_in_sklearn(features, vectors, groups, 3, 3, 0, keep=words[left] != words[right])
    by_vectors = MLEM(coding="difference", scoring="spearman")
    result = cross_validate(features, vectors, model=by_vectors, folds=3, inner_folds=3, exclude=words)
    matrix, by_matrix = (
        squareform(squared_distances(vectors)),
        MLEM(coding="difference", distance="precomputed", scoring="spearman"),
    )
    by_pairs = cross_validate(features, matrix, model=by_matrix, folds=3, inner_folds=3, exclude=words)
    for fold, row in enumerate(expected):
        if result.alphas[fold] == row["alpha"]:
            np.testing.assert_allclose(result.weights.iloc[fold], row["weights"], atol=1e-6 * row["weights"].max())
            assert result.scores[fold] == pytest.approx(row["score"], abs=1e-6)
    assert result.alphas[0] == expected[0]["alpha"] or means_tie(expected[0], result.alphas[0])
    np.testing.assert_allclose(by_pairs.weights, result.weights, atol=1e-9)
    np.testing.assert_allclose(by_pairs.scores, result.scores, atol=1e-12)
    np.testing.assert_allclose(by_pairs.importance, result.importance, atol=1e-12)


def test_given_fold_labels_are_used_in_their_order():
    features, vectors = planted(60)
    labels = np.array(["b", "a", "c"])[np.arange(60) % 3]
    result = cross_validate(features, vectors, folds=labels, alphas=[1.0], model=MLEM(coding="difference"))
    np.testing.assert_array_equal(result.folds, (np.arange(60) % 3 != 1) * 1 + (np.arange(60) % 3 == 2))
    assert len(result.scores) == 3


def test_same_seed_same_bytes_and_folds_do_not_depend_on_the_layer():
    features, vectors = planted(80)
    one = cross_validate(features, vectors, seed=3, model=MLEM(coding="difference"))
    again = cross_validate(features, vectors, seed=3, model=MLEM(coding="difference"))
    other = cross_validate(features, vectors[:, ::-1] ** 3, seed=3, model=MLEM(coding="difference"))
    pd.testing.assert_frame_equal(one.importance_table(), again.importance_table(), check_exact=True)
    np.testing.assert_array_equal(one.folds, other.folds)


def test_groups_are_never_split():
    groups = np.repeat(np.arange(25), 4)
    features, vectors = planted(100)
    result = cross_validate(features, vectors, groups=groups, alphas=[1.0], model=MLEM(coding="difference"))
    assert (pd.Series(result.folds).groupby(groups).nunique() == 1).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_memory_mapped_and_single_precision_input(tmp_path, dtype):
    features, vectors = planted(80)
    vectors = vectors.astype(dtype)
    np.save(tmp_path / "layer.npy", vectors)
    mapped = np.load(tmp_path / "layer.npy", mmap_mode="r")
    expected = cross_validate(features, vectors.astype(np.float64), alphas=[1.0], model=MLEM(coding="difference"))
    result = cross_validate(features, mapped, alphas=[1.0], model=MLEM(coding="difference"))
    np.testing.assert_array_equal(result.weights, expected.weights)
    np.testing.assert_array_equal(result.scores, expected.scores)


def test_sample_of_pairs_is_said_and_has_an_error(caplog):
    features, vectors = planted(400, noise=3.0)
    full = cross_validate(features, vectors, folds=2, alphas=[1.0], model=MLEM(coding="difference"))
    sampled = cross_validate(features, vectors, folds=2, alphas=[1.0], max_pairs=4000, model=MLEM(coding="difference"))
    assert "random blocks" in caplog.text and "standard error" in caplog.text
    assert (sampled.pairs <= 4000).all() and (full.pair_sampling_errors == 0).all()
    assert (np.abs(sampled.scores - full.scores) < 5 * sampled.pair_sampling_errors).all()
    np.testing.assert_array_equal(sampled.weights, full.weights)


def test_the_grid_of_penalties_is_extended_where_asked():
    features, vectors = planted(60, levels=(2, 3), weights=(1.0, 0.3), noise=6.0)
    narrow = cross_validate(features, vectors, alphas=[1e-3, 1e-2])
    auto = cross_validate(features, vectors, alphas="auto", seed=1)
    plain = cross_validate(features, vectors, seed=1)
    assert not any("penalty" in sentence for sentence in narrow.warnings)  # such small penalties do nothing
    for one, other in zip(auto.alphas, plain.alphas, strict=True):
        assert one == other or (other == 1e4 and one > 1e4) or (other == 1e-4 and one < 1e-4)
    with pytest.raises(InputError, match="alphas is 'all' but must be a list of penalties, or 'auto'"):
        cross_validate(features, vectors, alphas="all")


def test_penalties_at_the_end_of_the_grid_are_said():
    features, vectors = planted(80, levels=(2, 3), weights=(1.0, 0.3), noise=1.0)
    problem = make_problem(features, vectors)
    labels = np.arange(80) % 4
    fits, _ = fit_folds(problem, labels, np.arange(80), Choice([1e3], 0), 0)
    said = _penalties_at_the_end(fits, [1.0, 1e3])
    assert len(said) == 1 and said[0].startswith("4 of 4 folds chose the largest penalty, 1000: a larger one may")
    assert "alphas='auto'" in said[0]
    said = _penalties_at_the_end(fits, [1e3, 1e5])
    assert "the smallest penalty, 1000: a smaller one may" in said[0]
    assert not _penalties_at_the_end(fits, [1.0, 1e3, 1e5]) and not _penalties_at_the_end(fits, [1e3])
    fits, _ = fit_folds(problem, labels, np.arange(80), Choice([1e-6], 0), 0)
    assert not _penalties_at_the_end(fits, [1e-6, 1.0])


def test_extension_follows_the_score_and_stops():
    features, vectors = planted(80, levels=(2, 3), weights=(1.0, 0.3), noise=1.0)
    problem = make_problem(features, vectors)
    tried = []

    def scores(fit, parts, alphas, seed, max_pairs):
        tried.extend(alphas)
        return np.array([0.5 - 0.01 * abs(np.log10(alpha) - 6) for alpha in alphas])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fold_fit, "_mean_scores", scores)
        choice = Choice([1.0, 10.0], 2, extend=True)
        fits, _ = fit_folds(problem, np.arange(80) % 2, np.arange(80), choice, 0)
    assert [fit.alpha for fit in fits] == pytest.approx([1e6, 1e6])
    assert max(tried) == pytest.approx(1e7)
