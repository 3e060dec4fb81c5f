"""What makes models alike: how much of their layers' similarity each feature carries, and what none does."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from thinkalike.errors import InputError
from thinkalike.figures.parts.layer_axis import readable_layer, sort_layers
from thinkalike.figures.parts.model_styles import ModelStyle, model_styles
from thinkalike.figures.parts.stacked_parts import Looks, draw_intervals, measure_name, part_looks, stack_parts
from thinkalike.figures.parts.theme import (
    DARK_GREY,
    DOUBLE_COLUMN,
    LIGHT_GREY,
    legend_below,
    new_figure,
    panel_letter,
    themed,
)
from thinkalike.similarity.explained.most_alike import LAYERS, most_alike_layers, pair_values
from thinkalike.tables import require

_MOST_BARS = 40
_DEPTHS = np.linspace(0, 1, 6)


@themed
def explained(explained: pd.DataFrame, models: pd.DataFrame | None = None, *, by: str = "values") -> Figure:
    """Draw the similarity of models as a sum of parts.

    Parameters
    ----------
    explained
        `model_a, layer_a, model_b, layer_b, measure, by, part, role, value`, one row per part of a pair of layers; with
        `low` and `high` intervals of the parts are drawn.
    models
        The study's table of models (`model_styles`).
    by
        `values` or `differences` of the features.

    Returns
    -------
    Figure
        Left: for each two entries of the study (seeds of one entry with one another, two trained entries, or an entry
        with its untrained control) the pair of layers that is most alike, at most 40 of them. Right: the mean over all
        pairs of trained models of different entries at the same relative depth, 0 the first layer and 1 the last.
        Parts above 0 are stacked to the right or upwards, those below to the left or downwards: what a bar reaches on
        one side minus the other is the similarity.
    """
    require(explained, (*LAYERS, "measure", "by", "part", "role", "value"), "explained")
    rows = explained[explained["by"] == by].sort_values([*LAYERS, "role", "part"], kind="stable")
    if rows.empty:
        raise InputError(f"The explained table has no rows by '{by}'; choose one of its column 'by'.")
    styles = model_styles(rows, models)
    looks = part_looks(rows)
    chosen = most_alike_layers(rows, by)
    if chosen.empty:
        raise InputError("The explained table has no pair of different models; a study of two models has one.")
    bars = _of_entries(chosen, styles)
    figure = new_figure(DOUBLE_COLUMN, 1.7 + 0.17 * len(bars))
    axes = figure.subplots(1, 2, width_ratios=(1.25, 1))
    _draw_pairs(axes[0], rows, bars, looks, styles)
    measure = measure_name(rows)
    axes[0].set_xlabel(f"{measure} of the most alike layers")
    panel_letter(axes[0], "A", "Most alike layers")
    _draw_depths(axes[1], rows, looks, styles, by)
    axes[1].set(xlabel="Relative depth", ylabel=f"Mean {measure}")
    panel_letter(axes[1], "B", "Along the layers")
    legend_below(axes[0], list(looks.values()), columns=4, own=False)
    return figure


def _of_entries(chosen: pd.DataFrame, styles: Mapping[str, ModelStyle]) -> pd.DataFrame:
    """Return the most alike layers of every two entries that are shown, the most alike first."""
    sides = [chosen[f"model_{side}"].map(styles) for side in "ab"]
    entries = [tuple(sorted((one.entry, other.entry))) for one, other in zip(*sides, strict=True)]
    both_trained = [not one.control and not other.control for one, other in zip(*sides, strict=True)]
    own_control = [
        one.control != other.control and one.family == other.family for one, other in zip(*sides, strict=True)
    ]
    bars = chosen.assign(entries=pd.Series(entries, index=chosen.index, dtype=object))
    shown = np.array(both_trained) | np.array(own_control)
    bars = bars[shown] if shown.any() else bars
    bars = bars.sort_values(["value", *LAYERS], ascending=[False, *[True] * 4], kind="stable")
    return bars.drop_duplicates("entries").head(_MOST_BARS).reset_index(drop=True)


def _draw_pairs(
    axes: Axes,
    rows: pd.DataFrame,
    bars: pd.DataFrame,
    looks: Looks,
    styles: Mapping[str, ModelStyle],
) -> None:
    own = rows.merge(bars[LAYERS], on=LAYERS).set_index(LAYERS)
    shares = own.pivot(columns=["role", "part"], values="value")
    shares = shares.loc[list(bars[LAYERS].itertuples(index=False, name=None))]
    places = np.arange(len(bars))[::-1]
    stack_parts(shares, looks, lambda start, part, look: axes.barh(places, part, left=start, height=0.75, **look))
    draw_intervals(axes, own, shares, looks, places)
    labels = [
        " – ".join(f"{styles[row[f'model_{s}']].label}: {readable_layer(row[f'layer_{s}'])}" for s in "ab")
        for _, row in bars.iterrows()
    ]
    axes.set_yticks(places, labels)
    axes.tick_params(axis="y", length=0)
    axes.axvline(0, color=DARK_GREY, linewidth=0.6)
    axes.grid(visible=False, axis="y")


def _draw_depths(
    axes: Axes,
    rows: pd.DataFrame,
    looks: Looks,
    styles: Mapping[str, ModelStyle],
    by: str,
) -> None:
    chosen = _at_depths(pair_values(rows, by), styles)
    if chosen.empty:
        axes.set_axis_off()
        return
    shares = rows.merge(chosen, on=LAYERS).pivot_table(index="depth", columns=["role", "part"], values="value")
    width = 0.8 * float(_DEPTHS[1])
    stack_parts(
        shares, looks, lambda start, part, look: axes.bar(shares.index, part, bottom=start, width=width, **look)
    )
    axes.axhline(0, color=DARK_GREY, linewidth=0.6)
    axes.grid(visible=True, axis="y", color=LIGHT_GREY)


def _at_depths(values: pd.DataFrame, styles: Mapping[str, ModelStyle]) -> pd.DataFrame:
    """Return pairs of layers of different trained entries that are nearest to each relative depth."""
    trained = {name for name, style in styles.items() if not style.control} or set(styles)
    found = []
    for names, rows in values.groupby(["model_a", "model_b"], sort=True):
        a, b = map(str, names)
        if styles[a].entry == styles[b].entry or not {a, b} <= trained:
            continue
        layers_a, layers_b = (sort_layers(rows[f"layer_{side}"]) for side in "ab")
        for depth in _DEPTHS:
            one, other = (layers[round(depth * (len(layers) - 1))] for layers in (layers_a, layers_b))
            found.append((a, one, b, other, depth))
    return pd.DataFrame(found, columns=[*LAYERS, "depth"])
