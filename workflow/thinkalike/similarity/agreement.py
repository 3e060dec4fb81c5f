"""Do measures agree on which layers are alike, and do datasets?"""

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import pandas as pd

from thinkalike.errors import InputError
from thinkalike.numerics.ranks import settled
from thinkalike.similarity.measures.measure import find_measure

_KEYS = ["model_a", "layer_a", "model_b", "layer_b"]


def agreement(similarity: pd.DataFrame, *, within_models: bool = True) -> pd.DataFrame:
    """Correlate measures over pairs of layers.

    Parameters
    ----------
    similarity
        model_a, layer_a, model_b, layer_b, measure, value: all pairs, all measures.
    within_models
        Whether pairs of layers of one model count. By default they do, as in the paper (all pairs of its layers).

    Returns
    -------
    DataFrame
        measure_a, measure_b, spearman, n_pairs for every two measures, and each with itself. Every pair of two distinct
        layers counts once (a measure that is not symmetric: the mean of its two directions), a layer with itself
        never. Distances are negated, so that positive means agreement. Pairs where either measure is undefined are
        left out.
    """
    table = _by_pair(similarity, within_models)
    rows = [(a, b, *_spearman(table[a], table[b])) for i, a in enumerate(table.columns) for b in table.columns[i:]]
    return pd.DataFrame(rows, columns=["measure_a", "measure_b", "spearman", "n_pairs"])


def agreement_across_datasets(similarities: Mapping[str, pd.DataFrame], *, within_models: bool = True) -> pd.DataFrame:
    """Correlate datasets over pairs of layers, measure by measure: does who is alike depend on the stimuli?

    Parameters
    ----------
    similarities
        Dataset name to table as for `agreement`.
    within_models
        The argument of that name of `agreement`.

    Returns
    -------
    DataFrame
        measure, dataset_a, dataset_b, spearman, n_pairs over the pairs of layers that both datasets have.
    """
    tables = {name: _by_pair(similarity, within_models) for name, similarity in similarities.items()}
    rows = []
    for a, b in combinations(tables, 2):
        for name in tables[a].columns.intersection(tables[b].columns, sort=False):
            left, right = tables[a][name].align(tables[b][name], join="inner")
            rows.append((name, a, b, *_spearman(left, right)))
    return pd.DataFrame(rows, columns=["measure", "dataset_a", "dataset_b", "spearman", "n_pairs"])


def square_matrix(similarity: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return one measure of all layers with all as a symmetric matrix; index and columns are (model, layer).

    The table may hold a pair of models in one order only. Values of both directions are averaged.
    """
    rows = similarity[similarity["measure"] == measure]
    if rows.empty:
        raise InputError(f"The similarity table has no measure '{measure}'; it has {_names(similarity)}.")
    left = [rows["model_a"], rows["layer_a"].astype(str)]
    right = [rows["model_b"], rows["layer_b"].astype(str)]
    both = pd.concat([_indexed(left, right, rows["value"]), _indexed(right, left, rows["value"])])
    means = both.groupby(level=[0, 1, 2, 3], sort=False).mean()
    layers = pd.MultiIndex.from_tuples(
        list(dict.fromkeys(zip(means.index.get_level_values(0), means.index.get_level_values(1), strict=True))),
        names=["model", "layer"],
    )
    matrix = means.unstack(level=[2, 3])
    matrix.index.names, matrix.columns.names = ["model", "layer"], ["model", "layer"]
    return matrix.reindex(index=layers, columns=layers)


def _indexed(left: list[pd.Series], right: list[pd.Series], values: pd.Series) -> pd.Series:
    return pd.Series(values.to_numpy(), index=pd.MultiIndex.from_arrays([*left, *right]))


def _by_pair(similarity: pd.DataFrame, within_models: bool) -> pd.DataFrame:
    """Return similarity (distances negated) of unordered pairs of distinct layers by measure."""
    missing = {*_KEYS, "measure", "value"} - set(similarity.columns)
    if missing:
        raise InputError(f"The similarity table has no column '{min(missing)}'; collect it with the similarity stage.")
    a = list(zip(similarity["model_a"], similarity["layer_a"].astype(str), strict=True))
    b = list(zip(similarity["model_b"], similarity["layer_b"].astype(str), strict=True))
    signs = {name: 1.0 if find_measure(name).larger_is_more_similar else -1.0 for name in set(similarity["measure"])}
    rows = pd.DataFrame(
        {
            "pair": [tuple(sorted(pair)) for pair in zip(a, b, strict=True)],
            "measure": similarity["measure"].to_numpy(),
            "value": similarity["value"].to_numpy() * similarity["measure"].map(signs).to_numpy(),
        }
    )
    distinct = np.array([x != y and (within_models or x[0] != y[0]) for x, y in zip(a, b, strict=True)], dtype=bool)
    order = list(dict.fromkeys(similarity["measure"]))
    table = rows[distinct].pivot_table(index="pair", columns="measure", values="value", aggfunc="mean")
    return table.reindex(columns=order)


def _spearman(x: pd.Series, y: pd.Series) -> tuple[float, int]:
    from scipy.stats import spearmanr

    defined = (x.notna() & y.notna()).to_numpy()
    x_values, y_values = settled(x.to_numpy()[defined]), settled(y.to_numpy()[defined])
    if len(x_values) < 3 or np.ptp(x_values) == 0 or np.ptp(y_values) == 0:
        return float("nan"), len(x_values)
    return float(np.round(spearmanr(x_values, y_values).statistic, 12)), len(x_values)


def _names(similarity: pd.DataFrame) -> str:
    return ", ".join(dict.fromkeys(similarity["measure"]))
