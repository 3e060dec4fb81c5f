"""Profiles in resamples of the stimuli, and the intervals of what is computed from them.

Draw k of every layer is of the same stimuli, so a similarity, or the difference of two, has a value in each draw.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from thinkalike.catalogue import FEWEST_RESAMPLES
from thinkalike.errors import InputError
from thinkalike.layers import layer_order
from thinkalike.similarity.measures.measure import Comparator, Measure
from thinkalike.similarity.measures.resolved_kendall import ResolvedProfile, resolve, resolve_each
from thinkalike.tables import require

ProfileKind = Literal["importance", "weight"]
PROFILE_COLUMNS = {"importance": "importance", "weight": "relative_weight"}
"""Column of the tables `importance` and `resamples` that holds each kind of profile."""

Draws = npt.NDArray[np.float64]
_MOST_UNDEFINED = 0.05  # of draws without a value, beyond which there is no interval


@dataclass(frozen=True)
class LayerStates:
    """A layer as a measure compares it.

    Attributes
    ----------
    value
        On all stimuli.
    draws
        In each resample; None where a resample has no profile.
    is_resolved
        Whether a feature is told from more than half of the others.
    """

    value: Any
    draws: list[Any]
    is_resolved: bool


def layer_states(mean: Draws, draws: Draws, entry: Measure) -> LayerStates:
    """Return a layer as a measure compares it, given its profile and the same in resamples, (n_draws, n_features)."""
    resolved = _resolved(draws)
    if entry.compares == "resamples":
        return LayerStates(resolved, list(resolve_each(draws)), resolved.is_resolved)
    return LayerStates(mean, [row if np.isfinite(row).all() else None for row in draws], resolved.is_resolved)


def score_draws(comparator: Comparator, a: LayerStates, b: LayerStates) -> Draws:
    """Return the measure of two layers in every draw, shape (n_draws,), nan where one has no profile.

    Raises
    ------
    InputError
        When the layers have different numbers of draws, which are then not of the same stimuli.
    """
    if len(a.draws) != len(b.draws):
        raise InputError(
            f"The layers have {len(a.draws)} and {len(b.draws)} resamples, which are not of the same stimuli; compute "
            "both with the same settings."
        )
    scores = np.full(len(a.draws), np.nan)
    pairs = zip(a.draws, b.draws, strict=True)
    defined = [place for place, (x, y) in enumerate(pairs) if x is not None and y is not None]
    if defined:
        scores[defined] = comparator.score_each([a.draws[k] for k in defined], [b.draws[k] for k in defined])
    return scores


def _resolved(draws: Draws) -> ResolvedProfile:
    """Return the order that the draws agree on: none where there are too few."""
    defined = draws[np.isfinite(draws).all(axis=1)]
    if len(defined) < FEWEST_RESAMPLES:
        n_features = draws.shape[1]
        return ResolvedProfile(np.zeros(n_features), np.zeros((n_features, n_features)))
    return resolve(defined)


def profile_column(profile: str) -> str:
    """Return the column of a kind of profile."""
    if profile not in PROFILE_COLUMNS:
        raise InputError(f"profile is '{profile}' but must be one of {', '.join(PROFILE_COLUMNS)}.")
    return PROFILE_COLUMNS[profile]


def drawn_profiles(
    resamples: pd.DataFrame,
    features: list[str],
    *,
    kind: Literal["resample", "half"] = "resample",
    profile: ProfileKind = "importance",
    model: str = "model",
) -> dict[str, Draws]:
    """Return the profiles of one model's layers in all draws, layers in order.

    Parameters
    ----------
    resamples
        The model's rows of the table `resamples`: one row per layer, draw and feature.
    features
        The features of the profiles, in their order; controls are left out by not naming them.
    kind
        Resamples, or halves of the stimuli (2k and 2k + 1 are of the same halving).
    profile
        Which profile: importance, or weight in units of the mean distance.
    model
        Its name, for messages.

    Returns
    -------
    dict
        Layer to array of shape (n_draws, n_features).
    """
    column = profile_column(profile)
    require(resamples, ("layer", "kind", "draw", "feature", column), f"resamples of {model}")
    rows = resamples[(resamples["kind"] == kind) & resamples["feature"].isin(features)]
    if rows.duplicated(["layer", "draw", "feature"]).any():
        raise InputError(f"{model}: the table of resamples has a layer, draw and feature twice; give one model's.")
    table = rows.assign(layer=rows["layer"].astype(str)).pivot(
        index=["layer", "draw"], columns="feature", values=column
    )
    missing = [name for name in features if name not in table.columns]
    if missing and len(rows):
        raise InputError(f"{model}: the table of resamples lacks feature '{missing[0]}'; run the mlem stage again.")
    labels = sorted(map(str, resamples["layer"].unique()), key=layer_order)
    if rows.empty:
        return {layer: np.zeros((0, len(features))) for layer in labels}
    return {layer: table.loc[layer].sort_index()[features].to_numpy(dtype=np.float64) for layer in labels}


def interval_of_draws(
    values: npt.ArrayLike,
    draws: Draws,
    bounds: tuple[float, float],
    confidence: float = 0.95,
    *,
    of_order: bool = False,
) -> tuple[Draws, Draws]:
    """Return the ends of intervals, centred on the values.

    Parameters
    ----------
    values
        Shape (n,), computed from all stimuli.
    draws
        Shape (n_draws, n), the same in resamples. What a statistic owes to the noise of resampling alone (a resampled
        correlation is lower, a resampled distance larger) is taken out with the draws' mean.
    bounds
        Smallest and largest value there can be; the intervals are clipped to them.
    confidence
        Share of intervals that are to contain what is estimated: the mean over new stimuli of the same number.
    of_order
        Whether the values compare orders. Such a value jumps between a few numbers and mostly is the largest of them,
        so that draws reach far down and hardly up, and a value that happens to be low needs to reach up: its interval
        reaches as far to both sides, by Student's t times the draws' standard deviation. Others are quantiles.

    Returns
    -------
    low, high
        nan where the value or more than a twentieth of its draws is undefined, or there are no draws.
    """
    values = np.asarray(values, dtype=np.float64)
    undefined = np.isnan(values)
    if len(draws):
        undefined |= np.isnan(draws).mean(axis=0) > _MOST_UNDEFINED
    low, high = np.full(values.shape, np.nan), np.full(values.shape, np.nan)
    kept = np.flatnonzero(~undefined)
    if len(draws) and len(kept):
        own = draws[:, kept]
        if of_order:
            ends = np.outer([-1, 1], _reach(own, confidence))
        else:
            tails = [(1 - confidence) / 2, (1 + confidence) / 2]
            ends = np.nanquantile(own - np.nanmean(own, axis=0), tails, axis=0)
        low[kept], high[kept] = np.clip(values[kept] + ends, *bounds)
    return low, high


def _reach(draws: Draws, confidence: float) -> Draws:
    """Return how far intervals reach from the values, given draws, shape (n_draws, n)."""
    from scipy.stats import t

    freedom = np.maximum(np.isfinite(draws).sum(axis=0) - 1, 1)
    result: Draws = t.ppf((1 + confidence) / 2, freedom) * np.nanstd(draws, axis=0, ddof=1)
    return result


def claim_of(*tables: pd.DataFrame) -> str:
    """Return what was drawn (`over` of the tables), which all must share."""
    claims = list(dict.fromkeys(str(claim) for table in tables for claim in table.get("over", pd.Series(dtype=str))))
    if len(claims) > 1:
        raise InputError(
            f"The profiles were resampled over {' and '.join(claims)}; intervals take profiles of the same draws: run "
            "the mlem stage again."
        )
    return claims[0] if claims else "sentences"


def paired_difference(value: float, draws: npt.ArrayLike, confidence: float = 0.95) -> tuple[float, float, float]:
    """Return interval and p-value of a difference whose resamples are given.

    Parameters
    ----------
    value
        The difference on all stimuli.
    draws
        Shape (n_draws,), the difference in resamples; both of its sides are of the same stimuli in each.
    confidence
        Of the interval.

    Returns
    -------
    low, high, p
        From the standard deviation of the draws and Student's t with n_draws - 1 degrees of freedom, two-sided: far
        fewer draws tell a standard deviation than tell a small p. Where no draw differs from another, p is
        1 / (1 + n_draws) for a difference, and 1 for none. nan where the value or one of twenty draws is undefined.
    """
    from scipy.stats import t

    draws = np.asarray(draws, dtype=np.float64)
    defined = draws[np.isfinite(draws)]
    if not np.isfinite(value) or len(defined) < 3 or len(defined) < 0.95 * len(draws):
        return float("nan"), float("nan"), float("nan")
    sd, freedom = float(defined.std(ddof=1)), len(defined) - 1
    if sd <= 1e-12:
        return value, value, 1 / (1 + len(defined)) if abs(value) > 1e-12 else 1.0
    reach = sd * float(t.ppf((1 + confidence) / 2, freedom))
    return value - reach, value + reach, float(2 * t.sf(abs(value) / sd, freedom))
