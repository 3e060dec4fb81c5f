"""Model against model: how far apart are the paths that feature importance takes over the layers?"""

from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd

from thinkalike.errors import InputError
from thinkalike.similarity.compare_profiles import mean_profiles
from thinkalike.similarity.measures.measure import check_option, find_measure


def trajectory_distance(
    importance_a: pd.DataFrame,
    importance_b: pd.DataFrame,
    *,
    metric: str = "euclidean",
    step_pattern: Literal["symmetric1", "symmetric2", "asymmetric"] = "symmetric2",
    model_a: str = "model_a",
    model_b: str = "model_b",
) -> float:
    """Return the dynamic-time-warping distance of two models' importance profiles over layers.

    Parameters
    ----------
    importance_a, importance_b
        Importance tables as for `compare_profiles`, of any numbers of layers; layers go by number, `final` last.
    metric
        Distance of two layers' profiles: `euclidean`, or a measure of profiles whose 1 means identical
        (`weighted_kendall`, `spearman_profiles`, `cosine_profiles`), as 1 minus its value.
    step_pattern
        Of dtw-python; it says what the sum is normalised by (`symmetric2`: the numbers of layers of both together).
    model_a, model_b
        Their names, for messages.

    Returns
    -------
    float
        The normalised distance, 0 for the same path; average cost of a step. nan if a profile is constant and the
        metric undefined there.
    """
    check_option("metric", metric, ("euclidean", "weighted_kendall", "spearman_profiles", "cosine_profiles"))
    check_option("step_pattern", step_pattern, ("symmetric1", "symmetric2", "asymmetric"))
    a, b = mean_profiles(importance_a, importance_b, model_a, model_b)
    if metric == "euclidean":
        costs = np.linalg.norm(a.to_numpy().T[:, None] - b.to_numpy().T[None], axis=2)
    else:
        comparator = find_measure(metric).with_options()
        costs = np.array([[1 - comparator.score(a[i].to_numpy(), b[j].to_numpy()) for j in b] for i in a])
    if np.isnan(costs).any():
        return float("nan")
    return warping_distance(costs, step_pattern)


def trajectory_table(importance: pd.DataFrame, *, metric: str = "euclidean") -> pd.DataFrame:
    """Return the distance of every two models' trajectories.

    Parameters
    ----------
    importance
        Rows of all models: `model, layer, fold, feature, role, importance`.
    metric
        The argument of that name of `trajectory_distance`.

    Returns
    -------
    DataFrame
        One row per unordered pair of models: `model_a, model_b, metric, distance`.
    """
    models = {str(name): rows for name, rows in importance.groupby("model", sort=True)}
    rows = [
        (a, b, metric, trajectory_distance(models[a], models[b], metric=metric, model_a=a, model_b=b))
        for a, b in combinations(models, 2)
    ]
    return pd.DataFrame(rows, columns=["model_a", "model_b", "metric", "distance"])


def warping_distance(costs: np.ndarray, step_pattern: str = "symmetric2") -> float:
    """Return the cost of the cheapest path through a matrix of costs, layers of one model by layers of the other."""
    import dtw

    try:
        alignment = dtw.dtw(np.asarray(costs, dtype=float), step_pattern=step_pattern)
    except ValueError as error:
        raise InputError(
            f"No warping path fits {costs.shape[0]} against {costs.shape[1]} layers with the step pattern "
            f"'{step_pattern}' ({error}); use 'symmetric2'."
        ) from error
    # symmetric1 has no normalisation of its own: the path's length serves.
    normalised = alignment.normalizedDistance
    return float(alignment.distance / len(alignment.index1) if np.isnan(normalised) else normalised)
