"""The most and the least similar pair of layers, explained in tables that outlive the vectors."""

from collections.abc import Collection, Mapping
from pathlib import Path

import pandas as pd

from thinkalike.errors import InputError
from thinkalike.representations.storage import layer_path, read_representation
from thinkalike.similarity.layer_pairs import (
    Layer,
    distinct_pairs,
    larger_is_more_similar,
    layer_matrix,
    models_of,
    select_measure,
)
from thinkalike.similarity.maps import word_map
from thinkalike.similarity.measures.profiles import decompose_weighted_kendall
from thinkalike.tables import first_coding

Pair = tuple[Layer, Layer]
_LAYERS = ["model_a", "layer_a", "model_b", "layer_b"]


def extreme_pairs(
    similarity: pd.DataFrame,
    measure: str = "weighted_kendall",
    *,
    groups: Mapping[str, str] | None = None,
    exclude: Collection[str] = (),
) -> dict[str, Pair]:
    """Return the pair of layers that is most alike and the one that is least.

    Parameters
    ----------
    similarity
        Tidy table `model_a, layer_a, model_b, layer_b, measure, value`.
    measure
        Which measure of the table; its direction is the registry's.
    groups
        Group by model: pairs within a group (two seeds of one entry of the study) are left out. By default every model
        is a group of its own; where all models are of one group, nothing is left out.
    exclude
        Models that are left out, such as untrained controls.

    Returns
    -------
    dict
        `most` and `least`, each ((model, layer), (model, layer)), the first model before the second by name. Of equal
        values the first by name is taken.

    Raises
    ------
    InputError
        When the table lacks the measure, or no pair is left.
    """
    rows = select_measure(similarity, measure)
    kept = [name for name in models_of(rows) if name not in set(exclude)]
    group_of = {name: (groups or {}).get(name, name) for name in kept}
    pairs = distinct_pairs(layer_matrix(rows, measure, kept))
    if len(set(group_of.values())) > 1:
        pairs = pairs[pairs["model_a"].map(group_of) != pairs["model_b"].map(group_of)]
    if pairs.empty:
        raise InputError(
            f"The similarity table has no value of {measure} for any pair of layers of the models to compare; add a "
            "model or a layer to the study."
        )
    pairs = pairs.sort_values(["value", *_LAYERS], kind="stable")
    low, high = pairs["value"].min(), pairs["value"].max()
    ends = (high, low) if larger_is_more_similar(measure) else (low, high)
    return {
        name: _pair(pairs[pairs["value"] == end].iloc[0]) for name, end in zip(("most", "least"), ends, strict=True)
    }


def _pair(row: pd.Series) -> Pair:
    return (str(row["model_a"]), str(row["layer_a"])), (str(row["model_b"]), str(row["layer_b"]))


def explain_pairs(
    importance: pd.DataFrame,
    similarity: pd.DataFrame,
    models: pd.DataFrame,
    folders: Mapping[str, str | Path],
    *,
    measure: str,
    seed: int,
) -> dict[str, pd.DataFrame]:
    """Choose the most and the least similar pair of layers of two models, and say what makes them so.

    Untrained controls are left out, and so are pairs within one entry of the study (a model with itself, or two of its
    seeds) where the study has two entries or more.

    Parameters
    ----------
    importance, similarity, models
        The study's tables; of `models` the columns `model, entry, control`.
    folders
        Folder of representations by model.
    measure
        The measure that "similar" refers to.
    seed
        Seed of the word maps.

    Returns
    -------
    dict
        `pairs`: `pair` (most, least), the two layers, the value, and per feature both importances with their standard
        deviations over folds (NaN where they are not known) and the feature's contribution to the weighted Kendall
        correlation (NaN where a profile is constant, so that there is none), one row per feature; `words`: `pair, side`
        (a, b), `stimulus_id, x, y, stress`, the map of the words of each layer.
    """
    controls = set(models.loc[models["control"], "model"])
    chosen = extreme_pairs(
        similarity,
        measure,
        groups=dict(zip(models["model"], models["entry"], strict=True)),
        exclude=controls if len(controls) < models["model"].nunique() else (),
    )
    features = [_features(name, pair, importance) for name, pair in chosen.items()]
    words = [
        _words(folders[model], layer, seed).assign(pair=name, side=side)
        for name, pair in chosen.items()
        for side, (model, layer) in zip("ab", pair, strict=True)
    ]
    values = similarity.loc[similarity["measure"] == measure]
    pairs = pd.concat(features, ignore_index=True).merge(_both_ways(values), on=_LAYERS, how="left", validate="m:1")
    columns = ["pair", *_LAYERS, "value", "feature", "importance_a", "importance_b"]
    columns += ["importance_sd_a", "importance_sd_b", "contribution"]
    return {
        "pairs": pairs[columns],
        "words": pd.concat(words, ignore_index=True)[["pair", "side", "stimulus_id", "x", "y", "stress"]],
    }


def _features(name: str, pair: Pair, importance: pd.DataFrame) -> pd.DataFrame:
    profiles, spreads = {}, {}
    importance = first_coding(importance)
    for side, (model, layer) in zip("ab", pair, strict=True):
        rows = importance[(importance["model"] == model) & (importance["layer"] == layer)]
        of_layer = rows[rows["role"] == "feature"].set_index("feature")
        profiles[side] = of_layer["importance"]
        spreads[side] = of_layer.get("importance_sd", float("nan"))
    constant = any(profile.nunique() < 2 for profile in profiles.values())  # no order, so nothing to decompose
    contributions = float("nan") if constant else decompose_weighted_kendall(profiles["a"], profiles["b"])
    table = pd.DataFrame(
        {
            **{f"importance_{side}": profiles[side] for side in "ab"},
            **{f"importance_sd_{side}": spreads[side] for side in "ab"},
            "contribution": contributions,
        },
        index=profiles["a"].index,
    )
    (model_a, layer_a), (model_b, layer_b) = pair
    table = table.assign(pair=name, model_a=model_a, layer_a=layer_a, model_b=model_b, layer_b=layer_b)
    return table.reset_index(names="feature")


def _words(folder: str | Path, layer: str, seed: int) -> pd.DataFrame:
    representation = read_representation(layer_path(folder, layer))
    coordinates = word_map(representation.vectors, list(representation.stimulus_ids), seed=seed)
    return coordinates.rename_axis("stimulus_id").reset_index()


def _both_ways(values: pd.DataFrame) -> pd.DataFrame:
    """Return the similarities with the two sides swapped as well."""
    names = {"model_a": "model_b", "layer_a": "layer_b", "model_b": "model_a", "layer_b": "layer_a"}
    both = pd.concat([values, values.rename(columns=names)])[[*_LAYERS, "value"]]
    return both.drop_duplicates(_LAYERS)
