"""Fig. 3: which features shape each layer of each model."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from thinkalike.figures.parts.feature_lines import draw_feature_lines
from thinkalike.figures.parts.theme import themed
from thinkalike.tables import first_coding, require


@themed
def feature_importance(
    importance: pd.DataFrame, models: pd.DataFrame | None = None, *, ax: Axes | None = None
) -> Figure:
    """Draw feature importance by layer, a panel for each entry of the study and below it one for its untrained control.

    Parameters
    ----------
    importance
        One row per (model, layer, feature): `layer, feature, importance`; `model` where there are several and `role`
        where some features are controls.
    models
        The study's table of models, for order, colours and panels (`model_styles`).
    ax
        Where to draw the panel of a single model; by default a figure of its own.

    Returns
    -------
    Figure
        Thick line: mean over the models of a panel, which differ in their seed; thin lines: each of them; dotted grey:
        control features; bands, with the column `importance_sd`: one standard deviation over folds.
    """
    require(importance, ("layer", "feature", "importance"), "importance")
    return draw_feature_lines(first_coding(importance), "importance", "Feature importance (drop in score)", models, ax)
