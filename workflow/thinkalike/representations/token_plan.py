"""Which sub-tokens stand for which stimulus."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class TokenPlan:
    """What to run and what to take.

    Attributes
    ----------
    ids
        Token ids of each sentence.
    sentence_of
        Index into `ids` of each stimulus, integers of shape (n,).
    ranges
        Sub-tokens (first, last + 1) whose mean is the stimulus's vector, integers of shape (n, 2).
    unknown
        Number of unknown sub-tokens in the sentences.
    conflicts
        For each stimulus without a sub-token of its own, by its row, why it has none; its range is empty.
    """

    ids: list[np.ndarray]
    sentence_of: np.ndarray
    ranges: np.ndarray
    unknown: int
    conflicts: Mapping[int, str] = field(default_factory=dict)

    @property
    def lengths(self) -> np.ndarray:
        """Number of tokens of each sentence."""
        return np.array([len(ids) for ids in self.ids])
