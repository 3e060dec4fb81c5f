"""Distances between the rows of a representation: fast by matrix products, yet exact where those cancel."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from thinkalike.numerics.matrices import Matrix, Vector, centre

_BLOCK_ROWS = 2048
_CLOSE = 1e-4  # relative squared distance under which |x|^2 + |y|^2 - 2 x.y has lost four of its sixteen digits
_BLOCK_VALUES = 2**22


def squared_distances(X: Matrix) -> Vector:
    """Return the squared Euclidean distances of all pairs of rows i < j, row after row (as scipy's pdist orders them).

    They come from a float64 Gram matrix of the centred rows. Pairs that are close for their norms are computed again
    from their differences, and equal rows are found by their bytes: duplicates have distance exactly 0, and exactly
    the same distances to all others.

    Parameters
    ----------
    X
        Shape (n, d), float64.

    Returns
    -------
    ndarray
        n (n - 1) / 2 values, at least 0.
    """
    rows, inverse = _distinct_rows(X)
    centred = centre(X)[rows]
    n = len(X)
    result = np.empty(n * (n - 1) // 2)
    if len(rows) == n:
        for start, block in _blocks(centred):
            for i, row in enumerate(block, start):
                result[pair_slice(i, n)] = row[i + 1 - start :]
        return result
    square = np.zeros((len(rows), len(rows)))
    for start, block in _blocks(centred):
        square[start : start + len(block), start:] = block
        square[start:, start : start + len(block)] = block.T
    for i in range(n - 1):
        result[pair_slice(i, n)] = square[inverse[i], inverse[i + 1 :]]
    return result


def pair_slice(i: int, n: int) -> slice:
    """Return where the pairs (i, i + 1), ..., (i, n - 1) lie among all pairs of n."""
    start = i * (2 * n - i - 1) // 2
    return slice(start, start + n - i - 1)


def dissimilarities(X: Matrix, kind: str) -> Vector:
    """Return the dissimilarities of all pairs of rows.

    Parameters
    ----------
    X
        Shape (n, d).
    kind
        `euclidean`, `sqeuclidean`; `cosine`, 1 - cosine; `correlation`, 1 - Pearson's over units. A row without
        direction (zero, or constant for `correlation`) has dissimilarity 1 to every other.
    """
    if kind in ("euclidean", "sqeuclidean"):
        values = squared_distances(X)
        return np.sqrt(values, out=values) if kind == "euclidean" else values
    if kind == "correlation":
        X = X - X.mean(axis=1, keepdims=True)
    directions, directed = unit_rows(X)
    values = squared_distances(directions) / 2
    for i in np.flatnonzero(~directed):
        values[_pairs_with(int(i), len(X))] = 1.0
    return values


def unit_rows(X: Matrix) -> tuple[Matrix, npt.NDArray[np.bool_]]:
    """Return the rows scaled to norm 1, and which rows have a direction; the others become 0."""
    norms = np.linalg.norm(X, axis=1)
    directed = norms > 1e-12 * norms.max()
    directions = np.zeros_like(X)
    directions[directed] = X[directed] / norms[directed, None]
    return directions, directed


def _distinct_rows(X: Matrix) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the first index of every distinct row, and for every row its place among them."""
    places: dict[bytes, int] = {}
    rows = X + 0.0  # turns -0.0 into 0.0, whose bytes differ
    inverse = np.array([places.setdefault(row.tobytes(), len(places)) for row in rows], dtype=np.intp)
    return np.unique(inverse, return_index=True)[1], inverse


def _blocks(X: Matrix) -> Iterator[tuple[int, Matrix]]:
    """Yield blocks of rows of the squared distance matrix, each from the diagonal of its first row on."""
    norms = np.einsum("ij,ij->i", X, X)
    for start in range(0, len(X), _BLOCK_ROWS):
        stop = min(start + _BLOCK_ROWS, len(X))
        block = X[start:stop] @ X[start:].T
        block *= -2.0
        block += norms[start:stop, None]
        block += norms[None, start:]
        np.maximum(block, 0.0, out=block)
        np.fill_diagonal(block, 0.0)
        _mend_close_pairs(block, *_close_pairs(block, norms[start:]), X[start:])
        yield start, block


def _close_pairs(block: Matrix, norms: Vector) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return rows and columns of the pairs above the diagonal that are close for their norms."""
    # The largest norm bounds the other row's: no second matrix of the size of the block is needed.
    bounds = _CLOSE * (norms[: len(block), None] + norms.max())
    rows, columns = np.nonzero(block < bounds)
    kept = (columns > rows) & (block[rows, columns] < _CLOSE * (norms[rows] + norms[columns]))
    return rows[kept], columns[kept]


def _mend_close_pairs(block: Matrix, rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp], X: Matrix) -> None:
    step = max(1, _BLOCK_VALUES // X.shape[1])
    for first in range(0, len(rows), step):
        i, j = rows[first : first + step], columns[first : first + step]
        differences = X[i] - X[j]
        values = np.einsum("ij,ij->i", differences, differences)
        block[i, j] = values
        mirrored = j < len(block)
        block[j[mirrored], i[mirrored]] = values[mirrored]


def _pairs_with(i: int, n: int) -> npt.NDArray[np.intp]:
    """Return where the pairs that contain i lie among all pairs of n."""
    before = np.arange(i)
    own = pair_slice(i, n)
    return np.concatenate([before * (2 * n - before - 1) // 2 + i - before - 1, np.arange(own.start, own.stop)])
