"""The smallest and largest distance of the training pairs, exactly, in one blocked pass over all pairs."""

import numpy as np
from numpy.typing import NDArray

from thinkalike.mlem.distances import Distances

_BLOCK = 1024


def block_extremes(
    distances: Distances, labels: NDArray[np.int64], exclude: NDArray[np.int64] | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the smallest and the largest distance between stimuli of any two labels.

    Parameters
    ----------
    labels
        Shape (n_stimuli,), 0 to n_labels - 1: the fold of each stimulus.
    exclude
        Labels; pairs of equal label are left out.

    Returns
    -------
    lowest, highest
        Shape (n_labels, n_labels), symmetric; infinite (and minus infinite) where there is no pair.
    """
    n_labels = int(labels.max()) + 1
    lowest = np.full((n_labels, n_labels), np.inf)
    highest = np.full((n_labels, n_labels), -np.inf)
    blocks = [
        (label, members[start : start + _BLOCK])
        for label in range(n_labels)
        for members in [np.flatnonzero(labels == label)]
        for start in range(0, len(members), _BLOCK)
    ]
    for place, (a, rows) in enumerate(blocks):
        for b, columns in blocks[place:]:
            low, high = _extremes(distances, rows, columns, exclude)
            lowest[a, b] = lowest[b, a] = min(lowest[a, b], low)
            highest[a, b] = highest[b, a] = max(highest[a, b], high)
    return lowest, highest


def without_label(lowest: NDArray[np.float64], highest: NDArray[np.float64], label: int | None) -> tuple[float, float]:
    """Return the extremes of the pairs of which neither stimulus has `label`."""
    others = np.arange(len(lowest)) if label is None else np.delete(np.arange(len(lowest)), label)
    chosen = np.ix_(others, others)
    return float(lowest[chosen].min()), float(highest[chosen].max())


def _extremes(
    distances: Distances, rows: NDArray[np.intp], columns: NDArray[np.intp], exclude: NDArray[np.int64] | None
) -> tuple[float, float]:
    block = distances.block(rows, columns)
    same = rows[:, None] == columns if exclude is None else exclude[rows, None] == exclude[columns]
    if exclude is None and rows[0] != columns[0]:  # blocks are disjoint or the same
        same = None
    if same is not None:
        if same.all():
            return np.inf, -np.inf
        block = np.where(same, np.inf, block)
    lowest = int(block.argmin())
    if same is not None:
        block[same] = -np.inf
    highest = int(block.argmax())
    width = len(columns)
    # One pair each is computed again by itself: the value does not depend on how the block was.
    return (
        distances.exact(int(rows[lowest // width]), int(columns[lowest % width])),
        distances.exact(int(rows[highest // width]), int(columns[highest % width])),
    )
