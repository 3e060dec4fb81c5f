"""From tables of feature importance to the similarity of layers, and what each feature contributes to it."""

import warnings

import numpy as np
import pandas as pd

from thinkalike.errors import InputError
from thinkalike.layers import layer_order
from thinkalike.similarity.compare import convention_of, pair_table, tidy
from thinkalike.similarity.measures.measure import Measure, find_measure
from thinkalike.tables import first_coding

_OF_ORDER = ("weighted_kendall", "spearman_profiles")


def compare_profiles(
    importance_a: pd.DataFrame,
    importance_b: pd.DataFrame,
    *,
    measure: str = "weighted_kendall",
    model_a: str,
    model_b: str,
) -> pd.DataFrame:
    """Compare the feature-importance profiles of every layer of one model with every layer of another.

    Parameters
    ----------
    importance_a, importance_b
        One row per (layer, fold, feature), columns layer, fold, feature, role, importance. Controls are left out.
    measure
        A measure of profiles: weighted_kendall, spearman_profiles, cosine_profiles, euclidean_profiles. Of layers in
        which most features are within noise of 0, measures of order compare noise; a warning says how many these are.
    model_a, model_b
        Their names.

    Returns
    -------
    DataFrame
        model_a, layer_a, model_b, layer_b, measure, value, low, high. `value` compares the means over folds; `low` and
        `high` are the smallest and the largest of the values of the single folds (fold k with fold k) and of `value`:
        a range over folds, not a confidence interval, as folds share training data. All are nan where a mean profile
        has no order.
    """
    entry = find_measure(measure)
    if entry.compares != "profiles":
        raise InputError(f"Measure '{measure}' compares representations, not profiles of feature importance.")
    table_a, table_b = _matching_tables(importance_a, importance_b, model_a, model_b)
    layers = [list(dict.fromkeys(table.columns.get_level_values("layer"))) for table in (table_a, table_b)]
    frame = pair_table(layers[0], layers[1], model_a, model_b, measure)
    folds = [fold for fold in _folds(table_a) if fold in _folds(table_b)]
    frame["value"] = _all_pairs(_means(table_a), _means(table_b), layers, entry)
    single = [_all_pairs(_of_fold(table_a, fold), _of_fold(table_b, fold), layers, entry) for fold in folds]
    values = np.array([frame["value"].to_numpy(), *single])
    defined = ~np.isnan(values[0])
    frame["low"] = np.where(defined, np.fmin.reduce(values, axis=0), np.nan)
    frame["high"] = np.where(defined, np.fmax.reduce(values, axis=0), np.nan)
    frame.attrs.update(convention_of(entry, {}, "none"))
    noisy = layers_of_noise(table_a) + layers_of_noise(table_b)
    frame.attrs["layers_of_noise"] = noisy
    if noisy and measure in _OF_ORDER:
        warnings.warn(
            f"{model_a} and {model_b}: in {noisy} of {len(layers[0]) + len(layers[1])} layers most features are within "
            f"noise of 0 (two standard errors over folds), and {measure} ranks them all the same; resolved_kendall "
            "does not.",
            stacklevel=2,
        )
    return frame


def layers_of_noise(table: pd.DataFrame) -> int:
    """Return in how many layers of `layer_profiles` more than half of the features are within noise of 0.

    Noise is twice the standard error of the mean over folds, which is somewhat too small, as folds share training data.
    """
    grouped = table.T.groupby(level="layer", sort=False)
    within = grouped.mean().abs() <= 2 * grouped.std(ddof=1) / np.sqrt(grouped.size().to_numpy()[:, None])
    return int((within.sum(axis=1) > within.shape[1] / 2).sum())


def layer_profiles(importance: pd.DataFrame, model: str = "model") -> pd.DataFrame:
    """Return importance by feature (rows, in the table's order) and (layer, fold), layers in order; no controls."""
    missing = {"layer", "fold", "feature", "role", "importance"} - set(importance.columns)
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
    table = features.pivot(index="feature", columns=["layer", "fold"], values="importance")
    in_order = sorted(table.columns, key=lambda column: (layer_order(column[0]), column[1]))
    table = table.loc[list(dict.fromkeys(features["feature"])), in_order]
    if table.isna().any(axis=None):
        row, column = np.argwhere(table.isna().to_numpy())[0]
        layer, fold = table.columns[column]
        raise InputError(f"{model}: layer {layer}, fold {fold} lacks an importance of feature '{table.index[row]}'.")
    return table


def mean_profiles(
    importance_a: pd.DataFrame, importance_b: pd.DataFrame, model_a: str = "model_a", model_b: str = "model_b"
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return both models' mean profiles over folds: features (the same, in one order) by layer."""
    table_a, table_b = _matching_tables(importance_a, importance_b, model_a, model_b)
    return _means(table_a), _means(table_b)


def _matching_tables(
    importance_a: pd.DataFrame, importance_b: pd.DataFrame, model_a: str, model_b: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    table_a, table_b = layer_profiles(importance_a, model_a), layer_profiles(importance_b, model_b)
    _check_features(table_a, table_b, model_a, model_b)
    return table_a, table_b.loc[table_a.index]


def _check_features(table_a: pd.DataFrame, table_b: pd.DataFrame, model_a: str, model_b: str) -> None:
    different = sorted(set(table_a.index) ^ set(table_b.index))
    if different:
        raise InputError(
            f"Feature '{different[0]}' is in the profile of {model_a if different[0] in table_a.index else model_b} "
            f"alone; fit {model_a} and {model_b} with the same features."
        )


def _folds(table: pd.DataFrame) -> list[int]:
    return sorted(set(table.columns.get_level_values("fold")))


def _means(table: pd.DataFrame) -> pd.DataFrame:
    return table.T.groupby(level="layer", sort=False).mean().T


def _of_fold(table: pd.DataFrame, fold: int) -> pd.DataFrame:
    chosen = table.loc[:, table.columns.get_level_values("fold") == fold]
    return chosen.droplevel("fold", axis=1)


def _all_pairs(a: pd.DataFrame, b: pd.DataFrame, layers: list[list[str]], entry: Measure) -> np.ndarray:
    comparator = entry.with_options()
    values = [comparator.score(a[i].to_numpy(), b[j].to_numpy()) for i in layers[0] for j in layers[1]]
    return tidy(np.array(values), entry)
