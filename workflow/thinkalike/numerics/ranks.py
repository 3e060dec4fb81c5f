"""Ties and ranks of very many values, by one sort of integers.

What is equal on paper (distances between points of a lattice, say) differs in its last bits once it was computed.
Distances are therefore tied where they agree to 36 bits, 1.5e-11 of their own size: far above the rounding of a
distance whose lost digits were mended, far below a difference that matters, and no outlier widens it. Numbers whose
rounding has a known absolute size, such as sums of terms of both signs, are tied by that `noise` instead.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

_DROPPED_BITS = 16  # of the 52 of a float64
_MANY = 4096


@dataclass(frozen=True)
class Ties:
    """Values in increasing order, in groups of ties.

    Attributes
    ----------
    order
        Shape (n_values,), the places of the values from the smallest to the largest; within a tie in any order.
    first
        Shape (n_groups,), where in that order each group begins.
    """

    order: npt.NDArray[np.intp]
    first: npt.NDArray[np.intp]

    @cached_property
    def sizes(self) -> npt.NDArray[np.intp]:
        """Shape (n_groups,), the number of values in each group."""
        return np.diff(np.append(self.first, len(self.order)))

    @cached_property
    def group(self) -> npt.NDArray[np.intp]:
        """Shape (n_values,), the group of each place of the order."""
        return np.repeat(np.arange(len(self.first)), self.sizes)


def settled(values: npt.NDArray[np.float64], decimals: int = 12) -> npt.NDArray[np.float64]:
    """Return the values as they may be ranked: rounded, and what then differs by the last decimal made equal.

    Numbers that were summed in two orders differ by some 1e-17, and rounding alone would part those of them that lie at
    an edge between two decimals. Not a number stays what it is.

    Parameters
    ----------
    values
        Numbers of order 1 (importance, similarity), shape (..., n); each row is settled on its own.
    decimals
        Values that differ by less than 10^-decimals become equal.
    """
    rounded = round_off(values, decimals)
    order = np.argsort(rounded, axis=-1)
    ordered = np.take_along_axis(rounded, order, axis=-1)
    begins = np.ones(ordered.shape, dtype=bool)
    with np.errstate(invalid="ignore"):
        begins[..., 1:] = ~(np.diff(ordered, axis=-1) <= 1.5 * 10.0**-decimals)
    # Every member of a chain of neighbours takes the value of the smallest.
    smallest = np.maximum.accumulate(np.where(begins, np.arange(ordered.shape[-1]), 0), axis=-1)
    result = np.empty_like(rounded)
    np.put_along_axis(result, order, np.take_along_axis(ordered, smallest, axis=-1), axis=-1)
    return result


def round_off(values: npt.NDArray[np.float64], decimals: int = 12) -> npt.NDArray[np.float64]:
    """Return the values rounded to some decimals; numbers so large that they have none stay as they are."""
    values = np.asarray(values, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        small = np.abs(values) < 1e15
    return np.where(small, np.round(np.where(small, values, 0.0), decimals), values) + 0.0


def tie_groups(values: npt.NDArray[np.float64], noise: float | None = None) -> Ties:
    """Return the order of the values and their groups of ties.

    Parameters
    ----------
    values
        Finite numbers. They are only read.
    noise
        Neighbours in the order are tied if they differ by at most this. None: if they agree to 36 bits (always within
        1.5e-11 of their own size, never beyond twice as much).

    Returns
    -------
    Ties
        The groups, chained: each value is tied with its neighbours, and so with theirs.
    """
    new = np.ones(len(values), dtype=bool)
    if noise is None:
        order, keys = _sorted_keys(_keys(values))
        np.greater(keys[1:] - keys[:-1], 1, out=new[1:])
    else:
        order = _sorting_order(values)
        np.greater(np.diff(values[order]), noise, out=new[1:])
    return Ties(order, np.flatnonzero(new))


def join_ties(values: npt.NDArray[np.float64], noise: float | None = None) -> npt.NDArray[np.float64]:
    """Return the values with every group of ties (see `tie_groups`) replaced by its smallest member."""
    ties = tie_groups(values, noise)
    joined = np.empty_like(values)
    if len(values):
        joined[ties.order] = np.minimum.reduceat(values[ties.order], ties.first)[ties.group]
    return joined


def centred_ranks(values: npt.NDArray[np.float64]) -> npt.NDArray[Any]:
    """Return twice the average ranks of distances minus their mean: integers, so that four bytes hold them exactly.

    Parameters
    ----------
    values
        p finite numbers; ties as in `tie_groups`.

    Returns
    -------
    ndarray
        p integers 2 r - (p + 1) with r the rank from 1 to p, the average over ties; int32 for p < 2^30, else int64.
    """
    count = len(values)
    ties = tie_groups(values)
    dtype = np.int32 if count < 2**30 else np.int64
    if len(ties.first) == count:
        doubled = np.arange(1 - count, count, 2, dtype=dtype)
    else:
        doubled = np.repeat((2 * ties.first + ties.sizes - count).astype(dtype), ties.sizes)
    result = np.empty(count, dtype)
    result[ties.order] = doubled
    return result


def _keys(values: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return integers in the order of the values: their bits without the last 16."""
    keys = np.abs(values).astype(np.float64, copy=False).view(np.int64)  # of positive numbers, ordered as they are
    keys >>= _DROPPED_BITS
    negative = values < 0
    if negative.any():
        np.negative(keys, out=keys, where=negative)
    return keys


def _sorted_keys(keys: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int64]]:
    """Return the order that sorts the keys, and the sorted keys up to a constant; `keys` are changed in place."""
    count = len(keys)
    index_bits = max(1, (count - 1).bit_length())
    # Zeros, whose key is far below that of any other number, go right below the smallest that is none.
    smallest = int(keys.min(initial=0, where=keys != 0))
    if smallest == 0 and (keys > 0).any():
        offset = int(keys.min(initial=np.iinfo(np.int64).max, where=keys > 0)) - 2
        np.subtract(keys, offset, out=keys, where=keys > 0)
        smallest = 0
    if (int(keys.max(initial=0)) - smallest).bit_length() + index_bits <= 63:
        # Key and index fit into one integer: sorting integers in place is several times faster than an argsort.
        keys -= smallest
        keys <<= index_bits
        keys |= np.arange(count)
        keys.sort()
        order = keys & ((1 << index_bits) - 1)
        keys >>= index_bits
        return order.astype(np.intp, copy=False), keys
    order = np.argsort(keys, kind="stable")
    return order, keys[order]


def _sorting_order(values: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    """Return `np.argsort(values)`, for many values in half the time.

    numpy sorts integers faster than it sorts places by values: each value is turned into an integer as fine as 64 bits
    allow beside its place. Where that was too coarse for two neighbours, they are sorted by value after all.
    """
    if len(values) < _MANY:
        return np.argsort(values)
    low, high = values.min(), values.max()
    if not high > low:
        return np.arange(len(values))
    bits = (len(values) - 1).bit_length()
    keys = ((values - low) * (2.0 ** (63 - bits) / (high - low))).astype(np.uint64)
    keys <<= np.uint64(bits)
    keys |= np.arange(len(values), dtype=np.uint64)
    keys.sort()
    order = (keys & np.uint64(2**bits - 1)).astype(np.intp)
    ordered = values[order]
    return order if (ordered[1:] >= ordered[:-1]).all() else np.argsort(values)
