"""What a set of stimuli can and cannot tell apart, as tidy tables and in words."""

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from thinkalike.features import Feature
from thinkalike.stimuli.derive import left_contexts
from thinkalike.stimuli.differences import correlation_of_moments, difference_moments, level_codes
from thinkalike.stimuli.findings import find_warnings

_MOST_COMBINED_LEVELS = 50
_RANGES = 10


def stimulus_report(
    stimuli: pd.DataFrame,
    features: Mapping[str, Feature],
    sentences: pd.DataFrame | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> dict[str, pd.DataFrame]:
    """Report on a dataset.

    Parameters
    ----------
    stimuli, features
        What `read_stimuli` returned.
    sentences
        From `read_sentences`; without it, duplicates are counted by the column `context_group` only.
    metadata
        Of the stimulus table: `counts` of what was read and left out, `notes` on how, and on levels that were found.

    Returns
    -------
    dict
        Tidy tables, `feature` columns in the declared order, `role` telling features from controls:

        * `levels`: `feature, role, level` (null: undefined), `stimuli, share`.
        * `combinations`: `feature_a, level_a, feature_b, level_b, stimuli`, zero for those that never occur (features
          with more than 50 levels are left out).
        * `pairs`: `feature, role, property_of` (its level, declared or found), `pairs_varying, pairs, share`, and
          `undefined`, the share of pairs on which the feature is undefined for one of the two; for a numeric feature
          also `mean_difference`.
        * `correlation`: `feature_a, role_a, feature_b, role_b, correlation, stimuli`, Pearson over the stimuli where
          both are defined. Numbers are themselves; levels are numbered in sorted order, so with more than two levels
          the sign and size depend on that order.
        * `difference_correlation`: the same of feature differences over all pairs, exact, whatever the order.
        * `variance_inflation`: `feature, role, variance_inflation` of each feature's differences given those of the
          other features and controls (1: independent; infinite: a sum of the others).
        * `cells`: a column per feature, and `stimuli`, for every combination that occurs (controls left out; a
          numeric feature with more than 50 values has ten ranges of equal width in their place).
        * `duplicates`: `model_type` (causal, bidirectional), `stimuli, distinct, duplicates, identical_pairs`.
        * `warnings`: `feature_a, feature_b` (null where one feature is concerned), `problem, value, warning` (a
          sentence).
        * `counts`: `what, number` of `metadata`.

    All numbers are exact at any size: nothing is sampled and no pair is formed.
    """
    metadata = metadata or {}
    means, products = difference_moments(stimuli, features)
    difference = correlation_of_moments(means, products)
    tables = {
        "levels": _levels(stimuli, features),
        "combinations": _combinations(stimuli, features),
        "pairs": _pairs(stimuli, features, means),
        "correlation": _tidy(_code_correlation(stimuli, features), features, _counts(stimuli, features)),
        "difference_correlation": _tidy(difference, features),
        "variance_inflation": _variance_inflation(difference, features),
        "cells": _cells(_binned(stimuli, features), features),
        "duplicates": _duplicates(stimuli, sentences),
    }
    words = None if stimuli["position"].isna().any() else stimuli["word"]
    can_split = "table" in metadata.get("source", {"table": None})
    tables["warnings"] = find_warnings(tables, features, words, metadata.get("notes", ()), marks_can_be_split=can_split)
    tables["counts"] = _count_table(metadata.get("counts", {}))
    return tables


def _count_table(counts: Mapping[str, Any], before: str = "") -> pd.DataFrame:
    """Return `what, number` of every number, nested names joined by dots."""
    rows: list[tuple[str, int]] = []
    for name, value in counts.items():
        if isinstance(value, Mapping):
            rows += _count_table(value, f"{before}{name}.").itertuples(index=False, name=None)
        elif isinstance(value, list):
            rows.append((f"{before}{name}", len(value)))
        else:
            rows.append((f"{before}{name}", int(value)))
    return pd.DataFrame(rows, columns=["what", "number"]).astype({"what": object, "number": "int64"})


def _binned(stimuli: pd.DataFrame, features: Mapping[str, Feature]) -> pd.DataFrame:
    """Return the stimuli with ranges of equal width in place of many numeric values: else every stimulus is a cell."""
    ranges = {
        name: pd.cut(stimuli[name], _RANGES).map(str, na_action="ignore").astype(object)
        for name, feature in features.items()
        if feature.kind == "numeric" and stimuli[name].nunique() > _MOST_COMBINED_LEVELS
    }
    return stimuli.assign(**ranges)


def _levels(stimuli: pd.DataFrame, features: Mapping[str, Feature]) -> pd.DataFrame:
    rows = []
    for name, feature in features.items():
        counts = stimuli[name].value_counts(dropna=False, sort=False).sort_index()
        texts = [
            None if undefined else str(level)
            for level, undefined in zip(counts.index, counts.index.isna(), strict=True)
        ]
        rows += [(name, feature.role, text, int(n), n / len(stimuli)) for text, n in zip(texts, counts, strict=True)]
    return pd.DataFrame(rows, columns=["feature", "role", "level", "stimuli", "share"])


def _combinations(stimuli: pd.DataFrame, features: Mapping[str, Feature]) -> pd.DataFrame:
    few = [name for name in features if stimuli[name].nunique() <= _MOST_COMBINED_LEVELS]
    rows = []
    for a, b in itertools.combinations(few, 2):
        first, second = (_texts(stimuli[name]) for name in (a, b))
        table = pd.crosstab(first, second)
        for level_a, level_b in itertools.product(table.index, table.columns):
            rows.append((a, level_a, b, level_b, int(table.loc[level_a, level_b])))
    return pd.DataFrame(rows, columns=["feature_a", "level_a", "feature_b", "level_b", "stimuli"])


def _texts(column: pd.Series) -> pd.Series:
    return column.astype(object).map(lambda value: "undefined" if pd.isna(value) else str(value))


def _pairs(stimuli: pd.DataFrame, features: Mapping[str, Feature], means: NDArray[np.float64]) -> pd.DataFrame:
    total = len(stimuli) * (len(stimuli) - 1) // 2
    rows = []
    for (name, feature), mean in zip(features.items(), means, strict=True):
        codes = level_codes(stimuli[name], feature)
        defined = codes[codes >= 0]
        counts = np.bincount(defined)
        varying = (len(defined) ** 2 - int((counts**2).sum())) // 2
        undefined = total - len(defined) * (len(defined) - 1) // 2
        share = max(total, 1)
        shares = (varying / share, undefined / share, mean)
        rows.append((name, feature.role, feature.level, varying, total, *shares))
    columns = ["feature", "role", "property_of", "pairs_varying", "pairs", "share", "undefined", "mean_difference"]
    return pd.DataFrame(rows, columns=columns)


def _code_correlation(stimuli: pd.DataFrame, features: Mapping[str, Feature]) -> NDArray[np.float64]:
    return _codes(stimuli, features).corr().to_numpy()


def _codes(stimuli: pd.DataFrame, features: Mapping[str, Feature]) -> pd.DataFrame:
    """Return each feature as numbers, undefined values as NaN."""
    columns = {}
    for name, feature in features.items():
        if pd.api.types.is_numeric_dtype(stimuli[name].dtype):
            columns[name] = stimuli[name].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
        else:
            codes = level_codes(stimuli[name], feature).astype(float)
            columns[name] = np.where(codes < 0, np.nan, codes)
    return pd.DataFrame(columns)


def _counts(stimuli: pd.DataFrame, features: Mapping[str, Feature]) -> NDArray[np.int64]:
    defined = stimuli[list(features)].notna().to_numpy(dtype=np.int64)
    return defined.T @ defined


def _tidy(
    matrix: NDArray[np.float64], features: Mapping[str, Feature], counts: NDArray[np.int64] | None = None
) -> pd.DataFrame:
    names = list(features)
    rows = [
        (names[i], features[names[i]].role, names[j], features[names[j]].role, matrix[i, j])
        for i, j in itertools.combinations(range(len(names)), 2)
    ]
    table = pd.DataFrame(rows, columns=["feature_a", "role_a", "feature_b", "role_b", "correlation"])
    if counts is not None:
        table["stimuli"] = [int(counts[i, j]) for i, j in itertools.combinations(range(len(names)), 2)]
    return table


def _variance_inflation(correlation: NDArray[np.float64], features: Mapping[str, Feature]) -> pd.DataFrame:
    varies = ~np.isnan(np.diag(correlation))
    inflation = np.full(len(features), np.nan)
    for index in np.flatnonzero(varies):
        others = np.flatnonzero(varies & (np.arange(len(features)) != index))
        if not len(others):
            inflation[index] = 1.0
            continue
        target = correlation[others, index]
        weights = np.linalg.lstsq(correlation[np.ix_(others, others)], target, rcond=1e-10)[0]
        left = 1.0 - float(weights @ target)
        inflation[index] = 1.0 / left if left > 1e-9 else np.inf
    rows = [(name, feature.role) for name, feature in features.items()]
    return pd.DataFrame(rows, columns=["feature", "role"]).assign(variance_inflation=inflation)


def _cells(stimuli: pd.DataFrame, features: Mapping[str, Feature]) -> pd.DataFrame:
    names = [name for name, feature in features.items() if feature.role == "feature"]
    if not names:
        return pd.DataFrame({"stimuli": [len(stimuli)]})
    return stimuli.groupby(names, dropna=False, sort=True).size().rename("stimuli").reset_index()


def _duplicates(stimuli: pd.DataFrame, sentences: pd.DataFrame | None) -> pd.DataFrame:
    """Count stimuli that a model cannot distinguish: the same word after the same words, or in the same sentence."""
    keys: dict[str, list] = {}
    if stimuli["position"].isna().all():  # whole prompts
        keys = dict.fromkeys(("causal", "bidirectional"), stimuli["word"].tolist())
    elif sentences is not None:
        codes = pd.factorize(pd.Series([tuple(words) for words in sentences["words"]], dtype=object))[0]
        whole = stimuli["sentence_id"].map(dict(zip(sentences["sentence_id"], codes, strict=True)))
        keys["causal"] = list(zip(left_contexts(stimuli, sentences), stimuli["word"], strict=True))
        keys["bidirectional"] = list(zip(whole, stimuli["position"], strict=True))
    elif "context_group" in stimuli:
        keys["causal"] = list(zip(stimuli["context_group"], stimuli["word"], strict=True))
    rows = []
    for model_type, found in keys.items():
        counts = pd.Series(found, dtype=object).value_counts().to_numpy()
        identical = int((counts * (counts - 1) // 2).sum())
        rows.append((model_type, len(found), len(counts), len(found) - len(counts), identical))
    return pd.DataFrame(rows, columns=["model_type", "stimuli", "distinct", "duplicates", "identical_pairs"])
