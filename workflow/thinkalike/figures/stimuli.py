"""What the stimuli are made of: how often each level occurs, and on how many pairs each feature varies."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from thinkalike.figures.parts.feature_styles import FeatureStyle, feature_styles
from thinkalike.figures.parts.levels import UNDEFINED, are_numbers, ordered_levels
from thinkalike.figures.parts.theme import DARK_GREY, DOUBLE_COLUMN, LIGHT_GREY, SMALL, new_figure, themed
from thinkalike.tables import require

_MOST_LEVELS = 10


@themed
def stimuli(stimuli_levels: pd.DataFrame, stimuli_pairs: pd.DataFrame) -> Figure:
    """Draw counts per level of each feature, and the share of pairs of stimuli on which each feature varies.

    Parameters
    ----------
    stimuli_levels
        One row per level of a feature: `feature, role, level, stimuli`; a null level is undefined.
    stimuli_pairs
        One row per feature: `feature, role, share, pairs`.

    Returns
    -------
    Figure
        A panel for each feature (for each control where there are controls alone) and one for the shares. More than ten
        numbers are a histogram; of more than ten other levels the rarer ones share a bar.
    """
    require(stimuli_levels, ("feature", "role", "level", "stimuli"), "stimuli_levels")
    require(stimuli_pairs, ("feature", "role", "share", "pairs"), "stimuli_pairs")
    styles = feature_styles(dict(zip(stimuli_levels["feature"], stimuli_levels["role"], strict=True)))
    counted = [style for style in styles.values() if not style.control] or list(styles.values())
    columns = min((4, 3, 2), key=lambda columns: (-(len(counted) + 1) % columns, -columns))
    rows = -(-(len(counted) + 1) // columns)
    figure = new_figure(DOUBLE_COLUMN, 1.55 * rows)
    panels = list(figure.subplots(rows, columns, squeeze=False).ravel())
    for axes, style in zip(panels, counted, strict=False):
        levels = stimuli_levels[stimuli_levels["feature"] == style.name]
        many = levels["level"].nunique() > _MOST_LEVELS and are_numbers(levels["level"])
        (_draw_histogram if many else _draw_counts)(axes, levels, style)
    shares = stimuli_pairs.set_index("feature")["share"]
    _draw_shares(panels[len(counted)], {style: float(shares[name]) for name, style in styles.items() if name in shares})
    for axes in panels[len(counted) + 1 :]:
        axes.set_visible(False)
    total = int(stimuli_levels.loc[stimuli_levels["feature"] == counted[0].name, "stimuli"].sum())
    figure.suptitle(f"{total:,} stimuli, {int(stimuli_pairs['pairs'].iloc[0]):,} pairs", fontweight="normal")
    return figure


def _draw_counts(axes: Axes, levels: pd.DataFrame, style: FeatureStyle) -> None:
    counts = ordered_levels(levels["level"], levels["stimuli"])
    if len(counts) > _MOST_LEVELS:
        kept = counts.iloc[: _MOST_LEVELS - 1]
        rest = pd.Series({f"{len(counts) - len(kept)} more": counts.iloc[_MOST_LEVELS - 1 :].sum()})
        counts = pd.concat([kept, rest])
    undefined = int(levels.loc[levels["level"].isna(), "stimuli"].sum())
    if undefined:
        counts = pd.concat([counts, pd.Series({UNDEFINED: undefined})])
    places = np.arange(len(counts))[::-1]
    colours = [LIGHT_GREY if level == UNDEFINED else style.colour for level in counts.index]
    axes.barh(places, counts, color=colours, height=0.75)
    axes.set_yticks(places, counts.index)
    axes.set_title(style.label)
    _horizontal(axes)
    axes.set_xlabel("Stimuli")
    axes.locator_params(axis="x", nbins=4)


def _draw_histogram(axes: Axes, levels: pd.DataFrame, style: FeatureStyle) -> None:
    defined = levels.dropna(subset="level")
    numbers, counts = defined["level"].astype(float), defined["stimuli"]
    axes.hist(numbers, bins=min(20, len(numbers)), weights=counts, color=style.colour, edgecolor="white", linewidth=0.3)
    axes.set_title(style.label)
    undefined = int(levels["stimuli"].sum() - counts.sum())
    axes.set_xlabel("Value" + (f" ({undefined:,} undefined)" if undefined else ""))
    axes.set_ylabel("Stimuli")
    axes.locator_params(nbins=4)


def _draw_shares(axes: Axes, shares: Mapping[FeatureStyle, float]) -> None:
    places = np.arange(len(shares))[::-1]
    axes.barh(places, list(shares.values()), color=[style.colour for style in shares], height=0.75)
    axes.set_yticks(places, [style.label.replace(" (control)", "*") for style in shares])
    for place, share in zip(places, shares.values(), strict=True):
        written = "< 1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"
        axes.text(share + 0.02, place, written, va="center", fontsize=SMALL, color=DARK_GREY)
    axes.set_xlim(0, 1.18)
    axes.set_xticks([0, 0.5, 1], ["0", "50", "100 %"])
    axes.set_title("Pairs that differ")
    _horizontal(axes)
    if any(style.control for style in shares):
        axes.set_xlabel("* control")


def _horizontal(axes: Axes) -> None:
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=True, axis="x")
    axes.grid(visible=False, axis="y")
