"""A square heat map with its values written in the cells."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from thinkalike.errors import InputError
from thinkalike.figures.parts.theme import DIVERGING, SMALL, written


def square_table(
    table: pd.DataFrame, first: str, second: str, value: str, order: Sequence[str], name: str
) -> pd.DataFrame:
    """Return the tidy pairs of a table as a symmetric matrix with ones on its diagonal where it says nothing else."""
    if table.duplicated([first, second]).any():
        row = table[table.duplicated([first, second])].iloc[0]
        raise InputError(f"The {name} table has {row[first]} with {row[second]} twice; keep the rows of one dataset.")
    wide = (
        table.pivot(index=first, columns=second, values=value)
        .reindex(index=list(order), columns=list(order))
        .astype(float)
    )
    values = np.where(wide.isna(), wide.T, wide)
    if len(order) < 2:
        raise InputError(f"The {name} table has only '{order[0]}'; a correlation needs two.")
    diagonal = np.eye(len(order), dtype=bool) & np.isnan(values)
    return pd.DataFrame(np.where(diagonal, 1.0, values), index=list(order), columns=list(order))


def draw_heatmap(axes: Axes, matrix: pd.DataFrame, labels: Sequence[str]) -> None:
    """Draw the lower triangle of a correlation matrix: colours from -1 to 1 around white, each value written.

    The first row and the last column would be empty and are left out; "–" stands where there is no value.
    """
    import seaborn  # Loads much that the other figures do not need.

    shown = matrix.iloc[1:, :-1]
    hidden = np.triu(np.ones(shown.shape, dtype=bool), k=1)
    axes.set_facecolor("white")
    seaborn.heatmap(
        shown,
        ax=axes,
        mask=hidden | shown.isna().to_numpy(),
        cmap=DIVERGING,
        vmin=-1,
        vmax=1,
        square=True,
        annot=shown.map(_without_zero).to_numpy() if len(matrix) <= 16 else False,
        fmt="",
        annot_kws={"fontsize": SMALL},
        linewidths=0.5,
        linecolor="white",
        cbar=False,
    )
    axes.grid(False)
    places = np.arange(len(shown)) + 0.5
    axes.set_xticks(places, labels[:-1], rotation=90)
    axes.set_yticks(places, labels[1:], rotation=0)
    axes.tick_params(length=0)
    axes.set(xlabel="", ylabel="")
    for spine in axes.spines.values():
        spine.set_visible(False)
    for row, column in zip(*np.nonzero(shown.isna().to_numpy() & ~hidden), strict=True):
        axes.text(column + 0.5, row + 0.5, "–", ha="center", va="center", fontsize=SMALL)


def _without_zero(value: float) -> str:
    """Return a correlation as it fits into a small cell: .26 for 0.26."""
    return written(value).replace("0.", ".")
