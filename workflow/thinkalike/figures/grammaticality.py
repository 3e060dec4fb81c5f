"""Whether the models have learnt the grammar: how often they prefer the form that agrees."""

import textwrap

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from thinkalike.figures.parts.feature_styles import feature_label
from thinkalike.figures.parts.model_styles import model_styles
from thinkalike.figures.parts.theme import DARK_GREY, DOUBLE_COLUMN, SMALL, new_figure, themed
from thinkalike.tables import require

_MOST_PANELS = 4


@themed
def grammaticality(grammaticality: pd.DataFrame, models: pd.DataFrame | None = None) -> Figure:
    """Draw each model's accuracy in judging minimal pairs, a panel for each phenomenon.

    Parameters
    ----------
    grammaticality
        One row per (model, phenomenon): `model, phenomenon, accuracy`, and `chance` where it is not one half.
        Without rows, the figure says that there are no minimal pairs.
    models
        The study's table of models, for order and colours (`model_styles`).

    Returns
    -------
    Figure
        A point for each model; hollow: untrained controls; dashed: chance.
    """
    if grammaticality.empty:
        figure = new_figure(DOUBLE_COLUMN / 2, 0.6)
        figure.text(0.5, 0.5, "The training corpus' grammar has no minimal pairs.", ha="center", va="center")
        return figure
    require(grammaticality, ("model", "phenomenon", "accuracy"), "grammaticality")
    styles = model_styles(grammaticality, models)
    phenomena = sorted(grammaticality["phenomenon"].astype(str).unique())
    columns = min(_MOST_PANELS, len(phenomena))
    rows = -(-len(phenomena) // columns)
    figure = new_figure(min(DOUBLE_COLUMN, 1.6 + 1.9 * columns), rows * (0.55 + 0.145 * len(styles)))
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    places = dict(zip(styles, np.arange(len(styles))[::-1], strict=True))
    for axes, phenomenon in zip(grid, phenomena, strict=False):
        table = grammaticality[grammaticality["phenomenon"] == phenomenon].sort_values(["model", "accuracy"])
        for model, accuracy in zip(table["model"].astype(str), table["accuracy"], strict=True):
            style = styles[model]
            face = "white" if style.control else style.colour
            look = {"markerfacecolor": face, "markeredgecolor": style.colour, "color": style.colour}
            axes.plot([0, accuracy], [places[model]] * 2, color=style.colour, linewidth=0.8, alpha=0.5, zorder=2)
            axes.plot(accuracy, places[model], marker="o", markersize=4.5, zorder=3, **look)
        chances = table["chance"].dropna().unique() if "chance" in table else [0.5]
        for chance in chances:
            axes.axvline(chance, color=DARK_GREY, linewidth=0.7, linestyle=(0, (3, 2)), zorder=1)
            axes.text(chance, len(styles) - 0.35, "chance", ha="center", va="bottom", fontsize=SMALL, color=DARK_GREY)
        axes.set_title(textwrap.fill(feature_label(phenomenon), 18), pad=10)
        axes.set_xlabel("Accuracy")
        axes.grid(visible=True, axis="x")
        axes.grid(visible=False, axis="y")
    for axes in grid[len(phenomena) :]:
        axes.set_visible(False)
    grid[0].set_yticks([*places.values()], [style.label for style in styles.values()])
    grid[0].set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
    grid[0].set(xlim=(0, 1.03), ylim=(-0.6, len(styles) - 0.4))
    for axes in grid:
        axes.tick_params(axis="y", length=0)
    return figure
