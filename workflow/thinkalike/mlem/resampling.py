"""What a cross-validation would have given on other sentences of the same kind: the bootstrap.

Groups (sentences) are drawn with replacement; a stimulus drawn w times has weight w, a pair of different stimuli the
product of their weights. Pairs of a stimulus with its own copy are left out: their distance of 0 is an artefact. The
folds, the penalties and the scale of the target stay those of the data, so a draw costs one fit per fold.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thinkalike.mlem.fold_fit import FoldFit
from thinkalike.mlem.held_out import HeldOutPairs
from thinkalike.mlem.moments import Moments
from thinkalike.mlem.problem import Problem
from thinkalike.mlem.rank_tables import PatternTable, RankTable
from thinkalike.numerics.ranks import tie_groups

_FEWEST_STIMULI = 3


@dataclass(frozen=True)
class Statistics:
    """Means over folds: the score, and weight and importance of each feature, shape (n_features,).

    `relative_weights` are the weights in units of the mean distance between training stimuli, see `FoldFit`.
    """

    score: float
    weights: NDArray[np.float64]
    importance: NDArray[np.float64]
    relative_weights: NDArray[np.float64]

    def vector(self) -> NDArray[np.float64]:
        return np.concatenate([[self.score], self.weights, self.importance])


class _SortedPairs:
    """Held-out pairs in the order of their distances, which no weights change."""

    def __init__(self, pairs: HeldOutPairs) -> None:
        ties = tie_groups(pairs.distances)
        order, self.first, self.group = ties.order, ties.first, ties.group
        self.left, self.right, self.index = pairs.left[order], pairs.right[order], pairs.index[order]
        self.patterns = pairs.patterns

    def weighted(self, weights: NDArray[np.float64]) -> PatternTable:
        own = weights[self.left] * weights[self.right]
        sizes = np.add.reduceat(own, self.first)
        ranks = np.cumsum(sizes) - sizes / 2 - sizes.sum() / 2
        squares = float(sizes @ ranks**2)
        counts = np.bincount(self.index, own, minlength=len(self.patterns)).astype(np.float64)
        weighted_ranks = own * ranks[self.group]
        rank_sums = np.bincount(self.index, weighted_ranks, minlength=len(self.patterns)).astype(np.float64)
        # A resample lacks a third of the stimuli, so more than half of the pairs.
        drawn = counts > 0
        return PatternTable(self.patterns[drawn], RankTable(counts[drawn], rank_sums[drawn], squares))


def interval(
    estimate: NDArray[np.float64],
    draws: NDArray[np.float64],
    left_out: NDArray[np.float64],
    n_groups: int,
    confidence: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the ends of the interval of each statistic.

    Means over pairs vary for two reasons: each group brings its own level (variance a), and each pair of groups its
    own surprise (variance b). Resampling groups gives a + 3 b, because pairs are drawn with weights w_s w_t of
    variance 3; leaving out one group at a time gives a + 2 b. The quantiles of the resamples are therefore centred on
    the estimate and drawn together to the variance a + b = 2 (a + 2 b) - (a + 3 b).

    Parameters
    ----------
    estimate
        Shape (n_statistics,).
    draws
        Shape (n_resamples, n_statistics), of resampled groups.
    left_out
        Shape (n_left_out, n_statistics), of the data without one group (some or all of the `n_groups`).
    """
    resampled = draws.var(axis=0, ddof=1)
    jackknife = (n_groups - 1) ** 2 / n_groups * left_out.var(axis=0, ddof=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(resampled > 0, (2 * jackknife - resampled) / resampled, 1.0)
    factor = np.sqrt(np.clip(share, 1 / 3, 1.0))  # a and b are not negative
    tails = np.quantile(draws - draws.mean(axis=0), [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
    return estimate + factor * tails[0], estimate + factor * tails[1]


class Resampler:
    """Draws the statistics of resampled groups.

    Parameters
    ----------
    groups
        Shape (n_stimuli,), what is resampled, 0 to n_groups - 1.
    """

    def __init__(self, problem: Problem, fits: list[FoldFit], groups: NDArray[np.int64]) -> None:
        self.problem = problem
        self.fits = fits
        self.groups = groups
        self.source = problem.moment_source()
        self.sorted_pairs = [_SortedPairs(fit.held_out) for fit in fits]

    def draw(self, rng: np.random.Generator) -> Statistics:
        """Return the statistics of one resample."""
        n_groups = int(self.groups.max()) + 1
        return self.weighted(rng.multinomial(n_groups, np.full(n_groups, 1 / n_groups))[self.groups].astype(float))

    def without_group(self, group: int) -> Statistics:
        """Return the statistics of the data without one group."""
        return self.weighted((self.groups != group).astype(float))

    def weighted(self, weights: NDArray[np.float64]) -> Statistics:
        """Return the statistics of the data in which each stimulus counts as much as its weight."""
        moments = self.source.without([[fit.held_out.stimuli] for fit in self.fits], weights)
        rows = [
            self._fold(fit, pairs, fold_moments, weights)
            for fit, pairs, fold_moments in zip(self.fits, self.sorted_pairs, moments, strict=True)
            if np.count_nonzero(weights[fit.held_out.stimuli]) >= _FEWEST_STIMULI
        ]
        return mean_statistics(rows, self.problem.coding.n_features)

    def _fold(self, fit: FoldFit, pairs: _SortedPairs, moments: Moments, weights: NDArray[np.float64]) -> Statistics:
        scaled = fit.scaled(moments)
        parameters = fit.refit(scaled)
        weighted = pairs.weighted(weights)
        score = fit.score(parameters, weighted)
        drops = fit.drops(parameters, weighted, score, weights)
        relative = fit.relative_weights(parameters, scaled)
        return Statistics(score, self.problem.design.main_weights(parameters), drops, relative)


def mean_statistics(rows: list[Statistics], n_features: int) -> Statistics:
    """Return the means over folds; nan where no fold has enough stimuli."""
    if not rows:
        undefined = np.full(n_features, np.nan)
        return Statistics(float("nan"), undefined, undefined, undefined)
    return Statistics(
        float(np.mean([row.score for row in rows])),
        np.mean([row.weights for row in rows], axis=0),
        np.mean([row.importance for row in rows], axis=0),
        np.mean([row.relative_weights for row in rows], axis=0),
    )
