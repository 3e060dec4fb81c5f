"""Shapley values: how what a set of features achieves together is divided among them.

A feature's value is what it adds to the features before it, averaged over all orders of the features. The values sum
to what all features achieve together.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from math import comb

import numpy as np
from numpy.typing import NDArray

MOST_EXACT = 12  # features whose 4,096 subsets are all visited; beyond, orders are drawn
_ORDERS = 200

Worth = Callable[[NDArray[np.bool_]], NDArray[np.float64]]


@dataclass(frozen=True)
class Division:
    """What every feature gets.

    Attributes
    ----------
    values
        Shape (n_features, ...): Shapley values. They sum to `together`.
    last
        The same shape: what each feature adds to all others.
    together
        Shape (...): what all features achieve together.
    standard_errors
        None where all orders were averaged exactly; else the standard error of `values` for the orders drawn.
    """

    values: NDArray[np.float64]
    last: NDArray[np.float64]
    together: NDArray[np.float64]
    standard_errors: NDArray[np.float64] | None = None


def divide(worth: Worth, n_features: int, *, orders: int | None = None, seed: int = 0) -> Division:
    """Return the Shapley values of all features.

    Parameters
    ----------
    worth
        Returns what a subset of the features achieves, an array of any one shape. The empty subset achieves 0 and is
        not asked for.
    n_features
        At least 1.
    orders
        Number of orders to average over, drawn by `seed`. By default all orders, exactly, for at most 12 features,
        and 200 for more.
    """
    everything = np.ones(n_features, dtype=bool)
    together = worth(everything)
    last = np.array([together - _worth(worth, everything & (np.arange(n_features) != f)) for f in range(n_features)])
    if orders is None and n_features <= MOST_EXACT:
        return Division(_exact(worth, n_features, together), last, together)
    values, errors = _sampled(worth, together, n_features, orders or _ORDERS, seed)
    return Division(values, last, together, errors)


def _exact(worth: Worth, n_features: int, together: NDArray[np.float64]) -> NDArray[np.float64]:
    values = np.zeros((n_features, *together.shape))
    members = np.arange(n_features)
    for number in range(1, 2**n_features):
        subset = (number >> members) & 1 == 1
        size = int(subset.sum())
        achieved = together if size == n_features else worth(subset)
        # Of all orders, the share in which f comes right after the others of a subset of this size.
        values[subset] += achieved / (n_features * comb(n_features - 1, size - 1))
        if size < n_features:
            values[~subset] -= achieved / (n_features * comb(n_features - 1, size))
    return values


def _sampled(
    worth: Worth, together: NDArray[np.float64], n_features: int, orders: int, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    total = np.zeros((n_features, *together.shape))
    squares = np.zeros_like(total)
    for _ in range(orders):
        order = rng.permutation(n_features)
        steps = [np.zeros_like(together)]
        for place in range(1, n_features):
            steps.append(worth(np.isin(np.arange(n_features), order[:place])))
        steps.append(together)
        for f, (before, after) in zip(order, pairwise(steps), strict=True):
            total[f] += after - before
            squares[f] += (after - before) ** 2
    mean = total / orders
    variance = np.maximum(squares / orders - mean**2, 0.0) * orders / max(orders - 1, 1)
    return mean, np.sqrt(variance / orders)


def _worth(worth: Worth, subset: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the worth of a subset that may be empty."""
    if subset.any():
        return worth(subset)
    return np.zeros_like(worth(np.ones_like(subset)))
