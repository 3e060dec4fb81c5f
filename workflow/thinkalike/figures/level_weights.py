"""Which levels of a feature lie near which: the weight of every pair of levels, along the layers."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from thinkalike.errors import InputError
from thinkalike.figures.parts.feature_styles import feature_label
from thinkalike.figures.parts.layer_axis import readable_layer, sort_layers
from thinkalike.figures.parts.levels import are_numbers, written_level
from thinkalike.figures.parts.model_styles import ModelStyle, model_styles
from thinkalike.figures.parts.theme import DOUBLE_COLUMN, LARGE, NORMAL, SEQUENTIAL, SMALL, new_figure, themed
from thinkalike.tables import require

#: Features that are shown, relative depths of the layers, and rows of panels.
_MOST_FEATURES, _DEPTHS, _MOST_ENTRIES = 2, (0.0, 0.5, 1.0), 12
_COLUMNS = ("layer", "feature", "level_a", "level_b", "weight")
_DEFAULTS: dict[str, Any] = {"model": "", "pairs": np.nan}


@themed
def level_weights(
    level_weights: pd.DataFrame, models: pd.DataFrame | None = None, *, features: Sequence[str] | None = None
) -> Figure:
    """Draw the weight of every pair of levels of some features as small matrices, dark where the levels lie apart.

    Parameters
    ----------
    level_weights
        One row per (model, layer, feature, pair of levels), and per fold where there are several: `layer, feature,
        level_a, level_b, weight`; `model` where there are several, and `pairs`, on how many pairs of stimuli the two
        levels meet. Pairs without names, of rare levels, are not drawn.
    models
        The study's table of models, for order and colours (`model_styles`).
    features
        Which features; by default the two that add most to the distances, those of three or more levels first.

    Returns
    -------
    Figure
        A block for each feature, in it a row for each entry of the study (mean over its seeds and over folds; at most
        twelve, trained ones first) and a column for the first, the middle and the last layer, as far as it has them.
        The order of the levels is the same in a block: numbers as they are, names so that near ones stand together. A
        blank cell: too few stimuli of a level for a weight of its own.
    """
    if not level_weights.empty:
        require(level_weights, _COLUMNS, "level_weights")
    table = level_weights.assign(**{key: value for key, value in _DEFAULTS.items() if key not in level_weights})
    named = (
        table.reindex(columns=sorted({*table.columns, *_COLUMNS}))
        .dropna(subset=["level_a", "level_b"])
        .astype({"model": str, "layer": str})
    )
    chosen = _most_apart(named) if features is None else list(features)
    for name in chosen:
        if not (named["feature"] == name).any():
            raise InputError(f"The table of level weights has no pairs of levels of '{name}'; name another feature.")
    if not chosen:
        figure = new_figure(DOUBLE_COLUMN / 2, 0.6)
        figure.text(0.5, 0.5, "No feature has levels with weights of their own.", ha="center", va="center")
        return figure
    entries = _entries(model_styles(named, models))
    figure = new_figure(DOUBLE_COLUMN * max(1, len(chosen) / 2), 1.0 + 0.92 * len(entries))
    grid = figure.subplots(len(entries), len(_DEPTHS) * len(chosen), squeeze=False)
    for place, name in enumerate(chosen):
        panels = grid[:, place * len(_DEPTHS) : (place + 1) * len(_DEPTHS)]
        _draw_block(figure, panels, named[named["feature"] == name], entries, name, named_rows=place == 0)
    return figure


def _most_apart(table: pd.DataFrame) -> list[str]:
    """Return the features whose differences add most to the distances of all pairs, those of two levels last."""
    added = table.assign(added=table["weight"] * table["pairs"].fillna(1.0)).groupby("feature")["added"].sum()
    two = {name: len(_levels(table[table["feature"] == name])) == 2 for name in added.index}
    return sorted(added.index, key=lambda name: (two[name], -round(added[name], 9), name))[:_MOST_FEATURES]


def _entries(styles: Mapping[str, ModelStyle]) -> list[list[ModelStyle]]:
    """Return the models of each entry, trained ones before their controls."""
    ordered = sorted(styles.values(), key=lambda style: style.control)
    return [list(models) for _, models in groupby(ordered, key=lambda style: style.entry)][:_MOST_ENTRIES]


def _draw_block(
    figure: Figure,
    grid: np.ndarray,
    rows: pd.DataFrame,
    entries: list[list[ModelStyle]],
    name: str,
    *,
    named_rows: bool,
) -> None:
    levels = _ordered(rows)
    shown = [_layers(rows[rows["model"].isin([style.name for style in models])]) for models in entries]
    matrices = [
        [_matrix(rows, [style.name for style in models], layer, levels) for layer in layers]
        for models, layers in zip(entries, shown, strict=True)
    ]
    largest = max(float(one.max(where=~np.isnan(one), initial=1e-12)) for row in matrices for one in row)
    labels = [_written(level) for level in levels]
    for place, (models, layers) in enumerate(zip(entries, shown, strict=True)):
        for axes in grid[place][len(layers) :]:
            axes.set_axis_off()
        for axes, layer, matrix in zip(grid[place], layers, matrices[place], strict=False):
            axes.imshow(matrix, cmap=SEQUENTIAL, vmin=0, vmax=largest, interpolation="nearest")
            axes.set_title(_layer_title(layer), fontsize=SMALL, fontweight="normal", pad=2)
            _tick(axes, labels, left=axes is grid[place][0], below=place == len(entries) - 1)
        if named_rows:
            grid[place][0].set_ylabel(models[0].entry_label, color=models[0].text_colour, fontsize=SMALL)
    # The empty line keeps clear of the layer's name.
    grid[0][0].set_title(f"{feature_label(name)}\n", loc="left", fontsize=LARGE, fontweight="bold", pad=2)
    bar = figure.colorbar(
        ScalarMappable(Normalize(0, largest), cmap=SEQUENTIAL), ax=list(grid.ravel()), location="bottom", aspect=35
    )
    bar.set_label("Weight (share of the range of squared distances)", fontsize=NORMAL)


def _layer_title(layer: str) -> str:
    return f"layer {layer}" if layer.isdigit() else readable_layer(layer)


def _layers(rows: pd.DataFrame) -> list[str]:
    """Return the layers at the depths that are shown, each of them once."""
    layers = sort_layers(rows["layer"])
    return list(dict.fromkeys(layers[round(depth * (len(layers) - 1))] for depth in _DEPTHS))


def _levels(rows: pd.DataFrame) -> list[str]:
    return sorted({*rows["level_a"].astype(str), *rows["level_b"].astype(str)})


def _ordered(rows: pd.DataFrame) -> list[str]:
    """Return the levels: numbers in order, names so that those near each other in the mean stand together."""
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    levels = _levels(rows)
    if are_numbers(pd.Series(levels)):
        return sorted(levels, key=float)
    mean = _matrix(rows, sorted(rows["model"].unique()), None, levels).round(12)
    mean = np.where(np.isnan(mean), np.nanmean(mean), mean)
    np.fill_diagonal(mean, 0.0)
    return [levels[place] for place in leaves_list(linkage(squareform(mean), "average", optimal_ordering=True))]


def _matrix(rows: pd.DataFrame, models: Sequence[str], layer: str | None, levels: Sequence[str]) -> np.ndarray:
    """Return the mean weight of each two levels, nan for a level with itself and for pairs without a weight."""
    chosen = rows[rows["model"].isin(models) & ((rows["layer"] == layer) | (layer is None))]
    chosen = chosen.astype({"level_a": str, "level_b": str}).sort_values(["model", "layer"], kind="stable")
    wide = chosen.pivot_table(index="level_a", columns="level_b", values="weight", aggfunc="mean")
    values = wide.reindex(index=list(levels), columns=list(levels)).to_numpy(dtype=np.float64)
    return np.where(np.isnan(values), values.T, values)


def _tick(axes: Axes, labels: Sequence[str], *, left: bool, below: bool) -> None:
    places = range(len(labels))
    axes.set_xticks(places if below else [], labels if below else [], rotation=90)
    axes.set_yticks(places if left else [], labels if left else [])
    axes.tick_params(length=0, labelsize=SMALL, pad=1)
    axes.grid(False)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _written(level: str) -> str:
    return f"{float(level):g}" if are_numbers(pd.Series([level])) else written_level(level)
