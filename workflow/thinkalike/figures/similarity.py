"""Fig. 2: feature-based and feature-agnostic similarity side by side, each as a matrix and as a map of layers."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from thinkalike.figures.parts.inputs import only_measure
from thinkalike.figures.parts.layer_map import draw_layer_map, layer_coordinates, layer_map_handles, turned_to
from thinkalike.figures.parts.measure_labels import measure_label
from thinkalike.figures.parts.styles import model_styles, written
from thinkalike.figures.parts.theme import DOUBLE_COLUMN, NORMAL, new_figure, panel_letter, themed
from thinkalike.figures.similarity_matrix import draw_matrix
from thinkalike.similarity.layer_pairs import agreement_of, distinct_pairs, layer_matrix, models_of


@themed
def similarity_matrices(
    feature_based: pd.DataFrame,
    feature_agnostic: pd.DataFrame,
    *,
    families: Mapping[str, str] | None = None,
    seed: int = 0,
) -> Figure:
    """Draw two measures: A the feature-based, B the feature-agnostic one; on the left matrices, on the right maps.

    Parameters
    ----------
    feature_based, feature_agnostic
        Tidy tables `model_a, layer_a, model_b, layer_b, measure, value`, each of one measure.
    families
        Family by model name, for the whole study.
    seed
        Start of the multi-dimensional scaling.
    """
    tables = {"A": feature_based, "B": feature_agnostic}
    measures = {
        "A": only_measure(feature_based, "feature-based similarity"),
        "B": only_measure(feature_agnostic, "feature-agnostic similarity"),
    }
    models = model_styles({*models_of(feature_based), *models_of(feature_agnostic)}, families)
    matrices = {letter: layer_matrix(tables[letter], measures[letter], models) for letter in tables}
    maps = {letter: layer_coordinates(matrices[letter], measures[letter], seed=seed) for letter in tables}
    figure = new_figure(DOUBLE_COLUMN, 7.0)
    grid = figure.subplots(2, 2, width_ratios=(1.3, 1))
    for letter, kind, (left, right) in zip("AB", ("Feature-based", "Feature-agnostic"), grid, strict=True):
        image = draw_matrix(left, matrices[letter], models, measures[letter])
        left.tick_params(which="both", labelbottom=letter == "B")
        panel_letter(left, letter, kind)
        figure.colorbar(image, ax=left, label=measure_label(measures[letter]), shrink=0.85, aspect=30, pad=0.02)
        points, stress = maps[letter]
        # The second map is turned to the first: what differs then differs in the measure.
        shown = points if letter == "A" else turned_to(points, maps["A"][0])
        draw_layer_map(right, shown, models, stress=stress, left_out=len(matrices[letter]) - len(points))
    figure.suptitle(_agreement(matrices, measures), fontsize=NORMAL, fontweight="normal")
    figure.legend(handles=layer_map_handles(models), loc="outside lower center", ncols=min(6, len(models)))
    return figure


def _agreement(matrices: Mapping[str, pd.DataFrame], measures: Mapping[str, str]) -> str:
    keys = ["model_a", "layer_a", "model_b", "layer_b"]
    pairs = distinct_pairs(matrices["A"]).merge(distinct_pairs(matrices["B"]), on=keys, suffixes=("_x", "_y"))
    rho = agreement_of(pairs, measures["A"], measures["B"])
    return f"Agreement of the two matrices over {len(pairs):,} layer pairs: Spearman ρ = {written(rho)}"
