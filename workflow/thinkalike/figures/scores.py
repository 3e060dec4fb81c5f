"""How well the features explain each layer, beside the best that any function of them could."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from thinkalike.figures.parts.layer_axis import layer_positions, sort_layers
from thinkalike.figures.parts.model_styles import ModelStyle, kind_handles, model_styles
from thinkalike.figures.parts.panels import entry_panels, label_layers
from thinkalike.figures.parts.theme import GREY, legend_below, themed
from thinkalike.tables import first_coding, other_codings, require

#: What a table of one model need not say.
_DEFAULTS: dict[str, Any] = {"model": "", "score_sd": np.nan, "ceiling": np.nan}


@themed
def scores(scores: pd.DataFrame, models: pd.DataFrame | None = None, *, ax: Axes | None = None) -> Figure:
    """Draw each model's MLEM score by layer, a panel for each entry of the study.

    Parameters
    ----------
    scores
        One row per (model, layer): `layer, score`; `model` where there are several; `score_sd` and `ceiling` are drawn
        where the table has them.
    models
        The study's table of models, for order, colours and panels (`model_styles`).
    ax
        Where to draw the panel of a single model; by default a figure of its own.

    Returns
    -------
    Figure
        Line: mean score over folds; band: one standard deviation over folds; thin dotted line: the ceiling; dashed and
        light: the untrained control, beside the trained models of its family where these are one entry. Where the table
        has the rows of a second coding of the features, their score is a thin line without points.
    """
    require(scores, ("layer", "score"), "scores")
    every = scores.assign(**{name: default for name, default in _DEFAULTS.items() if name not in scores})
    scores, others = first_coding(every), other_codings(every)
    styles = model_styles(scores, models)
    figure, panels = entry_panels(styles, separate_controls=False, ax=ax)
    axis_labels = []
    for axes, panel in panels:
        rows = scores[scores["model"].isin(panel.names)]
        positions = layer_positions(rows["layer"])
        for style in panel.models:
            _draw_model(axes, rows[rows["model"] == style.name], style, positions)
            _draw_other(axes, others[others["model"] == style.name], style, positions)
        axis_labels.append((axes, sort_layers(rows["layer"])))
    label_layers(axis_labels)
    lowest = float((scores["score"] - scores["score_sd"].fillna(0)).min())
    panels[0][0].set_ylim(min(0.0, lowest), min(1.0, 1.08 * float(scores[["score", "ceiling"]].max().max())))
    if ax is None:
        figure.supylabel("MLEM score")
    else:
        ax.set_ylabel("MLEM score")
    legend_below(panels[0][0], _legend(styles, scores, others), columns=6, own=ax is not None)
    return figure


def _draw_model(axes: Axes, rows: pd.DataFrame, style: ModelStyle, positions: Mapping[str, float]) -> None:
    rows = rows.assign(position=rows["layer"].astype(str).map(positions)).sort_values("position")
    x, score, sd = rows["position"], rows["score"], rows["score_sd"].fillna(0)
    axes.fill_between(x, score - sd, score + sd, color=style.colour, alpha=0.2, linewidth=0)
    axes.plot(x, rows["ceiling"], color=style.colour, linewidth=0.6, linestyle=(0, (1, 1)))
    axes.plot(x, score, **style.line, **style.point)


def _draw_other(axes: Axes, rows: pd.DataFrame, style: ModelStyle, positions: Mapping[str, float]) -> None:
    for _, one in rows.groupby("coding") if len(rows) else ():
        places = one["layer"].astype(str).map(positions)
        ordered = one.assign(position=places).sort_values("position")
        axes.plot(ordered["position"], ordered["score"], linewidth=0.6, **style.line)


def _legend(styles: Mapping[str, ModelStyle], table: pd.DataFrame, others: pd.DataFrame) -> list[Line2D | Patch]:
    handles: list[Line2D | Patch] = list(kind_handles(styles))
    if len(others):
        names = " and ".join(sorted(others["coding"].unique()))
        handles.append(Line2D([], [], color=GREY, linewidth=0.6, label=f"Score with coding {names}"))
    if table["ceiling"].notna().any():
        handles.append(Line2D([], [], color=GREY, linewidth=0.6, linestyle=(0, (1, 1)), label="Ceiling"))
    if table["score_sd"].notna().any():
        handles.append(Patch(color=GREY, alpha=0.3, linewidth=0, label="± 1 sd over folds"))
    return handles
