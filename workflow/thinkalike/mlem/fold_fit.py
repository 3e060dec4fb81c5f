"""The fit of one outer fold, and how anything is fitted, predicted and scored in it again.

Cross-validation, intervals, null distributions, drop-column importance and interactions all ask the same four things
of a fold: parameters from moments, predictions from parameters, a score from predictions, and the drop of that score
when a feature is permuted. They stand here and nowhere else.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from thinkalike.mlem.ceilings import ceiling_of_differences
from thinkalike.mlem.cells import Coding
from thinkalike.mlem.conditional_scores import cell_pairs, conditional_score
from thinkalike.mlem.conditioning import Conditioning
from thinkalike.mlem.extremes import block_extremes, without_label
from thinkalike.mlem.folds import inner_folds
from thinkalike.mlem.held_out import MAX_PAIRS, HeldOutPairs, held_out_pairs
from thinkalike.mlem.importance import difference_shares, permuted_scores, sampled_scores, term_scores
from thinkalike.mlem.moments import Moments
from thinkalike.mlem.problem import Problem, check_spread
from thinkalike.mlem.rank_tables import PatternTable, Scoring, rounded

# Of penalties that follow one another, where the grid is extended.
_SMALLEST, _LARGEST, _GAIN = 1e-13, 1e13, 1e-4


@dataclass(frozen=True)
class FoldFit:
    """The fit of one outer fold.

    Attributes
    ----------
    problem
        What is fitted.
    ranges, low, high
        What differences and distances are scaled by: a feature's range, and the smallest and largest distance, among
        the training stimuli.
    alpha
        The penalty.
    moments
        Scaled sums over the training pairs.
    parameters, intercept
        The fitted model.
    held_out
        The held-out pairs.
    """

    problem: Problem
    ranges: NDArray[np.float64]
    low: float
    high: float
    alpha: float
    moments: Moments
    parameters: NDArray[np.float64]
    held_out: HeldOutPairs

    @property
    def intercept(self) -> float:
        """Intercept in units of the scaled distance."""
        return self.moments.intercept(self.parameters) if self.problem.fit_intercept else 0.0

    @property
    def weights(self) -> NDArray[np.float64]:
        """Weight of each feature; with interactions the diagonal of W."""
        return self.problem.design.main_weights(self.parameters)

    def relative_weights(self, parameters: NDArray[np.float64], moments: Moments) -> NDArray[np.float64]:
        """Return the weights in units of the mean distance of the pairs that scaled `moments` are of.

        Unlike the weights themselves they do not depend on the two most distant stimuli. With `euclidean_squared` the
        unit is the mean target, because the smallest distance cannot be added back.
        """
        mean = float(moments.d[0] / moments.pairs)
        if self.problem.distances.powers == 1:
            mean += self.low / (self.high - self.low)
        return self.problem.design.main_weights(parameters) / mean

    def with_coding(self, coding: Coding) -> "FoldFit":
        """Return this fold with other labels of the features (and parameters that do not belong to them)."""
        return replace(self, problem=replace(self.problem, coding=coding))

    def scaled(self, moments: Moments) -> Moments:
        """Return moments of scaled differences and of the scaled distance."""
        return self.problem.scaled(moments, self.ranges, self.low, self.high)

    def refit(self, moments: Moments, leave_out: int | Sequence[int] | None = None) -> NDArray[np.float64]:
        """Return the parameters that scaled `moments` give, without the features `leave_out` where there are some."""
        return self.problem.design.solve(moments, self.alpha, self.problem.fit_intercept, leave_out)

    def predict(self, parameters: NDArray[np.float64], patterns: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the prediction, without the intercept, of patterns of unscaled differences."""
        return self.problem.design.predict(parameters, patterns / self.ranges)

    def score(self, parameters: NDArray[np.float64], pairs: PatternTable) -> float:
        """Return the score of `parameters` on held-out pairs."""
        return pairs.table.score(self.predict(parameters, pairs.patterns), self.problem.scoring)

    def drop(
        self,
        parameters: NDArray[np.float64],
        pairs: PatternTable,
        feature: int,
        score: float,
        weights: NDArray[np.float64] | None = None,
    ) -> float:
        """Return how much lower than `score` it is when a feature is permuted over the held-out stimuli.

        In the limit of all permutations; with `weights` a stimulus counts as much. Exactly 0 where nothing in the
        model involves the feature, and rounded to 12 decimals, so that no order of features is one of rounding.
        """
        return float(self._drops(parameters, pairs, [feature], score, weights)[feature])

    def drops(
        self,
        parameters: NDArray[np.float64],
        pairs: PatternTable,
        score: float,
        weights: NDArray[np.float64] | None = None,
    ) -> NDArray[np.float64]:
        """Return `drop` of every feature, shape (n_features,)."""
        return self._drops(parameters, pairs, range(self.problem.coding.n_features), score, weights)

    def _drops(
        self,
        parameters: NDArray[np.float64],
        pairs: PatternTable,
        features: Iterable[int],
        score: float,
        weights: NDArray[np.float64] | None,
    ) -> NDArray[np.float64]:
        problem, drops = self.problem, np.zeros(self.problem.coding.n_features)
        used = [f for f in features if self._uses(parameters, f)]
        shares = {f: difference_shares(problem.coding, f, self.held_out.stimuli, weights) for f in used}
        scores = permuted_scores(problem.design, parameters, self.ranges, pairs, shares, problem.scoring)
        for f in used:
            drops[f] = score - scores[f]
        return rounded(drops)

    def _uses(self, parameters: NDArray[np.float64], feature: int) -> bool:
        return bool(parameters[self.problem.design.involving(feature)].any())

    @cached_property
    def held_out_score(self) -> float:
        """Score of the fit on the held-out pairs."""
        return self.score(self.parameters, self.held_out.by_pattern)

    def scored_by(self, scoring: Scoring) -> float:
        """Score of the fit on the held-out pairs by a scoring of one's own choice."""
        predictions = self.predict(self.parameters, self.held_out.patterns)
        return self.held_out.table.score(predictions, scoring)

    @property
    def ceiling(self) -> float:
        """The largest score that any function of the feature differences has on the held-out pairs."""
        return ceiling_of_differences(self.held_out.table, self.problem.scoring)

    def importance(self) -> NDArray[np.float64]:
        """Return the drop of the score for each feature, in the limit of all permutations, shape (n_features,)."""
        return self.drops(self.parameters, self.held_out.by_pattern, self.held_out_score)

    def conditional_importance(self, within: Conditioning, importance: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the drop of the score when each feature is permuted within its strata, shape (n_features,).

        In the limit of all permutations; that of a feature without strata is its `importance`.
        """
        problem, score, drops = self.problem, self.held_out_score, importance.copy()
        pairs = cell_pairs(problem.coding, self.held_out)
        for f, given in enumerate(within.given):
            if given and self._uses(self.parameters, f):
                arguments = (problem.design, self.parameters, problem.coding, self.ranges, pairs, f)
                drops[f] = score - conditional_score(*arguments, within.strata[:, f], problem.scoring)
        return rounded(drops)

    def sampled_importance(self, n_repeats: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return the drop of the score in each of `n_repeats` permutations, shape (n_repeats, n_features)."""
        problem = self.problem
        arguments = (problem.design, self.parameters, problem.coding, self.ranges, self.held_out)
        drops = self.held_out_score - sampled_scores(*arguments, n_repeats, rng, problem.scoring)
        used = [self._uses(self.parameters, f) for f in range(problem.coding.n_features)]
        return rounded(np.where(used, drops, 0.0))

    def drop_column_importance(self) -> NDArray[np.float64]:
        """Return how much lower the score is without each feature in the fit, same alpha, shape (n_features,)."""
        pairs, score = self.held_out.by_pattern, self.held_out_score
        drops = np.zeros(self.problem.coding.n_features)
        for f in range(len(drops)):
            if self._uses(self.parameters, f):  # without it the optimum would be the same
                drops[f] = score - self.score(self.refit(self.moments, f), pairs)
        return rounded(drops)

    def term_importance(self) -> NDArray[np.float64]:
        """Return the drop of the score when a single term of the model is permuted, shape (n_columns,)."""
        pairs = self.held_out.by_pattern
        columns = self.problem.design.expand(pairs.patterns / self.ranges) * self.parameters
        drops = self.held_out_score - term_scores(columns, pairs, self.problem.scoring)
        return rounded(np.where(self.parameters != 0, drops, 0.0))


@dataclass(frozen=True)
class Choice:
    """How the penalty of each outer fold is found.

    Attributes
    ----------
    alphas
        What is chosen from: the largest mean score over the inner folds, the first of equals.
    inner
        Number of inner folds.
    chosen
        One penalty per outer fold where nothing is chosen any more; else None.
    extend
        Whether penalties ten times as large (or small) follow as long as the one at the end is the best and each raises
        the mean score by more than a ten-thousandth.
    """

    alphas: Sequence[float]
    inner: int
    chosen: Sequence[float] | None = None
    extend: bool = False

    @property
    def is_open(self) -> bool:
        """Whether there is anything to choose."""
        return self.chosen is None and len(self.alphas) > 1


def fit_folds(
    problem: Problem,
    labels: NDArray[np.int64],
    groups: NDArray[np.int64],
    choice: Choice,
    seed: int,
    max_pairs: int = MAX_PAIRS,
) -> tuple[list[FoldFit], Moments]:
    """Return the fit of each outer fold, and the unscaled moments of all pairs.

    Parameters
    ----------
    labels
        Outer fold of each stimulus, 0 to n_folds - 1.
    groups
        Group of each stimulus, which inner folds do not split.
    """
    lowest, highest = block_extremes(problem.distances, labels, problem.exclude)
    outer = [np.flatnonzero(labels == fold) for fold in range(labels.max() + 1)]
    inner: list[list[NDArray[np.intp]]] = [[] for _ in outer]
    if choice.is_open:
        inner = [inner_folds(groups, labels == fold, choice.inner, seed, fold) for fold in range(len(outer))]
    sets: list[list[NDArray[np.intp]]] = [[]]
    sets += [[held] for held in outer]
    sets += [[held, part] for held, parts in zip(outer, inner, strict=True) for part in parts]
    moments = iter(problem.moment_source().without(sets))
    total = next(moments)
    training = [next(moments) for _ in outer]
    fits = []
    for fold, held in enumerate(outer):
        low, high = without_label(lowest, highest, fold)
        check_spread(low, high, f"between training stimuli of fold {fold}")
        ranges = problem.coding.ranges(np.flatnonzero(labels != fold))
        scaled = problem.scaled(training[fold], ranges, low, high)
        pairs = held_out_pairs(problem.coding, problem.distances, held, problem.exclude, max_pairs, seed)
        alpha = choice.alphas[0] if choice.chosen is None else choice.chosen[fold]
        unfitted = FoldFit(problem, ranges, low, high, alpha, scaled, np.zeros(problem.design.n_columns), pairs)
        if choice.is_open:
            parts = [(part, unfitted.scaled(next(moments))) for part in inner[fold]]
            unfitted = replace(unfitted, alpha=_best_alpha(unfitted, parts, choice, seed, max_pairs))
        fits.append(replace(unfitted, parameters=unfitted.refit(scaled)))
    return fits, total


def _best_alpha(
    fit: FoldFit,
    parts: list[tuple[NDArray[np.intp], Moments]],
    choice: Choice,
    seed: int,
    max_pairs: int,
) -> float:
    scores = _mean_scores(fit, parts, choice.alphas, seed, max_pairs)
    best = int(np.argmax(scores))
    alpha, score = choice.alphas[best], scores[best]
    if not choice.extend:
        return alpha
    for end, step in ((max(choice.alphas), 10.0), (min(choice.alphas), 0.1)):
        while alpha == end and _SMALLEST < end * step < _LARGEST:
            end *= step
            further = _mean_scores(fit, parts, [end], seed, max_pairs)[0]
            if further > score + _GAIN:
                alpha, score = end, further
    return alpha


def _mean_scores(
    fit: FoldFit,
    parts: list[tuple[NDArray[np.intp], Moments]],
    alphas: Sequence[float],
    seed: int,
    max_pairs: int,
) -> NDArray[np.float64]:
    """Return the mean score of each penalty over the inner folds."""
    problem = fit.problem
    fits = [replace(fit, alpha=alpha) for alpha in alphas]
    scores = np.empty((len(parts), len(alphas)))
    for place, (held, moments) in enumerate(parts):
        pairs = held_out_pairs(problem.coding, problem.distances, held, problem.exclude, max_pairs, seed).by_pattern
        predictions = problem.design.predict_all([fit.refit(moments) for fit in fits], pairs.patterns / fit.ranges)
        scores[place] = [pairs.table.score(column, problem.scoring) for column in np.ascontiguousarray(predictions.T)]
    # Means that differ by rounding alone are equal: the first one is taken on every machine.
    return np.round(scores.mean(axis=0), 12)
