"""All ways to deal labels to units, or a sample of them: what a label could have been if it had nothing to say."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import factorial, prod

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Arrangements:
    """The labels of some units, dealt anew.

    Attributes
    ----------
    dealt
        Shape (n, n_units), labels of each arrangement. Where `exact`, all distinct ones, the observed among them.
    number
        How many distinct ones there are.
    exact
        Whether `dealt` holds them all.
    """

    dealt: NDArray[np.int64]
    number: int
    exact: bool

    def p_value(self, observed: float, null: NDArray[np.float64]) -> float:
        """Return the share of arrangements whose statistic is at least the observed one, which counts as one."""
        # Equal arrangements reach the same number by another order of summation.
        reached = int(np.sum(null >= observed - 1e-9))
        return reached / len(null) if self.exact else (1 + reached) / (1 + len(null))


def arrangements(labels: NDArray[np.int64], most: int, rng: np.random.Generator) -> Arrangements:
    """Return all distinct arrangements of labels if there are at most `most`, else `most` that are drawn at random."""
    counts = np.unique(labels, return_counts=True)[1]
    number = factorial(len(labels)) // prod(factorial(int(count)) for count in counts)
    if number <= most:
        return Arrangements(np.array(list(_all_distinct(sorted(labels.tolist())))), number, exact=True)
    return Arrangements(np.array([rng.permutation(labels) for _ in range(most)]), number, exact=False)


def _all_distinct(labels: list[int]) -> Iterator[tuple[int, ...]]:
    """Yield the distinct orders of sorted labels, in lexical order."""
    current = list(labels)
    while True:
        yield tuple(current)
        place = len(current) - 2
        while place >= 0 and current[place] >= current[place + 1]:
            place -= 1
        if place < 0:
            return
        other = len(current) - 1
        while current[other] <= current[place]:
            other -= 1
        current[place], current[other] = current[other], current[place]
        current[place + 1 :] = reversed(current[place + 1 :])
