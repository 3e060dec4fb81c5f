"""Fig. 2: feature-based and feature-agnostic similarity side by side, each as a matrix and as a map of layers."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from thinkalike.figures.parts.layer_map import draw_layer_map, layer_map_handles
from thinkalike.figures.parts.matrix import draw_matrix
from thinkalike.figures.parts.measure_labels import agreement_of, measure_label
from thinkalike.figures.parts.model_styles import model_styles
from thinkalike.figures.parts.theme import DARK_GREY, DOUBLE_COLUMN, NORMAL, new_figure, panel_letter, themed, written
from thinkalike.similarity.layer_pairs import layer_matrix, select_measure, unresolved_pairs
from thinkalike.tables import require

_MAP = ("measure", "model", "layer", "x", "y", "stress")
_UNRESOLVED = "Not resolved (map: pale)"
_KINDS = {"A": "Feature-based", "B": "Feature-agnostic"}


@themed
def similarity(
    similarity: pd.DataFrame,
    layer_maps: pd.DataFrame,
    models: pd.DataFrame | None = None,
    *,
    feature_based: str = "weighted_kendall",
    feature_agnostic: str = "rsa",
) -> Figure:
    """Draw two measures: A the feature-based, B the feature-agnostic one; on the left matrices, on the right maps.

    Parameters
    ----------
    similarity
        Tidy table `model_a, layer_a, model_b, layer_b, measure, value` with both measures; where its column
        `resolved` is False, the cell is crossed out and a layer without a resolved profile is pale in the map.
    layer_maps
        `map_layers` of that table: `measure, model, layer, x, y, stress`. A measure without rows has no map.
    models
        The study's table of models, for order and colours (`model_styles`).
    feature_based, feature_agnostic
        The two measures.

    Returns
    -------
    Figure
        Two rows of a matrix and a map; the title says how far the two measures agree.
    """
    measures = {"A": feature_based, "B": feature_agnostic}
    if not layer_maps.empty:
        require(layer_maps, _MAP, "layer_maps")
    styles = model_styles([select_measure(similarity, measure) for measure in measures.values()], models)
    figure = new_figure(DOUBLE_COLUMN, 7.0)
    grid = figure.subplots(2, 2, width_ratios=(1.3, 1))
    handles = layer_map_handles(styles)
    for (letter, measure), (left, right) in zip(measures.items(), grid, strict=True):
        matrix = layer_matrix(similarity, measure, styles)
        unresolved = unresolved_pairs(similarity, measure, styles)
        image = draw_matrix(left, matrix, styles, measure, columns=letter == "B", unresolved=unresolved)
        panel_letter(left, letter, _KINDS[letter])
        figure.colorbar(image, ax=left, label=measure_label(measure), shrink=0.85, aspect=30, pad=0.02)
        points, stress = _map_of(layer_maps, measure)
        pale = [layer for layer in unresolved.index if unresolved.at[layer, layer]]
        left_out = len(matrix) - len(points)
        draw_layer_map(right, points, styles, stress=stress, left_out=left_out, unresolved=pale)
        if unresolved.to_numpy().any():
            handles.append(Line2D([], [], linestyle="", marker="x", color=DARK_GREY, label=_UNRESOLVED))
    rho, pairs = agreement_of(similarity, feature_based, feature_agnostic)
    agreement = f"Agreement of the two matrices over {pairs:,} layer pairs: Spearman ρ = {written(rho)}"
    figure.suptitle(agreement, fontsize=NORMAL, fontweight="normal")
    figure.legend(handles=handles, loc="outside lower center", ncols=min(6, len(styles)))
    return figure


def _map_of(layer_maps: pd.DataFrame, measure: str) -> tuple[pd.DataFrame, float]:
    """Return the coordinates of a measure's map, index (model, layer), and its stress."""
    rows = layer_maps.reindex(columns=list(_MAP)) if layer_maps.empty else layer_maps[layer_maps["measure"] == measure]
    points = rows.astype({"model": str, "layer": str}).set_index(["model", "layer"])[["x", "y"]]
    return points, float(rows["stress"].iloc[0]) if len(rows) else float("nan")
