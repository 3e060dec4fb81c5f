"""All pairs of some layers at once, on all stimuli or on half of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thinkalike.numerics.distances import pair_slice
from thinkalike.numerics.ranks import centred_ranks
from thinkalike.similarity.explained.explain import PARTS
from thinkalike.similarity.explained.feature_levels import Levels
from thinkalike.similarity.explained.halves import HALVINGS, Halving, make_halvings
from thinkalike.similarity.explained.layer_sums import layer_sums
from thinkalike.similarity.explained.pair_cells import PairCells, pair_cells
from thinkalike.similarity.explained.parts import Parts
from thinkalike.similarity.measures.pair_vectors import PairVector, inner_products, pair_vector


@dataclass(frozen=True)
class StimulusSample:
    """Stimuli, with what every layer needs of them.

    Attributes
    ----------
    levels
        Of the stimuli.
    groups
        Shape (n_stimuli,): the sentence of each.
    left_out
        Shape (n_stimuli, n_labels): pairs equal in any of the labels are left out; None for no labels.
    cells, halvings
        Made from these.
    seed
        Of the halvings.
    """

    levels: Levels
    groups: NDArray[np.int64]
    left_out: NDArray[np.int64] | None
    cells: PairCells
    halvings: list[Halving]
    seed: int

    def divide(self, vectors: list[PairVector]) -> tuple[NDArray[np.float64], dict[str, Parts]]:
        """Return the similarities of all pairs of layers, shape (n_layers, n_layers), and their parts, by both ways."""
        norms = np.array([vector.norm for vector in vectors])
        products = inner_products([vector.values for vector in vectors])
        scale = np.outer(norms, norms)
        values = np.divide(products, scale, out=np.full_like(products, np.nan), where=scale > 0)
        sums = [layer_sums(vector, self.cells, self.halvings) for vector in vectors]
        return values, {by: PARTS[by](sums, sums, self.cells, self.halvings, self.seed) for by in PARTS}

    def part(self, rows: NDArray[np.intp], vectors: list[PairVector]) -> tuple["StimulusSample", list[PairVector]]:
        """Return some of the stimuli, rows in increasing order, and the layers' ranks among their pairs.

        Ranks are ranked anew: the order of distances is that of their ranks among more of them.
        """
        n = len(self.groups)
        chosen = np.zeros(n, dtype=bool)
        chosen[rows] = True
        within = np.zeros(n * (n - 1) // 2, dtype=bool)
        for i in rows[:-1].tolist():
            within[pair_slice(i, n)] = chosen[i + 1 :]
        places = np.flatnonzero(self.cells.of_pairs(within))
        fewer = [
            pair_vector(centred_ranks(np.subtract(ranks, ranks.min(), dtype=np.float64)), len(rows))
            for ranks in (vector.values[places] for vector in vectors)
        ]
        left_out = None if self.left_out is None else self.left_out[rows]
        return stimulus_sample(self.levels.of_stimuli(rows), self.groups[rows], left_out, self.seed), fewer


def stimulus_sample(
    levels: Levels, groups: NDArray[np.int64], left_out: NDArray[np.int64] | None, seed: int
) -> StimulusSample:
    """Return stimuli with their pairs of cells and halvings."""
    cells = pair_cells(levels, left_out)
    numbers = np.unique(groups, return_inverse=True)[1].reshape(-1)
    return StimulusSample(levels, groups, left_out, cells, make_halvings(cells, numbers, HALVINGS, seed), seed)
