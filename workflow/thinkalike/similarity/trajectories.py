"""Model against model: how far apart are the paths that feature importance takes over the layers?"""

from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd

from thinkalike.errors import InputError
from thinkalike.numerics.draws import interval_of_draws
from thinkalike.similarity.compare_profiles import mean_profiles
from thinkalike.similarity.drawn_profiles import Draws, ProfileKind, claim_of
from thinkalike.similarity.measures.measure import check_option, find_measure
from thinkalike.similarity.preparation import DECIMALS
from thinkalike.similarity.study_profiles import StudyProfiles, study_profiles


def trajectory_distance(
    importance_a: pd.DataFrame,
    importance_b: pd.DataFrame,
    *,
    metric: str = "euclidean",
    step_pattern: Literal["symmetric1", "symmetric2", "asymmetric"] = "symmetric2",
    profile: ProfileKind = "importance",
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
    profile
        As in `compare_profiles`.
    model_a, model_b
        Their names, for messages.

    Returns
    -------
    float
        The normalised distance, 0 for the same path; average cost of a step. nan if a profile is constant and the
        metric undefined there.
    """
    _check(metric, step_pattern)
    a, b = mean_profiles(importance_a, importance_b, model_a, model_b, profile)
    return _distance(a.to_numpy().T, b.to_numpy().T, metric, step_pattern)


def drawn_trajectory_distance(
    profiles: StudyProfiles, model_a: str, model_b: str, metric: str = "euclidean"
) -> tuple[float, Draws]:
    """Return the distance of two models' trajectories, and the same in every resample, shape (n_draws,)."""
    a, b = profiles.of_model(model_a), profiles.of_model(model_b)
    means_a, means_b = (np.array([profiles.means[layer] for layer in layers]) for layers in (a, b))
    drawn = [np.array([profiles.draws[layer] for layer in layers]) for layers in (a, b)]
    if drawn[0].shape[1] != drawn[1].shape[1]:
        raise InputError(
            f"{model_a} and {model_b} have {drawn[0].shape[1]} and {drawn[1].shape[1]} resamples, which are not of the "
            "same stimuli; compute both with the same settings."
        )
    draws = [_distance(drawn[0][:, k], drawn[1][:, k], metric) for k in range(drawn[0].shape[1])]
    return _distance(means_a, means_b, metric), np.array(draws, dtype=np.float64)


def trajectory_table(
    importance: pd.DataFrame,
    resamples: pd.DataFrame | None = None,
    *,
    metric: str = "euclidean",
    profile: ProfileKind = "importance",
) -> pd.DataFrame:
    """Return the distance of every two models' trajectories.

    Parameters
    ----------
    importance
        Rows of all models: `model, layer, fold, feature, role, importance`.
    resamples
        Rows of all models, see `CrossValidation.profile_draws`; None for no intervals.
    metric, profile
        The arguments of these names of `trajectory_distance`.

    Returns
    -------
    DataFrame
        One row per unordered pair of models: `model_a, model_b, metric, distance`; with resamples also `low, high`, a
        95 % interval for the mean over new stimuli, and `over`, what was resampled.
    """
    models = {str(name): rows for name, rows in importance.groupby("model", sort=True)}
    pairs = list(combinations(models, 2))
    rows = [
        (a, b, metric, trajectory_distance(models[a], models[b], metric=metric, profile=profile, model_a=a, model_b=b))
        for a, b in pairs
    ]
    table = pd.DataFrame(rows, columns=["model_a", "model_b", "metric", "distance"])
    if resamples is None or not pairs:
        return table
    profiles = study_profiles(importance, resamples, profile)
    draws = np.array([drawn_trajectory_distance(profiles, a, b, metric)[1] for a, b in pairs]).T
    low, high = interval_of_draws(table["distance"], draws, (0.0, float("inf")))
    return table.assign(low=np.round(low, DECIMALS), high=np.round(high, DECIMALS), over=claim_of(resamples))


def _check(metric: str, step_pattern: str) -> None:
    check_option("metric", metric, ("euclidean", "weighted_kendall", "spearman_profiles", "cosine_profiles"))
    check_option("step_pattern", step_pattern, ("symmetric1", "symmetric2", "asymmetric"))


def _distance(a: np.ndarray, b: np.ndarray, metric: str, step_pattern: str = "symmetric2") -> float:
    """Return the distance of two trajectories, profiles in rows."""
    if np.isnan(a).any() or np.isnan(b).any():
        return float("nan")
    if metric == "euclidean":
        costs = np.linalg.norm(a[:, None] - b[None], axis=2)
    else:
        comparator = find_measure(metric).with_options()
        costs = np.array([[1 - comparator.score(x, y) for y in b] for x in a])
    return float("nan") if np.isnan(costs).any() else warping_distance(costs, step_pattern)


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
