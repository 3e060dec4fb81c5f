"""How features combine, and what single values of controls carry, without each block of stimuli in turn.

Both are means over pairs of stimuli of a prediction from one half times what is predicted in the other. A pair bears on
them where it is tried and where the prediction is learnt from it. With f the other half's prediction and R what it is
tried on, these are f_a R_b + R_a f_b and, once more, (R_a - f_a) f_b + f_a (R_b - f_b), so that a block's pairs count
with half the sum of both.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thinkalike.similarity.explained.halves import Half
from thinkalike.similarity.explained.stimulus_blocks import Blocks
from thinkalike.similarity.measures.pair_vectors import PairVector

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class TouchedHalf:
    """A half's pairs of stimuli by the block that they touch and their pair of cells.

    Attributes
    ----------
    n_pairs
        Shape (n_blocks,): pairs of the half that do not touch the block.
    of_each
        Where in the following each block's entries lie.
    index
        Shape (n_entries,): the place of an entry's pair of cells among the half's.
    counts
        Shape (n_entries,): its pairs of stimuli.
    sums
        Shape (n_layers, n_entries): sums of the layers' ranks over them.
    """

    n_pairs: Matrix
    of_each: list[slice]
    index: NDArray[np.intp]
    counts: Matrix
    sums: Matrix


@dataclass(frozen=True)
class Tried:
    """A prediction as a half tries it.

    Attributes
    ----------
    predicted
        Shape (n_layers, n_groups): the other half's prediction for every pair of cells of this half.
    known
        The same shape: what is taken from the ranks, on average over both ways in which a pair bears on a part.
    weights
        Shape (n_groups,): how much a pair of stimuli counts.
    """

    predicted: Matrix
    known: Matrix
    weights: Matrix | None = None


class CombinedWithoutBlocks:
    """Gathers both parts, half by half.

    Parameters
    ----------
    vectors
        The layers' centred ranks.
    n_pairs
        Number of pairs of stimuli that they are of.
    blocks
        What is left out in turn.

    Attributes
    ----------
    form, lexical
        Shape (n_blocks, n_layers, n_layers), sums over the halves that were added; `halves` is their number.
    """

    def __init__(self, vectors: Sequence[PairVector], n_pairs: int, blocks: Blocks) -> None:
        self.vectors = vectors
        self.scales = [np.sqrt(n_pairs) / vector.norm if vector.norm > 0 else 0.0 for vector in vectors]
        self.blocks = blocks
        self.form, self.lexical = np.zeros((2, blocks.count, len(vectors), len(vectors)))
        self.halves = 0

    def add(self, half: Half, sums: Matrix, form: Tried, lexical: Tried | None) -> None:
        """Add what a half says.

        Parameters
        ----------
        sums
            Shape (n_layers, n_groups): of the layers' ranks in the half.
        """
        touched = self._touched(half)
        sums = np.nan_to_num(sums)
        self.halves += 1
        self.form += _means_without(half, sums, touched, form)
        if lexical is not None:
            self.lexical += _means_without(half, sums, touched, lexical)

    def _touched(self, half: Half) -> TouchedHalf:
        places, blocks = self.blocks.touches(half.positions)
        n_groups = len(half.groups)
        entries, entry = np.unique(blocks * n_groups + half.index[places], return_inverse=True)
        entry = entry.reshape(-1)
        pairs = half.positions[places]
        sums = [
            np.bincount(entry, vector.values[pairs], minlength=len(entries)) * scale
            for vector, scale in zip(self.vectors, self.scales, strict=True)
        ]
        return TouchedHalf(
            half.n_pairs - np.bincount(blocks, minlength=self.blocks.count).astype(np.float64),
            self.blocks.of_each(entries // n_groups),
            entries % n_groups,
            np.bincount(entry).astype(np.float64),
            np.array(sums),
        )


def _means_without(half: Half, sums: Matrix, touched: TouchedHalf, tried: Tried) -> Matrix:
    predicted, known = np.nan_to_num(tried.predicted), np.nan_to_num(tried.known)
    left = predicted if tried.weights is None else predicted * tried.weights
    known = known + predicted / 2
    total = left @ (sums - half.counts * known).T
    means = np.empty((len(touched.of_each), *total.shape))
    for block, own in enumerate(touched.of_each):
        index = touched.index[own]
        rest = touched.sums[:, own] - touched.counts[own] * known[:, index]
        means[block] = (total - left[:, index] @ rest.T) / touched.n_pairs[block]
    symmetric: Matrix = means + means.transpose(0, 2, 1)
    return symmetric
