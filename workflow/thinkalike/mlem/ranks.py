"""Spearman correlations that are exact with ties, from sums per pattern instead of from pairs.

With y ranked once (average ranks), and the counts n_p and sums R_p of the centred ranks of the pairs of each pattern
p, a prediction that takes one value per pattern needs no more ranking of pairs: patterns of equal prediction are
joined, group u of c_u pairs has the centred average rank rho_u = (pairs before u) + c_u / 2 - n / 2, and

    Spearman = sum_u rho_u R_u / sqrt(sum_u c_u rho_u^2 * sum over pairs of their squared centred rank).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thinkalike.numerics.ranks import Ties, centred_ranks, join_ties, tie_groups

# Predictions closer than this share of the largest are one prediction that came about in two orders of summation.
_NOISE = 1e-12


def prediction_ties(predictions: NDArray[np.float64]) -> Ties:
    """Return the order of predictions and their groups of ties."""
    return tie_groups(predictions, _noise(predictions))


def joined_predictions(predictions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return predictions without rounding noise: every group of ties has the value of its smallest member."""
    return join_ties(predictions, _noise(predictions))


def _noise(predictions: NDArray[np.float64]) -> float:
    return _NOISE * float(np.abs(predictions).max(initial=0.0))


def ranks_of_distances(distances: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Return average ranks minus their mean, in the order of `distances`, and the sum of their squares."""
    ranks = centred_ranks(distances) / 2
    return ranks, float(ranks @ ranks)


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
    ties = prediction_ties(predictions)
    sizes = np.add.reduceat(counts[ties.order], ties.first)
    sums = np.add.reduceat(rank_sums[ties.order], ties.first)
    centred = np.cumsum(sizes) - sizes / 2 - sizes.sum() / 2
    squares = float(sizes @ centred**2)
    if len(sizes) < 2 or squares <= 0 or rank_squares <= 0:
        return 0.0
    return float(centred @ sums) / float(np.sqrt(squares) * np.sqrt(rank_squares))
