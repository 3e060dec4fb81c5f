"""How far the choice of features decides: what moves where each of them is left out."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from thinkalike.figures.parts.feature_styles import feature_label, feature_styles
from thinkalike.figures.parts.theme import DIVERGING, DOUBLE_COLUMN, GREY, SMALL, new_figure, themed, written
from thinkalike.tables import require

_MOST = 30
_BARS = (
    ("similarity_rank", "Similarities of layers:\nrank correlation", "#33508f"),
    ("same_first", "Layers with the same\nfirst feature", "#2a9d8f"),
    ("score_lost", "Score lost", "#c2503c"),
)


@themed
def feature_sets(
    feature_sets: pd.DataFrame, feature_set_profiles: pd.DataFrame, models: pd.DataFrame | None = None
) -> Figure:
    """Draw how importance and conclusions change where features are left out and the layers fitted again.

    Parameters
    ----------
    feature_sets
        One row per set of left-out features (`thinkalike.similarity.feature_sensitivity`).
    feature_set_profiles
        One row per layer, set and kept feature: `model, layer, left_out, feature, importance`.
    models
        The study's table of models: untrained controls are left out of the mean over layers.

    Returns
    -------
    Figure
        Left, a row per set: change of each kept feature's importance, mean over the layers. Right: how far the
        similarities of layers, their first features and the scores stay. Of many sets those that move the similarities
        most.
    """
    require(feature_sets, ("left_out", *(name for name, _, _ in _BARS)), "feature_sets")
    require(feature_set_profiles, ("model", "layer", "left_out", "feature", "importance"), "feature_set_profiles")
    shown = feature_sets.sort_values(["similarity_rank", "left_out"], kind="stable").head(_MOST)
    changes = _changes(feature_set_profiles, models, list(shown["left_out"]))
    figure = new_figure(DOUBLE_COLUMN, 1.3 + 0.24 * len(shown))
    axes = figure.subplots(1, 1 + len(_BARS), sharey=True, width_ratios=[2.4, 1, 1, 1])
    labels = [" + ".join(feature_label(name) for name in names.split(", ")) for names in shown["left_out"]]
    _draw_changes(axes[0], changes)
    axes[0].set_yticks(range(len(labels)), labels)
    axes[0].set_ylabel("Left out")
    for panel, (column, title, colour) in zip(axes[1:], _BARS, strict=True):
        panel.barh(range(len(shown)), shown[column], height=0.6, color=colour)
        panel.set_title(title, fontweight="normal")
        panel.axvline(0, color=GREY, linewidth=0.6)
        panel.grid(axis="y", visible=False)
        panel.grid(axis="x", visible=True)
        if column != "score_lost":
            panel.set_xlim(min(0.0, float(shown[column].min()) * 1.05), 1.0)
            panel.set_xticks([0, 0.5, 1], ["0", ".5", "1"])
    return figure


def _changes(profiles: pd.DataFrame, models: pd.DataFrame | None, sets: list[str]) -> pd.DataFrame:
    """Return the mean change of importance over the trained models' layers, set by feature."""
    if models is not None and "control" in models:
        controls = set(models.loc[models["control"].astype(bool), "model"])
        trained = profiles[~profiles["model"].isin(controls)]
        profiles = trained if len(trained) else profiles
    # A sum's last bit depends on the order of the rows, and a colour might on that.
    profiles = profiles.sort_values(["left_out", "feature", "model", "layer"])
    means = profiles.groupby(["left_out", "feature"])["importance"].mean().unstack()
    order = [name for name in feature_styles(means.columns) if name in means]
    return (means - means.loc[""]).loc[sets, order]


def _draw_changes(axes: Axes, changes: pd.DataFrame) -> None:
    values = changes.to_numpy(dtype=float)
    largest = max(float(np.nanmax(np.abs(values))), 1e-3)
    axes.imshow(values, cmap=DIVERGING, vmin=-largest, vmax=largest, aspect="auto")
    for row, column in zip(*np.nonzero(np.isfinite(values)), strict=True):
        number = values[row, column]
        dark = abs(number) > 0.6 * largest
        text = written(number).replace("0.", ".")
        axes.text(column, row, text, ha="center", va="center", fontsize=SMALL, color="white" if dark else "black")
    axes.set_xticks(range(changes.shape[1]), [feature_label(str(name)) for name in changes], rotation=90)
    axes.grid(False)
    axes.set_title("Change of importance\n(mean over layers)", fontweight="normal")
