"""The model with interactions has one optimum, the one that a general convex solver finds."""

import cvxpy
import numpy as np
import pytest
from planted import pair_design, planted, scaled, squared_distances, with_missing

from thinkalike.mlem import MLEM, cross_validate
from thinkalike.mlem.interactions import semidefinite_minimum, to_matrix, to_vector


def by_cvxpy(design, target, alpha):
    n = design.shape[1]
    W = cvxpy.Variable((n, n), PSD=True)
    b = cvxpy.Variable()
    products = np.einsum("if,ig->ifg", design, design).reshape(len(design), -1)
    # One row per distinct pattern, with its count: the same problem, small enough for a general solver.
    rows, index = np.unique(products, axis=0, return_inverse=True)
    index = index.reshape(-1)
    counts = np.bincount(index)
    means = np.bincount(index, target) / counts
    fitted = rows @ cvxpy.vec(W, order="C") + b
    loss = cvxpy.sum_squares(cvxpy.multiply(np.sqrt(counts), means - fitted)) + alpha * cvxpy.sum_squares(W)
    problem = cvxpy.Problem(cvxpy.Minimize(loss))
    problem.solve(solver="CLARABEL", tol_gap_abs=1e-13, tol_gap_rel=1e-13, tol_feas=1e-13)
    return W.value, b.value


def pairs_with_interactions(n_stimuli=60, noise=1.0, seed=0):
    features, vectors = planted(n_stimuli, levels=(2, 3, 2, 3), weights=(1.0, 0.5, 0.2, 0.0), noise=noise, seed=seed)
    # A direction that both features move together: W has a large entry off the diagonal.
    vectors[:, 0] += (features["f0"] == "a") * 1.0 + (features["f2"] == "a") * 0.7
    return features, vectors


@pytest.mark.parametrize("alpha", [1e-2, 1.0, 100.0])
@pytest.mark.parametrize("noise", [0.5, 6.0])
def test_equals_a_general_convex_solver(alpha, noise):
    features, vectors = pairs_with_interactions(noise=noise)
    features = with_missing(features, 0.1)
    W, b = by_cvxpy(pair_design(features), scaled(squared_distances(vectors)), alpha)
    model = MLEM(coding="difference", alpha=alpha, interactions=True).fit(features, vectors)
    np.testing.assert_allclose(model.weights_, W, atol=2e-6 * np.abs(W).max())
    assert model.intercept_ == pytest.approx(float(b), abs=1e-6)
    assert np.linalg.eigvalsh(model.weights_)[0] >= -1e-8


def test_optimality_conditions_hold_to_machine_accuracy():
    """Stationarity, feasibility of primal and dual, and complementarity, for a random problem with a binding cone."""
    rng = np.random.default_rng(0)
    for size in (1, 2, 5, 8):
        k = size * (size + 1) // 2
        root = rng.normal(size=(k, k))
        gram, target = root @ root.T + 0.1 * np.eye(k), rng.normal(size=k)
        w = semidefinite_minimum(gram, target, size)
        dual = to_matrix(gram @ w - target, size)
        primal = to_matrix(w, size)
        scale = np.abs(target).max()
        assert np.linalg.eigvalsh(primal)[0] >= -1e-8
        assert np.linalg.eigvalsh(dual)[0] >= -1e-8 * scale
        assert abs(np.sum(primal * dual)) <= 1e-8 * scale


def test_a_feature_that_nothing_speaks_for_has_rows_of_exactly_nothing():
    W = to_matrix(semidefinite_minimum(np.eye(6), to_vector(np.diag([1.0, -1.0, 0.5])), 3), 3)
    np.testing.assert_allclose(W, np.diag([1.0, 0.0, 0.5]), atol=1e-12)
    assert (W[1] == 0).all() and (W[:, 1] == 0).all()


def test_vector_and_matrix_are_inverse_and_keep_inner_products():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 4, 4))
    a, b = a + a.T, b + b.T
    np.testing.assert_allclose(to_matrix(to_vector(a), 4), a)
    assert to_vector(a) @ to_vector(b) == pytest.approx(np.sum(a * b))


def test_prediction_counts_off_diagonals_twice():
    features, vectors = pairs_with_interactions()
    model = MLEM(coding="difference", interactions=True).fit(features, vectors)
    design, W = pair_design(features), model.weights_.to_numpy()
    expected = np.einsum("if,fg,ig->i", design, W, design) + model.intercept_
    np.testing.assert_allclose(model.predict(features), expected, atol=1e-12)
    np.testing.assert_array_equal(W, W.T)


def test_cross_validation_with_interactions():
    features, vectors = pairs_with_interactions(150)
    result = cross_validate(
        features, vectors, model=MLEM(coding="difference", interactions=True), folds=3, inner_folds=3
    )
    again = cross_validate(
        features, vectors, model=MLEM(coding="difference", interactions=True), folds=3, inner_folds=3
    )
    additive = cross_validate(features, vectors, folds=3, inner_folds=3, model=MLEM(coding="difference"))
    np.testing.assert_array_equal(result.matrices, again.matrices)
    assert np.abs(result.scores - additive.scores).max() > 1e-6
    assert min(np.linalg.eigvalsh(W)[0] for W in result.matrices) >= -1e-8
    terms = result.importance_terms
    assert len(terms) == 3 * 10
    strongest = terms.groupby(["feature_a", "feature_b"])["importance"].mean().idxmax()
    assert strongest == ("f0", "f0")
    pair = terms.query("feature_a == 'f0' and feature_b == 'f2'")["importance"].mean()
    assert pair > terms.query("feature_a == 'f1' and feature_b == 'f3'")["importance"].mean() + 1e-3
    assert (result.importance.mean()[["f0", "f1"]] > 0.01).all()
