"""What feature importance and decoding have in common: a line per feature over the layers of a panel's models."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from thinkalike.figures.parts.feature_styles import FeatureStyle, feature_styles
from thinkalike.figures.parts.layer_axis import layer_positions, sort_layers, split_final
from thinkalike.figures.parts.model_styles import model_styles
from thinkalike.figures.parts.panels import Panel, entry_panels, label_layers
from thinkalike.figures.parts.theme import GREY, legend_below

#: What a table of one model, without controls, need not say.
_DEFAULTS = {"model": "", "role": "feature"}
_CONTROL_TASK = (0, (4, 2))
#: What a value's thin dashes say, by the name of their column.
_BESIDE = {"_control": "Control task", "_conditional": "Conditional on what goes with it"}


def draw_feature_lines(
    table: pd.DataFrame, value: str, label: str, models: pd.DataFrame | None, ax: Axes | None = None
) -> Figure:
    """Draw a column of a table by layer, a panel for each entry of the study, untrained controls below.

    Parameters
    ----------
    table
        One row per (model, layer, feature): `layer, feature` and the column `value`; `model` where there are several,
        `role` where some features are controls.
    value, label
        The column, and the label of the y axis.
    models
        The study's table of models, as for `model_styles`.
    ax
        Where to draw; the table must be of one entry then.

    Returns
    -------
    Figure
        Thick line: mean over the models of a panel, which differ in their seed; thin lines: each of them; dotted grey:
        control features. Bands, their ends means over the models of a panel: the interval, where the table has it as
        `value` with `_low` and `_high`, else one standard deviation over folds, `_sd`; thin dashes: what a control task
        reaches, or the value conditional on other features, where the table has it as `value` and `_control` or
        `_conditional` (nan: none is drawn).
    """
    table = table.assign(**{name: default for name, default in _DEFAULTS.items() if name not in table})
    features = feature_styles(dict(zip(table["feature"], table["role"], strict=True)))
    figure, panels = entry_panels(model_styles(table, models), separate_controls=True, ax=ax)
    axis_labels = []
    for axes, panel in panels:
        rows = table[table["model"].isin(panel.names)]
        _draw_panel(axes, rows, value, features, many=len(panels) > 12)
        axis_labels.append((axes, sort_layers(rows["layer"])))
    label_layers(axis_labels)
    if ax is None:
        figure.supylabel(label)
    else:
        ax.set_ylabel(label)
    legend_below(panels[0][0], _legend(features, panels, table, value), columns=5, own=ax is not None)
    return figure


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
        for column in _columns_beside(one, value):
            beside = one.groupby("layer")[column].mean().rename(index=str)
            _line(axes, beside, positions, {"color": style.colour, "linewidth": 0.6, "linestyle": _CONTROL_TASK}, 2)
        if ends := _band_ends(one, value):
            low, high = (end.rename(index=str).reindex(mean.index) for end in ends)
            _band(axes, low, high, positions, style.colour)
        look = {**style.line, "markersize": size, "markevery": every, "linewidth": 0.9 if many else 1.2}
        _line(axes, mean, positions, look, zorder + 2)


def _columns_beside(table: pd.DataFrame, value: str) -> list[str]:
    """Return the columns that are drawn as thin dashes, of those that the table has any value of."""
    return [
        f"{value}{ending}"
        for ending in _BESIDE
        if f"{value}{ending}" in table and table[f"{value}{ending}"].notna().any()
    ]


def _has_interval(table: pd.DataFrame, value: str) -> bool:
    return f"{value}_low" in table and bool(table[f"{value}_low"].notna().any())


def _band_ends(one: pd.DataFrame, value: str) -> tuple[pd.Series, pd.Series] | None:
    """Return by layer where the band of a feature begins and ends; None where the table says neither."""
    by_layer = one.groupby("layer")
    if _has_interval(one, value):
        return by_layer[f"{value}_low"].mean(), by_layer[f"{value}_high"].mean()
    if f"{value}_sd" not in one:
        return None
    mean, spread = by_layer[value].mean(), by_layer[f"{value}_sd"].mean()
    return mean - spread, mean + spread


def _band(axes: Axes, low: pd.Series, high: pd.Series, positions: Mapping[str, float], colour: str) -> None:
    layers = sort_layers(low.index)
    places = [positions[layer] for layer in layers]
    axes.fill_between(places, low[layers], high[layers], color=colour, alpha=0.13, linewidth=0, zorder=1)


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


def _legend(
    features: Mapping[str, FeatureStyle], panels: list[tuple[Axes, Panel]], table: pd.DataFrame, value: str
) -> list[Line2D | Patch]:
    handles: list[Line2D | Patch] = [Line2D([], [], label=style.label, **style.line) for style in features.values()]
    if any(len(panel.models) > 1 for _, panel in panels):
        handles.append(Line2D([], [], color=GREY, linewidth=0.5, alpha=0.6, label="One seed (thick: mean)"))
    for column in _columns_beside(table, value):
        label = _BESIDE[column.removeprefix(value)]
        handles.append(Line2D([], [], color=GREY, linewidth=0.6, linestyle=_CONTROL_TASK, label=label))
    if _has_interval(table, value):
        handles.append(Patch(color=GREY, alpha=0.3, linewidth=0, label="95 % interval"))
    elif f"{value}_sd" in table:
        handles.append(Patch(color=GREY, alpha=0.3, linewidth=0, label="± 1 sd over folds"))
    return handles
