"""Duplicates, lattices, zero rows, offsets: where fast formulas lose the ties that exact ones keep."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from scipy.stats import kendalltau, rankdata, spearmanr

from thinkalike.numerics.distances import dissimilarities, squared_distances
from thinkalike.numerics.ranks import centred_ranks
from thinkalike.similarity import compare

RNG = np.random.default_rng(0)
DUPLICATED = RNG.normal(size=(30, 40))[RNG.integers(30, size=90)]
LATTICE = RNG.integers(0, 3, size=(80, 5)).astype(float)
WIDE = RNG.normal(size=(30, 70))
OFFSET = RNG.normal(size=(60, 20)) + 3000.0
NEAR_COPIES = np.repeat(RNG.normal(size=(20, 16)), 3, axis=0) + 1e-5 * RNG.normal(size=(60, 16))
CASES = {"duplicated": DUPLICATED, "lattice": LATTICE, "wide": WIDE, "offset": OFFSET, "near copies": NEAR_COPIES}
each_case = pytest.mark.parametrize("X", CASES.values(), ids=CASES)


@each_case
def test_squared_distances_equal_those_of_the_differences(X):
    expected = pdist(X.astype(np.longdouble), "sqeuclidean")
    values = squared_distances(X)
    assert np.all((values == 0) == (expected == 0))
    np.testing.assert_allclose(values, expected, rtol=1e-8 if X is OFFSET else 1e-10)


@each_case
def test_ranks_equal_scipy_s_of_exact_distances(X):
    exact = np.round(pdist(X, "sqeuclidean"), 8) if X is LATTICE else pdist(X, "sqeuclidean")
    expected = 2 * rankdata(exact) - (len(exact) + 1)
    different = np.mean(centred_ranks(squared_distances(X)) != expected)
    assert different == 0 if X is not OFFSET else different < 0.01


@each_case
def test_rsa_with_ties_equals_scipy(X):
    Y = np.tanh(X - X.mean(axis=0)) @ np.random.default_rng(1).integers(-2, 3, size=(X.shape[1], 9))
    if X is LATTICE:
        Y = LATTICE[:, :3] * 2.0
    expected = spearmanr(pdist(X, "sqeuclidean"), pdist(Y, "sqeuclidean")).statistic
    assert compare(X, Y, "rsa") == pytest.approx(expected, abs=1e-9 if X is not OFFSET else 1e-6)
    if X is LATTICE:
        expected = kendalltau(pdist(X, "sqeuclidean"), pdist(Y, "sqeuclidean")).statistic
        assert compare(X, Y, "rsa", comparison="kendall_tau_b") == pytest.approx(expected, abs=1e-11)


def test_rank_by_integers_equals_rank_by_argsort_whatever_the_range_of_the_values():
    values = 10.0 ** np.random.default_rng(0).uniform(-300, 300, size=3000)
    values[::7] = 0.0
    values[1::7] = values[1]
    np.testing.assert_array_equal(centred_ranks(values), 2 * rankdata(values) - 3001)


def test_a_tie_broken_by_rounding_noise_is_a_tie():
    values = np.array([1.0, 1.0 + 1e-14, 2.0, 0.0, 1.0 - 1e-14])
    np.testing.assert_array_equal(centred_ranks(values), 2 * np.array([3, 3, 5, 1, 3]) - 6)


def test_a_zero_row_has_no_direction_and_is_as_far_from_all():
    X = np.random.default_rng(0).normal(size=(20, 6))
    X[4] = 0
    X[9] = 0
    values = dissimilarities(X, "cosine")
    index = {pair: k for k, pair in enumerate((i, j) for i in range(20) for j in range(i + 1, 20))}
    assert all(values[k] == 1.0 for (i, j), k in index.items() if {i, j} & {4, 9})
    kept = [k for (i, j), k in index.items() if not {i, j} & {4, 9}]
    np.testing.assert_allclose(values[kept], pdist(np.delete(X, [4, 9], axis=0), "cosine"), atol=1e-12)
    for measure in ("aligned_cosine", "jaccard", "mutual_knn", "second_order_cosine", "rsa"):
        assert compare(X, X, measure) == pytest.approx(1.0, abs=0.11 if measure == "second_order_cosine" else 1e-9)


def test_neighbours_leave_out_the_row_itself_and_not_its_duplicate():
    X = np.repeat(np.random.default_rng(0).normal(size=(20, 8)), 2, axis=0)
    from thinkalike.similarity.measures.neighbours import nearest

    unit = X / np.linalg.norm(X, axis=1, keepdims=True)
    assert [row[0] for row in nearest(unit, 1)] == [i + 1 if i % 2 == 0 else i - 1 for i in range(40)]


def test_tied_neighbours_are_taken_in_the_order_of_the_stimuli():
    from thinkalike.similarity.measures.neighbours import nearest

    unit = np.eye(3)[[0, 1, 1, 1, 0, 2]]
    np.testing.assert_array_equal(nearest(unit, 2), [[1, 4], [2, 3], [1, 3], [1, 2], [0, 1], [0, 1]])


@pytest.mark.parametrize("measure", ["rsa", "cka", "cka_debiased", "procrustes", "distance_correlation"])
def test_a_large_offset_changes_nothing(measure):
    X, Y = np.random.default_rng(0).normal(size=(2, 60, 20))
    assert compare(X + 3000, Y - 500, measure) == pytest.approx(compare(X, Y, measure), abs=1e-9)


@pytest.mark.parametrize("distance", [1e-9, 1e-7, 1e-5, 1e-3])
def test_near_copies_have_the_distance_they_have(distance):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 8))
    X -= X.mean(axis=0)
    X /= np.linalg.norm(X)
    step = rng.normal(size=X.shape)
    step -= step.mean(axis=0)
    step -= X * np.sum(X * step)
    left, values, right = np.linalg.svd(X, full_matrices=False)
    turned = left.T @ step @ right.T * values[:, None]
    symmetric = (turned + turned.T) / 2
    step = left @ (symmetric / values[:, None]) @ right  # no part of it can be undone by a rotation
    step -= X * np.sum(X * step)
    step /= np.linalg.norm(step)
    value = compare(X, X + distance * step, "procrustes")
    assert value == pytest.approx(distance, rel=1e-3)
    assert compare(X, X + distance * step, "procrustes_angular") == pytest.approx(distance, rel=1e-3)


def test_first_rows_equal_do_not_pass_for_constant():
    X = np.vstack([np.ones((5, 3)), np.random.default_rng(0).normal(size=(15, 3))])
    assert compare(X, X, "cka_debiased") == 1.0
