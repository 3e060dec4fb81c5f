"""Layer pairs as a matrix, and as a list without repetition."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from thinkalike.errors import InputError
from thinkalike.figures.parts.inputs import select_measure
from thinkalike.figures.parts.measure_labels import larger_is_more_similar
from thinkalike.figures.parts.styles import ModelStyle
from thinkalike.layers import layer_order

Layer = tuple[str, str]


def layer_matrix(similarity: pd.DataFrame, measure: str, models: Mapping[str, ModelStyle]) -> pd.DataFrame:
    """Return the values of a measure between all layers, models in the order of `models`, layers in theirs.

    Parameters
    ----------
    similarity
        Tidy table `model_a, layer_a, model_b, layer_b, measure, value`; a pair of models need be there in one
        direction only, the other is its mirror image.

    Returns
    -------
    DataFrame
        Square, float64, index and columns (model, layer); NaN where the table has no value.
    """
    rows = select_measure(similarity, measure)
    keys = [
        list(zip(rows[f"model_{side}"].astype(str), rows[f"layer_{side}"].astype(str), strict=True)) for side in "ab"
    ]
    present = set(keys[0]) | set(keys[1])
    ordered = [
        layer
        for model in models
        for layer in sorted((one for one in present if one[0] == model), key=lambda one: layer_order(one[1]))
    ]
    place = {layer: index for index, layer in enumerate(ordered)}
    matrix = np.full((len(ordered), len(ordered)), np.nan)
    for one, other, value in zip(*keys, rows["value"], strict=True):
        if one in place and other in place:
            cell = place[one], place[other]
            if not np.isnan(matrix[cell]) and matrix[cell] != value:
                raise InputError(
                    f"The similarity table has two values of {measure} between {one[0]} layer {one[1]} and {other[0]} "
                    f"layer {other[1]}; keep the rows of one dataset and one set of options."
                )
            matrix[cell] = value
    matrix = np.where(np.isnan(matrix), matrix.T, matrix)
    index = pd.MultiIndex.from_tuples(ordered, names=["model", "layer"])
    return pd.DataFrame(matrix, index=index, columns=index)


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


def agreement_of(pairs: pd.DataFrame, measure_x: str, measure_y: str) -> float:
    """Return Spearman's correlation of `value_x` and `value_y`; distances count negated, so that positive is agreement.

    NaN for fewer than three pairs.
    """
    signs = [1 if larger_is_more_similar(measure) else -1 for measure in (measure_x, measure_y)]
    if len(pairs) < 3:
        return float("nan")
    from scipy.stats import spearmanr  # loads for a second what few figures need

    return float(spearmanr(signs[0] * pairs["value_x"], signs[1] * pairs["value_y"]).statistic)


def models_of(similarity: pd.DataFrame) -> list[str]:
    """Return the models a similarity table speaks of, sorted."""
    return sorted({*similarity["model_a"].astype(str), *similarity["model_b"].astype(str)})
