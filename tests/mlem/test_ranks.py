"""Ranks of many values, which are sorted by integers, are those of scipy."""

import numpy as np
import pytest
from scipy.stats import rankdata

from thinkalike.mlem.ranks import centred_ranks, tie_groups

N = 10_000
RANDOM = np.random.default_rng(0)
CASES = {
    "all different": RANDOM.normal(size=N),
    "heavy ties": RANDOM.integers(0, 7, size=N) / 3,
    "neighbours finer than the integers": 1e-8 * RANDOM.permutation(N) / N + (RANDOM.random(N) < 0.5),
    "one far away": np.append(1e-9 * RANDOM.permutation(N) / N, 1.0),
    "constant": np.full(N, 2.5),
    "few": RANDOM.normal(size=10),
}


@pytest.mark.parametrize("case", CASES)
def test_order_and_ranks(case):
    values = CASES[case]
    order, _, _ = tie_groups(values, 0.0)
    assert (np.sort(order) == np.arange(len(values))).all()
    assert (np.diff(values[order]) >= 0).all()
    # Values of order 1 that are 1e-14 apart are one value; in no case here are different ones that close.
    ranks, squares = centred_ranks(values)
    expected = rankdata(values) - (len(values) + 1) / 2
    assert np.array_equal(ranks, expected)
    assert squares == pytest.approx(float(expected @ expected), rel=1e-12)
