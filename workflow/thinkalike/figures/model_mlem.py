"""What models that are alike have in common: maps of the models, and the properties that explain their distances."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from thinkalike.figures.parts.feature_styles import feature_label
from thinkalike.figures.parts.label_placement import PointLabels
from thinkalike.figures.parts.measure_labels import short_label
from thinkalike.figures.parts.model_styles import ModelStyle, model_styles
from thinkalike.figures.parts.theme import (
    DOUBLE_COLUMN,
    GREY,
    LIGHT_GREY,
    SMALL,
    frame_map,
    new_figure,
    themed,
    written,
)
from thinkalike.tables import require

_BAR, _MOST_NAMED = "#33508f", 40
_COLUMNS = (
    *("distance", "property", "role", "importance", "chance", "p", "q", "tied_to", "score", "ceiling", "score_chance"),
    *("score_p", "models", "entries"),
)


@themed
def model_mlem(model_mlem: pd.DataFrame, model_maps: pd.DataFrame, models: pd.DataFrame | None = None) -> Figure:
    """Draw, for each distance between models, a map of the models and how much each of their properties explains.

    Parameters
    ----------
    model_mlem
        One row per distance and property (`thinkalike.similarity.model_tables`); a distance that nothing explains has
        none.
    model_maps
        One row per distance and model: `distance, model, x, y, stress`.
    models
        The study's table of models, for families and order.

    Returns
    -------
    Figure
        A row for each distance.
    """
    require(model_maps, ("distance", "model", "x", "y", "stress"), "model_maps")
    names = list(dict.fromkeys(model_maps["distance"].astype(str)))
    names.sort(key=_rank)
    styles = model_styles(model_maps, models)
    most = max((int((model_mlem["distance"] == name).sum()) for name in names), default=0)
    height = max(2.3, 0.9 + 0.2 * most)
    figure = new_figure(DOUBLE_COLUMN, 0.5 + height * len(names))
    grid = figure.subplots(len(names), 2, squeeze=False, gridspec_kw={"width_ratios": [1, 1.35]})
    for (left, right), name in zip(grid, names, strict=True):
        _draw_map(left, model_maps[model_maps["distance"] == name], styles)
        left.set_title(_title(name), loc="left")
        rows = model_mlem[model_mlem["distance"] == name]
        if rows.empty:
            right.set_axis_off()
            right.text(
                0.02, 0.5, "Nothing to explain: the models do not differ\nin any known property.", fontsize=SMALL
            )
        else:
            require(rows, _COLUMNS, "model_mlem")
            _draw_bars(right, rows)
    handles = [
        Patch(color=_BAR, label="Property"),
        Patch(color=LIGHT_GREY, label="Control: of one entry"),
        Line2D(
            [], [], color="black", marker="|", linestyle="", markersize=7, label="Mean of properties dealt at random"
        ),
    ]
    figure.legend(handles=handles, loc="outside lower right", ncols=3)
    return figure


def _rank(name: str) -> tuple[bool, str]:
    return name != "trajectories", name


def _title(name: str) -> str:
    return "Trajectories (DTW)" if name == "trajectories" else f"{short_label(name)}, matched depth"


def _draw_map(axes: Axes, points: pd.DataFrame, styles: Mapping[str, ModelStyle]) -> None:
    listed = [
        (style, points[points["model"] == name].iloc[0])
        for name, style in styles.items()
        if name in set(points["model"])
    ]
    for style, point in listed:
        face = "white" if style.control else style.colour
        look: dict[str, Any] = {"markerfacecolor": face, "markeredgecolor": style.colour, "markeredgewidth": 0.9}
        axes.plot(point["x"], point["y"], linestyle="", marker=style.family_marker, markersize=5, **look)
    if len(listed) <= _MOST_NAMED:
        places = np.array([(point["x"], point["y"]) for _, point in listed], dtype=float)
        PointLabels(axes, places, [style.label for style, _ in listed], [style.text_colour for style, _ in listed])
    frame_map(axes)
    axes.margins(0.18)
    axes.set_xlabel(f"MDS, stress {written(points['stress'].iloc[0])}", fontsize=SMALL)


def _draw_bars(axes: Axes, rows: pd.DataFrame) -> None:
    listed: list[Mapping[str, Any]] = [
        {str(key): value for key, value in row.items()} for row in rows.to_dict("records")
    ]
    listed.sort(key=lambda row: (row["role"] != "property", -row["importance"], row["property"]))
    places = [float(place) for place in range(len(listed))]
    values = [float(row["importance"]) for row in listed]
    axes.barh(places, values, height=0.62, color=[_BAR if row["role"] == "property" else LIGHT_GREY for row in listed])
    axes.plot([row["chance"] for row in listed], places, linestyle="", marker="|", color="black", markersize=8)
    axes.set_yticks(places, [_label(row) for row in listed])
    axes.invert_yaxis()
    axes.axvline(0, color=GREY, linewidth=0.6)
    axes.grid(axis="y", visible=False)
    axes.grid(axis="x", visible=True)
    right = max(*values, 0.05)
    axes.set_xlim(min(0.0, min(values) * 1.1), right * 1.45)
    for place, row in zip(places, listed, strict=True):
        if not np.isnan(row["p"]):
            start = max(row["importance"], row["chance"], 0.0) + 0.03 * right
            axes.text(start, place, f"p {_small(row['p'])}, q {_small(row['q'])}", va="center", fontsize=SMALL)
    axes.set_title(_told(listed[0]), loc="left", fontweight="normal")
    axes.set_xlabel(f"Importance ({listed[0]['models']} models of {listed[0]['entries']} entries)")


def _told(first: Mapping[str, Any]) -> str:
    text = f"Score {written(first['score'])}, ceiling {written(first['ceiling'])}"
    if np.isnan(first["score_p"]):
        return text
    return f"{text}; dealt at random {written(first['score_chance'])} (p {_small(first['score_p'])})"


def _label(row: Mapping[str, Any]) -> str:
    name = feature_label(row["property"])
    return f"{name}\n= {row['tied_to']}" if row["tied_to"] else name


def _small(p: float) -> str:
    return "1" if p >= 0.995 else f"{p:.3f}".lstrip("0") if p < 0.1 else f"{p:.2f}".lstrip("0")
