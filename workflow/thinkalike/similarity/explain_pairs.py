"""What the figures of single pairs of layers draw, as tables, so that they can be redrawn without the vectors."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from thinkalike.figures.extreme_pairs import Pair, extreme_pairs
from thinkalike.figures.word_map import word_map
from thinkalike.representations.storage import layer_path, read_representation
from thinkalike.similarity import decompose_weighted_kendall


def explain_pairs(
    importance: pd.DataFrame,
    similarity: pd.DataFrame,
    models: pd.DataFrame,
    folders: Mapping[str, str | Path],
    *,
    measure: str,
    seed: int,
) -> dict[str, pd.DataFrame]:
    """Choose the most and the least similar pair of layers of two families, and say what makes them so.

    Untrained controls are left out. Where a study has trained models of one family only, pairs within it are taken.

    Parameters
    ----------
    importance, similarity, models
        The study's tables.
    folders
        Folder of representations by model.
    measure
        The measure that "similar" refers to.
    seed
        Seed of the word maps.

    Returns
    -------
    dict
        `pairs`: `pair` (most, least), the two layers, the value, and per feature both importances and the feature's
        contribution to the weighted Kendall correlation, one row a feature; `words`: `pair, side` (a, b),
        `stimulus_id, x, y, stress`, the map of the words of each layer.
    """
    controls = set(models.loc[models["control"], "model"])
    trained = models.loc[~models["control"]] if len(controls) < models["model"].nunique() else models
    chosen = extreme_pairs(
        similarity,
        measure,
        between_models_only=trained["family"].nunique() > 1,
        exclude=set(models["model"]) - set(trained["model"]),
        families=dict(models[["model", "family"]].drop_duplicates().itertuples(index=False)),
    )
    features = [_features(name, pair, importance) for name, pair in chosen.items()]
    words = [
        _words(folders[model], layer, seed).assign(pair=name, side=side)
        for name, pair in chosen.items()
        for side, (model, layer) in zip("ab", pair, strict=True)
    ]
    values = similarity.loc[similarity["measure"] == measure]
    pairs = pd.concat(features, ignore_index=True).merge(_both_ways(values), on=_LAYERS, how="left", validate="m:1")
    columns = ["pair", *_LAYERS, "value", "feature", "importance_a", "importance_b", "contribution"]
    return {
        "pairs": pairs[columns],
        "words": pd.concat(words, ignore_index=True)[["pair", "side", "stimulus_id", "x", "y", "stress"]],
    }


_LAYERS = ["model_a", "layer_a", "model_b", "layer_b"]


def _features(name: str, pair: Pair, importance: pd.DataFrame) -> pd.DataFrame:
    profiles = {}
    for side, (model, layer) in zip("ab", pair, strict=True):
        rows = importance[(importance["model"] == model) & (importance["layer"] == layer)]
        profiles[side] = rows[rows["role"] == "feature"].set_index("feature")["importance"]
    contributions = decompose_weighted_kendall(profiles["a"], profiles["b"])
    table = pd.DataFrame(
        {"importance_a": profiles["a"], "importance_b": profiles["b"], "contribution": contributions},
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
