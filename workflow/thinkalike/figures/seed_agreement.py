"""How alike two seeds of one model are, layer by layer, beside its likeness to other models."""

import itertools
from collections import Counter
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from thinkalike.errors import InputError
from thinkalike.figures.parts.layer_axis import layer_positions, sort_layers
from thinkalike.figures.parts.measure_labels import measure_label
from thinkalike.figures.parts.model_styles import ModelStyle, model_styles
from thinkalike.figures.parts.panels import Panel, entry_panels, label_layers
from thinkalike.figures.parts.theme import DARK_GREY, GREY, LIGHT_GREY, SMALL, legend_columns, themed, written
from thinkalike.similarity.layer_pairs import layer_matrix, select_measure


@themed
def seed_agreement(
    similarity: pd.DataFrame, models: pd.DataFrame | None = None, *, measure: str = "weighted_kendall"
) -> Figure:
    """Draw, by layer, the similarity of two seeds beside that with the models of other families.

    Parameters
    ----------
    similarity
        Tidy table `model_a, layer_a, model_b, layer_b, measure, value`.
    models
        The study's table of models, which says which models are seeds of one entry (`model_styles`).
    measure
        Which measure of the table.

    Returns
    -------
    Figure
        A panel for each entry with at least two trained models. Line: the same layer of two seeds (mean over pairs of
        seeds, each pair thin); grey, like for like: the layers of the same label of the trained models of other
        families, median and the range from the 10th to the 90th percentile. Below: the medians over all pairs of layers
        of two seeds, and over all pairs of the entry's layers with those of other families.
    """
    rows = select_measure(similarity, measure)
    trained = {name: style for name, style in model_styles(rows, models).items() if not style.control}
    seeds = Counter(style.entry for style in trained.values())
    seeded = {name: style for name, style in trained.items() if seeds[style.entry] > 1}
    if not seeded:
        raise InputError("The similarity table has no model with two trained seeds; train a second seed of a model.")
    matrix = layer_matrix(rows, measure, trained)
    figure, panels = entry_panels(seeded, separate_controls=False)
    axis_labels = [(axes, _draw_panel(axes, panel, matrix, trained)) for axes, panel in panels]
    label_layers(axis_labels)
    low, high = panels[0][0].get_ylim()
    panels[0][0].set_ylim(low - 0.12 * (high - low), high)  # room for two lines of words
    figure.supylabel(measure_label(measure).replace(" of feature", "\nof feature"))
    several = len({style.family for style in trained.values()}) > 1
    figure.legend(handles=_legend(seeds, several=several), loc="outside lower center", ncols=legend_columns(figure, 4))
    return figure


def _draw_panel(axes: Axes, panel: Panel, matrix: pd.DataFrame, trained: Mapping[str, ModelStyle]) -> list[str]:
    names = panel.names
    owners = matrix.index.get_level_values("model")
    labels = [set(matrix.index[owners == name].get_level_values("layer")) for name in names]
    layers = sort_layers(set.intersection(*labels))
    positions = layer_positions(layers)
    x = [positions[layer] for layer in layers]
    # Rows by (model, layer), so that a layer of a model is one look-up.
    values = matrix.to_numpy()
    row = {key: index for index, key in enumerate(matrix.index)}
    pairs = [
        [values[row[one, layer], row[other, layer]] for layer in layers]
        for one, other in itertools.combinations(names, 2)
    ]
    style = panel.models[0]
    others = np.array([trained[owner].family != style.family for owner in owners])
    if others.any():
        same = matrix.index.get_level_values("layer").to_numpy()
        own = {layer: np.array([row[name, layer] for name in names]) for layer in layers}
        against = [values[own[layer]][:, others & (same == layer)].ravel() for layer in layers]
        low, middle, high = np.transpose([_quantiles(one) for one in against])
        axes.fill_between(x, low, high, color=LIGHT_GREY, linewidth=0, alpha=0.8, zorder=1)
        axes.plot(x, middle, color=GREY, linestyle=(0, (3, 1.2)), marker=".", zorder=2)
    _write_all_pairs(axes, values, [owners == name for name in names], others)
    if len(pairs) > 1:
        for one_pair in pairs:
            axes.plot(x, one_pair, color=style.family_colour, linewidth=0.5, alpha=0.6, zorder=3)
    axes.plot(x, np.mean(pairs, axis=0), color=style.family_colour, marker="o", zorder=4)
    return layers


def _quantiles(values: np.ndarray) -> np.ndarray:
    """Return the 10th, 50th and 90th percentile, nan where no other model has the layer."""
    known = values[np.isfinite(values)]
    return np.quantile(known, (0.1, 0.5, 0.9)) if len(known) else np.full(3, np.nan)


def _write_all_pairs(axes: Axes, values: np.ndarray, seeds: list[np.ndarray], others: np.ndarray) -> None:
    between = [values[np.ix_(one, other)].ravel() for one, other in itertools.combinations(seeds, 2)]
    text = f"All pairs of layers:\nseeds {written(_quantiles(np.concatenate(between))[1])}"
    if others.any():
        with_others = values[np.ix_(np.any(seeds, axis=0), others)].ravel()
        text += f", others {written(_quantiles(with_others)[1])}"
    axes.text(0.03, 0.03, text, transform=axes.transAxes, fontsize=SMALL, color=DARK_GREY, zorder=5)


def _legend(seeds: Mapping[str, int], *, several: bool) -> list[Line2D | Patch]:
    numbers = sorted({count * (count - 1) // 2 for count in seeds.values() if count > 1})
    pairs = "1 pair" if numbers == [1] else f"{' or '.join(map(str, numbers))} pairs"
    label = f"Two seeds, same layer ({pairs} each)"
    handles: list[Line2D | Patch] = [Line2D([], [], color=DARK_GREY, marker="o", label=label)]
    if several:
        dashes = (0, (3, 1.2))
        handles.append(Line2D([], [], color=GREY, linestyle=dashes, marker=".", label="Same label in other families"))
        handles.append(Patch(color=LIGHT_GREY, alpha=0.8, linewidth=0, label="10th to 90th percentile"))
    return handles
