"""Two measures of similarity against each other, a point for each pair of layers."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from thinkalike.figures.parts.measure_labels import agreement_of, measure_label
from thinkalike.figures.parts.model_styles import ModelStyle, model_styles
from thinkalike.figures.parts.theme import SINGLE_COLUMN, legend_below, single_panel, themed, written
from thinkalike.similarity.layer_pairs import distinct_pairs, layer_matrix, select_measure

#: Kind of a pair: colour and marker. Drawn in this order, the rarer kinds on top.
_KINDS = {
    "With untrained control": ("#bdbdbd", "x"),
    "Between families": ("#33508f", "o"),
    "Within a family": ("#2a9d8f", "D"),
    "Between seeds": ("#d99a1c", "^"),
    "Within a model": ("#1a1a1a", "s"),
}


@themed
def similarity_scatter(
    similarity: pd.DataFrame,
    models: pd.DataFrame | None = None,
    *,
    measure_x: str = "weighted_kendall",
    measure_y: str = "rsa",
    ax: Axes | None = None,
) -> Figure:
    """Draw one measure against another over all pairs of different layers; the Spearman correlation is the title.

    Parameters
    ----------
    similarity
        Tidy table `model_a, layer_a, model_b, layer_b, measure, value` with both measures.
    models
        The study's table of models, which says whose pair is what (`model_styles`).
    measure_x, measure_y
        Names of the measures. Axes show values as they are; in the correlation distances count negated, so that
        positive means agreement.
    ax
        Where to draw; by default a figure of its own.

    Returns
    -------
    Figure
        A point for each pair; its colour and marker tell pairs within a model, between seeds of an entry, between other
        models of a family, between families, and pairs with an untrained control.
    """
    rows = {measure: select_measure(similarity, measure) for measure in (measure_x, measure_y)}
    styles = model_styles(list(rows.values()), models)
    keys = ["model_a", "layer_a", "model_b", "layer_b"]
    x, y = (distinct_pairs(layer_matrix(rows[measure], measure, styles)) for measure in (measure_x, measure_y))
    pairs = x.merge(y, on=keys, suffixes=("_x", "_y"))
    kinds = pd.Series(
        [_kind(styles[one], styles[other]) for one, other in zip(pairs["model_a"], pairs["model_b"], strict=True)],
        dtype=object,
    )
    figure, axes = single_panel(ax, SINGLE_COLUMN, SINGLE_COLUMN * 1.12)
    handles = []
    size = 2.6 if len(pairs) < 4000 else 1.4
    for kind, (colour, marker) in _KINDS.items():
        chosen = pairs[(kinds == kind).to_numpy()]
        if chosen.empty:
            continue
        look: dict[str, Any] = {"color": colour, "marker": marker, "linestyle": "", "markeredgewidth": 0.5}
        # Thousands of points would make a vector file that no viewer opens quickly.
        axes.plot(
            chosen["value_x"],
            chosen["value_y"],
            markersize=size,
            alpha=0.6,
            rasterized=len(pairs) > 3000,
            zorder=2,
            **look,
        )
        handles.append(Line2D([], [], markersize=3.5, label=f"{kind} ({len(chosen):,})", **look))
    rho, count = agreement_of(similarity, measure_x, measure_y)
    axes.set_title(f"Spearman ρ = {written(rho)} over {count:,} layer pairs")
    axes.set_xlabel(measure_label(measure_x))
    axes.set_ylabel(measure_label(measure_y))
    axes.grid(visible=True, axis="both")
    legend_below(axes, handles, columns=2, own=ax is not None)
    return figure


def _kind(one: ModelStyle, other: ModelStyle) -> str:
    if one.control or other.control:
        return "With untrained control"
    if one.name == other.name:
        return "Within a model"
    if one.entry == other.entry:
        return "Between seeds"
    return "Within a family" if one.family == other.family else "Between families"
