"""Blocks of sentences (or of lemmas), each of which is left out once: the jackknife behind the table's intervals.

What a statistic loses or gains without a block is what that block says of it, and blocks are independent. Leaving out
forty blocks in turn takes sums over the pairs of stimuli that touch each block, a twentieth of all, so that it costs
about as much as the statistic itself; resampling would cost as much for every draw.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from thinkalike.numerics.distances import pair_slice
from thinkalike.similarity.explained.pair_cells import PairCells

MOST_BLOCKS = 40  # their standard deviation is known to 11 %, which Student's t allows for
FEWEST_BLOCKS = 8

Pairs = slice | NDArray[np.int32]


@dataclass(frozen=True)
class Blocks:
    """The blocks of every pair of stimuli.

    Attributes
    ----------
    factors
        Slices of the blocks: of each kind of group (sentences, lemmas) that is left out in turn. Where there are two, a
        third is of single stimuli, which belong to one group of each.
    sides
        Per kind two arrays of shape (n_pairs,): the blocks of the two stimuli of every pair that is kept.
    """

    factors: tuple[slice, ...]
    sides: tuple[tuple[NDArray[np.int16], NDArray[np.int16]], ...]

    @property
    def count(self) -> int:
        return self.factors[-1].stop

    def touches(self, pairs: Pairs) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return every pair once for each block that it touches: its place among `pairs`, and the block, in order."""
        places, blocks = [], []
        for left, right in self.sides:
            one, other = left[pairs], right[pairs]
            crossing = np.flatnonzero(one != other)
            places += [np.arange(len(one)), crossing]
            blocks += [one, other[crossing]]
        joined = np.concatenate(blocks).astype(np.intp)
        order = np.argsort(joined, kind="stable")
        return np.concatenate(places)[order], joined[order]

    def of_each(self, blocks: NDArray[np.intp]) -> list[slice]:
        """Return where each block's touches lie, given the second of what `touches` returns."""
        ends = np.searchsorted(blocks, np.arange(self.count + 1))
        return [slice(*bounds) for bounds in pairwise(ends.tolist())]

    @property
    def freedom(self) -> int:
        """Degrees of freedom of the variance, those of the kind of fewest blocks."""
        return min(own.stop - own.start for own in self.factors) - 1


def make_blocks(cells: PairCells, groups: Sequence[NDArray[np.int64]], seed: int) -> Blocks | None:
    """Return blocks of equally many groups, drawn by seed; None of fewer than 8 groups, which say nothing.

    Parameters
    ----------
    cells
        The pairs of stimuli.
    groups
        For each kind the group of every stimulus, 0 to n_groups - 1, shape (n_stimuli,).
    """
    rng = np.random.default_rng([seed, 5])
    factors, sides, first = [], [], 0
    stimuli = [np.arange(len(own), dtype=np.int64) for own in groups[1:]]
    for own in [*groups, *stimuli]:
        n_groups = int(own.max()) + 1
        if n_groups < FEWEST_BLOCKS:
            return None
        count = min(MOST_BLOCKS, n_groups)
        block = (first + rng.permutation(np.arange(n_groups) % count)[own]).astype(np.int16)
        factors.append(slice(first, first + count))
        sides.append(_sides(block, cells))
        first += count
    return Blocks(tuple(factors), tuple(sides))


def _sides(block: NDArray[np.int16], cells: PairCells) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    n = len(block)
    left, right = (np.empty(n * (n - 1) // 2, dtype=np.int16) for _ in range(2))
    for i in range(n - 1):
        left[pair_slice(i, n)], right[pair_slice(i, n)] = block[i], block[i + 1 :]
    return cells.of_pairs(left), cells.of_pairs(right)
