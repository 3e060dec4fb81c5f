"""The best score that a function of the features can reach: what the features leave unexplained in any form."""

import numpy as np

from thinkalike.mlem.ranks import RankTable


def ceiling(table: RankTable) -> float:
    """Return the held-out score of the saturated model: every pattern of differences its own value.

    Patterns are put in the order of their mean held-out rank; no other order of the patterns has a larger Spearman
    correlation. Where nearly every pair has a pattern of its own this is close to 1 and says nothing: look at the
    number of patterns beside it.
    """
    return table.spearman(table.rank_sums / np.maximum(table.counts, 1e-300))
