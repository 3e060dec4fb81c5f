"""Ranks of very many values, with ties as averages, by one sort of integers."""

from typing import Any

import numpy as np
import numpy.typing as npt

_DROPPED_BITS = np.uint64(16)


def tie_keys(values: npt.NDArray[np.float64]) -> npt.NDArray[np.uint64]:
    """Return integers in the order of the values, equal where the values agree to 36 bits (1.5e-11, relative).

    Values that are equal on paper (distances between points of a lattice, say) differ in their last bits once they
    were computed; 36 bits are far above that noise and far below any difference that matters.

    Parameters
    ----------
    values
        Not negative, finite.
    """
    keys = (values + 0.0).view(np.uint64)  # not negative: the bits, as an integer, are in the order of the values
    keys += np.uint64(1) << (_DROPPED_BITS - np.uint64(1))
    keys >>= _DROPPED_BITS
    return keys


def centred_ranks(values: npt.NDArray[np.float64]) -> npt.NDArray[Any]:
    """Return twice the ranks minus their mean: integers, so that four bytes hold them exactly.

    Parameters
    ----------
    values
        p numbers, not negative, finite; ties as in `tie_keys`.

    Returns
    -------
    ndarray
        p integers 2 r - (p + 1) with r the rank from 1 to p, the average over ties; int32 for p < 2^30.
    """
    count = len(values)
    order, new = _sorted_groups(tie_keys(values))
    dtype = np.int32 if count < 2**30 else np.int64
    starts = np.flatnonzero(new)
    if len(starts) == count:
        doubled = np.arange(1 - count, count, 2, dtype=dtype)
    else:
        stops = np.append(starts[1:], count)
        doubled = np.repeat((starts + stops - count).astype(dtype), stops - starts)
    result = np.empty(count, dtype)
    result[order] = doubled
    return result


def _sorted_groups(
    keys: npt.NDArray[np.uint64],
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
    """Return the order that sorts the keys, and which places of the sorted keys start a new value."""
    count = len(keys)
    index_bits = max(1, (count - 1).bit_length())
    nonzero = keys[keys > 0]
    offset = int(nonzero.min()) - 1 if len(nonzero) else 0
    if (int(keys.max()) - offset).bit_length() + index_bits <= 64:
        # Key and index fit into one integer: sorting integers in place is several times faster than an argsort.
        np.subtract(keys, np.uint64(offset), out=keys, where=keys > 0)
        keys <<= np.uint64(index_bits)
        keys |= np.arange(count, dtype=np.uint64)
        keys.sort()
        order = (keys & np.uint64((1 << index_bits) - 1)).astype(np.intp)
        keys >>= np.uint64(index_bits)
    else:
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
    new = np.ones(count, dtype=bool)
    np.not_equal(keys[1:], keys[:-1], out=new[1:])
    return order, new
