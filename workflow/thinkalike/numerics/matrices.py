"""Checks and preprocessing of representations as matrices: rows are stimuli, columns are units."""

from typing import Any

import numpy as np
import numpy.typing as npt

from thinkalike.catalogue import check_preprocessing
from thinkalike.errors import InputError

Matrix = npt.NDArray[np.float64]
Vector = npt.NDArray[np.float64]
_ORDINARY = 64  # powers of two: the eighth power of such a number is far from the ends of float64


def as_matrix(values: Any, name: str = "X") -> Matrix:
    """Return a C-contiguous float64 array of shape (n, d); see `checked_matrix`."""
    return checked_matrix(values, name).astype(np.float64, copy=False)


def checked_matrix(values: Any, name: str = "X") -> npt.NDArray[np.floating]:
    """Return a C-contiguous array of shape (n, d): float32 if `values` are, so that they need no copy, else float64.

    Parameters
    ----------
    values
        Anything numpy reads as a two-dimensional array of numbers, or an object with an attribute `vectors` that is
        one (a `Representation`).
    name
        What to call it in a message.

    Raises
    ------
    InputError
        When it is not two-dimensional, holds a value that is not finite, or all its rows are equal.
    """
    given = real_numbers(getattr(values, "vectors", values), f"{name}: the representation")
    matrix: npt.NDArray[np.floating] = np.ascontiguousarray(given)
    if matrix.ndim != 2 or matrix.shape[1] == 0:
        raise InputError(
            f"{name}: a representation has two dimensions, stimuli x units, but this array has the shape "
            f"{np.shape(matrix)}; reshape a single unit to (n, 1)."
        )
    finite = np.asarray(np.isfinite(matrix).all(axis=1))
    if not finite.all():
        raise InputError(
            f"{name}: row {int(np.argmin(finite))} holds a value that is not finite (so do {int((~finite).sum())} of "
            f"{len(finite)} rows); remove these stimuli from all representations."
        )
    if len(matrix) < 3:
        raise InputError(f"{name}: {len(matrix)} stimuli are too few to compare representations; give at least 3.")
    if not (matrix != matrix[0]).any():
        raise InputError(f"{name}: all {len(matrix)} rows are equal, so there is no geometry to compare; leave it out.")
    return matrix


def real_numbers(values: Any, what: str) -> npt.NDArray[np.floating]:
    """Return an array of real numbers: float32 if `values` are, else float64; `what` begins the message otherwise.

    Raises
    ------
    InputError
        For complex numbers (whose imaginary part would be lost), dates, text, or masked values.
    """
    try:
        given = np.asarray(values)
        if given.dtype == object and any(isinstance(value, str | bytes | complex) for value in given.ravel()):
            raise TypeError("it holds text or complex numbers")
        if given.dtype.kind not in "fiubO":
            kind = {"c": "complex numbers", "M": "dates", "m": "time spans"}.get(given.dtype.kind, "no numbers")
            raise TypeError(f"it holds {kind}")
        if np.ma.is_masked(values):
            raise TypeError("some of its values are masked")
        return given.astype(np.float32 if given.dtype == np.float32 else np.float64, copy=False)
    except (TypeError, ValueError) as error:
        raise InputError(f"{what} must be an array of real numbers ({error}).") from error


def of_order_one(X: npt.NDArray[np.floating], name: str = "X") -> tuple[npt.NDArray[np.floating], int]:
    """Return X divided by a power of two, which changes no digit, so that no product overflows, and the exponent.

    Values of ordinary size (largest absolute value 1e-19 to 1e19) stay as they are: the exponent is 0.

    Raises
    ------
    InputError
        When a row is so much larger than the others that their differences would be lost.
    """
    sizes = np.abs(X).max(axis=1)
    exponent = int(np.frexp(sizes.max())[1])
    usual = float(np.median(sizes[sizes > 0]))
    if float(sizes.max()) / 1e100 > usual:
        raise InputError(
            f"{name}: row {int(sizes.argmax())} has values up to {sizes.max():.1e} but most rows are near {usual:.1e}, "
            "which numbers of 16 digits cannot compare; mend or leave out that stimulus."
        )
    if abs(exponent) <= _ORDINARY:
        return X, 0
    return np.ldexp(X, -exponent), exponent


def check_same_stimuli(counts: dict[str, int]) -> None:
    """Refuse representations of different numbers of stimuli."""
    first, *others = counts
    for other in others:
        if counts[other] != counts[first]:
            raise InputError(
                f"{first} has {counts[first]} stimuli but {other} has {counts[other]}; row i of both must be the same "
                "stimulus, so give both the same stimuli in the same order."
            )


def centre(X: Matrix) -> Matrix:
    """Subtract the mean of each column."""
    return X - X.mean(axis=0)


def unit_norm(X: Matrix) -> Matrix:
    """Divide by the Frobenius norm."""
    return X / np.linalg.norm(X)


def fewer_columns(X: Matrix) -> Matrix:
    """Rotate X of shape (n, d) into its row space when d > n, giving shape (n, n): all inner products are kept."""
    n, d = X.shape
    return np.asarray(np.linalg.qr(X.T, mode="r")).T if d > n else X


def preprocess(X: Matrix, how: str = "none") -> Matrix:
    """Change a representation before it is compared.

    Parameters
    ----------
    X
        Shape (n, d).
    how
        `none`; `centre`, subtract each column's mean; `z-score`, then divide by each column's standard deviation (a
        constant column stays 0), which takes the weight from a few huge dimensions; `drop-top-k`, centre and remove
        the k principal components of largest variance.
    """
    check_preprocessing(how)
    if how == "none":
        return X
    if how == "centre":
        return centre(X)
    if how == "z-score":
        deviation = X.std(axis=0)
        return np.divide(centre(X), deviation, out=np.zeros_like(X), where=deviation > 1e-12 * np.abs(X).max(axis=0))
    return _drop_top_components(centre(X), int(how.removeprefix("drop-top-")))


def _drop_top_components(X: Matrix, count: int) -> Matrix:
    left, values, right = np.linalg.svd(X, full_matrices=False)
    if count >= np.sum(values > values[0] * max(X.shape) * np.finfo(float).eps):
        raise InputError(
            f"Preprocessing 'drop-top-{count}' would leave nothing of {X.shape[0]} stimuli with {X.shape[1]} units; "
            "drop fewer components."
        )
    return X - (left[:, :count] * values[:count]) @ right[:count]
