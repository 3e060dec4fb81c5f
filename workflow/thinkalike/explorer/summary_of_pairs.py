"""Sentences on how alike the layers of a study's models are, and on what that is made of."""

from collections.abc import Callable, Mapping

import pandas as pd

from thinkalike.explorer.sentence_parts import enumerated, number, share
from thinkalike.figures.parts.layer_axis import readable_layer
from thinkalike.figures.parts.measure_labels import short_label
from thinkalike.figures.parts.model_styles import ModelStyle, model_styles
from thinkalike.similarity.explained.most_alike import LAYERS, pair_values
from thinkalike.similarity.explained.result import in_words
from thinkalike.similarity.layer_pairs import layer_matrix
from thinkalike.similarity.measures.measure import find_measure

Styles = Mapping[str, ModelStyle]


def most_alike(explained: pd.DataFrame, models: pd.DataFrame) -> str | None:
    """Name the most alike layers of trained models of different families, and what their likeness is made of."""
    styles = model_styles(models, models)
    of = "different families"
    values = _between(pair_values(explained), styles, lambda a, b: a.family != b.family)
    if values.empty:
        of = "different entries"
        values = _between(pair_values(explained), styles, lambda a, b: a.entry != b.entry)
    values = values.dropna(subset="value")
    if values.empty:
        return None
    # Of equal values the first by name.
    best = values.sort_values(["value", *LAYERS], ascending=[False, *[True] * 4], kind="stable").iloc[0]
    rows = explained[explained["by"] == "values"]
    for column in LAYERS:
        rows = rows[rows[column].astype(str) == str(best[column])]
    names = [f"{styles[best[f'model_{s}']].label}, layer {readable_layer(str(best[f'layer_{s}']))}" for s in "ab"]
    words = in_words(str(explained["measure"].iloc[0]), float(best["value"]), rows, 3)
    return (
        f"Of the {len(values):,} pairs of layers of trained models of {of} the most alike are {names[0]} and "
        f"{names[1]}: {words}"
    )


def share_explained(explained: pd.DataFrame, models: pd.DataFrame) -> str | None:
    """Say how much of the mean similarity of trained models of different entries the features carry."""
    styles = model_styles(models, models)
    rows = _between(explained[explained["by"] == "values"], styles, lambda a, b: a.entry != b.entry)
    count = len(rows[LAYERS].drop_duplicates())
    if not count:
        return None
    means = rows.groupby(["role", "part"])["value"].sum() / count
    total = float(means.sum())
    by_role = means.groupby(level="role").sum()
    features = means["feature"] if "feature" in by_role else pd.Series(dtype=float)
    largest = sorted(features.index, key=lambda name: (-round(features[name], 12), name))[:2]
    named = enumerated([f"{name.replace('_', ' ')} {number(features[name])}" for name in largest])
    single = float(by_role.reindex(["feature", "control"]).sum())
    rest = float(by_role.get("unexplained", 0.0))
    measure = short_label(str(explained["measure"].iloc[0]))
    return (
        f"Over {count:,} pairs of layers of trained models of different entries the mean {measure} is {number(total)}: "
        f"single features and controls carry {number(single)} ({share(single / total)}; {named}), how they combine "
        f"{number(by_role.get('form', 0.0))}, single values of the controls {number(by_role.get('lexical', 0.0))}, and "
        f"nothing in the table of features {number(rest)} ({share(rest / total)})."
    )


def trained_and_untrained(similarity: pd.DataFrame, measure: str, models: pd.DataFrame) -> str | None:
    """Compare seeds, families, and trained models with their controls: layers of the same label, like for like."""
    styles = model_styles(models, models)
    matrix = layer_matrix(similarity, measure, [name for name in styles if name in _models_of(similarity)])
    kinds: dict[str, Callable[[ModelStyle, ModelStyle], bool]] = {
        "of two seeds of one model": lambda a, b: a.entry == b.entry and not a.control and not b.control,
        "of two families": lambda a, b: a.family != b.family and not a.control and not b.control,
        "of a trained model and its untrained control": lambda a, b: a.family == b.family and a.control != b.control,
    }
    owners, layers = (matrix.index.get_level_values(level) for level in ("model", "layer"))
    values = matrix.to_numpy()
    found: dict[str, list[float]] = {kind: [] for kind in kinds}
    for i in range(len(matrix)):
        for j in range(i + 1, len(matrix)):
            if layers[i] != layers[j] or owners[i] == owners[j]:
                continue
            for kind, test in kinds.items():
                if test(styles[owners[i]], styles[owners[j]]):
                    found[kind].append((values[i, j] + values[j, i]) / 2)
    means = {kind: pd.Series(numbers).mean() for kind, numbers in found.items() if numbers}
    if len(means) < 2:
        return None
    listed = enumerated([f"{number(mean)} {kind}" for kind, mean in means.items()])
    return (
        f"Layers of the same label have a mean {short_label(measure)} of {listed}; two seeds are a reference, no upper "
        "limit."
    )


def measures_agree(agreement: pd.DataFrame) -> str | None:
    """Say how far the first measure by features and the first without agree on which layers are alike."""
    by_features = [agreement[f"measure_{side}"].map(_compares_features) for side in "ab"]
    rows = agreement[by_features[0] != by_features[1]]
    if rows.empty or pd.isna(rows["spearman"].iloc[0]):
        return None
    row = rows.iloc[0]
    names = [str(row[f"measure_{side}"]) for side in "ab"]
    names = [short_label(name) for name in sorted(names, key=_compares_features, reverse=True)]
    return (
        f"{names[0]} (by features) and {names[1]} (without) rank {int(row['n_pairs']):,} pairs of layers with a "
        f"Spearman correlation of {number(row['spearman'])}."
    )


def _compares_features(measure: str) -> bool:
    return find_measure(measure).compares in ("profiles", "resamples")


def _models_of(similarity: pd.DataFrame) -> set[str]:
    return {*similarity["model_a"].astype(str), *similarity["model_b"].astype(str)}


def _between(table: pd.DataFrame, styles: Styles, test: Callable[[ModelStyle, ModelStyle], bool]) -> pd.DataFrame:
    """Return the rows of pairs of different trained models for which `test` holds."""
    models = table[["model_a", "model_b"]].drop_duplicates()
    kept = {
        (a, b)
        for a, b in models.itertuples(index=False)
        if a != b and not styles[a].control and not styles[b].control and test(styles[a], styles[b])
    }
    return table[[pair in kept for pair in zip(table["model_a"], table["model_b"], strict=True)]]
