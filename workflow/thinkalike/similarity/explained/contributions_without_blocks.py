"""What each feature carries of the similarities, without each block of stimuli in turn.

How an estimate across halves varies from one sample of sentences to the next is, but for terms of second order, how
the plain estimate varies that fits and tries on the same stimuli: what the plain one fits of the noise shifts it, and a
jackknife is about its mean. So no halves are made here.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from thinkalike.similarity.explained.by_values import PENALTY
from thinkalike.similarity.explained.feature_levels import combinations_of
from thinkalike.similarity.explained.shapley import MOST_EXACT, Worth, divide
from thinkalike.similarity.explained.sums_without_blocks import LabelSums, SumsWithoutBlocks

Matrix = NDArray[np.float64]
_ORDERS = 40  # of more than twelve features
_NUMBERS = 2**22  # that a step may hold: of its blocks times pairs of layers


def steps_of_blocks(n_blocks: int, n_layers: int) -> Iterator[slice]:
    """Return the blocks in as few steps as memory allows."""
    size = max(1, _NUMBERS // n_layers**2)
    for first in range(0, n_blocks, size):
        yield slice(first, min(first + size, n_blocks))


def contributions_by_values(left: SumsWithoutBlocks, feature_of: NDArray[np.intp], step: slice, seed: int) -> Matrix:
    """Return the contributions without each block of a step, shape (n_features, n_blocks, n_layers, n_layers).

    Parameters
    ----------
    left
        The first of its labels are the columns of the regression.
    feature_of
        Shape (n_columns,): the feature of every column.
    """
    n_pairs, own = left.n_pairs[step, None], _of_step(left.labels[0], step)
    means = own.counts / n_pairs
    # Every pair has one label of the first feature, so its sums are those of all pairs.
    overall = own.sums[:, feature_of == 0].sum(axis=1) / n_pairs
    products = own.sums / n_pairs[..., None] - means[..., None] * overall[:, None]
    gram = left.together[step] / n_pairs[..., None] - means[:, :, None] * means[:, None]
    gram = gram + PENALTY * np.eye(gram.shape[1])

    def worth(subset: NDArray[np.bool_]) -> Matrix:
        chosen = np.flatnonzero(subset[feature_of])
        weights = np.linalg.solve(gram[:, chosen[:, None], chosen], products[:, chosen])
        result: Matrix = weights.transpose(0, 2, 1) @ products[:, chosen]
        return result

    return _divided(worth, int(feature_of.max()) + 1, seed)


def contributions_by_differences(
    left: SumsWithoutBlocks, patterns: NDArray[np.int64], step: slice, seed: int
) -> Matrix:
    """Return the same by differences of the features.

    Parameters
    ----------
    left
        The last of its labels are the patterns of differences.
    patterns
        Shape (n_patterns, n_features): the differences of each.
    """
    n_pairs, own = left.n_pairs[step, None, None], _of_step(left.labels[-1], step)
    sums = np.ascontiguousarray(own.sums.transpose(0, 2, 1))
    overall = sums.sum(axis=2)
    grand = overall[:, :, None] * overall[:, None] / n_pairs**2

    def worth(subset: NDArray[np.bool_]) -> Matrix:
        group = combinations_of(patterns[:, subset])
        order = np.argsort(group, kind="stable")
        starts = np.searchsorted(group[order], np.arange(int(group.max()) + 1))
        grouped = np.add.reduceat(sums[:, :, order], starts, axis=2)
        sizes = np.add.reduceat(own.counts[:, order], starts, axis=1)[:, None]
        means = np.divide(grouped, sizes, out=np.zeros_like(grouped), where=sizes > 0)
        result: Matrix = means @ grouped.transpose(0, 2, 1) / n_pairs - grand
        return result

    return _divided(worth, patterns.shape[1], seed)


def _of_step(labels: LabelSums, step: slice) -> LabelSums:
    return LabelSums(labels.counts[step], labels.sums[step])


def _divided(worth: Worth, n_features: int, seed: int) -> Matrix:
    return divide(worth, n_features, orders=None if n_features <= MOST_EXACT else _ORDERS, seed=seed).values
