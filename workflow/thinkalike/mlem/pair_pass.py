"""Moments by one blocked pass over all pairs: for any distance, numeric features and interactions.

Cost: every pair is met once, O(N^2 F) for its pattern and O(N^2) for each training set; memory is one block of rows.
Within a block, pairs of the same pattern are joined before anything is multiplied.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from thinkalike.mlem.cells import Coding
from thinkalike.mlem.moments import Moments, remaining_weights
from thinkalike.mlem.pair_distances import Distances
from thinkalike.mlem.patterns import pair_patterns

_PAIRS_PER_BLOCK = 1_000_000


class PairPass:
    """Moments of any features and distances.

    Parameters
    ----------
    expand
        From unscaled differences, shape (n_patterns, n_features), to the columns of the design, (n_patterns, K).
    exclude
        Labels, one per stimulus; pairs of equal label are left out.
    """

    def __init__(
        self,
        coding: Coding,
        distances: Distances,
        expand: Callable[[NDArray[np.float64]], NDArray[np.float64]],
        exclude: NDArray[np.int64] | None = None,
    ) -> None:
        self.coding = coding
        self.measured = distances
        self.expand = expand
        self.exclude = exclude

    def without(
        self, held_out: Sequence[Sequence[NDArray[np.intp]]], weights: NDArray[np.float64] | None = None
    ) -> list[Moments]:
        """See `MomentSource`."""
        n = self.coding.n_stimuli
        sets = [remaining_weights(n, parts, weights) for parts in held_out]
        sums = [_RunningSums(self.measured.powers) for _ in sets]
        n_columns = self.expand(np.zeros((1, self.coding.n_features))).shape[1]
        rows_per_block = max(1, _PAIRS_PER_BLOCK * 16 // max(16, n_columns) // n)
        for start in range(0, n - 1, rows_per_block):
            rows = np.arange(start, min(start + rows_per_block, n))
            self._add_block(rows, np.arange(start + 1, n), sets, sums)
        return [running.moments() for running in sums]

    def _add_block(
        self,
        rows: NDArray[np.intp],
        columns: NDArray[np.intp],
        sets: list[NDArray[np.float64]],
        sums: list["_RunningSums"],
    ) -> None:
        keep = columns > rows[:, None]
        if self.exclude is not None:
            keep &= self.exclude[rows, None] != self.exclude[columns]
        patterns, index = pair_patterns(self.coding, rows[:, None], columns[None, :], keep)
        d = self.measured.block(rows, columns)[keep]
        z = self.expand(patterns)
        for weights, running in zip(sets, sums, strict=True):
            pair_weights = (weights[rows, None] * weights[columns])[keep]
            running.add(z, index, pair_weights, d)


class _RunningSums:
    def __init__(self, powers: int) -> None:
        self.powers = powers
        self.pairs = 0.0
        self.d = np.zeros(powers)
        self.z: NDArray | float = 0.0
        self.zz: NDArray | float = 0.0
        self.zd: NDArray | float = 0.0

    def add(
        self, z: NDArray[np.float64], index: NDArray[np.intp], weights: NDArray[np.float64], d: NDArray[np.float64]
    ) -> None:
        counts = np.bincount(index, weights, minlength=len(z))
        by_power = []
        product = weights
        for _ in range(self.powers):
            product = product * d
            by_power.append(np.bincount(index, product, minlength=len(z)))
        sums = np.array(by_power)
        self.pairs += float(counts.sum())
        self.d = self.d + sums.sum(axis=1)
        self.z = self.z + counts @ z
        self.zz = self.zz + (z * counts[:, None]).T @ z
        self.zd = self.zd + sums @ z

    def moments(self) -> Moments:
        return Moments(self.pairs, np.asarray(self.z), np.asarray(self.zz), self.d, np.asarray(self.zd))
