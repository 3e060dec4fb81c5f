"""The optimum over symmetric positive semi-definite matrices, for models with interactions.

    minimise  sum over pairs (y - b - Delta' W Delta)^2 + alpha |W|_F^2   over W positive semi-definite.

Off-diagonal entries count twice, in Delta' W Delta and in the Frobenius norm. With svec(W) (the diagonal, and the
off-diagonal entries times sqrt 2) this is a strongly convex quadratic in F (F + 1) / 2 numbers over a convex cone: it
has one optimum, whatever the starting point, and no seed.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_ITERATIONS = 200
_ACCURACY = 1e-15
_NOTHING = 1e-12  # share of the largest diagonal entry that is rounding


@lru_cache(maxsize=8)
def entries(size: int) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Return row, column and factor (1, or sqrt 2 off the diagonal) of each element of svec of a size x size matrix."""
    rows, columns = np.triu_indices(size)
    return rows, columns, np.where(rows == columns, 1.0, np.sqrt(2.0))


def to_matrix(vector: NDArray, size: int) -> NDArray[np.float64]:
    """Return the symmetric matrix W of svec(W)."""
    rows, columns, factors = entries(size)
    matrix = np.zeros((size, size))
    matrix[rows, columns] = matrix[columns, rows] = vector / factors
    return matrix


def to_vector(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return svec(W): inner products of vectors are those of the matrices."""
    rows, columns, factors = entries(len(matrix))
    return matrix[rows, columns] * factors


def semidefinite_minimum(gram: NDArray[np.float64], target: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Return the svec(W), W positive semi-definite, that minimises w' gram w / 2 - target' w.

    The unconstrained minimum where that is semi-definite; else a primal-dual interior-point method (Helmberg, Rendl,
    Vanderbei and Wolkowicz, SIAM J. Optim. 1996): deterministic, to the accuracy of the arithmetic.

    Parameters
    ----------
    gram
        Shape (K, K) with K = size (size + 1) / 2, positive definite.
    target
        Shape (K,).
    """
    scale = np.trace(gram) / len(gram)
    length = float(np.linalg.norm(target))
    if length == 0.0:
        return np.zeros_like(target)
    a, c = gram / scale, target / length  # the solution is then of the order of 1 and is scaled back
    free = np.linalg.lstsq(a, c, rcond=None)[0]
    if np.linalg.eigvalsh(to_matrix(free, size))[0] >= 0:
        return free * length / scale
    return to_vector(_without_noise(to_matrix(_interior_point(a, c, size), size))) * length / scale


def _without_noise(W: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return W with rows of 0 where an interior point can only come near: a diagonal of 0 leaves nothing beside it."""
    used = np.diag(W) > _NOTHING * np.diag(W).max(initial=0.0)
    return np.where(used[:, None] & used, W, 0.0)


def _interior_point(a: NDArray[np.float64], c: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    basis = np.array([to_matrix(row, size) for row in np.eye(len(c))])
    W, S = np.eye(size), np.eye(size)  # primal and dual matrix: at the optimum W S = 0 and svec(S) = a w - c
    for _ in range(_ITERATIONS):
        residual = c + to_vector(S) - a @ to_vector(W)
        gap = float(np.sum(W * S)) / size
        if gap < _ACCURACY and np.abs(residual).max() < 100 * _ACCURACY:
            break
        try:
            W, S = _step(a, basis, W, S, residual, gap)
        except np.linalg.LinAlgError:  # so near to the boundary that rounding crosses it: as near as can be
            break
    return to_vector(W)


def _step(
    a: NDArray[np.float64],
    basis: NDArray[np.float64],
    W: NDArray[np.float64],
    S: NDArray[np.float64],
    residual: NDArray[np.float64],
    gap: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the matrices after one Newton step towards W S = centring * gap * identity."""
    flat = basis.reshape(len(basis), -1)
    inverse = _symmetric(np.linalg.inv(W))
    curvature = flat @ (inverse @ basis @ S).reshape(len(basis), -1).T
    for centring in (0.1, 0.5):  # a bold step first; a careful one where the bold one gets nowhere
        pull = centring * gap * to_vector(inverse) - to_vector(S)
        step = np.linalg.solve(a + _symmetric(curvature), residual + pull)
        dW, dS = to_matrix(step, len(W)), to_matrix(a @ step - residual, len(W))
        length, dual_length = _longest(W, dW), _longest(S, dS)
        if min(length, dual_length) > 0.1:
            break
    return _symmetric(W + length * dW), _symmetric(S + dual_length * dS)


def _longest(matrix: NDArray[np.float64], direction: NDArray[np.float64]) -> float:
    """Return a step of at most 1 after which the matrix is still positive definite."""
    root = np.linalg.cholesky(matrix)
    inner = np.linalg.solve(root, np.linalg.solve(root, direction).T)
    lowest = np.linalg.eigvalsh(_symmetric(inner))[0]
    return 1.0 if lowest >= -0.95 else -0.95 / float(lowest)


def _symmetric(matrix: NDArray) -> NDArray[np.float64]:
    return (matrix + matrix.T) / 2
