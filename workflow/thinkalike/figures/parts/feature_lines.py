"""What feature importance and decoding have in common: a line a feature over the layers of a panel's models."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from thinkalike.figures.parts.layer_axis import layer_positions, sort_layers, split_final
from thinkalike.figures.parts.panels import Panel, family_panels, label_layers
from thinkalike.figures.parts.styles import FeatureStyle, feature_styles, model_styles
from thinkalike.figures.parts.theme import GREY, legend_columns


def draw_feature_lines(table: pd.DataFrame, value: str, label: str, families: Mapping[str, str] | None) -> Figure:
    """Draw a column of a table by layer, a panel for each family and one for its untrained control.

    Parameters
    ----------
    table
        One row a (model, layer, feature): `model, layer, feature, role` and the column `value`.
    value, label
        The column, and the label of the y axis.
    families
        Family by model name, for the whole study; by default from the column `family`, or from the models' names.

    Returns
    -------
    Figure
        Thick line: mean over the models of a panel (seeds); thin lines: each of them; dotted grey: control features.
    """
    features = feature_styles(dict(zip(table["feature"], table["role"], strict=True)))
    models = model_styles(table["model"], families or _families(table))
    figure, panels = family_panels(models, separate_controls=True)
    axis_labels = []
    for axes, panel in panels:
        rows = table[table["model"].isin(panel.names)]
        _draw_panel(axes, rows, value, features, many=len(panels) > 12)
        axis_labels.append((axes, sort_layers(rows["layer"])))
    label_layers(axis_labels)
    figure.supylabel(label)
    figure.legend(handles=_legend(features, panels), loc="outside lower center", ncols=legend_columns(figure, 5))
    return figure


def _families(table: pd.DataFrame) -> dict[str, str] | None:
    if "family" not in table:
        return None
    return dict(sorted(set(zip(table["model"], table["family"], strict=True))))


def _draw_panel(
    axes: Axes, rows: pd.DataFrame, value: str, features: Mapping[str, FeatureStyle], *, many: bool
) -> None:
    axes.axhline(0, color=GREY, linewidth=0.5, zorder=1)
    positions = layer_positions(rows["layer"])
    every = max(1, round(len(positions) / 7))
    size = 2.2 if many else 3.2
    for name, style in features.items():
        one = rows[rows["feature"] == name]
        if one.empty:
            continue
        table = one.pivot_table(index="layer", columns="model", values=value, aggfunc="mean")
        table.index = table.index.astype(str)
        zorder = 2 if style.control else 3
        if table.shape[1] > 1:
            for model in sorted(table.columns):
                _line(axes, table[model], positions, {"color": style.colour, "linewidth": 0.5, "alpha": 0.6}, zorder)
        mean = table.mean(axis=1)
        look = {**style.line, "markersize": size, "markevery": every, "linewidth": 0.9 if many else 1.2}
        _line(axes, mean, positions, look, zorder + 2)


def _line(axes: Axes, values: pd.Series, positions: Mapping[str, float], look: Mapping, zorder: float) -> None:
    """Draw the numbered layers as a line, `final` as a point that a thin line ties to the last of them."""
    numbered, final = split_final(values.index)
    axes.plot([positions[layer] for layer in numbered], values[numbered], zorder=zorder, **look)
    if final:
        ends = [*numbered[-1:], *final]
        thin = {**look, "linewidth": 0.5, "linestyle": "-", "marker": ""}
        axes.plot([positions[layer] for layer in ends], values[ends], zorder=zorder, **thin)
        if "marker" in look:
            alone = {**look, "linestyle": "", "markevery": None}
            axes.plot([positions[layer] for layer in final], values[final], zorder=zorder, **alone)


def _legend(features: Mapping[str, FeatureStyle], panels: list[tuple[Axes, Panel]]) -> list[Line2D]:
    handles = [Line2D([], [], label=style.label, **style.line) for style in features.values()]
    if any(len(panel.models) > 1 for _, panel in panels):
        handles.append(Line2D([], [], color=GREY, linewidth=0.5, alpha=0.6, label="One seed (thick: mean)"))
    return handles
