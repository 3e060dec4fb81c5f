"""Fig. 4: what makes the least similar pair of layers differ, feature by feature and word by word."""

import pandas as pd
from matplotlib.figure import Figure

from thinkalike.figures.parts.pair import draw_pair
from thinkalike.figures.parts.theme import themed


@themed
def pair_least(
    pairs: pd.DataFrame,
    pair_words: pd.DataFrame,
    stimuli: pd.DataFrame,
    models: pd.DataFrame | None = None,
    explained: pd.DataFrame | None = None,
) -> Figure:
    """Draw the pair "least" of the study's tables of pairs.

    Parameters
    ----------
    pairs
        `pair, model_a, layer_a, model_b, layer_b, feature, importance_a, importance_b, contribution`.
    pair_words
        The map of each layer's words: `pair, side` (a or b), `stimulus_id, x, y`, and `stress`.
    stimuli
        The stimulus table: a word is coloured by its level of the feature that is most important in its layer.
    models
        The study's table of models, for colours (`model_styles`).
    explained
        The study's table of that name; without it, the bottom is not drawn.

    Returns
    -------
    Figure
        The two profiles of importance against each other, with each layer's words beside its axis; on the right each
        feature's contribution to the weighted Kendall correlation, which is their sum; at the bottom what each feature
        carries of the similarity of the two layers' vectors, by values and by differences.
    """
    return draw_pair("least", pairs, pair_words, stimuli, models, explained)
