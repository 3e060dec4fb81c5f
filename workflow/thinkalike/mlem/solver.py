"""Ridge regression with non-negative weights, exactly, from the normal equations."""

import numpy as np
from numpy.typing import NDArray

_NOTHING = 1e-13  # share of the target: what is left of a gradient of 0 by rounding
_PATIENCE = 5  # exchanges without fewer infeasible variables


def nonnegative_minimum(gram: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the w >= 0 that minimises w' gram w / 2 - target' w.

    Block principal pivoting (Portugal, Judice and Vicente, Mathematics of Computation 1994): all variables that are on
    the wrong side change sides at once, which takes a handful of linear systems. Where that comes to no end (it may
    where the minimum is not unique), the active-set method of Lawson and Hanson (Solving Least Squares Problems, 1974,
    chapter 23), in which variables enter one at a time. Both are finite and exact.

    Parameters
    ----------
    gram
        Shape (n, n), symmetric positive definite (positive semi-definite: one of the minima).
    target
        Shape (n,).
    """
    # Variables scaled to a diagonal of 1: constant features (a diagonal of alpha alone) do not spoil the others.
    scale = np.sqrt(np.maximum(np.diag(gram), np.finfo(float).tiny))
    return _scaled_minimum(gram / np.outer(scale, scale), target / scale) / scale


def _scaled_minimum(gram: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    weights = _solve(gram, target)
    if (weights >= 0).all():
        return weights
    likely = weights > 0
    found = _pivoted(gram, target, likely)
    return _one_by_one(gram, target, likely) if found is None else found


def _pivoted(
    gram: NDArray[np.float64], target: NDArray[np.float64], passive: NDArray[np.bool_]
) -> NDArray[np.float64] | None:
    """Return the minimum by exchanging all infeasible variables at once; None if they do not become fewer."""
    passive = passive.copy()
    tolerance = _NOTHING * np.abs(target).max(initial=0.0)
    fewest, patience = len(target) + 1, _PATIENCE
    while True:
        weights = np.zeros(len(target))
        if passive.any():
            weights[passive] = _solve(gram[np.ix_(passive, passive)], target[passive])
        gradient = target - gram @ weights
        wrong = np.where(passive, weights < 0, gradient > tolerance)
        number = int(np.count_nonzero(wrong))
        if number == 0:
            return weights
        if number < fewest:
            fewest, patience = number, _PATIENCE
        elif patience == 0:
            return None
        else:
            patience -= 1
        passive ^= wrong


def _one_by_one(
    gram: NDArray[np.float64], target: NDArray[np.float64], likely: NDArray[np.bool_]
) -> NDArray[np.float64]:
    weights, passive = _start(gram, target, likely)
    tolerance = _NOTHING * np.abs(target).max(initial=0.0)
    for _ in range(10 * len(target)):
        gradient = np.where(passive, -np.inf, target - gram @ weights)
        entering = int(gradient.argmax())
        if gradient[entering] <= tolerance:
            break
        passive[entering] = True
        weights = _stay_feasible(gram, target, weights, passive)
    return weights


def _start(
    gram: NDArray[np.float64], target: NDArray[np.float64], likely: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the minimum over the variables that are `likely` passive, if it is feasible; else nothing, at 0."""
    weights = np.zeros(len(target))
    if likely.any():
        weights[likely] = _solve(gram[np.ix_(likely, likely)], target[likely])
        if (weights[likely] > 0).all():
            return weights, likely
    return np.zeros(len(target)), np.zeros(len(target), dtype=bool)


def _stay_feasible(
    gram: NDArray[np.float64], target: NDArray[np.float64], weights: NDArray[np.float64], passive: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Go from `weights` towards the minimum over the `passive` variables; drop (in place) those that reach 0."""
    while True:
        candidate = np.zeros_like(weights)
        candidate[passive] = _solve(gram[np.ix_(passive, passive)], target[passive])
        negative = passive & (candidate <= 0)
        if not negative.any():
            return candidate
        step = (weights[negative] / (weights[negative] - candidate[negative])).min()
        weights = weights + step * (candidate - weights)
        leaving = negative & (weights <= 1e-15 * np.abs(weights).max(initial=0.0))
        if not leaving.any():  # a variable that cannot leave 0
            leaving = negative & (weights == weights[negative].min())
        passive &= ~leaving
        weights = np.where(passive, weights, 0.0)


def _solve(gram: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray:
    try:
        return np.linalg.solve(gram, target)
    except np.linalg.LinAlgError:
        return np.linalg.lstsq(gram, target, rcond=None)[0]
