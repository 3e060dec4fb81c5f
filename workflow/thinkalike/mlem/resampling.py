"""What a cross-validation would have given on other sentences (or lemmas) of the same kind: the bootstrap.

Groups are drawn with replacement; a stimulus drawn w times has weight w, a pair of different stimuli the product of
their weights. Pairs of a stimulus with its own copy are left out: their distance of 0 is an artefact. The folds stay
those of the data. Each draw is looked at twice:

* *settled*, with the penalties and the scale of the data;
* *anew*, with another penalty for each fold, and the smallest and largest training distance (a numeric feature's range)
  of the stimuli that were drawn.

A fold's new penalty is in half of the cases one that a fold of the data chose, drawn at random: those choices differ
nearly as choices from other sentences would, and the mean over folds averages them. Since a few folds do not show
every choice, it is in the other half the penalty of the largest mean held-out score of the resample's other folds.
Alone those vary too much (intervals of weights were twice as wide as exact ones): a resample lacks a third of the
groups, and its folds choose alike.

Scores and importances of a draw are found on a fine grid of predictions (`binned`), and how they vary is put about the
exact estimates. Penalties whose fits to the data are the same but for a hundredth are one to a resample, and those that
none of the first resamples chose are not looked at in the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from thinkalike.mlem.extremes import ExtremePairs
from thinkalike.mlem.fold_fit import FoldFit
from thinkalike.mlem.held_out import HeldOutPairs
from thinkalike.mlem.problem import Problem
from thinkalike.mlem.rank_tables import PatternTable, RankTable
from thinkalike.mlem.resampled_fold import ResampledFold, Statistics, mean_statistics
from thinkalike.numerics.draws import drawn_counts
from thinkalike.numerics.ranks import tie_groups

_FEWEST_STIMULI = 3
_HALVED = 60  # resamples that tell what single pairs of groups contribute
_CHOSEN_ANEW = 1 / 2  # share of penalties that a resample chooses itself


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


@dataclass(frozen=True)
class Draws:
    """Statistics of resamples, shape (n_resamples, n_statistics): scores, weights, importances in one row.

    Attributes
    ----------
    settled
        With the penalties and the scale of the data.
    anew
        With those of the resample.
    halved
        As `settled`, of the first resamples, every weight half as far from 1.
    """

    settled: NDArray[np.float64]
    anew: NDArray[np.float64]
    halved: NDArray[np.float64]

    def deviations(self) -> NDArray[np.float64]:
        """Return how the statistics vary over new groups, centred on 0, shape (n_resamples, n_statistics).

        Means over pairs vary for two reasons: each group brings its own level (variance a), and each pair of groups its
        own surprise (variance b). With weights of variance v the products w_s w_t of two groups' weights vary by
        2 v + v^2, so that resampling groups (v = 1) gives a + 3 b, and weights half as far from 1 (v = 1/4) give
        (a + 2.25 b) / 4. What is `settled` is drawn together to the variance a + 2.25 b, cautious where a + b is right
        (scores of folds with few groups vary by more than these two, so that b cannot be taken out altogether); how
        much the statistics move because penalty and scale are found `anew` comes on top.
        """
        moved = self.anew - self.settled
        resampled, halved = self.settled[: len(self.halved)].var(axis=0), self.halved.var(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.where(resampled > 0, 4 * halved / resampled, 1.0)
        factor = np.sqrt(np.clip(share, 1 / 3, 1.0))
        return factor * (self.settled - self.settled.mean(axis=0)) + moved - moved.mean(axis=0)


class Resampler:
    """Draws the statistics of resampled groups.

    Parameters
    ----------
    alphas
        The penalties that each resample chooses from; none, or one, for those of the fits.
    """

    def __init__(self, problem: Problem, fits: list[FoldFit], alphas: Sequence[float] = ()) -> None:
        self.problem = problem
        self.fits = fits
        self.source = problem.moment_source()
        self.sorted_pairs = [_SortedPairs(fit.held_out) for fit in fits]
        self.outside = [np.ones(problem.coding.n_stimuli, dtype=bool) for _ in fits]
        for fit, outside in zip(fits, self.outside, strict=True):
            outside[fit.held_out.stimuli] = False
        self.candidates = _told_apart(fits, alphas)

    @cached_property
    def extremes(self) -> ExtremePairs:
        return ExtremePairs(self.problem.distances, self.problem.exclude)

    def draws(self, groups: NDArray[np.int64], n_resamples: int, rng: np.random.Generator) -> Draws:
        """Return the statistics of resamples of groups, 0 to n_groups - 1, shape (n_stimuli,)."""
        settled, anew, halved, chosen = [], [], [], set()
        candidates: Sequence[int] = range(len(self.candidates))
        for number in range(n_resamples):
            weights = drawn_counts([groups], rng)
            one, other, places = self.both(weights, candidates, rng)
            chosen |= places
            if number == _HALVED:
                candidates = sorted(chosen)
            settled.append(one.vector())
            anew.append(other.vector())
            if number < _HALVED:
                halved.append(self.weighted(1 + (weights - 1) / 2).vector())
        return Draws(np.array(settled), np.array(anew), np.array(halved))

    def weighted(self, weights: NDArray[np.float64], binned: bool = True) -> Statistics:
        """Return the statistics of the data in which each stimulus counts as much as its weight."""
        return self._mean([fold.statistics(fold.own) for fold in self._folds(weights, binned)])

    def both(
        self, weights: NDArray[np.float64], candidates: Sequence[int], rng: np.random.Generator
    ) -> tuple[Statistics, Statistics, set[int]]:
        """Return them with the penalties and the scale of the data, and anew; and the candidates chosen."""
        folds = self._folds(weights)
        settled = [fold.statistics(fold.own) for fold in folds]
        places = self._penalties(folds, candidates, rng)
        anew = [
            replace(fold.statistics(place), weights=self._weights_anew(fold, place))
            for fold, place in zip(folds, places, strict=True)
        ]
        return self._mean(settled), self._mean(anew), set(places)

    def _penalties(self, folds: list[ResampledFold], candidates: Sequence[int], rng: np.random.Generator) -> list[int]:
        """Return the place of each fold's penalty among the candidates: drawn from the data's folds, or chosen anew."""
        own = [fold.own for fold in folds]
        if len(self.candidates) == 1 or not folds:
            return own
        drawn, is_anew = rng.choice(own, size=len(own)), rng.random(len(own)) < _CHOSEN_ANEW
        if not is_anew.any():
            return [int(place) for place in drawn]
        scores = np.array([[fold.score(each) for each in candidates] for fold in folds])
        others = scores.sum(axis=0) - scores if len(folds) > 1 else scores
        anew = np.asarray(candidates)[np.round(others, 12).argmax(axis=1)]
        return [int(place) for place in np.where(is_anew, anew, drawn)]

    def _mean(self, rows: list[Statistics]) -> Statistics:
        return mean_statistics(rows, self.problem.coding.n_features)

    def _folds(self, weights: NDArray[np.float64], binned: bool = True) -> list[ResampledFold]:
        moments = self.source.without([[fit.held_out.stimuli] for fit in self.fits], weights)
        return [
            ResampledFold(fit, pairs.weighted(weights), own, weights, outside, self.candidates, binned)
            for fit, pairs, own, outside in zip(self.fits, self.sorted_pairs, moments, self.outside, strict=True)
            if np.count_nonzero(weights[fit.held_out.stimuli]) >= _FEWEST_STIMULI
        ]

    def _weights_anew(self, fold: ResampledFold, place: int) -> NDArray[np.float64]:
        """Return the weights in units of the smallest and largest distance between training stimuli that were drawn."""
        fit, design = fold.fit, self.problem.design
        there = fold.outside & (fold.weights > 0)
        low, high = self.extremes.among(there)
        if not high > low:
            return fold.statistics(place).weights
        ranges = self.problem.coding.ranges(np.flatnonzero(there)) if self.problem.coding.has_numeric else fit.ranges
        if self.problem.distances.powers == 1:  # the target is proportional to 1 / (high - low)
            scale = (fit.high - fit.low) / (high - low)
            parameters = fold.parameters(place) * scale
        else:
            scaled = self.problem.scaled(fold.unscaled, fit.ranges, low, high)
            parameters = fold.at(place).refit(scaled)
        return design.main_weights(parameters * design.column_scales(ranges) / design.column_scales(fit.ranges))


def _told_apart(fits: list[FoldFit], alphas: Sequence[float]) -> list[float]:
    """Return the penalties without those whose fits are the next larger one's but for a hundredth, in all folds."""
    if len(alphas) < 2:
        return [fits[0].alpha]
    ordered = sorted({float(alpha) for alpha in alphas})
    fitted = [[replace(fit, alpha=alpha).refit(fit.moments) for fit in fits] for alpha in ordered]
    kept, last = [ordered[-1]], fitted[-1]
    for alpha, parameters in zip(ordered[-2::-1], fitted[-2::-1], strict=True):
        moved = [np.abs(a - b).max() > 1e-2 * np.abs(b).max() for a, b in zip(parameters, last, strict=True)]
        if any(moved):
            kept.append(alpha)
            last = parameters
    return kept[::-1]
