"""The parts of a similarity as stacked bars: features in their colours, and what no feature carries."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from thinkalike.figures.parts.feature_styles import feature_styles
from thinkalike.figures.parts.theme import DARK_GREY

#: Role of a part that is no feature: label, colour, hatch.
_OTHERS = {
    "form": ("How features combine", "#8c8c8c", "////"),
    "lexical": ("Single values of controls", "#c9c9c9", "...."),
    "unexplained": ("Nothing in the table", "white", ""),
}
_NAMES = {"rsa": "RSA", "cka": "CKA", "cka_debiased": "Debiased CKA"}
#: A part has its interval drawn if it is at least this large.
SMALLEST_WITH_INTERVAL = 0.05
#: Look of each (role, part), in the order in which parts are stacked.
Looks = Mapping[tuple[str, str], Patch]


def part_looks(explained: pd.DataFrame) -> dict[tuple[str, str], Patch]:
    """Return how the parts of a table `explained` look, features first."""
    parts = explained[["role", "part"]].drop_duplicates()
    named = parts[parts["role"].isin(["feature", "control"])]
    roles = dict(zip(named["part"], named["role"], strict=True))
    looks = {
        (roles[name], name): Patch(facecolor=style.colour, edgecolor="white", linewidth=0.3, label=style.label)
        for name, style in feature_styles(roles).items()
    }
    for role, (label, colour, hatch) in _OTHERS.items():
        if (parts["role"] == role).any():
            looks[role, role] = Patch(facecolor=colour, edgecolor=DARK_GREY, linewidth=0.3, hatch=hatch, label=label)
    return looks


def stack_parts(shares: pd.DataFrame, looks: Looks, draw: Callable[[Any, Any, dict[str, Any]], Any]) -> None:
    """Draw the parts one after another, those above 0 on one side of it and those below on the other.

    Parameters
    ----------
    shares
        One row per bar, one column per (role, part).
    looks
        From `part_looks`.
    draw
        Draws a part of all bars: where it starts, how long it is (negative for a part below 0), and its look.
    """
    above, below = np.zeros(len(shares)), np.zeros(len(shares))
    for key, patch in looks.items():
        part = shares[key].fillna(0.0).to_numpy() if key in shares else np.zeros(len(shares))
        look = {"facecolor": patch.get_facecolor(), "edgecolor": patch.get_edgecolor(), "hatch": patch.get_hatch()}
        draw(np.where(part >= 0, above, below), part, {**look, "linewidth": 0.3})
        above += np.maximum(part, 0)
        below += np.minimum(part, 0)


def draw_intervals(axes: Axes, rows: pd.DataFrame, shares: pd.DataFrame, looks: Looks, places: Any) -> None:
    """Draw the intervals of parts in bars to the right, at their ends; of the larger ones, or bars would be all lines.

    Parameters
    ----------
    rows
        One row per bar and part, indexed as `shares`: `role, part, low, high`. Without the last two nothing is drawn.
    shares, looks
        As for `stack_parts`.
    places
        Of the bars.
    """
    if "low" not in rows or rows["low"].isna().all():
        return
    low, high = (rows.pivot(columns=["role", "part"], values=end).loc[shares.index] for end in ("low", "high"))
    above = np.zeros(len(shares))
    for key in looks:
        part = shares[key].fillna(0.0).to_numpy() if key in shares else np.zeros(len(shares))
        above += np.maximum(part, 0)
        shown = part >= SMALLEST_WITH_INTERVAL
        if shown.any():
            ends = np.stack([part - low[key].to_numpy(), high[key].to_numpy() - part])[:, shown]
            look: dict[str, Any] = {"color": DARK_GREY, "elinewidth": 0.6, "capsize": 1.2, "capthick": 0.6, "zorder": 3}
            axes.errorbar(above[shown], np.asarray(places)[shown], xerr=ends, linestyle="", **look)


def measure_name(explained: pd.DataFrame) -> str:
    """Return the name of the measure whose parts a table holds."""
    measure = str(explained["measure"].iloc[0])
    return _NAMES.get(measure, measure)
