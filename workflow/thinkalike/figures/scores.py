"""How well the features explain each layer, beside the best that any function of them could."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from thinkalike.figures.parts.inputs import require
from thinkalike.figures.parts.layer_axis import layer_positions, sort_layers
from thinkalike.figures.parts.panels import family_panels, label_layers
from thinkalike.figures.parts.styles import ModelStyle, kind_handles, model_styles
from thinkalike.figures.parts.theme import GREY, legend_columns, themed


@themed
def score_by_layer(scores: pd.DataFrame, *, families: Mapping[str, str] | None = None) -> Figure:
    """Draw each model's MLEM score by layer, a panel for each family.

    Parameters
    ----------
    scores
        One row a (model, layer): `model, layer, score, score_sd, ceiling`; `family` where `families` is not given.
    families
        Family by model name, for the whole study.

    Returns
    -------
    Figure
        Line: mean Spearman correlation over folds; band: one standard deviation over folds; thin dotted line: the
        ceiling; dashed and light: the untrained control.
    """
    require(scores, ("model", "layer", "score", "score_sd", "ceiling"), "scores")
    if families is None and "family" in scores:
        families = dict(sorted(set(zip(scores["model"], scores["family"], strict=True))))
    models = model_styles(scores["model"], families)
    figure, panels = family_panels(models, separate_controls=False)
    axis_labels = []
    for axes, panel in panels:
        rows = scores[scores["model"].isin(panel.names)]
        positions = layer_positions(rows["layer"])
        for style in panel.models:
            _draw_model(axes, rows[rows["model"] == style.name], style, positions)
        axis_labels.append((axes, sort_layers(rows["layer"])))
    label_layers(axis_labels)
    lowest = float((scores["score"] - scores["score_sd"].fillna(0)).min())
    panels[0][0].set_ylim(min(0.0, lowest), min(1.0, 1.08 * float(scores[["score", "ceiling"]].max().max())))
    figure.supylabel("MLEM score (Spearman ρ)")
    figure.legend(handles=_legend(models), loc="outside lower center", ncols=legend_columns(figure, 6))
    return figure


def _draw_model(axes: Axes, rows: pd.DataFrame, style: ModelStyle, positions: Mapping[str, float]) -> None:
    rows = rows.assign(position=rows["layer"].astype(str).map(positions)).sort_values("position")
    x, score, sd = rows["position"], rows["score"], rows["score_sd"].fillna(0)
    axes.fill_between(x, score - sd, score + sd, color=style.colour, alpha=0.2, linewidth=0)
    axes.plot(x, rows["ceiling"], color=style.colour, linewidth=0.6, linestyle=(0, (1, 1)))
    axes.plot(x, score, **style.line, **style.point)


def _legend(models: Mapping[str, ModelStyle]) -> list[Line2D | Patch]:
    handles: list[Line2D | Patch] = list(kind_handles(models))
    handles.append(Line2D([], [], color=GREY, linewidth=0.6, linestyle=(0, (1, 1)), label="Ceiling"))
    handles.append(Patch(color=GREY, alpha=0.3, linewidth=0, label="± 1 sd over folds"))
    return handles
