"""Which features can be read off each layer of each model, laid out as feature importance is."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from thinkalike.figures.parts.feature_lines import draw_feature_lines
from thinkalike.figures.parts.theme import themed
from thinkalike.tables import require

_SCORES = ("balanced_accuracy", "r2")
_LOWEST = -0.25  # R2 has no lower end


@themed
def decoding(probes: pd.DataFrame, models: pd.DataFrame | None = None, *, ax: Axes | None = None) -> Figure:
    """Draw what linear probes read off each layer, on one scale for all features: 0 is chance, 1 is perfect.

    Parameters
    ----------
    probes
        One row per (model, layer, feature, score_name): `layer, feature, score_name, score, chance`; `model` where
        there are several, `role` where some features are controls, and `control_score`, what the same probe reaches on
        labels shuffled at the feature's level. Drawn are (score - chance) / (1 - chance) of the
        balanced accuracy and, for numeric features, of R2.
    models
        The study's table of models, for order, colours and panels (`model_styles`).
    ax
        Where to draw the panel of a single model; by default a figure of its own.

    Returns
    -------
    Figure
        Thick line: mean over the models of a panel, which differ in their seed; thin lines: each of them; dotted grey:
        control features; thin dashes: the control task, whose labels mean nothing. The axis ends at -0.25 at the
        lowest.
    """
    require(probes, ("layer", "feature", "score_name", "score", "chance"), "probes")
    rows = probes[probes["score_name"].isin(_SCORES)].dropna(subset="score")
    require(rows, ("score",), "probes")
    room = 1 - rows["chance"]
    above = rows.assign(decoding=(rows["score"] - rows["chance"]) / room)
    if "control_score" in rows:
        above["decoding_control"] = (rows["control_score"] - rows["chance"]) / room
    figure = draw_feature_lines(above, "decoding", "Decoding (0 chance, 1 perfect)", models, ax)
    first = ax or figure.axes[0]
    first.set_ylim(bottom=max(first.get_ylim()[0], _LOWEST))
    return figure
