"""Spearman correlations that are exact with ties, from sums per pattern instead of from pairs.

With y ranked once (average ranks), and the counts n_p and sums R_p of the centred ranks of the pairs of each pattern
p, a prediction that takes one value per pattern needs no more ranking of pairs: patterns of equal prediction are
joined, group u of c_u pairs has the centred average rank rho_u = (pairs before u) + c_u / 2 - n / 2, and

    Spearman = sum_u rho_u R_u / sqrt(sum_u c_u rho_u^2 * sum over pairs of their squared centred rank).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Numbers closer than this share of the largest are the same number that came about in two orders of summation:
# predictions are few and far between; distances are many, and a matrix product gets them right to some 1e-15.
TIE_TOLERANCE = 1e-12
DISTANCE_TOLERANCE = 1e-14
_MANY = 4096


def tie_groups(
    values: NDArray[np.float64], tolerance: float = TIE_TOLERANCE
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Return the order of `values`, the first place in that order of each group of ties, and each place's group."""
    order = _sorting_order(values)  # the order within ties does not matter
    ordered = values[order]
    new = np.empty(len(values), dtype=bool)
    new[:1] = True
    largest = max(abs(ordered[0]), abs(ordered[-1])) if len(values) else 0.0
    np.greater(np.diff(ordered), tolerance * largest, out=new[1:])
    return order, np.flatnonzero(new), np.cumsum(new) - 1


def _sorting_order(values: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return `np.argsort(values)`, for many values in half the time.

    numpy sorts integers faster than it sorts places by values: each value is turned into an integer as fine as 64 bits
    allow beside its place. Where that was too coarse for two neighbours, they are sorted by value after all.
    """
    if len(values) < _MANY:
        return np.argsort(values)
    low, high = values.min(), values.max()
    if not high > low:
        return np.arange(len(values))
    bits = (len(values) - 1).bit_length()
    keys = ((values - low) * (2.0 ** (63 - bits) / (high - low))).astype(np.uint64)
    keys <<= np.uint64(bits)
    keys |= np.arange(len(values), dtype=np.uint64)
    keys.sort()
    order = (keys & np.uint64(2**bits - 1)).astype(np.intp)
    ordered = values[order]
    return order if (ordered[1:] >= ordered[:-1]).all() else np.argsort(values)


def join_ties(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return `values` with every group of ties replaced by its smallest member."""
    order, first, group = tie_groups(values)
    joined = np.empty_like(values)
    joined[order] = values[order[first]][group]
    return joined


def centred_ranks(
    values: NDArray[np.float64], weights: NDArray[np.float64] | None = None
) -> tuple[NDArray[np.float64], float]:
    """Return average ranks of distances minus their mean, in the order of `values`, and the sum of their squares.

    With `weights`, an entry stands for that many equal ones (fractions allowed).
    """
    order, first, group = tie_groups(values, DISTANCE_TOLERANCE)
    sizes = np.diff(np.append(first, len(values))).astype(float)
    if weights is not None:
        sizes = np.add.reduceat(weights[order], first)
    centred = np.cumsum(sizes) - sizes / 2 - sizes.sum() / 2
    ranks = np.empty(len(values))
    ranks[order] = centred[group]
    return ranks, float(sizes @ centred**2)


@dataclass(frozen=True)
class RankTable:
    """Counts and rank sums of the pairs of each pattern: all that a Spearman correlation needs.

    Attributes
    ----------
    counts, rank_sums
        Shape (n_patterns,): pairs of the pattern, and the sum of their centred ranks of y.
    rank_squares
        Sum over all pairs of the squared centred rank of y.
    """

    counts: NDArray[np.float64]
    rank_sums: NDArray[np.float64]
    rank_squares: float

    def spearman(self, predictions: NDArray[np.float64]) -> float:
        """Return the Spearman correlation of y with one prediction per pattern.

        A prediction that is the same everywhere ranks nothing; its score is 0 (scipy has no number for it).
        """
        return spearman_of_table(predictions, self.counts, self.rank_sums, self.rank_squares)

    def ceiling(self) -> float:
        """Return the held-out score of the saturated model: every pattern of differences its own value.

        Patterns are put in the order of their mean held-out rank; no other order of the patterns has a larger Spearman
        correlation. Where nearly every pair has a pattern of its own this is close to 1 and says nothing: look at the
        number of patterns beside it.
        """
        return self.spearman(self.rank_sums / np.maximum(self.counts, 1e-300))


def table_of(
    index: NDArray[np.integer],
    ranks: NDArray[np.float64],
    rank_squares: float,
    n_patterns: int,
    weights: NDArray[np.float64] | None = None,
) -> RankTable:
    """Return the table of pairs with these patterns and centred ranks; with `weights`, pairs count as much."""
    counts = np.bincount(index, weights, minlength=n_patterns).astype(np.float64)
    rank_sums = np.bincount(index, ranks if weights is None else ranks * weights, minlength=n_patterns)
    return RankTable(counts, np.asarray(rank_sums, dtype=np.float64), rank_squares)


@dataclass(frozen=True)
class PatternTable:
    """Distinct patterns of unscaled differences, shape (n_patterns, n_features), and their rank table."""

    patterns: NDArray[np.float64]
    table: RankTable


def spearman_of_table(
    predictions: NDArray[np.float64],
    counts: NDArray[np.float64],
    rank_sums: NDArray[np.float64],
    rank_squares: float,
) -> float:
    """Return the Spearman correlation from a table; several rows may have the same prediction."""
    order, first, _ = tie_groups(predictions)
    sizes = np.add.reduceat(counts[order], first)
    sums = np.add.reduceat(rank_sums[order], first)
    centred = np.cumsum(sizes) - sizes / 2 - sizes.sum() / 2
    squares = float(sizes @ centred**2)
    if len(first) < 2 or squares <= 0 or rank_squares <= 0:
        return 0.0
    return float(centred @ sums) / float(np.sqrt(squares) * np.sqrt(rank_squares))
