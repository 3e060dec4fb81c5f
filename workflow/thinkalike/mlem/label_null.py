"""What a cross-validation gives when features have nothing to do with the representations: permutation nulls.

A feature is a property of some unit: of every stimulus by itself, of a word, a lemma, a sentence. Under the null its
labels could as well belong to other units, so whole units exchange their labels. Permuting labels of single stimuli
instead would call an arbitrary property of a dozen lemmas significant, because representations differ between lemmas.

* Importance and weight of a feature: its labels alone are permuted; all others stay.
* Score: the labels of all features are permuted, those of controls stay; features of the same unit move together.

Every permutation is fitted again, with the folds and penalties of the data.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from thinkalike.errors import InputError
from thinkalike.mlem.cells import Coding
from thinkalike.mlem.closed_form import ClosedForm
from thinkalike.mlem.fold_fit import FoldFit
from thinkalike.mlem.held_out import HeldOutPairs
from thinkalike.mlem.patterns import pair_patterns
from thinkalike.mlem.permuted_column import PermutedColumn
from thinkalike.mlem.permuted_levels import PermutedLevels, permuted_levels_apply
from thinkalike.mlem.problem import Problem
from thinkalike.mlem.rank_tables import PatternTable, table_of


class Permuter:
    """Draws scores, weights and importances of permuted labels.

    Parameters
    ----------
    units
        For each feature the unit of each stimulus, 0 to n_units - 1, shape (n_stimuli,).
    """

    def __init__(self, problem: Problem, fits: list[FoldFit], units: Sequence[NDArray[np.int64]]) -> None:
        self.problem = problem
        self.fits = fits
        self.units = units
        self.held = [[fit.held_out.stimuli] for fit in fits]
        self.labels = [unit_labels(problem.coding, f, units[f]) for f in range(problem.coding.n_features)]

    def scores(self, tested: Sequence[int], n_permutations: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return null scores: the labels of all `tested` features permuted, shape (n_permutations,)."""
        return np.array([self._score(tested, rng) for _ in range(n_permutations)])

    def importances(
        self, feature: int, n_permutations: int, rng: np.random.Generator
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return null weights and importances of one feature, shape (n_permutations,) each."""
        problem = self.problem
        # One permuted column changes one row of the normal equations; the rest is summed once.
        column: PermutedColumn | PermutedLevels | None = None
        if permuted_levels_apply(problem, problem.coding, feature):
            column = PermutedLevels(problem, self.fits, feature, self.units[feature])
        elif isinstance(problem.moment_source(), ClosedForm) and problem.exclude is None:
            column = PermutedColumn(problem, self.fits, feature, self.units[feature])
        rows = []
        for _ in range(n_permutations):
            labels = rng.permutation(self.labels[feature])
            rows.append(column.statistics(labels) if column else self._statistics(feature, labels))
        weights, drops = np.array(rows).T
        return weights, drops

    def _score(self, tested: Sequence[int], rng: np.random.Generator) -> float:
        coding = self.problem.coding
        orders: dict[bytes, NDArray[np.intp]] = {}
        for f in tested:
            key = self.units[f].tobytes()
            if key not in orders:
                orders[key] = rng.permutation(len(self.labels[f]))
            coding = coding.with_codes(f, self.labels[f][orders[key]][self.units[f]])
        scores = [fit.score(parameters, pairs) for fit, parameters, pairs in self._refitted(coding)]
        return float(np.mean(scores))

    def _statistics(self, feature: int, labels: NDArray[np.int64]) -> tuple[float, float]:
        coding = self.problem.coding.with_codes(feature, labels[self.units[feature]])
        rows = []
        for fit, parameters, pairs in self._refitted(coding):
            drop = fit.drop(parameters, pairs, feature, fit.score(parameters, pairs))
            rows.append((fit.problem.design.main_weights(parameters)[feature], drop))
        weight, drop = np.mean(rows, axis=0)
        return float(weight), float(drop)

    def _refitted(self, coding: Coding) -> Iterator[tuple[FoldFit, NDArray[np.float64], PatternTable]]:
        """Yield each fold under other labels, its parameters and the patterns of its held-out pairs."""
        fits = [fit.with_coding(coding) for fit in self.fits]
        moments = fits[0].problem.moment_source().without(self.held)
        for fit, fold_moments in zip(fits, moments, strict=True):
            yield fit, fit.refit(fit.scaled(fold_moments)), _patterns(coding, fit.held_out)


def _patterns(coding: Coding, pairs: HeldOutPairs) -> PatternTable:
    patterns, index = pair_patterns(coding, pairs.left, pairs.right)
    return PatternTable(patterns, table_of(index, pairs.ranks, pairs.rank_squares, len(patterns)))


def unit_labels(coding: Coding, feature: int, units: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the code of a feature for each unit; complain where a unit has several."""
    codes = coding.codes[:, feature]
    labels = np.full(int(units.max()) + 1, -1, dtype=np.int64)
    labels[units] = codes
    differing = labels[units] != codes
    if differing.any():
        stimulus = int(differing.argmax())
        raise InputError(
            f"Feature '{coding.names[feature]}' has several values within one unit of its level (stimulus {stimulus} "
            f"and another of the same unit); declare the level at which it is assigned, 'stimulus' if need be."
        )
    return labels


def exceedance(observed: float, null: NDArray[np.float64]) -> float:
    """Return p = (1 + number of null statistics at least as large) / (1 + number of null statistics)."""
    # A null draw that is the observed labelling again must count, whatever the order of summation.
    return float((1 + np.count_nonzero(null >= observed - 1e-12)) / (1 + len(null)))
