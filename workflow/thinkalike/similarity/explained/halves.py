"""Two disjoint halves of the stimuli: what is estimated in one is tried on the other.

A mean over few pairs fits their noise. The product of a mean from one half and a mean of the same pairs of cells from
the other does not, because no pair and no stimulus is in both.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thinkalike.errors import InputError
from thinkalike.numerics.distances import pair_slice
from thinkalike.similarity.explained.pair_cells import PairCells

HALVINGS = 5


@dataclass(frozen=True)
class Half:
    """The pairs of stimuli within one half.

    Attributes
    ----------
    positions
        Where they lie among the pairs that are kept.
    groups
        The pairs of cells that occur among them, in increasing order.
    index
        Which of `groups` each pair belongs to.
    counts
        Number of pairs of each of `groups`.
    """

    positions: NDArray[np.int32]
    groups: NDArray[np.intp]
    index: NDArray[np.int32]
    counts: NDArray[np.float64]

    @property
    def n_pairs(self) -> int:
        return len(self.positions)

    def sums(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the sums of the pairs' values per group."""
        return np.bincount(self.index, values[self.positions], minlength=len(self.groups)).astype(
            np.float64, copy=False
        )


Halving = tuple[Half, Half]


def make_halvings(cells: PairCells, groups: NDArray[np.int64], count: int, seed: int) -> list[Halving]:
    """Return halvings of the groups (sentences), drawn by seed.

    Parameters
    ----------
    cells
        The pair of cells of every pair of stimuli.
    groups
        Shape (n_stimuli,): 0 to n_groups - 1.

    Raises
    ------
    InputError
        When there are fewer than 4 groups: a half of one group is no sample.
    """
    n_groups = int(groups.max()) + 1
    if n_groups < 4:
        raise InputError(
            f"There are {n_groups} groups of stimuli; what the values of features carry is estimated on one half of "
            "the groups and tried on the other, which takes at least 4."
        )
    rng = np.random.default_rng(seed)
    halvings = []
    for _ in range(count):
        in_first = np.zeros(n_groups, dtype=bool)
        in_first[rng.permutation(n_groups)[: n_groups // 2]] = True
        first, second = (_half(cells, members) for members in (in_first[groups], ~in_first[groups]))
        halvings.append((first, second))
    return halvings


def _half(cells: PairCells, members: NDArray[np.bool_]) -> Half:
    n = len(members)
    within = np.zeros(n * (n - 1) // 2, dtype=bool)
    for i in np.flatnonzero(members[:-1]).tolist():
        within[pair_slice(i, n)] = members[i + 1 :]
    positions = np.flatnonzero(cells.of_pairs(within)).astype(np.int32)
    groups, index = np.unique(cells.index[positions], return_inverse=True)
    counts = np.bincount(index, minlength=len(groups)).astype(np.float64)
    return Half(positions, groups.astype(np.intp), index.reshape(-1).astype(np.int32), counts)
