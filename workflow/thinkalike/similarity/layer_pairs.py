"""Layer pairs as a matrix, and as a list without repetition."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from thinkalike.errors import InputError
from thinkalike.layers import layer_order
from thinkalike.similarity.measures.measure import MEASURES
from thinkalike.tables import require

Layer = tuple[str, str]


def larger_is_more_similar(measure: str) -> bool:
    """Return whether a larger value means more alike, as the registry says; True for a measure that is not in it."""
    base = measure.partition(".")[0]
    return MEASURES[base].larger_is_more_similar if base in MEASURES else True


def select_measure(similarity: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return the rows of `similarity` of one measure; `InputError` names the measures there are."""
    require(similarity, ("model_a", "layer_a", "model_b", "layer_b", "measure", "value"), "similarity")
    rows = similarity[similarity["measure"] == measure]
    if rows.empty:
        known = sorted(similarity["measure"].astype(str).unique())
        raise InputError(f"The similarity table has no measure '{measure}'; choose one of {', '.join(known)}.")
    return rows


def layer_matrix(similarity: pd.DataFrame, measure: str, models: Iterable[str]) -> pd.DataFrame:
    """Return the values of a measure between all layers, models in the order of `models`, layers in theirs.

    Parameters
    ----------
    similarity
        Tidy table `model_a, layer_a, model_b, layer_b, measure, value`; a pair of models need be there in one
        direction only, the other is its mirror image.
    measure
        Which measure of the table.
    models
        Names of the models to keep, in their order.

    Returns
    -------
    DataFrame
        Square, float64, index and columns (model, layer); NaN where the table has no value.
    """
    rows = select_measure(similarity, measure)
    keys = [pd.MultiIndex.from_frame(rows[[f"model_{side}", f"layer_{side}"]].astype(str)) for side in "ab"]
    present = keys[0].unique().union(keys[1].unique()).to_list()
    ordered = [
        layer
        for model in models
        for layer in sorted((one for one in present if one[0] == model), key=lambda one: layer_order(one[1]))
    ]
    index = pd.MultiIndex.from_tuples(ordered, names=["model", "layer"])
    first, second = (index.get_indexer(key) for key in keys)
    values = rows["value"].to_numpy(dtype=np.float64)
    kept = (first >= 0) & (second >= 0) & ~np.isnan(values)
    first, second, values = first[kept], second[kept], values[kept]
    matrix = np.full((len(ordered), len(ordered)), np.nan)
    matrix[first, second] = values
    twice = np.flatnonzero(matrix[first, second] != values)
    if len(twice):
        one, other = ordered[first[twice[0]]], ordered[second[twice[0]]]
        raise InputError(
            f"The similarity table has two values of {measure} between {one[0]} layer {one[1]} and {other[0]} "
            f"layer {other[1]}; keep the rows of one dataset and one set of options."
        )
    matrix = np.where(np.isnan(matrix), matrix.T, matrix)
    return pd.DataFrame(matrix, index=index, columns=index)


def unresolved_pairs(similarity: pd.DataFrame, measure: str, models: Iterable[str]) -> pd.DataFrame:
    """Return which pairs of layers the stimuli do not resolve, as the column `resolved` says.

    Parameters
    ----------
    similarity, measure, models
        As in `layer_matrix`.

    Returns
    -------
    DataFrame
        Square, bool, index and columns as those of `layer_matrix`; False where nothing is said of a pair, as for
        measures of representations. A layer with itself is True where the layer's own profile is not resolved.
    """
    rows = select_measure(similarity, measure)
    said = rows["resolved"].notna() if "resolved" in rows else pd.Series(False, index=rows.index)
    open_ones = [float(known and not rows.at[row, "resolved"]) for row, known in said.items()]
    return layer_matrix(rows.assign(value=open_ones), measure, models) == 1.0


def distinct_pairs(matrix: pd.DataFrame) -> pd.DataFrame:
    """Return each pair of different layers of `layer_matrix` once: `model_a, layer_a, model_b, layer_b, value`.

    A measure that is not symmetric counts with the mean of its two directions; pairs without a value are left out.
    """
    first, second = np.triu_indices(len(matrix), k=1)
    values = (matrix.to_numpy() + matrix.to_numpy().T) / 2
    pairs = pd.DataFrame({"value": values[first, second]})
    for side, places in (("a", first), ("b", second)):
        for column in ("model", "layer"):
            pairs[f"{column}_{side}"] = matrix.index.get_level_values(column).to_numpy()[places]
    return pairs[["model_a", "layer_a", "model_b", "layer_b", "value"]].dropna(subset="value").reset_index(drop=True)


def models_of(similarity: pd.DataFrame) -> list[str]:
    """Return the models a similarity table speaks of, sorted."""
    return sorted({str(name) for side in "ab" for name in similarity[f"model_{side}"].unique()})
