"""What the stimuli are made of: how often each level occurs, and on how many pairs each feature varies."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from thinkalike.features import Feature
from thinkalike.figures.parts.inputs import require
from thinkalike.figures.parts.levels import UNDEFINED, ordered_levels
from thinkalike.figures.parts.styles import FeatureStyle, feature_styles
from thinkalike.figures.parts.theme import DARK_GREY, DOUBLE_COLUMN, LIGHT_GREY, SMALL, new_figure, themed

_MOST_LEVELS = 10


@themed
def stimulus_report(stimuli: pd.DataFrame, features: Mapping[str, Feature]) -> Figure:
    """Draw counts per level of each feature, and the share of pairs of stimuli on which each feature varies.

    Parameters
    ----------
    stimuli
        The stimulus table: one row a stimulus, a column for each feature.
    features
        The declared features by name (`features_from_json` of the table's metadata). An undefined value varies with
        nothing, unless the feature says `missing="category"`.
    """
    require(stimuli, features, "stimuli")
    styles = feature_styles({name: feature.role for name, feature in features.items()})
    counted = [style for style in styles.values() if not style.control] or list(styles.values())
    columns = min((4, 3, 2), key=lambda columns: (-(len(counted) + 1) % columns, -columns))
    rows = -(-(len(counted) + 1) // columns)
    figure = new_figure(DOUBLE_COLUMN, 1.55 * rows)
    panels = list(figure.subplots(rows, columns, squeeze=False).ravel())
    for axes, style in zip(panels, counted, strict=False):
        draw = _draw_histogram if features[style.name].kind == "numeric" else _draw_counts
        draw(axes, stimuli[style.name], style)
    shares = {style: varying_share(stimuli[name], features[name].missing) for name, style in styles.items()}
    _draw_shares(panels[len(counted)], shares)
    for axes in panels[len(counted) + 1 :]:
        axes.set_visible(False)
    figure.suptitle(f"{len(stimuli):,} stimuli, {len(stimuli) * (len(stimuli) - 1) // 2:,} pairs", fontweight="normal")
    return figure


def varying_share(values: pd.Series, missing: str = "same") -> float:
    """Return the share of all pairs of rows on which a column differs."""
    counts = values.value_counts(dropna=missing != "category").to_numpy(dtype=float)
    pairs = len(values) * (len(values) - 1) / 2
    return float((counts.sum() ** 2 - np.sum(counts**2)) / 2 / pairs) if pairs else 0.0


def _draw_counts(axes: Axes, values: pd.Series, style: FeatureStyle) -> None:
    counts = ordered_levels(values)
    if len(counts) > _MOST_LEVELS:
        kept = counts.iloc[: _MOST_LEVELS - 1]
        rest = pd.Series({f"{len(counts) - len(kept)} more": counts.iloc[_MOST_LEVELS - 1 :].sum()})
        counts = pd.concat([kept, rest])
    undefined = int(values.isna().sum())
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


def _draw_histogram(axes: Axes, values: pd.Series, style: FeatureStyle) -> None:
    numbers = values.dropna().to_numpy(dtype=float)
    axes.hist(
        numbers, bins=min(20, max(1, len(np.unique(numbers)))), color=style.colour, edgecolor="white", linewidth=0.3
    )
    axes.set_title(style.label)
    axes.set_xlabel("Value" + (f" ({len(values) - len(numbers):,} undefined)" if len(numbers) < len(values) else ""))
    axes.set_ylabel("Stimuli")
    axes.locator_params(nbins=4)


def _draw_shares(axes: Axes, shares: Mapping[FeatureStyle, float]) -> None:
    places = np.arange(len(shares))[::-1]
    axes.barh(places, list(shares.values()), color=[style.colour for style in shares], height=0.75)
    axes.set_yticks(places, [style.label.replace(" (control)", "*") for style in shares])
    for place, share in zip(places, shares.values(), strict=True):
        axes.text(share + 0.02, place, f"{100 * share:.0f} %", va="center", fontsize=SMALL, color=DARK_GREY)
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
