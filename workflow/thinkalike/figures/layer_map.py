"""Layers as points in a plane, near each other where a measure says that they are alike."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D

from thinkalike.figures.layers import short_layer
from thinkalike.figures.measures import larger_is_more_similar
from thinkalike.figures.styles import ModelStyle
from thinkalike.figures.theme import LIGHT_GREY, SMALL

#: So that a number fits into each.
_MARKER_SIZES = {"s": 0.93, "D": 0.97, "^": 1.3, "v": 1.3}


def draw_layer_map(
    axes: Axes, matrix: pd.DataFrame, models: Mapping[str, ModelStyle], measure: str, *, seed: int
) -> float:
    """Draw the multi-dimensional scaling of `layer_matrix` and return its stress.

    A layer without values (one that no feature shapes has no profile to compare) is left out, which the label says. A
    point carries its layer's number (F: after the final norm) where up to about a hundred points leave room for
    it, and its family's colour and marker; a seed is a shade, untrained controls are hollow. A thin line joins a
    model's layers in order.
    """
    from thinkalike.similarity import multidimensional_scaling

    count = len(matrix)
    matrix = _defined(matrix)
    labels = [f"{model}/{layer}" for model, layer in matrix.index]
    square = pd.DataFrame(matrix.to_numpy(), index=labels, columns=labels)
    coordinates, stress = multidimensional_scaling(
        square, larger_is_more_similar=larger_is_more_similar(measure), seed=seed
    )
    points = np.asarray(coordinates, dtype=float)[:, :2]
    numbered = len(points) <= 110
    for name, style in models.items():
        of_model = matrix.index.get_level_values("model") == name
        _draw_model(axes, points[of_model], matrix.index[of_model].get_level_values("layer"), style, numbered)
    axes.set_aspect("equal", adjustable="datalim")
    axes.set_box_aspect(1)
    axes.margins(0.06)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(False)
    for spine in axes.spines.values():
        spine.set(visible=True, color=LIGHT_GREY)
    left_out = f"; {count - len(matrix)} layers without a value left out" if len(matrix) < count else ""
    axes.set_xlabel(f"MDS, stress {stress:.2f}{left_out}", fontsize=SMALL)
    return float(stress)


def layer_map_handles(models: Mapping[str, ModelStyle]) -> list[Line2D]:
    """Return a legend entry for each model."""
    return [
        Line2D([], [], color=style.colour, linewidth=0.8, label=style.label, **_look(style, 5.0))
        for style in models.values()
    ]


def _defined(matrix: pd.DataFrame) -> pd.DataFrame:
    """Return the matrix without the layers that have gaps, those with most gaps going first."""
    gaps = matrix.isna().to_numpy()
    kept = np.arange(len(matrix))
    while gaps[np.ix_(kept, kept)].any():
        kept = np.delete(kept, gaps[np.ix_(kept, kept)].sum(axis=1).argmax())
    return matrix.iloc[kept, kept]


def _draw_model(axes: Axes, points: np.ndarray, layers: pd.Index, style: ModelStyle, numbered: bool) -> None:
    axes.plot(*points.T, color=style.colour, linewidth=0.6, alpha=0.7, zorder=2)
    size = 8.6 if numbered else 3.2
    for place, (point, layer) in enumerate(zip(points, layers, strict=True)):
        axes.plot(*point, linestyle="", zorder=3 + place / 1000, **_look(style, size))
        if numbered:
            axes.annotate(
                short_layer(layer),
                point,
                ha="center",
                va="center_baseline",
                color=style.text_colour if style.control else _readable_on(style.colour),
                fontsize=SMALL,
                zorder=3 + place / 1000,
            )


def _look(style: ModelStyle, size: float) -> dict:
    return {
        "marker": style.family_marker,
        "markersize": size * _MARKER_SIZES.get(style.family_marker, 1.0),
        "markerfacecolor": "white" if style.control else style.colour,
        "markeredgecolor": style.colour if style.control else "white",
        "markeredgewidth": 0.9 if style.control else 0.4,
    }


def _readable_on(colour: str) -> str:
    red, green, blue = to_rgb(colour)
    return "white" if 0.299 * red + 0.587 * green + 0.114 * blue < 0.6 else "#1a1a1a"
