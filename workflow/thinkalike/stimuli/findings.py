"""The stimulus report in words: what a reader of the study has to know about its stimuli."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from thinkalike.features import ENTANGLED, INSEPARABLE, Feature

INFLATED = 10.0
RARE_PAIRS = 0.01
RARE_LEVEL = 5

_COLUMNS = ["feature_a", "feature_b", "problem", "value", "warning"]


def find_warnings(tables: Mapping[str, pd.DataFrame], features: Mapping[str, Feature]) -> pd.DataFrame:
    """Return one row per problem of a dataset, the worst kinds first.

    Parameters
    ----------
    tables
        The other tables of `stimulus_report`.
    features
        The declared features; controls are only checked for varying at all.
    """
    compared = [name for name, feature in features.items() if feature.role == "feature"]
    rows = [
        *_constant(tables["pairs"]),
        *_confounded(tables["difference_correlation"], compared),
        *_inflated(tables["variance_inflation"], compared),
        *_rare(tables["pairs"], tables["levels"], compared),
        *_duplicated(tables["duplicates"]),
    ]
    return pd.DataFrame(rows, columns=_COLUMNS).astype({"value": "float64"})


def _constant(pairs: pd.DataFrame) -> list[tuple]:
    return [
        (name, None, "constant", 0.0, f"{name} never varies in this set, so nothing can be said about it.")
        for name in pairs.loc[pairs["pairs_varying"] == 0, "feature"]
    ]


def _confounded(correlation: pd.DataFrame, compared: list[str]) -> list[tuple]:
    rows = []
    for a, b, value in zip(*(correlation[key] for key in ("feature_a", "feature_b", "correlation")), strict=True):
        if a not in compared or b not in compared or not abs(value) >= ENTANGLED:
            continue
        problem = "inseparable" if abs(value) >= INSEPARABLE else "entangled"
        finding = "cannot be told apart" if problem == "inseparable" else "are hard to tell apart"
        text = f"{a} and {b} {finding} in this set: their differences correlate at {value:.2f}."
        rows.append((a, b, problem, value, text))
    return sorted(rows, key=lambda row: -abs(row[3]))


def _inflated(inflation: pd.DataFrame, compared: list[str]) -> list[tuple]:
    rows = []
    for name, value in zip(inflation["feature"], inflation["variance_inflation"], strict=True):
        if name in compared and value > INFLATED:
            size = "infinite" if np.isinf(value) else f"{value:.0f}"
            text = f"{name} follows nearly from the other features together (variance inflation {size})."
            rows.append((name, None, "inflated", value, text))
    return rows


def _rare(pairs: pd.DataFrame, levels: pd.DataFrame, compared: list[str]) -> list[tuple]:
    rows = []
    for name, share in zip(pairs["feature"], pairs["share"], strict=True):
        if name in compared and 0 < share < RARE_PAIRS:
            text = f"{name} varies on only {share:.2%} of the pairs, too few to estimate its importance well."
            rows.append((name, None, "rare pairs", share, text))
    few = levels[levels["level"].notna() & (levels["stimuli"] < RARE_LEVEL)]
    for name in compared:
        rare = few[few["feature"] == name]
        if len(rare):
            named = ", ".join(f"'{level}' ({n})" for level, n in zip(rare["level"], rare["stimuli"], strict=True))
            text = f"{name} has levels that fewer than {RARE_LEVEL} stimuli share and some folds will lack: {named}."
            rows.append((name, None, "rare level", len(rare), text))
    return rows


def _duplicated(duplicates: pd.DataFrame) -> list[tuple]:
    return [
        (
            None,
            None,
            "duplicates",
            row["duplicates"],
            f"{row['duplicates']} of {row['stimuli']} stimuli have the same vector as another one in a "
            f"{row['model_type']} model; set deduplicate: true.",
        )
        for row in duplicates.to_dict("records")
        if row["duplicates"]
    ]
