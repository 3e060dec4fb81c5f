"""All layers of all models against each other by one measure, as a matrix with a block for each pair of models."""

import itertools
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from thinkalike.figures.inputs import select_measure
from thinkalike.figures.layer_pairs import layer_matrix, models_of
from thinkalike.figures.measures import colour_scale, measure_label
from thinkalike.figures.styles import ModelStyle, model_styles
from thinkalike.figures.theme import DARK_GREY, DOUBLE_COLUMN, SINGLE_COLUMN, SMALL, new_figure, themed


@themed
def similarity_matrix(similarity: pd.DataFrame, *, measure: str, families: Mapping[str, str] | None = None) -> Figure:
    """Draw the matrix of one measure.

    Parameters
    ----------
    similarity
        Tidy table `model_a, layer_a, model_b, layer_b, measure, value`.
    measure
        Which measure of the table.
    families
        Family by model name, for the whole study: its order is the order of the blocks.
    """
    models = model_styles(models_of(select_measure(similarity, measure)), families)
    matrix = layer_matrix(similarity, measure, models)
    width = SINGLE_COLUMN * 1.4 if len(models) <= 14 else DOUBLE_COLUMN
    figure = new_figure(width, width * 0.86)
    axes = figure.subplots()
    image = draw_matrix(axes, matrix, models, measure)
    figure.colorbar(image, ax=axes, label=measure_label(measure), shrink=0.8, aspect=30, pad=0.02)
    return figure


def draw_matrix(axes: Axes, matrix: pd.DataFrame, models: Mapping[str, ModelStyle], measure: str) -> AxesImage:
    """Draw `layer_matrix` into `axes`: thin lines between models, thicker ones between families, names as labels."""
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
    _label_blocks(axes, blocks)
    for spine in axes.spines.values():
        spine.set_visible(True)
    return image


def _label_blocks(axes: Axes, blocks: list[tuple[ModelStyle, int, int]]) -> None:
    centres = [(start + stop - 1) / 2 for _, start, stop in blocks]
    labels = [style.label for style, _, _ in blocks]
    axes.set_xticks(centres, labels, rotation=90 if len(blocks) > 4 else 0)
    axes.set_yticks(centres, labels)
    axes.tick_params(length=0, labelsize=SMALL)
    for ticks in (axes.get_xticklabels(), axes.get_yticklabels()):
        for text, (style, _, _) in zip(ticks, blocks, strict=True):
            text.set_color(style.text_colour)
