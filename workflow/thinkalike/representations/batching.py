"""Batches of sentences of one length: no padding, hence nothing that padding could change.

Right padding with a mask would be exact too for every architecture tested, but left padding is wrong for many, and
positions after a pad token for some. Equal lengths need no rule per architecture, and are as fast.
"""

import numpy as np


def equal_length_batches(lengths: np.ndarray, tokens_per_batch: int) -> list[np.ndarray]:
    """Return index arrays, one a batch, in order of length.

    The composition of the batches depends on the lengths and the budget alone, so that the same input gives the same
    bytes: a matrix product's rounding depends on its shape.

    Parameters
    ----------
    lengths
        Number of tokens of each sentence, integers of shape (n,).
    tokens_per_batch
        A batch holds at most this many tokens, but at least one sentence.

    Examples
    --------
    >>> [batch.tolist() for batch in equal_length_batches(np.array([3, 5, 3, 3]), 6)]
    [[0, 2], [3], [1]]
    """
    order = np.argsort(lengths, kind="stable")
    starts = np.flatnonzero(np.diff(lengths[order], prepend=-1))
    batches: list[np.ndarray] = []
    for group in np.split(order, starts[1:]):
        if len(group):
            size = max(1, tokens_per_batch // max(1, int(lengths[group[0]])))
            batches += [group[start : start + size] for start in range(0, len(group), size)]
    return batches
