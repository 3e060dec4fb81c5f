"""The sum of products of differences over all pairs, against every pair formed."""

import numpy as np
import pytest

from thinkalike.stimuli.sorted_products import sum_of_products


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8, 17, 64, 200])
@pytest.mark.parametrize("ties", [False, True])
def test_it_equals_the_sum_over_all_pairs(n: int, ties: bool) -> None:
    rng = np.random.default_rng(n)
    a, b = (rng.integers(0, 4, n).astype(float) if ties else rng.normal(5, 2, n) for _ in range(2))
    weights = rng.integers(1, 4, n).astype(float)
    products = np.abs(a[:, None] - a) * np.abs(b[:, None] - b) * weights[:, None] * weights
    assert sum_of_products(a, b, weights) == pytest.approx(products.sum() / 2, rel=1e-12, abs=1e-9)


def test_far_from_zero_and_symmetric() -> None:
    rng = np.random.default_rng(0)
    a, b, weights = 1e6 + rng.random(300), rng.random(300) - 1e6, np.ones(300)
    products = np.abs(a[:, None] - a) * np.abs(b[:, None] - b)
    assert sum_of_products(a, b, weights) == pytest.approx(products.sum() / 2, rel=1e-9)
    assert sum_of_products(b, a, weights) == pytest.approx(sum_of_products(a, b, weights), rel=1e-12)
