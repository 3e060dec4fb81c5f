"""How far profiles, similarities and what is concluded from them depend on which features were chosen."""

from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import spearmanr

from thinkalike.numerics.ranks import settled
from thinkalike.similarity.measures.measure import Comparator, find_measure
from thinkalike.tables import require

_COLUMNS = ("model", "layer", "left_out", "feature", "importance", "score")


def feature_sensitivity(
    profiles: pd.DataFrame, models: pd.DataFrame, measure: str = "weighted_kendall"
) -> pd.DataFrame:
    """Return how far each set of left-out features moves profiles, similarities and conclusions.

    What is compared with the fit to all features are the kept ones alone, so that nothing differs merely because a
    feature is missing from a profile: a similarity *before* is that of the profiles of all features without the
    left-out ones, *after* that of the refitted profiles.

    Parameters
    ----------
    profiles
        One row per layer, set and kept feature, see `refit_feature_sets`: `model, layer, left_out, feature,
        importance, score`.
    models
        The study's table of models: `model, layer, entry, control`.
    measure
        A measure of profiles.

    Returns
    -------
    DataFrame
        One row per set: `left_out`; `score_lost` (mean over layers); `profile_similarity` and `profile_least` (mean and
        smallest over layers of the measure between a layer's profile before and after); `moved_most` and `moved_by`
        (the kept feature whose importance changes most on average, and that change); `same_first` (share of layers
        whose most important kept feature stays); `similarity_rank` (Spearman's correlation over pairs of layers of the
        similarity before and after), `similarity_change` (its mean absolute change); `most_alike` and
        `same_most_alike` (the most alike layers of different entries after, and whether they were so before).
    """
    require(profiles, _COLUMNS, "feature_set_profiles")
    require(models, ("model", "layer", "entry", "control"), "models")
    comparator = find_measure(measure).with_options()
    sign = 1.0 if find_measure(measure).larger_is_more_similar else -1.0
    whole = _wide(profiles[profiles["left_out"] == ""])
    scores = profiles.groupby(["left_out", "model", "layer"], sort=False)["score"].first()
    entries = dict(zip(models["model"], models["entry"], strict=True))
    controls = set(models.loc[models["control"].astype(bool), "model"])
    rows = []
    for left_out in dict.fromkeys(profiles["left_out"]):
        if left_out == "":
            continue
        after = _wide(profiles[profiles["left_out"] == left_out]).loc[whole.index]
        before = whole[after.columns]
        own = [_score(comparator, x, y) for x, y in zip(before.to_numpy(), after.to_numpy(), strict=True)]
        moved = (after - before).mean()
        name = str(moved.abs().idxmax())
        pairs = [_pair_values(comparator, table.to_numpy()) * sign for table in (before, after)]
        compared = np.isfinite(pairs[0]) & np.isfinite(pairs[1])
        most = [_most_alike(whole.index, values, entries, controls) for values in pairs]
        lost = scores.loc[""].mean() - scores.loc[left_out].mean()
        rows.append(
            {
                "left_out": left_out,
                "score_lost": float(lost),
                "profile_similarity": float(np.nanmean(own)) if np.isfinite(own).any() else float("nan"),
                "profile_least": float(np.nanmin(own)) if np.isfinite(own).any() else float("nan"),
                "moved_most": name,
                "moved_by": float(moved[name]),
                "same_first": float(np.mean(_first(before) == _first(after))),
                "similarity_rank": _rank_correlation(pairs[0][compared], pairs[1][compared]),
                "similarity_change": float(np.abs(pairs[1] - pairs[0])[compared].mean()) if compared.any() else np.nan,
                "most_alike": most[1],
                "same_most_alike": most[0] == most[1],
            }
        )
    return pd.DataFrame(rows)


def _wide(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the importance of one set, one row per layer and one column per feature, both in the table's order."""
    index = list(dict.fromkeys(zip(rows["model"], rows["layer"], strict=True)))
    wide = rows.pivot(index=["model", "layer"], columns="feature", values="importance")
    return wide.loc[index, list(dict.fromkeys(rows["feature"]))]


def _score(comparator: Comparator, x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Return the similarity of two profiles; NaN for one feature, of which there is no order."""
    return float(comparator.score(comparator.prepare(x), comparator.prepare(y))) if len(x) > 1 else float("nan")


def _pair_values(comparator: Comparator, profiles: NDArray[np.float64]) -> NDArray[np.float64]:
    if profiles.shape[1] < 2:
        return np.full(len(profiles) * (len(profiles) - 1) // 2, np.nan)
    prepared = [comparator.prepare(profile) for profile in profiles]
    return np.array([comparator.score(x, y) for x, y in combinations(prepared, 2)], dtype=np.float64)


def _first(profiles: pd.DataFrame) -> NDArray:
    values = settled(profiles.to_numpy(dtype=float))
    return np.array(profiles.columns)[values.argmax(axis=1)]


def _rank_correlation(before: NDArray[np.float64], after: NDArray[np.float64]) -> float:
    before, after = settled(before), settled(after)
    if len(before) < 3 or np.ptp(before) == 0 or np.ptp(after) == 0:
        return float("nan")
    return float(np.round(spearmanr(before, after).statistic, 12))


def _most_alike(index: pd.Index, values: NDArray[np.float64], entries: dict[str, str], controls: set[str]) -> str:
    """Return the most alike layers of different trained entries in words; of equal ones the first."""
    best, named = -np.inf, ""
    for (a, b), value in zip(combinations(index, 2), settled(values), strict=True):
        allowed = entries[a[0]] != entries[b[0]] and not {a[0], b[0]} & controls
        if allowed and value > best:
            best, named = float(value), f"{a[0]} {a[1]} and {b[0]} {b[1]}"
    return named
