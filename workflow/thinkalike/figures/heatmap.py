"""A square heat map with its values written in the cells."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from thinkalike.errors import InputError
from thinkalike.figures.theme import DIVERGING, SMALL


def square_table(
    table: pd.DataFrame, first: str, second: str, value: str, order: Sequence[str], name: str
) -> pd.DataFrame:
    """Return the tidy pairs of a table as a symmetric matrix with ones on its diagonal where it says nothing else."""
    if table.duplicated([first, second]).any():
        row = table[table.duplicated([first, second])].iloc[0]
        raise InputError(f"The {name} table has {row[first]} with {row[second]} twice; keep the rows of one dataset.")
    wide = table.pivot(index=first, columns=second, values=value).reindex(index=order, columns=order).astype(float)
    values = np.where(wide.isna(), wide.T, wide)
    diagonal = np.eye(len(order), dtype=bool) & np.isnan(values)
    return pd.DataFrame(np.where(diagonal, 1.0, values), index=list(order), columns=list(order))


def draw_heatmap(axes: Axes, matrix: pd.DataFrame, labels: Sequence[str], *, lower_only: bool = True) -> None:
    """Draw correlations: colours from -1 to 1 around white, each value written; a cell without one is grey."""
    import seaborn  # Loads much that the other figures do not need.

    hidden = np.triu(np.ones(matrix.shape, dtype=bool)) if lower_only else np.zeros(matrix.shape, dtype=bool)
    shown = matrix.round(2) + 0.0  # No "-0.00".
    axes.set_facecolor("white" if lower_only else "#ededed")
    many = len(matrix) > 12
    seaborn.heatmap(
        shown,
        ax=axes,
        mask=hidden | matrix.isna().to_numpy(),
        cmap=DIVERGING,
        vmin=-1,
        vmax=1,
        square=True,
        annot=not many,
        fmt=".2f",
        annot_kws={"fontsize": SMALL},
        linewidths=0.5,
        linecolor="white",
        cbar=False,
    )
    axes.grid(False)
    places = np.arange(len(labels)) + 0.5
    first, last = (1, len(labels) - 1) if lower_only else (0, len(labels))
    axes.set_xticks(places[:last], labels[:last], rotation=90)
    axes.set_yticks(places[first:], labels[first:], rotation=0)
    axes.tick_params(length=0)
    axes.set(xlabel="", ylabel="")
    for spine in axes.spines.values():
        spine.set_visible(False)
    for row, column in zip(*np.nonzero(matrix.isna().to_numpy() & ~hidden), strict=True):
        axes.text(column + 0.5, row + 0.5, "–", ha="center", va="center", fontsize=SMALL)
