"""Sums over the pairs of stimuli without each block, ranked anew.

Without a block the ranks of all other pairs move. How they move is a smooth function of the rank, so it is taken from
the numbers of pairs in 64 bins of ranks, and from nothing where it is small of second order (a twentieth of a
twentieth); all else is exact.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from thinkalike.similarity.explained.pair_cells import PairCells
from thinkalike.similarity.explained.stimulus_blocks import Blocks
from thinkalike.similarity.measures.pair_vectors import PairVector

Matrix = NDArray[np.float64]
_BINS = 64
_CHUNK = 2**16  # pairs that are looked at at a time


@dataclass
class LabelSums:
    """Sums over pairs with the same label.

    Attributes
    ----------
    counts
        Shape (n_blocks, n_labels): number of pairs that do not touch the block.
    sums
        Shape (n_blocks, n_labels, n_layers): of the layers' ranks among these.
    """

    counts: Matrix
    sums: Matrix


@dataclass(frozen=True)
class SumsWithoutBlocks:
    """What is left of all sums without each block.

    Attributes
    ----------
    n_pairs
        Shape (n_blocks,): how many pairs do not touch the block.
    values
        Shape (n_blocks, n_layers, n_layers): the similarities.
    labels
        One for each labelling that was asked for.
    together
        Shape (n_blocks, n_columns, n_columns): pairs that have two labels of the first labellings at once, whose
        labels stand one after another.
    """

    n_pairs: Matrix
    values: Matrix
    labels: list[LabelSums]
    together: Matrix


def sums_without_blocks(
    vectors: Sequence[PairVector], cells: PairCells, blocks: Blocks, columns: NDArray[np.intp], others: NDArray[np.intp]
) -> SumsWithoutBlocks:
    """Return the sums, by labels of the pairs of cells.

    Parameters
    ----------
    vectors
        The layers' centred ranks.
    columns
        Shape (n_groups, n_labellings): labels 0 to n_columns - 1, each labelling with labels of its own.
    others
        Shape (n_groups,): one more labelling, of labels from 0, without `together`.
    """
    work = _Work(vectors, cells, blocks, [*columns.T, others + int(columns.max()) + 1])
    for start in range(0, cells.n_pairs, _CHUNK):
        work.add(slice(start, min(start + _CHUNK, cells.n_pairs)))
    return work.result(int(columns.max()) + 1)


class _Work:
    def __init__(
        self, vectors: Sequence[PairVector], cells: PairCells, blocks: Blocks, labellings: list[NDArray[np.intp]]
    ) -> None:
        self.vectors, self.cells, self.blocks, self.labellings = vectors, cells, blocks, labellings
        n_layers, n_blocks = len(vectors), blocks.count
        self.n_labels = max(int(labels.max()) for labels in labellings) + 1
        n_columns = max(int(labels.max()) for labels in labellings[:-1]) + 1
        self.scales = [np.sqrt(cells.n_pairs) / vector.norm if vector.norm > 0 else 0.0 for vector in vectors]
        self.binned = np.zeros((n_layers, _BINS))
        self.binned_touched = np.zeros((n_layers, n_blocks, _BINS))
        self.by_bin = np.zeros((n_layers, _BINS, n_layers))  # sums of all layers by the bins of one
        self.products = np.zeros((n_layers, n_layers))
        self.products_touched = np.zeros((n_blocks, n_layers, n_layers))
        self.label_bins = np.zeros((n_layers, self.n_labels, _BINS))
        self.label_sums = np.zeros((self.n_labels, n_layers))
        self.label_sums_touched = np.zeros((n_blocks * self.n_labels, n_layers))
        self.label_counts_touched = np.zeros(n_blocks * self.n_labels)
        self.spans = [slice(int(labels.min()), int(labels.max()) + 1) for labels in labellings[:-1]]
        self.together = np.zeros((n_columns, n_columns))
        self.together_touched = np.zeros((n_blocks, n_columns, n_columns))
        self.touched = np.zeros(n_blocks)

    def add(self, pairs: slice) -> None:
        n = self.cells.n_pairs
        places, touched = self.blocks.touches(pairs)
        doubled = [vector.values[pairs] for vector in self.vectors]
        ranks = np.array([values * scale for values, scale in zip(doubled, self.scales, strict=True)])
        codes = [((values.astype(np.int64) + n) * _BINS // (2 * n)).astype(np.intp) for values in doubled]
        self.touched += np.bincount(touched, minlength=self.blocks.count)
        self._add_ranks(ranks, codes, places, touched)
        labels = [own[self.cells.index[pairs]] for own in self.labellings]
        for own in labels:
            self._add_labels(own, ranks, codes, places, touched)
        self._add_together(labels[:-1], places, touched)

    def _add_ranks(
        self, ranks: Matrix, codes: list[NDArray[np.intp]], places: NDArray[np.intp], touched: NDArray[np.intp]
    ) -> None:
        n_layers, n_pairs = ranks.shape
        across = np.ascontiguousarray(ranks.T)
        ones, ends = np.ones(n_pairs), np.arange(n_pairs + 1)
        for a in range(n_layers):
            self.binned[a] += np.bincount(codes[a], minlength=_BINS)
            index = touched * _BINS + codes[a][places]
            self.binned_touched[a] += np.bincount(index, minlength=self.blocks.count * _BINS).reshape(-1, _BINS)
            self.by_bin[a] += csr_matrix((ones, codes[a], ends), shape=(n_pairs, _BINS)).T @ across
        self.products += ranks @ across
        for block, own in enumerate(self.blocks.of_each(touched)):
            chosen = across[places[own]]
            self.products_touched[block] += chosen.T @ chosen

    def _add_labels(
        self,
        labels: NDArray[np.intp],
        ranks: Matrix,
        codes: list[NDArray[np.intp]],
        places: NDArray[np.intp],
        touched: NDArray[np.intp],
    ) -> None:
        n_pairs = len(labels)
        first, last = int(labels.min()), int(labels.max()) + 1
        span = slice(first, last)
        within = labels - first
        for a, own in enumerate(codes):
            counts = np.bincount(within * _BINS + own, minlength=(last - first) * _BINS)
            self.label_bins[a, span] += counts.reshape(-1, _BINS)
        across = ranks.T
        indicator = csr_matrix((np.ones(n_pairs), within, np.arange(n_pairs + 1)), shape=(n_pairs, last - first))
        self.label_sums[span] += indicator.T @ across
        rows = touched * self.n_labels + labels[places]
        used, index = np.unique(rows, return_inverse=True)
        gathered = csr_matrix((np.ones(len(rows)), (index.reshape(-1), places)), shape=(len(used), n_pairs))
        self.label_sums_touched[used] += gathered @ across
        self.label_counts_touched[used] += np.bincount(index.reshape(-1))

    def _add_together(
        self, labels: list[NDArray[np.intp]], places: NDArray[np.intp], touched: NDArray[np.intp]
    ) -> None:
        n_blocks = self.blocks.count
        for place, one in enumerate(labels):
            for rows, other, columns in zip(
                [self.spans[place]] * len(labels), labels[place:], self.spans[place:], strict=False
            ):
                shape = (rows.stop - rows.start, columns.stop - columns.start)
                size = shape[0] * shape[1]
                pairs = (one - rows.start) * shape[1] + other - columns.start
                self.together[rows, columns] += np.bincount(pairs, minlength=size).reshape(shape)
                index = touched * size + pairs[places]
                counts = np.bincount(index, minlength=n_blocks * size).reshape(n_blocks, *shape)
                self.together_touched[:, rows, columns] += counts

    def result(self, n_columns: int) -> SumsWithoutBlocks:
        total = self.cells.n_pairs
        n_pairs = total - self.touched
        kept = n_pairs / total
        moved = _standard(self.binned[:, None] - self.binned_touched) - _standard(self.binned)[:, None]
        # How the ranks of one layer move, against the ranks of the other: the same for both sides.
        effect = np.einsum("akb,abc->kac", moved, self.by_bin) * kept[:, None, None]
        values = self.products - self.products_touched + effect + effect.transpose(0, 2, 1)
        shape = (self.blocks.count, self.n_labels)
        label_effect = np.einsum("akb,alb->kla", moved, self.label_bins) * kept[:, None, None]
        sums = self.label_sums - self.label_sums_touched.reshape(*shape, -1) + label_effect
        counts = self.label_bins[0].sum(axis=1) - self.label_counts_touched.reshape(shape)
        spans = (slice(0, n_columns), slice(n_columns, None))
        upper = self.together - self.together_touched
        norms = np.sqrt(np.einsum("kaa->ka", values))
        scale = norms[:, :, None] * norms[:, None]
        return SumsWithoutBlocks(
            n_pairs,
            np.divide(values, scale, out=np.zeros_like(values), where=scale > 0),
            [LabelSums(counts[:, span], sums[:, span]) for span in spans],
            upper + np.triu(upper, 1).transpose(0, 2, 1),
        )


def _standard(counts: Matrix) -> Matrix:
    """Return the standardised mean rank of every bin, given the number of pairs in each, shape (..., n_bins)."""
    total = counts.sum(axis=-1, keepdims=True)
    ranks = np.cumsum(counts, axis=-1) - counts / 2 - total / 2
    spread = np.sqrt((counts * ranks**2).sum(axis=-1, keepdims=True) / total)
    return np.divide(ranks, spread, out=np.zeros_like(ranks), where=spread > 0)
