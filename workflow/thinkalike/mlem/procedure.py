"""What a cross-validation was told, kept for what comes after it, and when two results are equal."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from thinkalike.mlem.problem import Problem


@dataclass(frozen=True, eq=False)
class Procedure:
    """The problem and the procedure of a cross-validation: what `infer` goes back to.

    Attributes
    ----------
    index
        Labels of the stimuli.
    labels, groups
        Outer fold and group of each stimulus.
    """

    problem: Problem
    index: pd.Index
    labels: NDArray[np.int64]
    groups: NDArray[np.int64]
    inner_folds: int
    alphas: tuple[float, ...]
    seed: int
    max_pairs: int


def equal_parts(one: Any, other: Any) -> bool:
    """Return whether two parts of results are equal: tables, dictionaries of them, arrays or numbers."""
    if isinstance(one, pd.DataFrame):
        return one.equals(other)
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(equal_parts(one[name], other[name]) for name in one)
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return np.array_equal(one, other, equal_nan=True)
    return bool(one is other or (type(one) is type(other) and not isinstance(one, np.ndarray) and one == other))
