"""All pairs of some layers at once, on all stimuli or on half of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thinkalike.similarity.explained.combined_without_blocks import CombinedWithoutBlocks
from thinkalike.similarity.explained.explain import PARTS
from thinkalike.similarity.explained.feature_levels import Levels
from thinkalike.similarity.explained.halves import HALVINGS, Halving, make_halvings
from thinkalike.similarity.explained.jackknife import PartDeviations, part_deviations
from thinkalike.similarity.explained.layer_sums import layer_sums
from thinkalike.similarity.explained.pair_cells import PairCells, pair_cells
from thinkalike.similarity.explained.parts import Parts
from thinkalike.similarity.explained.stimulus_blocks import Blocks
from thinkalike.similarity.measures.pair_vectors import PairVector, inner_products


@dataclass(frozen=True)
class Divided:
    """All pairs of layers.

    Attributes
    ----------
    values
        Shape (n_layers, n_layers): their similarities.
    parts, deviations
        By both ways; how far the parts vary where blocks of stimuli were left out, else None.
    """

    values: NDArray[np.float64]
    parts: dict[str, Parts]
    deviations: dict[str, PartDeviations] | None = None


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

    def divide(self, vectors: list[PairVector], blocks: Blocks | None = None) -> Divided:
        """Return the similarities of all pairs of layers and their parts, by both ways.

        With blocks of stimuli also how far they vary, from leaving each out in turn.
        """
        norms = np.array([vector.norm for vector in vectors])
        products = inner_products([vector.values for vector in vectors])
        scale = np.outer(norms, norms)
        values = np.divide(products, scale, out=np.full_like(products, np.nan), where=scale > 0)
        sums = [layer_sums(vector, self.cells, self.halvings) for vector in vectors]
        combined = (
            {} if blocks is None else {by: CombinedWithoutBlocks(vectors, self.cells.n_pairs, blocks) for by in PARTS}
        )
        parts = {by: PARTS[by](sums, sums, self.cells, self.halvings, self.seed, combined.get(by)) for by in PARTS}
        if blocks is None:
            return Divided(values, parts)
        return Divided(values, parts, part_deviations(vectors, self.cells, blocks, parts, combined, self.seed))


def stimulus_sample(
    levels: Levels, groups: NDArray[np.int64], left_out: NDArray[np.int64] | None, seed: int
) -> StimulusSample:
    """Return stimuli with their pairs of cells and halvings."""
    cells = pair_cells(levels, left_out)
    numbers = np.unique(groups, return_inverse=True)[1].reshape(-1)
    return StimulusSample(levels, groups, left_out, cells, make_halvings(cells, numbers, HALVINGS, seed), seed)
