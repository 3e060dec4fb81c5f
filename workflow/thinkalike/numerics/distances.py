"""Distances between the rows of a representation: fast by matrix products, yet exact where those cancel."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from thinkalike.numerics.matrices import Matrix, Vector, centre

_BLOCK_ROWS = 2048
_CLOSE = 1e-4  # relative squared distance under which |x|^2 + |y|^2 - 2 x.y has lost four of its sixteen digits
_OUTLYING = 100.0  # largest squared norm over the median one, from which the mean may lie far from most rows
_COMPARED, _BLOCK_VALUES = 2**16, 2**22  # values that are compared, and differences that are formed, at a time


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
    centred = about_origin(X)[rows]
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


def about_origin(X: Matrix) -> Matrix:
    """Return the rows with their mean taken off, or their median where a few rows are so large that they are the mean.

    Distances are the same about any origin, but only rows near it keep their digits in a matrix product.
    """
    rows = centre(X)
    squares = np.einsum("ij,ij->i", rows, rows)
    return X - np.median(X, axis=0) if squares.max() > _OUTLYING * np.median(squares) else rows


def pair_slice(i: int, n: int) -> slice:
    """Return where the pairs (i, i + 1), ..., (i, n - 1) lie among all pairs of n."""
    start = i * (2 * n - i - 1) // 2
    return slice(start, start + n - i - 1)


def dissimilarities(X: Matrix, kind: str, given: Matrix | None = None) -> Vector:
    """Return the dissimilarities of all pairs of rows.

    Parameters
    ----------
    X
        Shape (n, d).
    kind
        `euclidean`, `sqeuclidean`; `cosine`, 1 - cosine; `correlation`, 1 - Pearson's over units. A row without
        direction (zero, or constant for `correlation`) has dissimilarity 1 to every other.
    given
        The rows before their column means were taken off, see `unit_rows`; X by default.
    """
    if kind in ("euclidean", "sqeuclidean"):
        values = squared_distances(X)
        return np.sqrt(values, out=values) if kind == "euclidean" else values
    rows = X - X.mean(axis=1, keepdims=True) if kind == "correlation" else X
    directions, directed = unit_rows(rows, X if given is None else given)
    values = squared_distances(directions) / 2
    for i in np.flatnonzero(~directed):
        values[_pairs_with(int(i), len(X))] = 1.0
    return values


def unit_rows(X: Matrix, given: Matrix | None = None) -> tuple[Matrix, npt.NDArray[np.bool_]]:
    """Return the rows scaled to norm 1, and which rows have a direction; the others become 0.

    Parameters
    ----------
    X
        Shape (n, d).
    given
        The rows that X came from by subtraction (of column or row means): what is left of a row and is below 1e-12 of
        the row itself is rounding. None: X itself, where only a row of zeros has no direction.
    """
    norms = np.linalg.norm(X, axis=1)
    directed = norms > (0.0 if given is None else 1e-12 * np.linalg.norm(given, axis=1))
    directions = np.zeros_like(X)
    directions[directed] = X[directed] / norms[directed, None]
    return directions, directed


def _distinct_rows(X: Matrix) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the first index of every distinct row, and for every row its place among them."""
    places: dict[bytes, int] = {}
    rows = X + 0.0  # turns -0.0 into 0.0, whose bytes differ
    inverse = np.array([places.setdefault(row.tobytes(), len(places)) for row in rows], dtype=np.intp)
    return np.unique(inverse, return_index=True)[1], inverse


def squared_distance_block(
    left: Matrix, right: Matrix, left_squares: Vector, right_squares: Vector, products: Matrix | None = None
) -> Matrix:
    """Return the squared distances of some rows to others, with the digits that cancel mended.

    Parameters
    ----------
    left, right
        Rows of one centred representation, shapes (a, d) and (b, d).
    left_squares, right_squares
        Their squared norms.
    products
        `left @ right.T`, if it is there already; it is overwritten.

    Returns
    -------
    ndarray
        Shape (a, b), at least 0; exactly 0 for equal rows.
    """
    block = left @ right.T if products is None else products
    block *= -2.0
    block += left_squares[:, None]
    block += right_squares
    np.maximum(block, 0.0, out=block)
    few = max(1, _COMPARED // max(1, len(right)))
    for start in range(0, len(left), few):
        part = block[start : start + few]
        rows, columns = np.nonzero(part < _CLOSE * (left_squares[start : start + few, None] + right_squares))
        step = max(1, _BLOCK_VALUES // max(1, left.shape[1]))
        for first in range(0, len(rows), step):
            i, j = rows[first : first + step], columns[first : first + step]
            part[i, j] = paired_squared_distances(left[start + i], right[j])
    return block


def paired_squared_distances(left: Matrix, right: Matrix) -> Vector:
    """Return the squared distances of corresponding rows from their differences, to the last digit."""
    differences = left - right
    return np.einsum("ij,ij->i", differences, differences)


def _blocks(X: Matrix) -> Iterator[tuple[int, Matrix]]:
    """Yield blocks of rows of the squared distance matrix, each from the diagonal of its first row on."""
    squares = np.einsum("ij,ij->i", X, X)
    for start in range(0, len(X), _BLOCK_ROWS):
        stop = min(start + _BLOCK_ROWS, len(X))
        yield start, squared_distance_block(X[start:stop], X[start:], squares[start:stop], squares[start:])


def _pairs_with(i: int, n: int) -> npt.NDArray[np.intp]:
    """Return where the pairs that contain i lie among all pairs of n."""
    before = np.arange(i)
    own = pair_slice(i, n)
    return np.concatenate([before * (2 * n - before - 1) // 2 + i - before - 1, np.arange(own.start, own.stop)])
