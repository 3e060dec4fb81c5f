"""Layers as points in a plane, near each other where a measure says that they are alike."""

from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D

from thinkalike.figures.parts.layer_axis import short_layer
from thinkalike.figures.parts.model_styles import ModelStyle
from thinkalike.figures.parts.theme import SMALL, frame_map
from thinkalike.layers import layer_order

_FEWEST = 3
_PALE = 0.35
#: More points than this have no room for their numbers.
_MOST_NUMBERED = 110
#: So that a number fits into each.
_MARKER_SIZES = {"s": 0.93, "D": 0.97, "^": 1.3, "v": 1.3}


def draw_layer_map(
    axes: Axes,
    points: pd.DataFrame,
    models: Mapping[str, ModelStyle],
    *,
    stress: float,
    left_out: int = 0,
    unresolved: Collection[tuple[str, str]] = (),
) -> None:
    """Draw one measure's map of `map_layers`: columns x and y, index (model, layer).

    A point carries its layer's number (F: after the final norm) where there is room, and its family's colour and
    marker; a seed is a shade, untrained controls are hollow. A thin line joins a model's layers in order. A layer
    (model, layer) of `unresolved` is pale.
    """
    points = points.loc[sorted(points.index, key=lambda key: layer_order(key[1]))] if len(points) else points
    owners = points.index.get_level_values("model")
    for name, style in models.items():
        pale = {layer for model, layer in unresolved if model == name}
        _draw_model(axes, points[owners == name], style, numbered=len(points) <= _MOST_NUMBERED, pale=pale)
    frame_map(axes)
    axes.set_box_aspect(1)
    axes.margins(0.06)
    gaps = f"; {left_out} layers without a value left out" if left_out else ""
    text = f"MDS, stress {stress:.2f}{gaps}" if len(points) else f"No map of fewer than {_FEWEST} layers with a value"
    axes.set_xlabel(text, fontsize=SMALL)


def layer_map_handles(models: Mapping[str, ModelStyle]) -> list[Line2D]:
    """Return a legend entry for each model."""
    return [
        Line2D([], [], color=style.colour, linewidth=0.8, label=style.label, **_look(style, 5.0))
        for style in models.values()
    ]


def _draw_model(axes: Axes, points: pd.DataFrame, style: ModelStyle, *, numbered: bool, pale: Collection[str]) -> None:
    axes.plot(points["x"], points["y"], color=style.colour, linewidth=0.6, alpha=0.7, zorder=2)
    look = _look(style, 8.6 if numbered else 3.2)
    for place, (layer, point) in enumerate(zip(points.index.get_level_values("layer"), points.to_numpy(), strict=True)):
        # Each number right above its own point, so that a later point hides both or none.
        zorder = 3 + place / 1000
        axes.plot(*point, linestyle="", zorder=zorder, alpha=_PALE if layer in pale else None, **look)
        if numbered:
            colour = style.text_colour if style.control else _readable_on(style.colour)
            centred: dict[str, Any] = {"ha": "center", "va": "center_baseline"}
            axes.annotate(
                short_layer(layer), (point[0], point[1]), color=colour, fontsize=SMALL, zorder=zorder, **centred
            )


def _look(style: ModelStyle, size: float) -> dict[str, Any]:
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
