"""Fig. 3: which features shape each layer of each model."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from thinkalike.figures.parts.feature_lines import draw_feature_lines
from thinkalike.figures.parts.theme import themed
from thinkalike.similarity.drawn_profiles import ProfileKind, profile_column
from thinkalike.tables import first_coding, require

_LABELS = {
    "importance": "Feature importance (drop in score)",
    "weight": "Feature weight (mean distance: 1)",
}
_SHARED = 0.02  # of a feature's importance, from which on its conditional importance is drawn too


@themed
def feature_importance(
    importance: pd.DataFrame,
    models: pd.DataFrame | None = None,
    *,
    profile: ProfileKind = "importance",
    ax: Axes | None = None,
) -> Figure:
    """Draw feature importance by layer, a panel for each entry of the study and below it one for its untrained control.

    Parameters
    ----------
    importance
        One row per (model, layer, feature): `layer, feature, importance`; `model` where there are several, `role`
        where some features are controls, `conditional_importance` and `shared_importance` where some go together.
    models
        The study's table of models, for order, colours and panels (`model_styles`).
    profile
        `importance`, or `weight`, which is drawn in its place: the column `relative_weight`, what a difference of the
        feature adds to the distance, in units of the mean distance.
    ax
        Where to draw the panel of a single model; by default a figure of its own.

    Returns
    -------
    Figure
        Thick line: mean over the models of a panel, which differ in their seed; thin lines: each of them; dotted grey:
        control features; bands: the 95 % interval where the table has it (`importance_low`, `importance_high`), else
        with the column `importance_sd` one standard deviation over folds; thin dashes: the conditional importance of
        features that share at least .02 of theirs with others in some layer.
    """
    column = profile_column(profile)
    require(importance, ("layer", "feature", column), "importance")
    table = with_conditional(first_coding(importance)) if profile == "importance" else first_coding(importance)
    return draw_feature_lines(table, column, _LABELS[profile], models, ax)


def with_conditional(importance: pd.DataFrame) -> pd.DataFrame:
    """Return the table with `importance_conditional`, nan for features that share little of their importance."""
    if "conditional_importance" not in importance or "shared_importance" not in importance:
        return importance
    shared = importance["shared_importance"].abs().groupby(importance["feature"]).transform("max")
    shown = (shared >= _SHARED) & (importance.get("role", "feature") == "feature")
    return importance.assign(importance_conditional=importance["conditional_importance"].where(shown))
