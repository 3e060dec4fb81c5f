"""What makes two layers alike, feature by feature and word by word: the drawing of one pair."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from thinkalike.errors import InputError
from thinkalike.figures.parts.feature_styles import FeatureStyle, feature_label, feature_styles
from thinkalike.figures.parts.label_placement import PointLabels
from thinkalike.figures.parts.layer_axis import readable_layer
from thinkalike.figures.parts.levels import UNDEFINED, level_styles
from thinkalike.figures.parts.model_styles import ModelStyle, model_styles
from thinkalike.figures.parts.stacked_parts import draw_intervals, measure_name, part_looks, stack_parts
from thinkalike.figures.parts.theme import (
    DARK_GREY,
    DOUBLE_COLUMN,
    GREY,
    SMALL,
    frame_map,
    legend_below,
    new_figure,
    written,
)
from thinkalike.similarity.layer_pairs import Layer
from thinkalike.tables import require

_PROFILES = ("feature", "importance_a", "importance_b", "contribution")


def draw_pair(
    pair: str,
    pairs: pd.DataFrame,
    pair_words: pd.DataFrame,
    stimuli: pd.DataFrame,
    models: pd.DataFrame | None,
    explained: pd.DataFrame | None = None,
) -> Figure:
    """Draw two layers' feature importance against each other, with each layer's words beside its axis.

    Parameters
    ----------
    pair
        Which pair of the tables, by their column `pair`.
    pairs, pair_words
        The tables of `explain_pairs`; the first layer is on the x axis.
    stimuli
        The stimulus table: a word is coloured by its level of the feature that dominates its layer.
    models
        The study's table of models, as for `model_styles`.
    explained
        The study's table of that name; with it, the parts of the two layers' similarity are drawn below.

    Returns
    -------
    Figure
        Scatter with diagonal; above it the words of the first layer, left of it those of the second; on the right
        each feature's contribution to the weighted Kendall correlation, which is their sum; at the bottom, with
        `explained`, what each feature carries of the similarity of the vectors.
    """
    require(pairs, ("pair", "model_a", "layer_a", "model_b", "layer_b", *_PROFILES), "pairs")
    require(pair_words, ("pair", "side", "stimulus_id", "x", "y"), "pair_words")
    require(stimuli, ("stimulus_id",), "stimuli")
    rows = pairs[pairs["pair"] == pair]
    if rows.empty:
        known = ", ".join(sorted(pairs["pair"].astype(str).unique()))
        raise InputError(f"The pairs table has no pair '{pair}'; it has {known}.")
    styles = model_styles(pairs, models)
    features = feature_styles(rows["feature"])
    profiles = rows.set_index("feature").loc[list(features)]
    layers = {side: (str(rows[f"model_{side}"].iloc[0]), str(rows[f"layer_{side}"].iloc[0])) for side in "ab"}
    named = {side: (_layer_label(layer, styles), styles[layer[0]]) for side, layer in layers.items()}
    parts = None if explained is None else _parts_of(explained, layers)
    figure = new_figure(DOUBLE_COLUMN, 4.7 if parts is None else 5.9)
    places: list[Any] = [["legend_b", "map_a", "legend_a"], ["map_b", "scatter", "bars"]]
    if parts is not None:
        places.append(["parts"] * 3)
    axes = figure.subplot_mosaic(places, width_ratios=(1, 1.25, 1), height_ratios=(1, 1.25, 0.25)[: len(places)])
    if parts is not None:
        _draw_parts(axes["parts"], parts)
    words = pair_words[pair_words["pair"] == pair]
    for side, (label, style) in named.items():
        dominant = str(profiles[f"importance_{side}"].idxmax())
        handles = _draw_words(axes[f"map_{side}"], _join(words[words["side"] == side], stimuli, dominant))
        axes[f"map_{side}"].set_title(label, color=style.text_colour)
        _draw_legend(axes[f"legend_{side}"], handles, dominant, side)
    _draw_bars(axes["bars"], profiles, features)
    _draw_scatter(axes["scatter"], profiles, features, list(named.values()))
    PointLabels(
        axes["scatter"],
        profiles[["importance_a", "importance_b"]].to_numpy(),
        [style.label for style in features.values()],
        [style.text_colour for style in features.values()],
    )
    return figure


def _parts_of(explained: pd.DataFrame, layers: Mapping[str, Layer]) -> pd.DataFrame:
    """Return the rows of two layers, in whichever order the table has them."""
    require(
        explained, ("model_a", "layer_a", "model_b", "layer_b", "measure", "by", "part", "role", "value"), "explained"
    )
    for one, other in ("ab", "ba"):
        wanted = [*layers[one], *layers[other]]
        found = np.ones(len(explained), dtype=bool)
        for column, value in zip(("model_a", "layer_a", "model_b", "layer_b"), wanted, strict=True):
            found &= (explained[column].astype(str) == value).to_numpy()
        if found.any():
            return explained[found]
    raise InputError(f"The explained table lacks {layers['a']} with {layers['b']}; make it from the same study.")


def _draw_parts(axes: Axes, parts: pd.DataFrame) -> None:
    own = parts.set_index("by")
    shares = own.pivot(columns=["role", "part"], values="value").sort_index()
    looks = part_looks(parts)
    places = np.arange(len(shares))
    stack_parts(shares, looks, lambda start, part, look: axes.barh(places, part, left=start, height=0.7, **look))
    draw_intervals(axes, own, shares, looks, places)
    axes.set_yticks(places, [f"By {by}" for by in shares.index])
    axes.tick_params(axis="y", length=0)
    axes.axvline(0, color=DARK_GREY, linewidth=0.6)
    axes.grid(visible=False, axis="y")
    total = parts.loc[parts["by"] == shares.index[-1], "value"].sum(skipna=False)
    axes.set_xlabel("No similarity to divide" if pd.isna(total) else _sum_of_parts(parts, total))
    legend_below(axes, [look for (role, _), look in looks.items() if role != "feature"], columns=4, own=False)


def _sum_of_parts(parts: pd.DataFrame, total: float) -> str:
    ends = parts.iloc[0].reindex(["similarity_low", "similarity_high"])
    interval = "" if ends.isna().any() else f" [{written(ends.iloc[0])}, {written(ends.iloc[1])}]"
    return f"{measure_name(parts)} = {written(total)}{interval}, by part"


def _join(words: pd.DataFrame, stimuli: pd.DataFrame, feature: str) -> pd.DataFrame:
    require(words, ("x", "y"), "pair_words")
    require(stimuli, (feature,), "stimuli")
    levels = stimuli.set_index("stimulus_id")[feature]
    coordinates = words.set_index("stimulus_id")
    unknown = coordinates.index.difference(levels.index)
    if len(unknown):
        raise InputError(
            f"The stimulus table has no stimulus '{unknown[0]}' of the word map; both must be of one dataset."
        )
    return coordinates.assign(level=levels.reindex(coordinates.index)).sort_index()


def _draw_words(axes: Axes, words: pd.DataFrame) -> list[Line2D]:
    handles = []
    for level in level_styles(words["level"]):
        hollow = level.label == UNDEFINED
        face = "none" if hollow else level.colour
        look: dict[str, Any] = {
            "marker": level.marker,
            "markerfacecolor": face,
            "markeredgecolor": level.colour if hollow else "white",
        }
        points = words[level.rows]
        axes.plot(
            points["x"], points["y"], linestyle="", markersize=3.4, markeredgewidth=0.6 if hollow else 0.25, **look
        )
        look = {**look, "markeredgecolor": GREY if hollow else "none"}
        if level.in_legend:
            handles.append(Line2D([], [], linestyle="", markersize=4.2, markeredgewidth=0.6, label=level.label, **look))
    frame_map(axes)
    axes.set_box_aspect(1)
    stress = f", stress {words['stress'].iloc[0]:.2f}" if "stress" in words else ""
    axes.set_xlabel(f"MDS of {len(words)} stimuli{stress}", fontsize=SMALL)
    return handles


def _draw_legend(axes: Axes, handles: list[Line2D], feature: str, side: str) -> None:
    axes.axis("off")
    location: Literal["center left", "lower center"] = "center left" if side == "a" else "lower center"
    anchor = (0.0, 0.5) if side == "a" else (0.5, 0.0)
    title = (
        f"{feature_label(feature)}\n(dominant {'in the layer on the left' if side == 'a' else 'in the layer below'})"
    )
    columns = 2 if len(handles) > 4 else 1
    legend = axes.legend(handles=handles, title=title, loc=location, bbox_to_anchor=anchor, ncols=columns)
    legend.set_alignment("left")


def _draw_scatter(
    axes: Axes, profiles: pd.DataFrame, features: Mapping[str, FeatureStyle], names: list[tuple[str, ModelStyle]]
) -> None:
    points = profiles[["importance_a", "importance_b"]]
    low, high = min(0.0, float(points.min().min())), float(points.max().max())
    margin = 0.08 * max(high - low, 1e-6)
    ends = (low - margin, high + 2.5 * margin)
    axes.plot(ends, ends, color=GREY, linewidth=0.6, linestyle=(0, (4, 2)), zorder=1)
    for name, style in features.items():
        axes.plot(*points.loc[name], linestyle="", marker=style.marker, color=style.colour, markersize=4.6, zorder=3)
        if "importance_sd_a" in profiles:
            place, spread = points.loc[name], profiles.loc[name, ["importance_sd_a", "importance_sd_b"]]
            look: dict[str, Any] = {"color": style.colour, "linestyle": "", "elinewidth": 0.6, "zorder": 2}
            axes.errorbar(place.iloc[0], place.iloc[1], xerr=spread.iloc[0], yerr=spread.iloc[1], **look)
    axes.set(xlim=ends, ylim=ends)
    axes.set_box_aspect(1)
    axes.set_xlabel(f"Feature importance\n{names[0][0]}", color=names[0][1].text_colour)
    axes.set_ylabel(f"Feature importance\n{names[1][0]}", color=names[1][1].text_colour)
    axes.grid(False)
    tau = profiles["contribution"].sum(skipna=False)
    axes.set_title("Weighted Kendall τ not defined" if pd.isna(tau) else f"Weighted Kendall τ = {written(tau)}")


def _draw_bars(axes: Axes, profiles: pd.DataFrame, features: Mapping[str, FeatureStyle]) -> None:
    """Draw the contributions, and write the two importances at the right: a contribution alone says little."""
    contributions = profiles["contribution"]
    parts = contributions.loc[sorted(contributions.index, key=lambda name: (-contributions[name], name))]
    places = np.arange(len(parts))[::-1]
    axes.barh(places, parts, color=[features[name].colour for name in parts.index], height=0.7)
    axes.axvline(0, color=DARK_GREY, linewidth=0.6)
    axes.set_yticks(places, [features[name].label for name in parts.index])
    both = axes.secondary_yaxis("right")
    pairs = profiles.loc[parts.index, ["importance_a", "importance_b"]].itertuples(index=False)
    both.set_yticks(places, [f"{written(one, 3)}  {written(other, 3)}" for one, other in pairs])
    both.set_ylabel("Importance (first, second layer)", fontsize=SMALL)
    both.spines["right"].set_visible(False)
    for sides in (axes, both):
        sides.tick_params(axis="y", length=0)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.grid(visible=True, axis="x")
    axes.grid(visible=False, axis="y")
    near = near_nothing(profiles)
    noise = f"\n{near} of {len(profiles)} features within 2 sd of 0 in both" if 2 * near > len(profiles) else ""
    axes.set_xlabel(f"Contribution to τ{noise}")
    axes.set_title("No contributions" if parts.isna().any() else f"Contributions (sum {written(parts.sum())})")


def near_nothing(profiles: pd.DataFrame) -> int:
    """Return how many features lie within two standard deviations over folds of 0 in both layers; 0 if not known."""
    if "importance_sd_a" not in profiles:
        return 0
    near = [profiles[f"importance_{side}"].abs() <= 2 * profiles[f"importance_sd_{side}"] for side in "ab"]
    return int((near[0] & near[1]).sum())


def _layer_label(layer: Layer, models: Mapping[str, ModelStyle]) -> str:
    return f"{models[layer[0]].label}, layer {readable_layer(layer[1])}"
