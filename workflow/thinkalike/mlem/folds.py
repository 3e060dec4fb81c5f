"""Folds over groups of stimuli (sentences). They depend on the groups and the seed alone, so layers share them."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from thinkalike.errors import InputError
from thinkalike.mlem.cells import label_codes

Labels = Sequence | NDArray | pd.Series

_FEWEST_STIMULI = 3  # two stimuli make one pair, and one pair has no ranking


def make_folds(groups: NDArray[np.int64], n_folds: int, seed: int | Sequence[int]) -> NDArray[np.int64]:
    """Deal groups at random into folds of nearly equal numbers of groups.

    Parameters
    ----------
    groups
        Shape (n_stimuli,), the group of each stimulus.

    Returns
    -------
    ndarray
        Shape (n_stimuli,), the fold of each stimulus, 0 to n_folds - 1.
    """
    distinct, index = np.unique(groups, return_inverse=True)
    if n_folds < 2:
        raise InputError(f"{n_folds} folds were asked for, but it takes at least 2 to hold one out.")
    if len(distinct) < n_folds:
        raise InputError(
            f"There are {len(distinct)} groups for {n_folds} folds; ask for fewer folds or give more groups."
        )
    fold_of_group = np.empty(len(distinct), dtype=np.int64)
    fold_of_group[np.random.default_rng(seed).permutation(len(distinct))] = np.arange(len(distinct)) % n_folds
    return fold_of_group[index.reshape(-1)]


def outer_folds(
    folds: int | Labels, groups: NDArray[np.int64], seed: int, index: pd.Index | None = None
) -> NDArray[np.int64]:
    """Return fold labels 0, 1, ...: made from the groups, or those that are given, one per stimulus."""
    if isinstance(folds, (int, np.integer)):
        labels = make_folds(groups, int(folds), seed)
    else:
        labels = label_codes(folds, pd.RangeIndex(len(groups)) if index is None else index, "folds")
        if labels.max() < 1:
            raise InputError("All stimuli are in one fold; give labels of at least two folds.")
    _check_sizes(labels, "fold")
    return labels


def inner_folds(
    groups: NDArray[np.int64], held_out: NDArray[np.bool_], n_folds: int, seed: int, fold: int
) -> list[NDArray[np.intp]]:
    """Return the stimuli of each inner fold of what is left when outer fold number `fold` is held out."""
    rest = np.flatnonzero(~held_out)
    labels = make_folds(groups[rest], n_folds, [seed, fold + 1])
    _check_sizes(labels, "inner fold")
    return [rest[labels == label] for label in range(n_folds)]


def _check_sizes(labels: NDArray[np.int64], what: str) -> None:
    sizes = np.bincount(labels)
    if sizes.min() < _FEWEST_STIMULI:
        raise InputError(
            f"A {what} has {sizes.min()} stimuli, too few pairs to rank; ask for fewer folds or give more stimuli."
        )
