"""What a fit of models' properties would be if the properties were dealt to the models at random."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from thinkalike.errors import InputError
from thinkalike.mlem.cells import UNDEFINED, Coding
from thinkalike.mlem.fold_fit import FoldFit
from thinkalike.mlem.patterns import code_difference
from thinkalike.mlem.rank_tables import joined_predictions, rounded, score_of_table
from thinkalike.mlem.solver import nonnegative_minimum
from thinkalike.similarity.arrangements import Arrangements, arrangements


class PropertyNull:
    """Scores and importances of the fit when values are dealt to the models anew.

    All that a fit of few models needs is a column of differences per property over the pairs, so that is what is kept.
    """

    def __init__(self, fit: FoldFit, entries: NDArray, permutations: int, seed: int) -> None:
        self.fit, self.entries, self.permutations, self.seed = fit, entries, permutations, seed
        pairs = fit.held_out
        self.left, self.right, self.ranks = pairs.left, pairs.right, pairs.ranks
        self.target = (pairs.distances - fit.low) / (fit.high - fit.low)
        self.tables = [_difference_table(self._coding, f) / fit.ranges[f] for f in range(self._coding.n_features)]
        self.design = np.column_stack([self._differences(f, codes) for f, codes in enumerate(self._coding.codes.T)])
        self.weights = rounded(self._weights(self.design))
        self.importances = [self._importance(self.design, f) for f in range(self.design.shape[1])]

    def of_score(self, tested: Sequence[int]) -> tuple[float, float]:
        """Return the mean score, and the share of scores that reach the fit's, when entries exchange all properties."""
        if not self.permutations:
            return float("nan"), float("nan")
        first, unit = self._units(self.entries)
        rows = [tuple(self._coding.codes[place, tested]) for place in first]
        labels = np.unique(np.array(rows), axis=0, return_inverse=True)[1].reshape(-1)
        member = {label: place for place, label in zip(first, labels, strict=True)}
        dealt = arrangements(labels, self.permutations, np.random.default_rng([self.seed, 0]))
        scores = np.empty(len(dealt.dealt))
        for number, arrangement in enumerate(dealt.dealt):
            source = np.array([member[label] for label in arrangement])[unit]
            design = self.design.copy()
            for f in tested:
                design[:, f] = self._differences(f, self._coding.codes[source, f])
            scores[number] = self._score(design)
        return float(scores.mean()), dealt.p_value(self._score(self.design), scores)

    def of_property(self, feature: int, units: NDArray, between: str) -> dict[str, object]:
        """Return what is known of a property whose values are exchanged between units, all others staying."""
        first, unit = self._units(units)
        codes = self._coding.codes[:, feature]
        if not np.array_equal(codes[first][unit], codes):
            name = self._coding.names[feature]
            raise InputError(f"Models of one {between} differ in '{name}', so it cannot be exchanged between these.")
        if not self.permutations:
            nothing = dict.fromkeys(("chance", "p", "smallest_p"), float("nan"))
            return {"units": len(first), "arrangements": float("nan"), **nothing}
        dealt = arrangements(codes[first], self.permutations, np.random.default_rng([self.seed, 1 + feature]))
        drops, same = self._drops(feature, dealt, unit)
        return {
            "units": len(first),
            "arrangements": float(dealt.number),
            "chance": float(drops.mean()),
            "p": dealt.p_value(self.importances[feature], drops),
            "smallest_p": same / len(drops) if dealt.exact else 1 / (1 + len(drops)),
        }

    def _drops(self, feature: int, dealt: Arrangements, unit: NDArray[np.intp]) -> tuple[NDArray[np.float64], int]:
        """Return the importance in each arrangement, and in how many the differences are the observed ones."""
        drops, same, known = np.empty(len(dealt.dealt)), 0, {}
        design = self.design.copy()
        for number, labels in enumerate(dealt.dealt):
            column = self._differences(feature, labels[unit])
            same += np.array_equal(column, self.design[:, feature])
            key = column.tobytes()  # labels with other names are the same differences
            if key not in known:
                design[:, feature] = column
                known[key] = self._importance(design, feature)
            drops[number] = known[key]
        return drops, int(same)

    @property
    def _coding(self) -> Coding:
        return self.fit.problem.coding

    def _units(self, labels: NDArray) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        _, first, unit = np.unique(labels.astype(str), return_index=True, return_inverse=True)
        return first, unit.reshape(-1)

    def _differences(self, feature: int, codes: NDArray[np.int64]) -> NDArray[np.float64]:
        return self.tables[feature][codes[self.left], codes[self.right]]

    def _weights(self, design: NDArray[np.float64]) -> NDArray[np.float64]:
        centred = design - design.mean(axis=0)
        gram = centred.T @ centred + self.fit.alpha * np.eye(design.shape[1])
        return nonnegative_minimum(gram, centred.T @ (self.target - self.target.mean()))

    def _score(self, design: NDArray[np.float64]) -> float:
        return self._score_of(design @ self._weights(design), np.ones(len(design)), self.ranks)

    def _importance(self, design: NDArray[np.float64], feature: int) -> float:
        """Return the drop of the score when a property is permuted over the models, in the limit of permutations."""
        weights = self._weights(design)
        if weights[feature] == 0:
            return 0.0
        prediction = design @ weights
        values, counts = np.unique(design[:, feature], return_counts=True)
        shares = counts / len(design)
        rest = prediction - weights[feature] * design[:, feature]
        permuted = joined_predictions((rest[:, None] + weights[feature] * values).reshape(-1))
        score = self._score_of(permuted, np.tile(shares, len(design)), (self.ranks[:, None] * shares).reshape(-1))
        own = self._score_of(prediction, np.ones(len(design)), self.ranks)
        return float(rounded(np.array(own - score)))

    def _score_of(
        self, predictions: NDArray[np.float64], counts: NDArray[np.float64], rank_sums: NDArray[np.float64]
    ) -> float:
        squares = self.fit.held_out.rank_squares
        return score_of_table(predictions, counts, rank_sums, squares, self.fit.problem.scoring)


def _difference_table(coding: Coding, feature: int) -> NDArray[np.float64]:
    """Return the unscaled differences of all codes of a feature; the last row and column are of undefined, -1."""
    codes = np.append(np.arange(int(coding.codes[:, feature].max(initial=-1)) + 1), UNDEFINED)
    return code_difference(coding, feature, codes[:, None], codes[None, :]).astype(np.float64)
