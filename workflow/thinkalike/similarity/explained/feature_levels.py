"""From a table of features to integer levels: what a pair of stimuli can be told by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from thinkalike.errors import InputError
from thinkalike.features import Kind, Missing
from thinkalike.mlem.cells import UNDEFINED, encode

_MOST_EXACT_NUMBERS = 10  # a numeric feature of more distinct values is divided into this many bins
MOST_LEVELS = 20  # a feature of more levels is described by whether it differs, not by its pairs of levels


@dataclass(frozen=True)
class Levels:
    """The level of every stimulus on every feature.

    Attributes
    ----------
    names
        Features, then controls.
    controls
        Shape (n_columns,): which of them are controls.
    codes
        Shape (n_stimuli, n_columns): integers from 0; -1 where undefined and never different from anything.
    numbers
        Per column None where levels only differ or not, else the number that each level stands for.
    bins
        For a numeric feature of many values, the edges of its bins.
    """

    names: tuple[str, ...]
    controls: NDArray[np.bool_]
    codes: NDArray[np.int64]
    numbers: tuple[NDArray[np.float64] | None, ...]
    bins: dict[str, tuple[float, ...]]

    def of_stimuli(self, rows: NDArray[np.intp]) -> "Levels":
        """Return the levels of some of the stimuli."""
        return Levels(self.names, self.controls, self.codes[rows], self.numbers, self.bins)

    def differences(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return one integer per distinct difference of every column, 0 for none, given rows of codes."""
        result = np.empty(left.shape, dtype=np.int64)
        for f, numbers in enumerate(self.numbers):
            a, b = left[:, f], right[:, f]
            both = (a != UNDEFINED) & (b != UNDEFINED)
            if numbers is None:
                result[:, f] = both & (a != b)
                continue
            sizes = np.zeros(len(a))
            sizes[both] = np.abs(numbers[a[both]] - numbers[b[both]])
            # 0.3 - 0.2 and 0.2 - 0.1 are one difference: twelve digits of the largest.
            scale = float(np.ptp(numbers)) if len(numbers) else 0.0
            distinct = np.unique(np.round(sizes / scale, 12) if scale > 0 else sizes, return_inverse=True)[1]
            result[:, f] = distinct.reshape(-1)
        return result

    def level_pairs(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return one integer per unordered pair of levels of every column, undefined being a level of its own.

        A column of more than 20 levels has two integers: 0 where it does not differ, and 1 where it does.
        """
        result = np.empty(left.shape, dtype=np.int64)
        for f in range(left.shape[1]):
            a, b = left[:, f] + 1, right[:, f] + 1
            result[:, f] = (a != b) if self.n_levels(f) > MOST_LEVELS else unordered(a, b)
        return result

    def n_levels(self, column: int) -> int:
        """Return how many levels a column has, undefined counted where it occurs."""
        return len(np.unique(self.codes[:, column]))


def unordered(a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return one integer per unordered pair of integers from 0."""
    high, low = np.maximum(a, b), np.minimum(a, b)
    return high * (high + 1) // 2 + low


def combinations_of(columns: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return the number of each row's combination of integers from 0, rows of equal values having the same.

    Combinations are numbered in the order of their values, as `numpy.unique(columns, axis=0)` has them, which sorts
    rows and takes fifty times as long.
    """
    number = np.zeros(len(columns), dtype=np.int64)
    for column in columns.T:
        number = number * (int(column.max(initial=0)) + 1) + column
        number = np.unique(number, return_inverse=True)[1].reshape(-1)
    return number.astype(np.intp)


def read_levels(
    features: pd.DataFrame,
    controls: Sequence[str] = (),
    kinds: Mapping[str, Kind] | None = None,
    missing: Missing | Mapping[str, Missing] = "same",
) -> Levels:
    """Return the levels of a table of features, controls moved to the end.

    Raises
    ------
    InputError
        Where a column is not what it is declared to be, a control is not among the columns, or no feature is left.
    """
    if isinstance(controls, str):
        controls = (controls,)
    coding = encode(features, kinds, missing)
    for name in controls:
        if name not in coding.names:
            raise InputError(f"controls names '{name}', but the features are {', '.join(coding.names)}; correct it.")
    chosen = [name for name in coding.names if name not in controls]
    if not chosen:
        raise InputError("All columns of the table of features are controls; give at least one feature to explain by.")
    order = [coding.names.index(name) for name in [*chosen, *dict.fromkeys(controls)]]
    codes = coding.codes[:, order].copy()
    numbers = [coding.values[f] for f in order]
    names = tuple(coding.names[f] for f in order)
    bins: dict[str, tuple[float, ...]] = {}
    for place, values in enumerate(numbers):
        if values is not None and len(values) > _MOST_EXACT_NUMBERS:
            codes[:, place], edges = _deciles(codes[:, place], values)
            numbers[place] = np.arange(len(edges) + 1, dtype=np.float64)
            bins[names[place]] = edges
    return Levels(names, np.array([name in controls for name in names]), codes, tuple(numbers), bins)


def _deciles(codes: NDArray[np.int64], values: NDArray[np.float64]) -> tuple[NDArray[np.int64], tuple[float, ...]]:
    """Return the bin of every stimulus, and the inner edges: a value equal to an edge lies above it."""
    defined = codes != UNDEFINED
    numbers = values[codes[defined]]
    inner = np.arange(1, _MOST_EXACT_NUMBERS) / _MOST_EXACT_NUMBERS
    # Edges are values that occur, so that no rounding decides on which side one lies.
    edges = np.unique(np.quantile(numbers, inner, method="inverted_cdf"))
    edges = edges[edges > numbers.min()]
    binned = np.full(codes.shape, UNDEFINED, dtype=np.int64)
    binned[defined] = np.searchsorted(edges, numbers, side="right")
    return binned, tuple(edges.tolist())
