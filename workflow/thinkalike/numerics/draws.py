"""Which stimuli a resample holds, and how often: of sentences, of lemmas, or of both at once.

Intervals are for what is drawn anew. Where stimuli belong to two kinds of groups that cross (a word stands in many
sentences, a sentence has many words), both are drawn independently, and a stimulus counts as often as its sentence
times its lemma was drawn: the pigeonhole bootstrap (Owen, Annals of Applied Statistics 1, 2007). It is right for what
varies between sentences and what varies between lemmas, and cautious (up to three times the variance) for what belongs
to single stimuli.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Over = Literal["sentences", "lemmas", "both"]


def drawn_counts(factors: Sequence[NDArray[np.int64]], rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw the groups of every factor with replacement, and return how often each stimulus is in the resample.

    Parameters
    ----------
    factors
        One array for each kind of group that is drawn (its sentences, or its sentences and its lemmas): the group of
        every stimulus, 0 to n_groups - 1, shape (n_stimuli,).
    rng
        The generator of the draw.

    Returns
    -------
    ndarray
        Shape (n_stimuli,), float64: whole numbers, the product over the factors.
    """
    counts = np.ones(len(factors[0]))
    for groups in factors:
        n_groups = int(groups.max()) + 1
        counts *= rng.multinomial(n_groups, np.full(n_groups, 1 / n_groups))[groups]
    return counts
