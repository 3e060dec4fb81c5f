"""Whether the models have learnt the grammar: how often they prefer the form that agrees."""

import textwrap
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from thinkalike.figures.parts.inputs import require
from thinkalike.figures.parts.styles import feature_label, model_styles
from thinkalike.figures.parts.theme import DARK_GREY, DOUBLE_COLUMN, SMALL, new_figure, themed

_MOST_PANELS = 4


@themed
def agreement_accuracy(agreement_table: pd.DataFrame, *, families: Mapping[str, str] | None = None) -> Figure:
    """Draw each model's accuracy, a panel for each phenomenon of agreement.

    Parameters
    ----------
    agreement_table
        One row a (model, phenomenon): `model, phenomenon, accuracy`, and `chance` where it is not one half.
        Without rows, the figure says that there are no minimal pairs.
    families
        Family by model name, for the whole study.
    """
    if agreement_table.empty:
        figure = new_figure(DOUBLE_COLUMN / 2, 0.6)
        figure.text(0.5, 0.5, "The training corpus' grammar has no minimal pairs.", ha="center", va="center")
        return figure
    require(agreement_table, ("model", "phenomenon", "accuracy"), "agreement accuracy")
    models = model_styles(agreement_table["model"].astype(str), families)
    phenomena = sorted(agreement_table["phenomenon"].astype(str).unique())
    columns = min(_MOST_PANELS, len(phenomena))
    rows = -(-len(phenomena) // columns)
    figure = new_figure(min(DOUBLE_COLUMN, 1.6 + 1.9 * columns), rows * (0.55 + 0.145 * len(models)))
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    places = dict(zip(models, np.arange(len(models))[::-1], strict=True))
    for axes, phenomenon in zip(grid, phenomena, strict=False):
        table = agreement_table[agreement_table["phenomenon"] == phenomenon].sort_values(["model", "accuracy"])
        for model, accuracy in zip(table["model"].astype(str), table["accuracy"], strict=True):
            style = models[model]
            face = "white" if style.control else style.colour
            look = {"markerfacecolor": face, "markeredgecolor": style.colour, "color": style.colour}
            axes.plot([0, accuracy], [places[model]] * 2, color=style.colour, linewidth=0.8, alpha=0.5, zorder=2)
            axes.plot(accuracy, places[model], marker="o", markersize=4.5, zorder=3, **look)
        chances = table["chance"].dropna().unique() if "chance" in table else [0.5]
        for chance in chances:
            axes.axvline(chance, color=DARK_GREY, linewidth=0.7, linestyle=(0, (3, 2)), zorder=1)
            axes.text(chance, len(models) - 0.35, "chance", ha="center", va="bottom", fontsize=SMALL, color=DARK_GREY)
        axes.set_title(textwrap.fill(feature_label(phenomenon), 18), pad=10)
        axes.set_xlabel("Accuracy")
        axes.grid(visible=True, axis="x")
        axes.grid(visible=False, axis="y")
    for axes in grid[len(phenomena) :]:
        axes.set_visible(False)
    grid[0].set_yticks([*places.values()], [style.label for style in models.values()])
    grid[0].set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
    grid[0].set(xlim=(0, 1.03), ylim=(-0.6, len(models) - 0.4))
    for axes in grid:
        axes.tick_params(axis="y", length=0)
    return figure
