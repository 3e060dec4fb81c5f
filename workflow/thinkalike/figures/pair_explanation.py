"""Fig. 4: what makes two layers alike, feature by feature and word by word."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from thinkalike.errors import InputError
from thinkalike.figures.extreme_pairs import Pair
from thinkalike.figures.parts.inputs import require
from thinkalike.figures.parts.label_placement import PointLabels
from thinkalike.figures.parts.layer_axis import readable_layer
from thinkalike.figures.parts.levels import UNDEFINED, level_styles
from thinkalike.figures.parts.styles import (
    FeatureStyle,
    ModelStyle,
    feature_label,
    feature_styles,
    model_styles,
    written,
)
from thinkalike.figures.parts.theme import DARK_GREY, DOUBLE_COLUMN, GREY, LIGHT_GREY, SMALL, new_figure, themed
from thinkalike.similarity.layer_pairs import Layer


@themed
def pair_explanation(
    importance: pd.DataFrame,
    pair: Pair,
    coordinates_a: pd.DataFrame,
    coordinates_b: pd.DataFrame,
    stimuli: pd.DataFrame,
    *,
    families: Mapping[str, str] | None = None,
) -> Figure:
    """Draw two layers' feature importance against each other, with each layer's words beside its axis.

    Parameters
    ----------
    importance
        One row a (model, layer, feature): `model, layer, feature, role, importance`. Control features are left out:
        they are not compared.
    pair
        ((model, layer), (model, layer)), the first on the x axis; `extreme_pairs` finds the two of the paper.
    coordinates_a, coordinates_b
        `word_map` of the two layers: `x`, `y`, index `stimulus_id`.
    stimuli
        The stimulus table: a word is coloured by its level of the feature that dominates its layer.
    families
        Family by model name, for the whole study.

    Returns
    -------
    Figure
        Scatter with diagonal; above it the words of the first layer, left of it those of the second; on the right
        each feature's contribution to the weighted Kendall correlation, which is their sum.
    """
    require(importance, ("model", "layer", "feature", "role", "importance"), "importance")
    require(stimuli, ("stimulus_id",), "stimuli")
    profiles = pd.DataFrame({side: _profile(importance, layer) for side, layer in zip("ab", pair, strict=True)})
    names = importance["model"].astype(str)
    models = model_styles(names, families)
    features = feature_styles(profiles.index)
    profiles = profiles.loc[list(features)]
    figure = new_figure(DOUBLE_COLUMN, 4.7)
    axes = figure.subplot_mosaic(
        [["legend_b", "map_a", "legend_a"], ["map_b", "scatter", "bars"]],
        width_ratios=(1, 1.25, 1),
        height_ratios=(1, 1.25),
    )
    for side, layer, table in zip("ab", pair, (coordinates_a, coordinates_b), strict=True):
        words = _join(table, stimuli, profiles[side].idxmax())
        handles = _draw_words(axes[f"map_{side}"], words)
        axes[f"map_{side}"].set_title(_layer_label(layer, models), color=models[layer[0]].text_colour)
        _draw_legend(axes[f"legend_{side}"], handles, str(profiles[side].idxmax()), side)
    _draw_bars(axes["bars"], profiles, features)
    _draw_scatter(
        axes["scatter"], profiles, features, [(_layer_label(layer, models), models[layer[0]]) for layer in pair]
    )
    PointLabels(
        axes["scatter"],
        profiles[["a", "b"]].to_numpy(),
        [style.label for style in features.values()],
        [style.text_colour for style in features.values()],
    )
    return figure


def _profile(importance: pd.DataFrame, layer: Layer) -> pd.Series:
    chosen = (importance["model"] == layer[0]) & (importance["layer"].astype(str) == str(layer[1]))
    rows = importance[chosen & (importance["role"] == "feature")]
    if rows.empty:
        raise InputError(f"The importance table has no features of layer {layer[1]} of '{layer[0]}'; fit it first.")
    return rows.groupby("feature")["importance"].mean()


def _join(coordinates: pd.DataFrame, stimuli: pd.DataFrame, feature: object) -> pd.DataFrame:
    require(coordinates, ("x", "y"), "word map")
    require(stimuli, ("stimulus_id", str(feature)), "stimuli")
    levels = stimuli.set_index("stimulus_id")[str(feature)]
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
    axes.set_aspect("equal", adjustable="datalim")
    axes.grid(False)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set(visible=True, color=LIGHT_GREY)
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
    low, high = min(0.0, float(profiles.min().min())), float(profiles.max().max())
    margin = 0.08 * max(high - low, 1e-6)
    ends = (low - margin, high + 2.5 * margin)
    axes.plot(ends, ends, color=GREY, linewidth=0.6, linestyle=(0, (4, 2)), zorder=1)
    for name, style in features.items():
        axes.plot(*profiles.loc[name], linestyle="", marker=style.marker, color=style.colour, markersize=4.6, zorder=3)
    axes.set(xlim=ends, ylim=ends)
    axes.set_box_aspect(1)
    axes.set_xlabel(f"Feature importance, {names[0][0]}", color=names[0][1].text_colour)
    axes.set_ylabel(f"Feature importance, {names[1][0]}", color=names[1][1].text_colour)
    axes.grid(False)
    from scipy.stats import weightedtau  # loads for a second what few figures need

    axes.set_title(f"Weighted Kendall τ = {written(weightedtau(profiles['a'], profiles['b']).statistic)}")


def _draw_bars(axes: Axes, profiles: pd.DataFrame, features: Mapping[str, FeatureStyle]) -> None:
    from thinkalike.similarity import decompose_weighted_kendall

    parts = pd.Series(np.asarray(decompose_weighted_kendall(profiles["a"], profiles["b"])), index=profiles.index)
    parts = parts.loc[sorted(parts.index, key=lambda name: (-parts[name], name))]
    places = np.arange(len(parts))[::-1]
    axes.barh(places, parts, color=[features[name].colour for name in parts.index], height=0.7)
    axes.axvline(0, color=DARK_GREY, linewidth=0.6)
    axes.set_yticks(places, [features[name].label for name in parts.index])
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.grid(visible=True, axis="x")
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("Contribution to τ")
    axes.set_title(f"Contributions (sum {written(parts.sum())})")


def _layer_label(layer: Layer, models: Mapping[str, ModelStyle]) -> str:
    return f"{models[layer[0]].label}, layer {readable_layer(layer[1])}"
