"""For every pair of models their most alike layers, and what makes these alike, in words."""

import pandas as pd

from thinkalike.similarity.explained.result import in_words
from thinkalike.tables import require

LAYERS = ["model_a", "layer_a", "model_b", "layer_b"]
_PARTS = (*LAYERS, "measure", "by", "part", "role", "value")


def pair_values(explained: pd.DataFrame, by: str = "values") -> pd.DataFrame:
    """Return the similarity of every pair of layers, the sum of its parts: columns as `LAYERS`, and `value`."""
    require(explained, _PARTS, "explained")
    # A sum's last bit depends on the order of its terms, and what is largest might on that.
    rows = explained[explained["by"] == by].sort_values([*LAYERS, "role", "part"], kind="stable")
    return rows.groupby(LAYERS, sort=True)["value"].sum(min_count=1).reset_index()


def most_alike_layers(explained: pd.DataFrame, by: str = "values") -> pd.DataFrame:
    """Return each pair of different models' pair of layers of the largest similarity; of equal ones the first by name.

    Parameters
    ----------
    explained
        The study's table `explained`.

    Returns
    -------
    DataFrame
        One row per pair of models: `model_a, layer_a, model_b, layer_b, value`.
    """
    values = pair_values(explained, by).dropna(subset="value")
    values = values[values["model_a"] != values["model_b"]]
    ordered = values.sort_values(["value", *LAYERS], ascending=[False, *[True] * 4], kind="stable")
    return ordered.drop_duplicates(["model_a", "model_b"]).sort_values(LAYERS).reset_index(drop=True)


def explained_sentences(explained: pd.DataFrame, most: int = 4) -> pd.DataFrame:
    """Return what makes each pair of models alike at their most alike layers, a sentence for each.

    Parameters
    ----------
    explained
        The study's table `explained`.
    most
        How many features a sentence names.

    Returns
    -------
    DataFrame
        `model_a, layer_a, model_b, layer_b, measure, by, value, sentence`, by values of the features; with intervals
        also `low` and `high` of the similarity, and `over`.
    """
    chosen = most_alike_layers(explained)
    rows = explained[explained["by"] == "values"].merge(chosen[LAYERS], on=LAYERS, how="inner")
    parts = dict(list(rows.groupby(LAYERS, sort=False)))
    measure = str(explained["measure"].iloc[0])
    keys = list(chosen[LAYERS].itertuples(index=False, name=None))
    sentences = [in_words(measure, value, parts[key], most) for key, value in zip(keys, chosen["value"], strict=True)]
    table = chosen.assign(measure=measure, by="values", sentence=sentences)
    columns = [*LAYERS, "measure", "by", "value", "sentence"]
    if "similarity_low" not in explained:
        return table[columns]
    first = [parts[key].iloc[0] for key in keys]
    table["low"], table["high"], table["over"] = (
        [row[name] for row in first] for name in ("similarity_low", "similarity_high", "over")
    )
    return table[[*columns[:-1], "low", "high", "over", "sentence"]]
