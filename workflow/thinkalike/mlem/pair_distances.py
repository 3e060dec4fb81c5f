"""Distances between the representations of stimuli.

Three of them are squared Euclidean distances of (transformed) vectors, whose sums over sets of pairs need no pairs
(`ClosedForm` in closed_form.py): `sqeuclidean`; `cosine`, 1 - cos, half the squared distance of vectors of length 1;
`correlation`, the same after each vector's own mean is taken off. The others are met pair by pair, in blocks:
`euclidean_squared`, the recipe of the 2024 code (min-max scaled Euclidean distance, then squared), `manhattan`, and
`precomputed`, a matrix of distances.
"""

from abc import ABC, abstractmethod
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thinkalike.errors import InputError
from thinkalike.numerics.distances import about_origin, paired_squared_distances, squared_distance_block

Distance = Literal["sqeuclidean", "euclidean_squared", "cosine", "correlation", "manhattan", "precomputed"]

# All distances of up to this many stimuli are kept (72 MB); of more, each block is computed when it is needed.
KEEP_STIMULI = 3000
_ROWS = 1024


class Distances(ABC):
    """Distances d between n stimuli, and the polynomial of d that is the target of the fit.

    Attributes
    ----------
    n_stimuli
        Number of stimuli.
    powers
        The highest power of d in the target: 1, or 2 where the scaled distance is squared.
    """

    n_stimuli: int
    powers: int = 1
    _all: NDArray[np.float64] | None = None

    @abstractmethod
    def _block(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the distances between stimuli `rows` and stimuli `columns`."""

    def _everything(self) -> NDArray[np.float64]:
        everything = np.arange(self.n_stimuli)
        return self._block(everything, everything)

    def block(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the distances between stimuli `rows` and stimuli `columns`, float64."""
        if self.n_stimuli > KEEP_STIMULI:
            return self._block(rows, columns)
        if self._all is None:
            self._all = self._everything()
        return self._all[np.ix_(rows, columns)]

    def exact(self, left: NDArray[np.intp], right: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the distances of single pairs to the last digit, however blocks are computed."""
        pairs = zip(left.tolist(), right.tolist(), strict=True)
        return np.array([self._block(np.array([i]), np.array([j]))[0, 0] for i, j in pairs])

    def coefficients(self, low: float, high: float) -> NDArray[np.float64]:
        """Return the target, min-max scaled from [low, high] to [0, 1], as coefficients of d^0, d^1, ..."""
        width = high - low
        scaled = np.array([-low / width, 1 / width])
        return scaled if self.powers == 1 else np.array([scaled[0] ** 2, 2 * scaled[0] * scaled[1], scaled[1] ** 2])


class EuclideanDistances(Distances):
    """Squared Euclidean distances between vectors.

    Attributes
    ----------
    vectors, squares
        The vectors about an origin in their midst, and their squared norms.
    """

    def __init__(self, vectors: NDArray[np.float64]) -> None:
        self.n_stimuli = len(vectors)
        self.vectors = about_origin(vectors)
        self.squares = np.einsum("ij,ij->i", self.vectors, self.vectors)

    def _block(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.float64]:
        return self._from_products(self.vectors[rows] @ self.vectors[columns].T, rows, columns)

    def _everything(self) -> NDArray[np.float64]:
        everything = np.arange(self.n_stimuli)
        return self._from_products(self.vectors @ self.vectors.T, everything, everything)  # half the work by symmetry

    def _from_products(
        self, products: NDArray, rows: NDArray[np.intp], columns: NDArray[np.intp]
    ) -> NDArray[np.float64]:
        squares = self.squares
        return squared_distance_block(
            self.vectors[rows], self.vectors[columns], squares[rows], squares[columns], products
        )

    def exact(self, left: NDArray[np.intp], right: NDArray[np.intp]) -> NDArray[np.float64]:
        return paired_squared_distances(self.vectors[left], self.vectors[right])


class RootedDistances(EuclideanDistances):
    """Euclidean distances, whose min-max scaled value is squared."""

    powers = 2

    def _from_products(
        self, products: NDArray, rows: NDArray[np.intp], columns: NDArray[np.intp]
    ) -> NDArray[np.float64]:
        squared = super()._from_products(products, rows, columns)
        return np.sqrt(squared, out=squared)

    def exact(self, left: NDArray[np.intp], right: NDArray[np.intp]) -> NDArray[np.float64]:
        return np.sqrt(super().exact(left, right))


class ManhattanDistances(Distances):
    """Sums of absolute differences."""

    def __init__(self, vectors: NDArray[np.float64]) -> None:
        self.n_stimuli = len(vectors)
        self.vectors = vectors

    def _block(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.float64]:
        from scipy.spatial.distance import cdist

        return cdist(self.vectors[rows], self.vectors[columns], "cityblock")


class PrecomputedDistances(Distances):
    """A symmetric matrix of distances; its diagonal is not looked at."""

    def __init__(self, matrix: NDArray) -> None:
        self.n_stimuli = len(matrix)
        self.matrix = matrix

    def block(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.float64]:
        return self._block(rows, columns)

    def _block(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.float64]:
        return np.asarray(self.matrix[np.ix_(rows, columns)], dtype=np.float64)


def make_distances(representations: ArrayLike, distance: Distance, n_stimuli: int) -> Distances:
    """Return the distances of representations, shape (n_stimuli, n_units), or of a matrix if `precomputed`.

    Raises
    ------
    InputError
        For an unknown distance, another number of rows than stimuli, NaN or infinite values, a vector of length 0
        under `cosine` (or constant under `correlation`), or a matrix that is not symmetric.
    """
    if distance not in get_args(Distance):
        raise InputError(f"distance is '{distance}' but must be one of {', '.join(get_args(Distance))}.")
    array = _checked(representations, n_stimuli)
    if distance == "precomputed":
        _check_symmetric(array)
        return PrecomputedDistances(array)
    vectors = np.array(array, dtype=np.float64, order="C")  # sums depend on the order in their last digit
    if distance in ("cosine", "correlation"):  # neither depends on a vector's length: squares of any are of order 1
        largest = np.abs(vectors).max(axis=1, keepdims=True)
        vectors *= np.exp2(-np.frexp(largest)[1].astype(np.float64))
        array = vectors.copy()
    else:
        _check_scale(vectors, 1e280 if distance == "manhattan" else 1e70)
    if distance == "manhattan":
        return ManhattanDistances(vectors)
    if distance == "euclidean_squared":
        return RootedDistances(vectors)
    if distance == "correlation":
        vectors -= vectors.mean(axis=1, keepdims=True)
    if distance in ("cosine", "correlation"):
        vectors = _half_unit_length(vectors, array, distance)
    return EuclideanDistances(vectors)


def _check_scale(vectors: NDArray[np.float64], most: float) -> None:
    """Complain about vectors so large, or so near to one another, that sums of their distances are no numbers."""
    largest = float(np.abs(vectors).max())
    spread = float(np.ptp(vectors / largest, axis=0).max()) * largest if largest > 0 else 0.0
    if largest > most or 0 < spread < 1 / most:
        size = f"as large as {largest:.3g}" if largest > most else f"within {spread:.3g} of one another"
        raise InputError(
            f"Representations are {size}, so that sums of their distances are no numbers; multiply all of them by one "
            f"number, on which no result depends."
        )


def _half_unit_length(vectors: NDArray[np.float64], original: NDArray, distance: str) -> NDArray[np.float64]:
    """Scale every vector to length sqrt(1/2): the squared distance of two is then 1 - cos."""
    norms = np.linalg.norm(vectors, axis=1)
    # A constant vector minus its mean is rounding noise, not always 0.
    without_direction = norms <= 1e-12 * np.linalg.norm(np.asarray(original, dtype=np.float64), axis=1)
    if without_direction.any():
        state = "0" if distance == "cosine" else "constant"
        raise InputError(
            f"The representation of stimulus {int(without_direction.argmax())} is {state} everywhere and has no "
            f"{distance} distance; leave the stimulus out or use sqeuclidean."
        )
    return vectors / (norms[:, None] * np.sqrt(2))


def _checked(representations: ArrayLike, n_stimuli: int) -> NDArray:
    array = representations if isinstance(representations, np.ndarray) else np.asarray(representations)
    if array.dtype.kind not in "fiub":
        raise InputError(f"Representations are of type {array.dtype} but must be numbers.")
    if array.ndim != 2 or array.shape[1] == 0:
        raise InputError(f"Representations have shape {array.shape} but must be (n_stimuli, n_units).")
    if len(array) != n_stimuli:
        raise InputError(
            f"There are {n_stimuli} rows of features but {len(array)} representations; give one per stimulus."
        )
    for start in range(0, len(array), _ROWS):
        finite = np.isfinite(array[start : start + _ROWS]).all(axis=1)
        if not finite.all():
            raise InputError(
                f"The representation of stimulus {start + int(finite.argmin())} has a NaN or infinite value; "
                f"mend or leave out that stimulus."
            )
    return array


def _check_symmetric(matrix: NDArray) -> None:
    if matrix.shape[0] != matrix.shape[1]:
        raise InputError(f"A precomputed distance matrix must be square, not {matrix.shape[0]} x {matrix.shape[1]}.")
    for start in range(0, len(matrix), _ROWS):
        rows = np.asarray(matrix[start : start + _ROWS], dtype=float)
        mirrored = np.asarray(matrix[:, start : start + _ROWS], dtype=float).T
        wrong = np.abs(rows - mirrored) > 1e-8 * np.maximum(np.abs(rows), np.abs(mirrored))
        if wrong.any():
            i, j = np.argwhere(wrong)[0]
            raise InputError(
                f"The precomputed distances are not symmetric: ({start + i}, {j}) is {rows[i, j]:g} but "
                f"({j}, {start + i}) is {mirrored[i, j]:g}; give a symmetric matrix."
            )
