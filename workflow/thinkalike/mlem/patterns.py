"""The pattern of a pair: the tuple of its feature differences.

Only patterns that occur are ever listed. A pair's pattern is first a number (its bits, or digits for numeric
features), then an index into the list of distinct ones.
"""

import numpy as np
from numpy.typing import NDArray

from thinkalike.mlem.cells import UNDEFINED, Coding
from thinkalike.mlem.rank_tables import joined_predictions

_TABLE_BITS = 16  # up to this many bits a table of all numbers is faster than sorting
_WORD_BITS = 62
_LARGEST_TABLE = 10_000_000  # entries of a table of all pairs of cells


def feature_difference(
    coding: Coding, feature: int, left: NDArray[np.integer], right: NDArray[np.integer]
) -> NDArray[np.bool_] | NDArray[np.float64]:
    """Return the unscaled differences of one feature between stimuli `left` and `right` (broadcast together).

    Boolean where the feature differs or not; |a - b| for a numeric feature, 0 where either is undefined.
    """
    codes = coding.columns[feature]
    return code_difference(coding, feature, codes[left], codes[right])


def code_difference(
    coding: Coding, feature: int, left: NDArray[np.integer], right: NDArray[np.integer]
) -> NDArray[np.bool_] | NDArray[np.float64]:
    """Return the unscaled differences of one feature between codes (broadcast together)."""
    values, ids = coding.values[feature], coding.ids_of(feature)
    if ids is not None:
        return ids[left, right]
    undefined = bool((left == UNDEFINED).any() or (right == UNDEFINED).any())
    if values is None:
        differ = left != right
        if undefined:
            differ &= (left != UNDEFINED) & (right != UNDEFINED)
        return differ
    if not len(values):
        return np.zeros(np.broadcast_shapes(left.shape, right.shape))
    difference = np.abs(values[left] - values[right])
    if undefined:
        difference[np.broadcast_to((left == UNDEFINED) | (right == UNDEFINED), difference.shape)] = 0.0
    return difference


def pair_patterns(
    coding: Coding, left: NDArray[np.integer], right: NDArray[np.integer], keep: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return the distinct patterns of pairs and the index of each pair's.

    Parameters
    ----------
    left, right
        Stimuli of the pairs, broadcast together (a column and a row give a block of pairs).
    keep
        Which of the broadcast pairs to keep; all by default.

    Returns
    -------
    patterns
        Shape (n_patterns, n_features), unscaled differences.
    index
        Shape (n_pairs,), in row-major order of the pairs that are kept.
    """
    if coding.has_levels:
        return _patterns_by_cells(coding, left, right, keep)
    if not coding.has_numeric and coding.n_features <= _TABLE_BITS:
        return _patterns_by_table(coding, left, right, keep)
    number: NDArray[np.intp] | None = None  # index of the pair's pattern among the features so far
    columns = []
    for start in range(0, coding.n_features, _WORD_BITS):
        bits = [f for f in range(start, min(start + _WORD_BITS, coding.n_features)) if coding.values[f] is None]
        if bits:
            columns.append(_kept(_bit_numbers(coding, bits, left, right, np.dtype(np.int64)), keep))
    for f, values in enumerate(coding.values):
        if values is not None:
            columns.append(_digits(_kept(feature_difference(coding, f, left, right), keep)))
    for column in columns:
        word = np.unique(column, return_inverse=True)[1].reshape(-1)
        number = word if number is None else number * (word.max(initial=0) + 1) + word
        number = np.unique(number, return_inverse=True)[1].reshape(-1)
    assert number is not None
    first = np.unique(number, return_index=True)[1]
    shape = np.broadcast_shapes(left.shape, right.shape)
    place = first if keep is None else np.flatnonzero(keep)[first]
    pair_left = np.broadcast_to(left, shape).reshape(-1)[place]
    pair_right = np.broadcast_to(right, shape).reshape(-1)[place]
    patterns = np.column_stack(
        [feature_difference(coding, f, pair_left, pair_right).astype(float) for f in range(coding.n_features)]
    )
    return patterns, number


def _patterns_by_table(
    coding: Coding, left: NDArray[np.integer], right: NDArray[np.integer], keep: NDArray[np.bool_] | None
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    bits = list(range(coding.n_features))
    numbers = _kept(_bit_numbers(coding, bits, left, right, np.dtype(np.uint8 if len(bits) <= 8 else np.uint16)), keep)
    occurs = np.zeros(2 ** len(bits), dtype=bool)
    occurs[numbers] = True
    distinct = np.flatnonzero(occurs)
    index_of = np.cumsum(occurs, dtype=np.int32) - 1
    return ((distinct[:, None] >> np.arange(len(bits))) & 1).astype(float), index_of[numbers]


def _patterns_by_cells(
    coding: Coding, left: NDArray[np.integer], right: NDArray[np.integer], keep: NDArray[np.bool_] | None
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return a pattern for each pair of cells that occurs (some may be equal: of two cells, others have the levels)."""
    codes, cell_of = coding.cells
    # Only the cells that are met: a held-out fold has few of them.
    met, places = np.unique(
        np.concatenate([cell_of[left].reshape(-1), cell_of[right].reshape(-1)]), return_inverse=True
    )
    left_cells = places.reshape(-1)[: left.size].reshape(left.shape)
    right_cells = places.reshape(-1)[left.size :].reshape(right.shape)
    n = len(met)
    numbers = _kept(np.minimum(left_cells, right_cells) * n + np.maximum(left_cells, right_cells), keep)
    if n * n <= _LARGEST_TABLE:
        occurs = np.zeros(n * n, dtype=bool)
        occurs[numbers] = True
        distinct, index = np.flatnonzero(occurs), (np.cumsum(occurs, dtype=np.int32) - 1)[numbers]
    else:
        distinct, index = np.unique(numbers, return_inverse=True)
    first, second = codes[met[distinct // n]], codes[met[distinct % n]]
    patterns = np.empty((len(distinct), coding.n_features))
    for f in range(coding.n_features):
        patterns[:, f] = code_difference(coding, f, first[:, f], second[:, f])
    return patterns, index.reshape(-1)


def _bit_numbers(
    coding: Coding, bits: list[int], left: NDArray[np.integer], right: NDArray[np.integer], dtype: np.dtype
) -> NDArray:
    numbers = np.zeros(np.broadcast_shapes(left.shape, right.shape), dtype=dtype)
    for place, f in enumerate(bits):
        numbers |= feature_difference(coding, f, left, right).astype(dtype) << dtype.type(place)
    return numbers


def _digits(differences: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the differences without rounding noise: 0.3 - 0.2 and 0.2 - 0.1 are one difference."""
    return joined_predictions(differences)


def _kept(array: NDArray, keep: NDArray[np.bool_] | None) -> NDArray:
    return array.reshape(-1) if keep is None else array[keep]
