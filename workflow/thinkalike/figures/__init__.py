"""Figures: one module per figure, each with one function from tidy tables to a matplotlib `Figure`.

Every figure shares `theme` (sizes, fonts), `styles` (the look of a feature, of a model) and `save_figure`. None depends
on the order of a table's rows, and none touches pyplot: nothing has to be closed and no display is needed.
"""

from thinkalike.figures.decoding import decoding_profiles
from thinkalike.figures.extreme_pairs import extreme_pairs
from thinkalike.figures.feature_correlation import feature_correlation
from thinkalike.figures.feature_importance import feature_importance_profiles
from thinkalike.figures.grammaticality import agreement_accuracy
from thinkalike.figures.measure_agreement import measure_agreement
from thinkalike.figures.pair_explanation import pair_explanation
from thinkalike.figures.resources import resources
from thinkalike.figures.save import save_figure
from thinkalike.figures.scores import score_by_layer
from thinkalike.figures.seed_agreement import seed_agreement
from thinkalike.figures.similarity import similarity_matrices
from thinkalike.figures.similarity_matrix import similarity_matrix
from thinkalike.figures.similarity_scatter import similarity_scatter
from thinkalike.figures.stimuli import stimulus_report
from thinkalike.figures.training import training_curves
from thinkalike.figures.word_map import word_map

__all__ = [
    "agreement_accuracy",
    "decoding_profiles",
    "extreme_pairs",
    "feature_correlation",
    "feature_importance_profiles",
    "measure_agreement",
    "pair_explanation",
    "resources",
    "save_figure",
    "score_by_layer",
    "seed_agreement",
    "similarity_matrices",
    "similarity_matrix",
    "similarity_scatter",
    "stimulus_report",
    "training_curves",
    "word_map",
]
