"""The best scores that functions of the features can reach on held-out pairs.

**Any function of the feature differences** takes one value per pattern. Let patterns be put in an order and some of
them joined (tied), into groups u of c_u pairs. With R the centred ranks of the distances,

    A = sum_u rho_u R_u,    B = sum_u c_u rho_u^2 = (n^3 - sum_u c_u^3) / 12,

rho_a is A over a constant. Exchanging two neighbours out of the order of their mean ranks raises A, and so does taking
a group apart: the best rho_a is that of the patterns in the order of their mean ranks. Spearman's is A / sqrt(B) over a
constant, and joining patterns can raise it. Points under a curve of constant A / sqrt(B) are a convex set, so the best
joining is a corner of the convex hull of all (B, A): corners are found by dynamic programming over joined neighbours
for A - slope * B, and between two corners only where the triangle of their tangents reaches above the best so far.

**Any function of the features' values** takes one value per pair of cells. With nearly as many pairs of cells as pairs
of stimuli the best such function of the data at hand fits its noise. Its score is therefore estimated: the mean rank of
a pair of cells in one fold times its mean rank in the other folds, whose stimuli are others, has the expectation of
its square, without noise.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thinkalike.mlem.held_out import HeldOutPairs
from thinkalike.mlem.rank_tables import RankTable, Scoring

# Of more patterns than this, neighbours in the order of their mean ranks are joined before others are tried.
_MOST_PATTERNS = 1000
_ENOUGH = 1e-13


def ceiling_of_differences(table: RankTable, scoring: Scoring) -> float:
    """Return the largest score that any function of the feature differences has on these pairs.

    Where nearly every pair has a pattern of its own this is close to 1 and says nothing: look at the number of patterns
    beside it.
    """
    occurs = table.counts > 0
    counts, rank_sums = table.counts[occurs], table.rank_sums[occurs]
    means = rank_sums / counts
    every = RankTable(counts, rank_sums, table.rank_squares)
    finest = every.score(means, scoring)
    if scoring == "rho_a" or len(counts) < 2 or table.rank_squares <= 0:
        return finest
    order = np.argsort(means, kind="stable")
    joined = _Joinings(*_joined(counts[order], rank_sums[order])).best() / np.sqrt(table.rank_squares)
    return max(finest, float(joined))


def _joined(counts: NDArray[np.float64], rank_sums: NDArray[np.float64]) -> tuple[NDArray, NDArray]:
    """Join neighbours into at most `_MOST_PATTERNS` groups of nearly equal counts."""
    if len(counts) <= _MOST_PATTERNS:
        return counts, rank_sums
    middles = (np.cumsum(counts) - counts / 2) / counts.sum()
    first = np.flatnonzero(np.diff((middles * _MOST_PATTERNS).astype(int), prepend=-1))
    return np.add.reduceat(counts, first), np.add.reduceat(rank_sums, first)


@dataclass(frozen=True)
class _Corner:
    """A joining of patterns: its B and A, and the slope for which it is the best."""

    b: float
    a: float
    slope: float

    @property
    def ratio(self) -> float:
        return self.a / float(np.sqrt(self.b)) if self.b > 0 else 0.0


class _Joinings:
    """All ways to join neighbours among patterns in the order of their mean ranks."""

    def __init__(self, counts: NDArray[np.float64], rank_sums: NDArray[np.float64]) -> None:
        ends = np.concatenate([[0.0], np.cumsum(counts)])
        sums = np.concatenate([[0.0], np.cumsum(rank_sums)])
        # Entry (i, j): the group of patterns i, ..., j - 1.
        ranks = (ends[:, None] + ends - ends[-1]) / 2
        self.a = ranks * (sums - sums[:, None])
        self.b = ranks**2 * (ends - ends[:, None])

    def corner(self, slope: float) -> _Corner:
        """Return the joining with the largest a - slope * b."""
        gains = self.a - slope * self.b
        n = len(gains)
        best, last = np.zeros(n), np.zeros(n, dtype=np.intp)
        for end in range(1, n):
            candidates = best[:end] + gains[:end, end]
            last[end] = candidates.argmax()
            best[end] = candidates[last[end]]
        a = b = 0.0
        end = n - 1
        while end > 0:
            start = last[end]
            a, b, end = a + self.a[start, end], b + self.b[start, end], start
        return _Corner(b, a, slope)

    def best(self) -> float:
        """Return the largest A / sqrt(B)."""
        finest = self.corner(0.0)
        if finest.a <= 0 or finest.b <= 0:
            return 0.0
        steepest = finest
        while True:  # towards the corner that is seen from the origin under the largest angle
            corner = self.corner(steepest.a / steepest.b)
            if corner.b <= 0 or corner.a / corner.b <= steepest.a / steepest.b * (1 + _ENOUGH):
                break
            steepest = corner
        steepest = _Corner(steepest.b, steepest.a, steepest.a / steepest.b)
        best, open_ends = max(finest.ratio, steepest.ratio), [(steepest, finest)]
        while open_ends:
            left, right = open_ends.pop()
            if right.b - left.b <= _ENOUGH * right.b or _apex_ratio(left, right) <= best * (1 + _ENOUGH):
                continue
            corner = self.corner((right.a - left.a) / (right.b - left.b))
            best = max(best, corner.ratio)
            if left.b < corner.b < right.b:
                open_ends += [(left, corner), (corner, right)]
        return best


def _apex_ratio(left: _Corner, right: _Corner) -> float:
    """Return A / sqrt(B) where the tangents of two corners meet: no joining between them has a larger one."""
    if left.slope <= right.slope:
        return 0.0
    b = (right.a - left.a + left.slope * left.b - right.slope * right.b) / (left.slope - right.slope)
    return (left.a + left.slope * (b - left.b)) / float(np.sqrt(b)) if b > 0 else 0.0


def ceilings_of_values(
    cells: NDArray[np.intp], folds: Sequence[HeldOutPairs]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return estimates of the best score that any function of the features' values has, one per fold.

    Parameters
    ----------
    cells
        Shape (n_stimuli,), the combination of feature values of each stimulus.
    folds
        The held-out pairs of each fold; no stimulus is in two.

    Returns
    -------
    ceilings
        Shape (n_folds,). The root of the share of rank variance, among the pairs that are covered, that lies between
        pairs of cells: no function of the values correlates higher with the ranks of these pairs, but for the sampling
        error of the estimate. It says nothing on the others. NaN where no pair of cells occurs in another fold.
    covered
        Shape (n_folds,), the share of pairs whose pair of cells occurs in another fold too.
    """
    numbers = np.concatenate([_pair_of_cells(cells, pairs) for pairs in folds])
    fold_of_pair = np.repeat(np.arange(len(folds)), [pairs.n_pairs for pairs in folds])
    ranks = np.concatenate([pairs.ranks / pairs.n_pairs for pairs in folds])
    distinct, group = np.unique(numbers, return_inverse=True)
    joint, size = group.reshape(-1) * len(folds) + fold_of_pair, len(distinct) * len(folds)

    def by_fold(weights: NDArray[np.float64] | None) -> NDArray[np.float64]:
        return np.bincount(joint, weights, minlength=size).reshape(-1, len(folds)).astype(np.float64)

    counts, sums, squares = by_fold(None), by_fold(ranks), by_fold(ranks**2)
    other_counts = counts.sum(axis=1, keepdims=True) - counts
    other_means = (sums.sum(axis=1, keepdims=True) - sums) / np.maximum(other_counts, 1)
    known = other_counts > 0
    pairs = np.sum(counts, axis=0, where=known)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.sum(sums, axis=0, where=known) / pairs
    # Pairs whose cells are frequent are not like all others: the share is of their variance, about their mean.
    explained = np.sum(sums * other_means, axis=0, where=known)
    explained -= mean * np.sum(counts * other_means, axis=0, where=known)
    variance = np.sum(squares, axis=0, where=known) - pairs * mean**2
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(variance > 0, explained / variance, np.nan)
    return np.sqrt(np.clip(share, 0.0, 1.0)), pairs / counts.sum(axis=0)


def _pair_of_cells(cells: NDArray[np.intp], pairs: HeldOutPairs) -> NDArray[np.int64]:
    left, right = cells[pairs.left].astype(np.int64), cells[pairs.right].astype(np.int64)
    return np.minimum(left, right) * (int(cells.max()) + 1) + np.maximum(left, right)
