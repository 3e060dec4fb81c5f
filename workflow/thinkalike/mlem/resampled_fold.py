"""What a fold gives where stimuli count as often as they were drawn: score, weights and importances."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from thinkalike.mlem.binned import BinnedPredictions
from thinkalike.mlem.designs import Additive, LevelDesign
from thinkalike.mlem.fold_fit import FoldFit
from thinkalike.mlem.importance import Shares, difference_shares
from thinkalike.mlem.moments import Moments
from thinkalike.mlem.rank_tables import PatternTable

_TINY = 1e-300


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


class ResampledFold:
    """A fold in which stimuli count as much as their weights: whatever is asked twice is found once."""

    def __init__(
        self,
        fit: FoldFit,
        pairs: PatternTable,
        unscaled: Moments,
        weights: NDArray[np.float64],
        outside: NDArray[np.bool_],
        candidates: Sequence[float],
        binned: bool,
    ) -> None:
        self.binned = binned and isinstance(fit.problem.design, (Additive, LevelDesign))
        self.fit, self.pairs, self.unscaled, self.weights, self.outside = fit, pairs, unscaled, weights, outside
        self.candidates = candidates
        self.own = int(np.argmin(np.abs(np.log(np.maximum(candidates, _TINY)) - np.log(max(fit.alpha, _TINY)))))
        self.moments = fit.scaled(unscaled)
        self._parameters: dict[int, NDArray[np.float64]] = {}
        self._scores: dict[int, float] = {}
        self._statistics: dict[int, Statistics] = {}
        self._binned: dict[int, BinnedPredictions] = {}
        self._known_shares: dict[int, Shares] = {}

    def at(self, place: int) -> FoldFit:
        """Return the fit with a penalty among the candidates; the fold's own is the one that was chosen."""
        return self.fit if place == self.own else replace(self.fit, alpha=self.candidates[place])

    def parameters(self, place: int) -> NDArray[np.float64]:
        if place not in self._parameters:
            self._parameters[place] = self.at(place).refit(self.moments)
        return self._parameters[place]

    def score(self, place: int) -> float:
        if place not in self._scores:
            if self.binned:
                self._scores[place] = self._predictions(place).score(self.pairs.table, self.fit.problem.scoring)
            else:
                self._scores[place] = self.fit.score(self.parameters(place), self.pairs)
        return self._scores[place]

    def statistics(self, place: int) -> Statistics:
        if place not in self._statistics:
            parameters, score = self.parameters(place), self.score(place)
            if self.binned:
                drops = self._binned_drops(place)
            else:
                drops = self.fit.drops(parameters, self.pairs, score, self.weights)
            own = self.fit.problem.design.main_weights(parameters)
            relative = self.fit.relative_weights(parameters, self.moments)
            self._statistics[place] = Statistics(score, own, drops, relative)
        return self._statistics[place]

    def _predictions(self, place: int) -> BinnedPredictions:
        design = self.fit.problem.design
        assert isinstance(design, (Additive, LevelDesign))
        if place not in self._binned:
            self._binned[place] = BinnedPredictions(
                design, self.parameters(place), self.pairs.patterns / self.fit.ranges
            )
        return self._binned[place]

    def _binned_drops(self, place: int) -> NDArray[np.float64]:
        design, drops = self.fit.problem.design, np.zeros(self.fit.problem.coding.n_features)
        used = [f for f in range(len(drops)) if self.parameters(place)[design.involving(f)].any()]
        shares = {f: self._shares(f) for f in used}
        scores = self._predictions(place).permuted_scores(self.pairs.table, shares, self.fit.problem.scoring)
        for f in used:
            drops[f] = self.score(place) - scores[f]
        return drops

    def _shares(self, feature: int) -> Shares:
        """Return the scaled differences of a feature and how often each occurs, whatever the penalty."""
        if feature not in self._known_shares:
            stimuli, coding = self.fit.held_out.stimuli, self.fit.problem.coding
            values, shares = difference_shares(coding, feature, stimuli, self.weights)
            self._known_shares[feature] = values / self.fit.ranges[feature], shares
        return self._known_shares[feature]
