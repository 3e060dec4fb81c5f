"""The smallest and largest distance of the training pairs, exactly, in one blocked pass over all pairs."""

import numpy as np
from numpy.typing import NDArray

from thinkalike.mlem.pair_distances import KEEP_STIMULI, Distances, EuclideanDistances

_BLOCK = 1024
# A block of single-precision distances that has more candidates than this is computed again in double precision.
_MOST_CANDIDATES = 10_000


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
    screen = None
    if isinstance(distances, EuclideanDistances) and exclude is None and distances.n_stimuli > KEEP_STIMULI:
        screen = _Screen(distances)
    blocks = [
        (label, members[start : start + _BLOCK])
        for label in range(n_labels)
        for members in [np.flatnonzero(labels == label)]
        for start in range(0, len(members), _BLOCK)
    ]
    for place, (a, rows) in enumerate(blocks):
        for b, columns in blocks[place:]:
            if screen is not None:
                low, high = screen.extremes(rows, columns, lowest[a, b], highest[a, b])
            else:
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
    if exclude is not None:
        same = exclude[rows, None] == exclude[columns]
    elif rows[0] == columns[0]:  # blocks are the same or disjoint
        same = rows[:, None] == columns
    else:
        same = None
    if same is not None:
        if same.all():
            return np.inf, -np.inf
        block = np.where(same, np.inf, block)
    lowest = int(block.argmin())
    if same is not None:
        block[same] = -np.inf
    highest = int(block.argmax())
    # One pair each is computed again by itself: the value does not depend on how the block was.
    places = np.array([lowest, highest])
    low, high = distances.exact(rows[places // len(columns)], columns[places % len(columns)])
    return float(low), float(high)


class _Screen:
    """Single-precision squared distances with an error bound: half the time, and the extremes are still exact.

    Only pairs that could beat the extremes so far, given the largest possible error, are computed in double precision.
    """

    def __init__(self, distances: EuclideanDistances) -> None:
        self.distances = distances
        squares = distances.squares
        n, n_units = distances.vectors.shape
        # [-2 x, |x|^2, 1] . [y, 1, |y|^2] = |x - y|^2: the product needs no further pass over the block.
        self.left = np.empty((n, n_units + 2), dtype=np.float32)
        self.right = np.empty((n, n_units + 2), dtype=np.float32)
        np.multiply(distances.vectors, -2, out=self.left[:, :-2], casting="same_kind")
        self.right[:, :-2] = distances.vectors
        self.left[:, -2], self.left[:, -1] = squares, 1
        self.right[:, -2], self.right[:, -1] = 1, squares
        # Of a sum of k products, each within eps: (k + 2) eps sum |x_i y_i| <= (k + 2) eps * 4 max |x|^2.
        self.error = float((n_units + 4) * np.finfo(np.float32).eps * 4 * squares.max())

    def extremes(
        self, rows: NDArray[np.intp], columns: NDArray[np.intp], low: float, high: float
    ) -> tuple[float, float]:
        """Return `low` and `high`, or what the pairs of a block have beyond them."""
        block = _rows(self.left, rows) @ _rows(self.right, columns).T
        same = rows[0] == columns[0]  # blocks are the same or disjoint
        if same:
            np.fill_diagonal(block, np.inf)
        if low > 0 and block.min() - self.error < low**self.distances.powers:
            low = min(low, self._lowest(block, rows, columns, low))
        if same:
            np.fill_diagonal(block, -np.inf)
        if not np.isfinite(high) or block.max() + self.error > high**self.distances.powers:
            high = max(high, self._highest(block, rows, columns, high))
        return low, high

    def _lowest(
        self, block: NDArray[np.float32], rows: NDArray[np.intp], columns: NDArray[np.intp], low: float
    ) -> float:
        low = min(low, self._exact(np.array([block.argmin()]), block, rows, columns)[0])
        candidates = np.flatnonzero(block < low**self.distances.powers + self.error)
        if len(candidates) > _MOST_CANDIDATES:
            return _extremes(self.distances, rows, columns, None)[0]
        return float(min(low, self._exact(candidates, block, rows, columns).min(initial=np.inf)))

    def _highest(
        self, block: NDArray[np.float32], rows: NDArray[np.intp], columns: NDArray[np.intp], high: float
    ) -> float:
        high = max(high, self._exact(np.array([block.argmax()]), block, rows, columns)[0])
        candidates = np.flatnonzero(block > high**self.distances.powers - self.error)
        if len(candidates) > _MOST_CANDIDATES:
            return _extremes(self.distances, rows, columns, None)[1]
        return float(max(high, self._exact(candidates, block, rows, columns).max(initial=-np.inf)))

    def _exact(
        self, places: NDArray[np.intp], block: NDArray[np.float32], rows: NDArray[np.intp], columns: NDArray[np.intp]
    ) -> NDArray[np.float64]:
        finite = places[np.isfinite(block.reshape(-1)[places])]
        return self.distances.exact(rows[finite // len(columns)], columns[finite % len(columns)])


def _rows(array: NDArray[np.float32], rows: NDArray[np.intp]) -> NDArray[np.float32]:
    """Return rows of an array, as a view where they follow one another."""
    if rows[-1] - rows[0] + 1 == len(rows):
        return array[rows[0] : rows[-1] + 1]
    return array[rows]


class ExtremePairs:
    """The pairs of stimuli with the smallest and the largest distances: the extremes of any subset of the stimuli.

    Parameters
    ----------
    exclude
        Labels; pairs of equal label are left out.
    """

    def __init__(self, distances: Distances, exclude: NDArray[np.int64] | None = None) -> None:
        empty = (np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp), np.zeros(0))
        self.smallest, self.largest = empty, empty
        n = distances.n_stimuli
        for start in range(0, n - 1, _BLOCK):
            rows, columns = np.arange(start, min(start + _BLOCK, n)), np.arange(start + 1, n)
            keep = columns > rows[:, None]
            if exclude is not None:
                keep &= exclude[rows, None] != exclude[columns]
            left, right = np.nonzero(keep)
            block = (rows[left], columns[right], distances.block(rows, columns)[keep])
            self.smallest = _nearest_to_the_end(self.smallest, block, 1.0)
            self.largest = _nearest_to_the_end(self.largest, block, -1.0)

    def among(self, there: NDArray[np.bool_]) -> tuple[float, float]:
        """Return the smallest and the largest distance between stimuli that are `there`, of the pairs that are kept.

        Where none of these is there, the innermost of them stands for the extreme.
        """
        return _first(self.smallest, there), _first(self.largest, there)


_Pairs = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]
_MOST_KEPT = 4_000


def _nearest_to_the_end(kept: _Pairs, more: _Pairs, sign: float) -> _Pairs:
    """Return the pairs with the smallest distances times `sign`, in order."""
    left, right, distances = (np.concatenate(both) for both in zip(kept, more, strict=True))
    chosen = np.arange(len(distances))
    if len(distances) > _MOST_KEPT:
        chosen = np.argpartition(sign * distances, _MOST_KEPT)[:_MOST_KEPT]
    chosen = chosen[np.argsort(sign * distances[chosen], kind="stable")]
    return left[chosen], right[chosen], distances[chosen]


def _first(pairs: _Pairs, there: NDArray[np.bool_]) -> float:
    left, right, distances = pairs
    both = there[left] & there[right]
    return float(distances[int(both.argmax()) if both.any() else -1])
