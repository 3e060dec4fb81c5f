"""Which features can be read off each layer of each model, laid out as feature importance is."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from thinkalike.figures.parts.feature_lines import draw_feature_lines
from thinkalike.figures.parts.inputs import require
from thinkalike.figures.parts.theme import themed

_SCORES = ("balanced_accuracy", "r2")
_LOWEST = -0.25  # R2 has no lower end


@themed
def decoding_profiles(probes: pd.DataFrame, *, families: Mapping[str, str] | None = None) -> Figure:
    """Draw what linear probes read off each layer, on one scale for all features: 0 is chance, 1 is perfect.

    Parameters
    ----------
    probes
        One row a (model, layer, feature, score_name): `model, layer, feature, role, score_name, score, chance`; drawn
        are (score - chance) / (1 - chance) of the balanced accuracy and, for numeric features, of R2.
    families
        Family by model name, for the whole study: order and colours of the panels.

    Returns
    -------
    Figure
        Thick line: mean over the models of a panel (seeds); thin lines: each of them; dotted grey: control features.
        The axis ends at -0.25 at the lowest.
    """
    require(probes, ("model", "layer", "feature", "role", "score_name", "score", "chance"), "probes")
    rows = probes[probes["score_name"].isin(_SCORES)].dropna(subset="score")
    require(rows, ("score",), "probes")
    above = rows.assign(decoding=(rows["score"] - rows["chance"]) / (1 - rows["chance"]))
    figure = draw_feature_lines(above, "decoding", "Decoding (0 chance, 1 perfect)", families)
    figure.axes[0].set_ylim(bottom=max(figure.axes[0].get_ylim()[0], _LOWEST))
    return figure
