"""From tables of feature importance to the similarity of layers, and what each feature contributes to it."""

import warnings

import numpy as np
import pandas as pd

from thinkalike.errors import InputError
from thinkalike.layers import layer_order
from thinkalike.numerics.draws import interval_of_draws
from thinkalike.similarity.drawn_profiles import (
    LayerStates,
    ProfileKind,
    claim_of,
    drawn_profiles,
    layer_states,
    profile_column,
    score_draws,
)
from thinkalike.similarity.measures.measure import Measure, find_measure
from thinkalike.similarity.preparation import convention_of, pair_table, tidy
from thinkalike.tables import first_coding

_OF_ORDER = ("weighted_kendall", "spearman_profiles")
_OF_PROFILES = ("profiles", "resamples")


def compare_profiles(
    importance_a: pd.DataFrame,
    importance_b: pd.DataFrame,
    resamples_a: pd.DataFrame | None = None,
    resamples_b: pd.DataFrame | None = None,
    *,
    measure: str = "weighted_kendall",
    profile: ProfileKind = "importance",
    model_a: str,
    model_b: str,
) -> pd.DataFrame:
    """Compare the profiles of every layer of one model with those of every layer of another.

    Parameters
    ----------
    importance_a, importance_b
        One row per (layer, fold, feature), columns layer, fold, feature, role, importance. Controls are left out.
    resamples_a, resamples_b
        The same in resamples of the stimuli: one row per (layer, draw, feature), see `CrossValidation.profile_draws`.
        Without them there are no intervals, nothing is said about what is resolved, and `resolved_kendall` cannot be
        computed.
    measure
        A measure of profiles: weighted_kendall, resolved_kendall, spearman_profiles, cosine_profiles,
        euclidean_profiles. Of layers in which most features are within noise of 0, measures of order compare noise; a
        warning says how many these are.
    profile
        Importance, or weight: what a difference adds to the distance, in units of the mean distance.
    model_a, model_b
        Their names.

    Returns
    -------
    DataFrame
        model_a, layer_a, model_b, layer_b, measure, value. `value` compares the means over folds, and is nan where one
        of them has no order. With resamples also `low` and `high`, a 95 % interval for the mean over new stimuli;
        `resolved`, whether in both layers a feature is told from more than half of the others; and `over`, what was
        resampled.
    """
    entry = find_measure(measure)
    if entry.compares not in _OF_PROFILES:
        raise InputError(f"Measure '{measure}' compares representations, not profiles of feature importance.")
    table_a, table_b = _matching_tables(importance_a, importance_b, model_a, model_b, profile)
    means = [_means(table_a), _means(table_b)]
    frame = pair_table(list(map(str, means[0])), list(map(str, means[1])), model_a, model_b, measure)
    frame.attrs.update({**convention_of(entry, {}, "none"), "profile": profile})
    comparator = entry.with_options()
    if resamples_a is None or resamples_b is None:
        if entry.compares == "resamples":
            raise InputError(f"Measure '{measure}' compares resampled profiles; set mlem.resamples, to 40 say.")
        a, b = ([table[layer].to_numpy() for layer in table] for table in means)
        frame["value"] = tidy(np.array([comparator.score(x, y) for x in a for y in b]), entry)
    else:
        states_a, states_b = (
            _states(table, rows, entry, profile, name)
            for table, rows, name in zip(means, (resamples_a, resamples_b), (model_a, model_b), strict=True)
        )
        pairs = [(x, y) for x in states_a for y in states_b]
        values = np.array([comparator.score(x.value, y.value) for x, y in pairs])
        draws = np.array([score_draws(comparator, x, y) for x, y in pairs]).T
        frame["value"] = tidy(values, entry)
        ends = interval_of_draws(values, draws, entry.range, of_order=measure in (*_OF_ORDER, "resolved_kendall"))
        frame["low"], frame["high"] = (tidy(end, entry) for end in ends)
        frame["resolved"] = [x.is_resolved and y.is_resolved for x, y in pairs]
        frame["over"] = claim_of(resamples_a, resamples_b)
    _warn_of_noise(frame, table_a, table_b, measure, (model_a, model_b))
    return frame


def _warn_of_noise(
    frame: pd.DataFrame, table_a: pd.DataFrame, table_b: pd.DataFrame, measure: str, models: tuple[str, str]
) -> None:
    noisy = layers_of_noise(table_a) + layers_of_noise(table_b)
    frame.attrs["layers_of_noise"] = noisy
    if noisy and measure in _OF_ORDER:
        total = sum(table.columns.get_level_values("layer").nunique() for table in (table_a, table_b))
        warnings.warn(
            f"{models[0]} and {models[1]}: in {noisy} of {total} layers most features are within noise of 0 (two "
            f"standard errors over folds), and {measure} ranks them all the same; resolved_kendall does not.",
            stacklevel=3,
        )


def _states(
    means: pd.DataFrame, resamples: pd.DataFrame, entry: Measure, profile: ProfileKind, model: str
) -> list[LayerStates]:
    drawn = drawn_profiles(resamples, list(means.index), profile=profile, model=model)
    missing = [layer for layer in means if layer not in drawn]
    if missing:
        raise InputError(f"{model}: the table of resamples lacks layer {missing[0]}; run the mlem stage again.")
    return [layer_states(means[layer].to_numpy(), drawn[str(layer)], entry) for layer in means]


def layers_of_noise(table: pd.DataFrame) -> int:
    """Return in how many layers of `layer_profiles` more than half of the features are within noise of 0.

    Noise is twice the standard error of the mean over folds, which is somewhat too small, as folds share training data.
    """
    grouped = table.T.groupby(level="layer", sort=False)
    within = grouped.mean().abs() <= 2 * grouped.std(ddof=1) / np.sqrt(grouped.size().to_numpy()[:, None])
    return int((within.sum(axis=1) > within.shape[1] / 2).sum())


def layer_profiles(importance: pd.DataFrame, model: str = "model", profile: ProfileKind = "importance") -> pd.DataFrame:
    """Return profiles by feature (rows, in the table's order) and (layer, fold), layers in order; no controls."""
    column = profile_column(profile)
    missing = {"layer", "fold", "feature", "role", column} - set(importance.columns)
    if missing:
        raise InputError(f"{model}: the importance table has no column '{min(missing)}'; write it with the mlem stage.")
    importance = first_coding(importance)
    features = importance[importance["role"] == "feature"].assign(layer=lambda rows: rows["layer"].astype(str))
    if features.duplicated(["layer", "fold", "feature"]).any():
        row = features[features.duplicated(["layer", "fold", "feature"])].iloc[0]
        raise InputError(
            f"{model}: the importance table has more than one row for layer {row['layer']}, fold {row['fold']}, "
            f"feature '{row['feature']}'; give one model's table."
        )
    table = features.pivot(index="feature", columns=["layer", "fold"], values=column)
    in_order = sorted(table.columns, key=lambda column: (layer_order(column[0]), column[1]))
    table = table.loc[list(dict.fromkeys(features["feature"])), in_order]
    if table.isna().any(axis=None):
        row, column = np.argwhere(table.isna().to_numpy())[0]
        layer, fold = table.columns[column]
        raise InputError(f"{model}: layer {layer}, fold {fold} lacks an importance of feature '{table.index[row]}'.")
    return table


def mean_profiles(
    importance_a: pd.DataFrame,
    importance_b: pd.DataFrame,
    model_a: str = "model_a",
    model_b: str = "model_b",
    profile: ProfileKind = "importance",
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return both models' mean profiles over folds: features (the same, in one order) by layer."""
    table_a, table_b = _matching_tables(importance_a, importance_b, model_a, model_b, profile)
    return _means(table_a), _means(table_b)


def _matching_tables(
    importance_a: pd.DataFrame, importance_b: pd.DataFrame, model_a: str, model_b: str, profile: ProfileKind
) -> tuple[pd.DataFrame, pd.DataFrame]:
    table_a, table_b = layer_profiles(importance_a, model_a, profile), layer_profiles(importance_b, model_b, profile)
    _check_features(table_a, table_b, model_a, model_b)
    return table_a, table_b.loc[table_a.index]


def _check_features(table_a: pd.DataFrame, table_b: pd.DataFrame, model_a: str, model_b: str) -> None:
    different = sorted(set(table_a.index) ^ set(table_b.index))
    if different:
        raise InputError(
            f"Feature '{different[0]}' is in the profile of {model_a if different[0] in table_a.index else model_b} "
            f"alone; fit {model_a} and {model_b} with the same features."
        )


def _means(table: pd.DataFrame) -> pd.DataFrame:
    return table.T.groupby(level="layer", sort=False).mean().T
