"""Non-negative least squares against scipy's, on problems of every sort."""

import numpy as np
import pytest
from scipy.optimize import nnls

from thinkalike.mlem.solver import nonnegative_minimum


@pytest.mark.parametrize("size", [1, 2, 5, 12, 30])
@pytest.mark.parametrize("shift", [-2.0, 0.0, 2.0])
def test_equals_scipy(size, shift):
    rng = np.random.default_rng(size)
    for _ in range(20):
        root = rng.normal(size=(size + 3, size)) * 10.0 ** rng.uniform(-3, 3, size=size)
        y = rng.normal(size=size + 3) + shift * root.sum(axis=1) / np.abs(root).sum()
        expected = nnls(root, y)[0]
        found = nonnegative_minimum(root.T @ root, root.T @ y)
        scale = np.linalg.norm(root, axis=0)
        np.testing.assert_allclose(found * scale, expected * scale, atol=1e-7 * max(1.0, (expected * scale).max()))


def test_optimality_conditions():
    rng = np.random.default_rng(0)
    for _ in range(50):
        root = rng.normal(size=(8, 8))
        gram, target = root @ root.T + 0.01 * np.eye(8), rng.normal(size=8)
        weights = nonnegative_minimum(gram, target)
        gradient = gram @ weights - target
        assert (weights >= 0).all()
        assert (gradient >= -1e-9).all()
        assert np.abs(gradient * weights).max() <= 1e-9


def test_nothing_to_gain_is_zero():
    np.testing.assert_array_equal(nonnegative_minimum(np.eye(3), -np.ones(3)), np.zeros(3))


def test_singular_gram_gives_one_of_the_minima():
    gram, target = np.ones((2, 2)), np.ones(2)
    assert nonnegative_minimum(gram, target).sum() == pytest.approx(1.0)


def test_a_constant_feature_does_not_spoil_the_others():
    gram, target = np.diag([1e6, 1e-4]), np.array([5e5, 0.0])
    np.testing.assert_allclose(nonnegative_minimum(gram, target), [0.5, 0.0], rtol=1e-14)
