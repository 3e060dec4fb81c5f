"""Fig. 3: which features shape each layer of each model."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from thinkalike.figures.parts.feature_lines import draw_feature_lines
from thinkalike.figures.parts.inputs import require
from thinkalike.figures.parts.theme import themed


@themed
def feature_importance_profiles(importance: pd.DataFrame, *, families: Mapping[str, str] | None = None) -> Figure:
    """Draw feature importance by layer, a panel for each family and one for its untrained control.

    Parameters
    ----------
    importance
        One row a (model, layer, feature): `model, layer, feature, role, importance`; `family` where `families` is not
        given and names do not tell it.
    families
        Family by model name, for the whole study: order and colours of the panels.

    Returns
    -------
    Figure
        Thick line: mean over the models of a panel (seeds); thin lines: each of them; dotted grey: control features.
    """
    require(importance, ("model", "layer", "feature", "role", "importance"), "importance")
    return draw_feature_lines(importance, "importance", "Feature importance (drop in Spearman ρ)", families)
