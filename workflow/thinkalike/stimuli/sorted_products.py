"""The sum over all pairs of |a_i - a_j| |b_i - b_j| in N log N steps, without forming a pair.

With the points in the order of a, |a_i - a_j| is a_i - a_j for every j before i. What remains is, for each i, sums of
1, a_j, b_j and a_j b_j over the earlier j with b_j below b_i: they are accumulated while the points are merged in the
order of b, half by half, for all halves of one length at once.
"""

import numpy as np
from numpy.typing import NDArray


def sum_of_products(a: NDArray[np.float64], b: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Return the sum over pairs i < j of w_i w_j |a_i - a_j| |b_i - b_j|.

    Parameters
    ----------
    a, b
        Shape (n,), float64, finite.
    weights
        Shape (n,), float64: how often each point occurs.

    Returns
    -------
    float
        At least 0; within about 1e-12 of the sum over all pairs, relative to the product of the ranges.
    """
    if len(a) < 2:
        return 0.0
    a, b = a - np.average(a, weights=weights), b - np.average(b, weights=weights)
    order = np.argsort(a, kind="stable")
    a, b, w = a[order], b[order], weights[order]
    # |b_i - b_j| = (b_j - b_i) + 2 (b_i - b_j) where b_j < b_i: the signed part needs no order of b.
    sums = np.stack([w, w * a, w * b, w * a * b])
    before = np.cumsum(sums, axis=1) - sums
    below = _below(b, sums)
    # The sum over j of w_j (a_i - a_j) (b_i - b_j), over all earlier j and over those with smaller b.
    every, smaller = (a * b * s[0] - b * s[1] - a * s[2] + s[3] for s in (before, below))
    return max(float(w @ (2 * smaller - every)), 0.0)


def _below(b: NDArray[np.float64], sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return, for each point, the sums over the points that stand before it and have a smaller b."""
    n = len(b)
    found = np.zeros_like(sums)
    rank = np.empty(n, dtype=np.int64)
    rank[np.argsort(b, kind="stable")] = np.arange(n)  # ties contribute 0, whichever comes first
    places = np.arange(n)
    width = 1
    while width < n:
        # Each block of two halves in the order of b: the first half's running sums at the points of the second.
        block = places // (2 * width)
        order = np.lexsort((rank, block))
        first = (order // width) % 2 == 0
        running = np.cumsum(np.where(first, sums[:, order], 0.0), axis=1)
        start = np.searchsorted(block[order], block[order], side="left")
        base = np.where(start > 0, running[:, np.maximum(start - 1, 0)], 0.0)
        second = order[~first]
        found[:, second] += (running - base)[:, ~first]
        width *= 2
    return found
