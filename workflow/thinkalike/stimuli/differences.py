"""Feature differences over all pairs of stimuli, from counts: what an MLEM sees, without forming any pair.

For features that differ or not, the number of pairs on which both differ is the number of pairs, minus those alike on
one, minus those alike on the other, plus those alike on both; each of these is a sum of n (n - 1) / 2 over groups of
equal stimuli. For numeric features the sum of |a - b| over pairs follows from sorting.
"""

import itertools
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from thinkalike.features import Feature, as_numbers
from thinkalike.stimuli.sorted_products import sum_of_products


def level_codes(column: pd.Series, feature: Feature) -> NDArray[np.int64]:
    """Return an integer for each value, in sorted order; -1 where an undefined value never differs from anything."""
    codes, levels = pd.factorize(column, sort=True, use_na_sentinel=True)
    if feature.missing == "category" and feature.kind != "numeric":
        codes = np.where(codes == -1, len(levels), codes)
    return codes.astype(np.int64)


def difference_moments(
    stimuli: pd.DataFrame, features: Mapping[str, Feature]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return means and mean products of the feature differences over all pairs of different stimuli.

    Parameters
    ----------
    stimuli
        A column per feature.
    features
        F features, by name. A numeric one differs by |a - b| / range.

    Returns
    -------
    means
        Shape (F,), float64, in [0, 1]: for a feature that differs or not, the share of pairs on which it differs.
    products
        Shape (F, F), float64: E[difference of f x difference of g].
    """
    columns = [_Column(stimuli[name], feature) for name, feature in features.items()]
    pairs = max(len(stimuli) * (len(stimuli) - 1) / 2, 1.0)
    means = np.array([column.total(np.ones(len(stimuli), dtype=bool)) for column in columns]) / pairs
    products = np.zeros((len(columns), len(columns)))
    for i, j in itertools.combinations_with_replacement(range(len(columns)), 2):
        products[i, j] = products[j, i] = _product(columns[i], columns[j]) / pairs
    return means, products


def difference_correlation(stimuli: pd.DataFrame, features: Mapping[str, Feature]) -> NDArray[np.float64]:
    """Return the Pearson correlation of the feature differences over all pairs, shape (F, F).

    NaN for a feature that never differs.
    """
    return correlation_of_moments(*difference_moments(stimuli, features))


def correlation_of_moments(means: NDArray[np.float64], products: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the correlation that follows from the two results of `difference_moments`, as `difference_correlation`."""
    covariance = products - np.outer(means, means)
    deviation = np.sqrt(np.clip(np.diag(covariance), 0.0, None))
    # A feature that differs on no pair, or on every pair, leaves rounding errors where a zero should stand.
    deviation[deviation < 1e-9] = np.nan
    return np.clip(covariance / np.outer(deviation, deviation), -1.0, 1.0)


class _Column:
    """One feature as codes and, if it is numeric, scaled values."""

    def __init__(self, column: pd.Series, feature: Feature) -> None:
        self.codes = level_codes(column, feature)
        self.defined = self.codes >= 0
        self.values: NDArray[np.float64] | None = None
        if feature.kind == "numeric":
            values = as_numbers(column)
            spread = np.ptp(values[self.defined]) if self.defined.any() else 0.0
            self.values = values / (spread if spread > 0 else 1.0)

    def total(self, chosen: NDArray[np.bool_]) -> float:
        """Return the sum of differences over the pairs of the chosen stimuli on which the feature is defined."""
        chosen = chosen & self.defined
        if self.values is None:
            counts = np.bincount(self.codes[chosen])
            return _pairs(chosen.sum()) - _pairs(counts).sum()
        ordered = np.sort(self.values[chosen])
        ranks = np.arange(len(ordered))
        return float(ordered @ (2 * ranks - len(ordered) + 1))


def _product(a: _Column, b: _Column) -> float:
    """Return the sum over pairs of (difference of a) x (difference of b)."""
    if a.values is not None and b.values is not None:
        return _numeric_product(a, b)
    if a.values is None and b.values is not None:
        a, b = b, a
    both = a.defined & b.defined
    # b only differs or not: all pairs, minus those within a level of b.
    if a.values is not None:
        return a.total(both) - _within(a.values[both], b.codes[both])
    joint = a.codes[both] * (b.codes.max(initial=0) + 1) + b.codes[both]
    alike = [_pairs(np.unique(codes, return_counts=True)[1]).sum() for codes in (a.codes[both], b.codes[both], joint)]
    return float(_pairs(both.sum()) - alike[0] - alike[1] + alike[2])


def _within(values: NDArray[np.float64], codes: NDArray[np.int64]) -> float:
    """Sum |a_i - a_j| over pairs of stimuli with equal codes."""
    order = np.lexsort((values, codes))
    values, codes = values[order], codes[order]
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    sizes = np.diff(np.append(starts, len(codes)))
    ranks = np.arange(len(codes)) - np.repeat(starts, sizes)
    return float(values @ (2 * ranks - np.repeat(sizes, sizes) + 1))


def _numeric_product(a: _Column, b: _Column) -> float:
    """Sum |a_i - a_j| |b_i - b_j| over pairs of stimuli on which both are defined."""
    assert a.values is not None and b.values is not None
    both = a.defined & b.defined
    points, counts = np.unique(np.column_stack([a.values[both], b.values[both]]), axis=0, return_counts=True)
    return sum_of_products(points[:, 0], points[:, 1], counts.astype(np.float64))


def _pairs(count: NDArray[np.int64] | np.int64) -> NDArray[np.float64]:
    count = np.asarray(count, dtype=np.float64)
    return count * (count - 1) / 2
