"""Two measures of similarity against each other, a point for each pair of layers."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from thinkalike.figures.parts.inputs import select_measure
from thinkalike.figures.parts.measure_labels import measure_label
from thinkalike.figures.parts.styles import ModelStyle, model_styles, written
from thinkalike.figures.parts.theme import SINGLE_COLUMN, new_figure, themed
from thinkalike.similarity.layer_pairs import agreement_of, distinct_pairs, layer_matrix, models_of

#: Kind of a pair: colour and marker. Drawn in this order, the rarer kinds on top.
_KINDS = {
    "With untrained control": ("#bdbdbd", "x"),
    "Between architectures": ("#33508f", "o"),
    "Between seeds": ("#d99a1c", "^"),
    "Within a model": ("#1a1a1a", "s"),
}


@themed
def similarity_scatter(
    similarity: pd.DataFrame, measure_x: str, measure_y: str, *, families: Mapping[str, str] | None = None
) -> Figure:
    """Draw one measure against another over all pairs of different layers; the Spearman correlation is the title.

    Parameters
    ----------
    similarity
        Tidy table `model_a, layer_a, model_b, layer_b, measure, value` with both measures.
    measure_x, measure_y
        Names of the measures. Axes show values as they are; in the correlation distances count negated, so that
        positive means agreement.
    families
        Family by model name, for the whole study.
    """
    rows = {measure: select_measure(similarity, measure) for measure in (measure_x, measure_y)}
    models = model_styles({name for table in rows.values() for name in models_of(table)}, families)
    keys = ["model_a", "layer_a", "model_b", "layer_b"]
    x, y = (distinct_pairs(layer_matrix(rows[measure], measure, models)) for measure in (measure_x, measure_y))
    pairs = x.merge(y, on=keys, suffixes=("_x", "_y"))
    kinds = pd.Series(
        [_kind(models[one], models[other]) for one, other in zip(pairs["model_a"], pairs["model_b"], strict=True)],
        dtype=object,
    )
    figure = new_figure(SINGLE_COLUMN, SINGLE_COLUMN * 1.12)
    axes = figure.subplots()
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
    rho = agreement_of(pairs, measure_x, measure_y)
    axes.set_title(f"Spearman ρ = {written(rho)} over {len(pairs):,} layer pairs")
    axes.set_xlabel(measure_label(measure_x))
    axes.set_ylabel(measure_label(measure_y))
    axes.grid(visible=True, axis="both")
    figure.legend(handles=handles, loc="outside lower center", ncols=2, handletextpad=0.3)
    return figure


def _kind(one: ModelStyle, other: ModelStyle) -> str:
    if one.control or other.control:
        return "With untrained control"
    if one.name == other.name:
        return "Within a model"
    return "Between seeds" if one.family == other.family else "Between architectures"
