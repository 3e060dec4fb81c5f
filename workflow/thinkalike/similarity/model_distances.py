"""How far apart whole models are: one number for each two of them, from the similarities of their layers."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from thinkalike.errors import InputError
from thinkalike.numerics.ranks import round_off
from thinkalike.similarity.layer_pairs import layer_matrix
from thinkalike.similarity.measures.measure import find_measure
from thinkalike.tables import require

TRAJECTORIES = "trajectories"


def matched_depth_distances(similarity: pd.DataFrame, models: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return how unlike models are on average in layers of the same relative depth.

    Every layer is compared with the layer of the other model whose relative depth (0 for the first layer, 1 for the
    last) is nearest to its own, the earlier of two; the mean over the layers of either model counts for half.

    Parameters
    ----------
    similarity
        All pairs of layers: `model_a, layer_a, model_b, layer_b, measure, value`.
    models
        One row per layer: `model, layer, depth`.
    measure
        Which measure of the table. What is more alike where it is larger becomes a distance by being taken from the
        value of identical layers.

    Returns
    -------
    DataFrame
        Square and symmetric, model by model, 0 on the diagonal; NaN where a matched pair of layers has no value.
    """
    require(models, ("model", "layer", "depth"), "models")
    names = list(dict.fromkeys(models["model"].astype(str)))
    values = layer_matrix(similarity, measure, names)
    depths = {
        name: rows.assign(layer=rows["layer"].astype(str)).set_index("layer")["depth"]
        for name, rows in models.groupby("model", sort=False)
    }
    means = np.zeros((len(names), len(names)))
    for i, a in enumerate(names):
        for j, b in enumerate(names[:i]):
            block = values.loc[[a], [b]].to_numpy()
            one, other = (depths[name].loc[values.loc[[name]].index.get_level_values("layer")] for name in (a, b))
            means[i, j] = means[j, i] = _matched_mean(block, one.to_numpy(float), other.to_numpy(float))
    about = find_measure(measure)
    distances = about.identical - means if about.larger_is_more_similar else means
    np.fill_diagonal(distances, 0.0)
    return pd.DataFrame(round_off(distances), index=names, columns=names)


def _matched_mean(values: NDArray[np.float64], one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return the mean value of the pairs of layers of nearest depth, of layers `one` by layers `other`."""
    gaps = np.abs(one[:, None] - other[None, :])
    # Depths are fractions: two gaps that differ by rounding alone are equal, and the earlier layer is taken.
    gaps = np.round(gaps, 9)
    forth = values[np.arange(len(one)), gaps.argmin(axis=1)]
    back = values[gaps.argmin(axis=0), np.arange(len(other))]
    return float((forth.mean() + back.mean()) / 2)


def model_distances(
    similarity: pd.DataFrame, models: pd.DataFrame, measures: Sequence[str], trajectories: pd.DataFrame | None = None
) -> dict[str, pd.DataFrame]:
    """Return the distances between all models by each measure at matched depth, and between their trajectories.

    Parameters
    ----------
    similarity, models
        As in `matched_depth_distances`.
    measures
        Which measures of the table.
    trajectories
        `model_a, model_b, distance`, as `trajectory_table` has it; None where there are none.

    Returns
    -------
    dict
        Name of the distance (`trajectories`, or the measure's) to a square DataFrame.
    """
    found = {} if trajectories is None else {TRAJECTORIES: _square(trajectories, list(dict.fromkeys(models["model"])))}
    return {**found, **{name: matched_depth_distances(similarity, models, name) for name in measures}}


def distance_rows(distances: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return one row per pair of models and distance: `distance, model_a, model_b, value`."""
    rows = [
        (name, a, b, matrix.loc[a, b])
        for name, matrix in distances.items()
        for place, a in enumerate(matrix.index)
        for b in matrix.index[place + 1 :]
    ]
    return pd.DataFrame(rows, columns=["distance", "model_a", "model_b", "value"])


def _square(trajectories: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    require(trajectories, ("model_a", "model_b", "distance"), "trajectories")
    place = {name: number for number, name in enumerate(names)}
    matrix = np.full((len(names), len(names)), np.nan)
    np.fill_diagonal(matrix, 0.0)
    for a, b, value in trajectories[["model_a", "model_b", "distance"]].itertuples(index=False, name=None):
        if a not in place or b not in place:
            raise InputError(f"The trajectories are of '{a}' and '{b}', but the models are {', '.join(names)}.")
        matrix[place[a], place[b]] = matrix[place[b], place[a]] = value
    return pd.DataFrame(matrix, index=names, columns=names)
