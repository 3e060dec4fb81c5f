"""All layers of all models against each other by one measure, as a matrix with a block for each pair of models."""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from thinkalike.figures.parts.block_labels import label_blocks, labels_that_fit
from thinkalike.figures.parts.layer_axis import layer_ticks, short_layer
from thinkalike.figures.parts.measure_labels import colour_scale, measure_label
from thinkalike.figures.parts.model_styles import ModelStyle, model_styles
from thinkalike.figures.parts.theme import (
    DARK_GREY,
    DOUBLE_COLUMN,
    SINGLE_COLUMN,
    SMALL,
    root_figure,
    single_panel,
    themed,
)
from thinkalike.similarity.layer_pairs import layer_matrix, select_measure, unresolved_pairs

#: As many models have room for the numbers of their layers.
_FEW_MODELS = 4
#: Width of a small letter, in points.
_LETTER = 0.6 * SMALL


@themed
def similarity_matrix(
    similarity: pd.DataFrame, models: pd.DataFrame | None = None, *, measure: str, ax: Axes | None = None
) -> Figure:
    """Draw the matrix of one measure.

    Parameters
    ----------
    similarity
        Tidy table `model_a, layer_a, model_b, layer_b, measure, value`.
    models
        The study's table of models: its order is the order of the blocks (`model_styles`).
    measure
        Which measure of the table.
    ax
        Where to draw; by default a figure of its own.

    Returns
    -------
    Figure
        The figure that holds it.
    """
    styles = model_styles(select_measure(similarity, measure), models)
    matrix = layer_matrix(similarity, measure, styles)
    width = SINGLE_COLUMN * 1.4 if len(styles) <= 14 else DOUBLE_COLUMN
    figure, axes = single_panel(ax, width, width * 0.86)
    image = draw_matrix(axes, matrix, styles, measure, unresolved=unresolved_pairs(similarity, measure, styles))
    figure.colorbar(image, ax=axes, label=measure_label(measure), shrink=0.8, aspect=30, pad=0.02)
    return figure


def draw_matrix(
    axes: Axes,
    matrix: pd.DataFrame,
    models: Mapping[str, ModelStyle],
    measure: str,
    *,
    columns: bool = True,
    unresolved: pd.DataFrame | None = None,
) -> AxesImage:
    """Draw `layer_matrix` into `axes`: thin lines between models, thicker ones between families, names as labels.

    Without `columns` the columns have no names, as where another matrix stands below. Cells that are True in
    `unresolved`, a matrix of the same layers, are crossed out.
    """
    scale = colour_scale(measure, matrix.to_numpy())
    image = axes.imshow(
        matrix.to_numpy(), cmap=scale.colours, vmin=scale.low, vmax=scale.high, interpolation="nearest", aspect="equal"
    )
    axes.set_facecolor("#f2f2f2")
    axes.grid(False)
    names = matrix.index.get_level_values("model").to_numpy()
    starts = [0, *(np.flatnonzero(names[1:] != names[:-1]) + 1), len(names)]
    blocks = [(models[names[start]], start, stop) for start, stop in itertools.pairwise(starts)]
    for (before, _, _), (after, start, _) in itertools.pairwise(blocks):
        width = 0.4 if before.family == after.family else 1.0
        axes.axhline(start - 0.5, color=DARK_GREY, linewidth=width)
        axes.axvline(start - 0.5, color=DARK_GREY, linewidth=width)
    points = 72 * _side(axes) / len(matrix)  # of a layer, before the layout gives the axes more room
    if unresolved is not None and unresolved.to_numpy().any():
        rows, places = np.nonzero(unresolved.to_numpy())
        size = min(0.7 * points, 4.0)
        axes.plot(places, rows, "x", color=DARK_GREY, markersize=size, markeredgewidth=size / 6, gid="unresolved")
    wide = [_LETTER * len(style.label) <= points * (stop - start) for style, start, stop in blocks]
    few = len(blocks) <= _FEW_MODELS and all(wide)
    if few:
        _label_wide_blocks(axes, blocks)
        _label_layers(axes, blocks, matrix.index.get_level_values("layer"))
        axes.tick_params(which="both", labelbottom=columns)
    else:
        label_blocks(axes, labels_that_fit(blocks, points), points, columns=columns)
    for spine in axes.spines.values():
        spine.set_visible(True)
    return image


def _side(axes: Axes) -> float:
    """Return the shorter side of the axes in inches."""
    figure = root_figure(axes)
    box = axes.get_position()
    return float(min(box.width * figure.get_figwidth(), box.height * figure.get_figheight()))


def _label_wide_blocks(axes: Axes, blocks: Sequence[tuple[ModelStyle, int, int]]) -> None:
    """Write the models' names along both axes, leaving room for the numbers of their layers."""
    centres = [(start + stop - 1) / 2 for _, start, stop in blocks]
    labels = [style.label for style, _, _ in blocks]
    axes.set_xticks(centres, labels)
    axes.set_yticks(centres, labels, rotation=90, va="center")
    axes.tick_params(length=0, labelsize=SMALL, pad=11)
    for ticks in (axes.get_xticklabels(), axes.get_yticklabels()):
        for text, (style, _, _) in zip(ticks, blocks, strict=True):
            text.set_color(style.text_colour)


def _label_layers(axes: Axes, blocks: Sequence[tuple[ModelStyle, int, int]], layers: pd.Index) -> None:
    """Write layer numbers between the matrix and the models' names, where there is room for them."""
    most = max(2, 18 // len(blocks))
    # A number at a block's end would touch the next block's 0.
    room = len(layers) / 22 - 0.2
    places: list[int] = []
    labels: list[str] = []
    for _, start, stop in blocks:
        shown = layer_ticks(layers[start:stop], most=most)[1]
        last = stop - room if stop < len(layers) else stop
        chosen = [place for place in range(start, stop) if str(layers[place]) in shown and place < last]
        places += chosen
        labels += [short_layer(layers[place]) for place in chosen]
    for axis in (axes.xaxis, axes.yaxis):
        axis.remove_overlapping_locs = False
    axes.set_xticks(places, labels, minor=True)
    axes.set_yticks(places, labels, minor=True)
    axes.tick_params(which="minor", length=1.5, labelsize=SMALL, pad=1.5)
