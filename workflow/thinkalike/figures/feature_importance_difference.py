"""Feature importance where a feature only differs or not: the paper's form, beside that of levels."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from thinkalike.errors import InputError
from thinkalike.figures.parts.feature_lines import draw_feature_lines
from thinkalike.figures.parts.theme import themed
from thinkalike.tables import other_codings, require


@themed
def feature_importance_difference(
    importance: pd.DataFrame, models: pd.DataFrame | None = None, *, ax: Axes | None = None
) -> Figure:
    """Draw feature importance by the coding that stands beside a study's own, as `feature_importance` draws that.

    Parameters
    ----------
    importance
        One row per (model, layer, coding, feature): `layer, coding, feature, importance`; `model` where there are
        several and `role` where some features are controls. `InputError` where there is one coding alone.
    models, ax
        As for `feature_importance`.

    Returns
    -------
    Figure
        Panels, lines and bands as in `feature_importance`.
    """
    require(importance, ("layer", "coding", "feature", "importance"), "importance")
    rows = other_codings(importance)
    if rows.empty:
        only = importance["coding"].iloc[0]
        raise InputError(f"The importance table has the coding '{only}' alone; fit the layers with coding: levels.")
    return draw_feature_lines(rows, "importance", "Feature importance (difference)", models, ax)
