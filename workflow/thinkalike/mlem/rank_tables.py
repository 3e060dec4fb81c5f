"""Rank correlations that are exact with ties, from sums per pattern instead of from pairs.

With y ranked once (average ranks), and the counts n_p and sums R_p of the centred ranks of the pairs of each pattern
p, a prediction that takes one value per pattern needs no more ranking of pairs: patterns of equal prediction are
joined, group u of c_u pairs has the centred average rank rho_u = (pairs before u) + c_u / 2 - n / 2, and

    Spearman = sum_u rho_u R_u / sqrt(sum_u c_u rho_u^2 * sum over pairs of their squared centred rank),
    rho_a    = sum_u rho_u R_u / ((n^3 - n) / 12).

rho_a is the Spearman correlation to be expected when the ties of both are broken at random. Ties shrink the denominator
of Spearman's: a coarser prediction can score higher than a finer and better one. rho_a does not have that fault.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from thinkalike.numerics.ranks import Ties, centred_ranks, join_ties, tie_groups

Scoring = Literal["rho_a", "spearman"]

# What is ranked afterwards is rounded to so many decimals: no order may depend on the library that summed.
DECIMALS = 12

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

    def score(self, predictions: NDArray[np.float64], scoring: Scoring) -> float:
        """Return the score of one prediction per pattern.

        A prediction that is the same everywhere ranks nothing; its score is 0 (scipy has no number for it).
        """
        return score_of_table(predictions, self.counts, self.rank_sums, self.rank_squares, scoring)


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


def score_of_table(
    predictions: NDArray[np.float64],
    counts: NDArray[np.float64],
    rank_sums: NDArray[np.float64],
    rank_squares: float,
    scoring: Scoring,
) -> float:
    """Return the score of a table of pairs; several rows may have the same prediction."""
    ties = prediction_ties(predictions)
    if len(ties.first) < 2 or rank_squares <= 0:
        return 0.0
    sizes, sums = counts[ties.order], rank_sums[ties.order]
    if len(ties.first) < len(sizes):
        sizes, sums = sums_of_groups(sizes, ties), sums_of_groups(sums, ties)
    return score_in_order(sizes, sums, rank_squares, scoring)


def sums_of_groups(values: NDArray[np.float64], ties: Ties) -> NDArray[np.float64]:
    """Return `np.add.reduceat(values, ties.first)`, several times as fast where most groups are of one."""
    until = np.cumsum(values)
    return np.diff(np.append(until[ties.first[1:] - 1], until[-1]), prepend=0.0)


def score_in_order(
    sizes: NDArray[np.float64], sums: NDArray[np.float64], rank_squares: float, scoring: Scoring
) -> float:
    """Return the score of groups of ties in increasing order of their prediction: their pairs and rank sums."""
    ends = np.cumsum(sizes)
    centred = ends - (sizes + ends[-1]) / 2
    covariance = float(centred @ sums)
    if scoring == "rho_a":
        return covariance / rank_variance(float(ends[-1]))
    squares = float(sizes @ centred**2)
    return covariance / float(np.sqrt(squares) * np.sqrt(rank_squares)) if squares > 0 else 0.0


def rank_variance(pairs: float) -> float:
    """Return the sum of squared centred ranks of so many pairs without ties."""
    return (pairs**3 - pairs) / 12


def rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values to 12 decimals, without a negative 0."""
    return np.round(values, DECIMALS) + 0.0
