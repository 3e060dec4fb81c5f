"""Which pairs of stimuli the features cannot tell apart.

Stimuli of equal levels make a *cell*. Everything that the features say about a pair of stimuli is a function of its
unordered pair of cells, so a layer's numbers are summed once per pair of cells and no subset of the features meets a
pair of stimuli again.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from thinkalike.errors import InputError
from thinkalike.mlem.cells import distinct_rows
from thinkalike.numerics.distances import pair_slice
from thinkalike.similarity.explained.feature_levels import Levels, combinations_of, unordered


@dataclass(frozen=True)
class PairCells:
    """The pair of cells of every pair of stimuli.

    Attributes
    ----------
    levels
        The level of every feature of every stimulus.
    kept
        Which of the n (n - 1) / 2 pairs i < j (row after row) are looked at; None for all of them.
    index
        Shape (n_pairs,), int32: the pair of cells of each pair that is kept.
    left, right
        Shape (n_groups, n_columns): the codes of the two cells of every pair of cells that occurs.
    """

    levels: Levels
    kept: NDArray[np.bool_] | None
    index: NDArray[np.int32]
    left: NDArray[np.int64]
    right: NDArray[np.int64]

    @property
    def n_pairs(self) -> int:
        return len(self.index)

    @property
    def n_groups(self) -> int:
        return len(self.left)

    @cached_property
    def counts(self) -> NDArray[np.float64]:
        """Number of pairs of stimuli per pair of cells."""
        return np.bincount(self.index, minlength=self.n_groups).astype(np.float64)

    @cached_property
    def differences(self) -> NDArray[np.int64]:
        """Shape (n_groups, n_columns), see `Levels.differences`."""
        return self.levels.differences(self.left, self.right)

    @cached_property
    def level_pairs(self) -> NDArray[np.int64]:
        """Shape (n_groups, n_columns), see `Levels.level_pairs`."""
        return self.levels.level_pairs(self.left, self.right)

    @cached_property
    def feature_cells(self) -> NDArray[np.intp]:
        """Shape (n_groups,): the unordered pair of combinations of the features' levels, controls aside."""
        return self._unordered_pairs(~self.levels.controls)

    @cached_property
    def control_cells(self) -> NDArray[np.intp]:
        """Shape (n_groups,): the unordered pair of combinations of the controls' levels."""
        return self._unordered_pairs(self.levels.controls)

    def _unordered_pairs(self, columns: NDArray[np.bool_]) -> NDArray[np.intp]:
        both = np.concatenate([self.left[:, columns], self.right[:, columns]])
        cells = combinations_of(both + 1)
        pairs = unordered(cells[: self.n_groups], cells[self.n_groups :])
        return np.unique(pairs, return_inverse=True)[1].reshape(-1)

    def of_pairs(self, values: NDArray) -> NDArray:
        """Return the values of the pairs that are kept, given those of all."""
        return values if self.kept is None else values[self.kept]


def pair_cells(levels: Levels, exclude: NDArray[np.int64] | None = None) -> PairCells:
    """Return the pairs of cells.

    Parameters
    ----------
    levels
        The level of every feature of every stimulus.
    exclude
        Shape (n_stimuli, n_labels): pairs of stimuli that are equal in any of the labels are left out.
    """
    rows, cell = distinct_rows(levels.codes)
    n = len(cell)
    numbers = np.empty(n * (n - 1) // 2, dtype=np.int64 if len(rows) > 60_000 else np.int32)
    kept = None if exclude is None else np.empty(len(numbers), dtype=bool)
    for i in range(n - 1):
        numbers[pair_slice(i, n)] = unordered(cell[i], cell[i + 1 :])
        if kept is not None and exclude is not None:
            kept[pair_slice(i, n)] = (exclude[i] != exclude[i + 1 :]).all(axis=1)
    if kept is not None:
        numbers = numbers[kept]
    if len(numbers) < 2:
        raise InputError("Fewer than two pairs of stimuli are left to compare; give more stimuli or exclude fewer.")
    occurs = np.zeros(len(rows) * (len(rows) + 1) // 2, dtype=bool)
    occurs[numbers] = True
    place = np.cumsum(occurs, dtype=np.int32) - 1
    distinct = np.flatnonzero(occurs)
    high = ((np.sqrt(8.0 * distinct + 1) - 1) / 2).astype(np.int64)
    # The square root may be a last bit off at a triangular number.
    high += (high + 1) * (high + 2) // 2 <= distinct
    high -= high * (high + 1) // 2 > distinct
    low = distinct - high * (high + 1) // 2
    return PairCells(levels, kept, place[numbers], rows[high], rows[low])
