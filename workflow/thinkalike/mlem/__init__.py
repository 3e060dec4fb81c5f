"""Metric-learning encoding models: which features shape a layer's distances.

`MLEM` carries the model's settings, fits and predicts; `cross_validate` scores it on held-out stimuli, and its result's
`infer` gives intervals and p-values; `analyse_layer` makes the workflow's tables of one layer, `analyse_layers` those
of all layers of some models.
"""

from thinkalike.mlem.analysis import analyse_layer
from thinkalike.mlem.cross_validation import cross_validate
from thinkalike.mlem.estimator import MLEM
from thinkalike.mlem.model_analysis import analyse_layers
from thinkalike.mlem.results import CrossValidation

__all__ = ["MLEM", "CrossValidation", "analyse_layer", "analyse_layers", "cross_validate"]
