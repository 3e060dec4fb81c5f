"""What makes two layers alike? The weighted Kendall correlation as a sum over features."""

import numpy as np
import pandas as pd

from thinkalike.errors import InputError
from thinkalike.similarity.measures.profiles import WeightedKendall, weighted_kendall_parts


def decompose_weighted_kendall(profile_a: pd.Series, profile_b: pd.Series) -> pd.Series:
    """Split the weighted Kendall correlation of two profiles into one contribution per feature.

    The correlation is a sum over pairs of features; each pair's term is shared equally between its two features. A
    feature contributes much if it is important (its pairs weigh more) and takes the same place among the others in
    both profiles; it contributes negatively if the two layers disagree about its place.

    Parameters
    ----------
    profile_a, profile_b
        Importance by feature (the index), the same features in any order.

    Returns
    -------
    Series
        Contribution by feature, in the order of `profile_a`; its sum is `scipy.stats.weightedtau(a, b)` (additive
        hyperbolic weights, mean of both rankings).

    Raises
    ------
    InputError
        When the features differ, or a profile is constant or not finite.
    """
    if set(profile_a.index) != set(profile_b.index) or not profile_a.index.is_unique:
        raise InputError("The two profiles must hold the same features, each once; fit both layers with the same.")
    comparator = WeightedKendall()
    a, b = comparator.prepare(profile_a), comparator.prepare(profile_b[profile_a.index])
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        raise InputError("A profile whose features are all equally important has no order, so nothing to decompose.")
    return pd.Series(weighted_kendall_parts(a, b), index=profile_a.index, name="contribution")
