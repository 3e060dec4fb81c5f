"""How alike are two layers? Every measure says what its number means; see `MEASURES`."""

from thinkalike.catalogue import MEASURE_SETS
from thinkalike.similarity.agreement import agreement, agreement_across_datasets, square_matrix
from thinkalike.similarity.compare import compare, compare_all, compare_models
from thinkalike.similarity.compare_profiles import compare_profiles
from thinkalike.similarity.explain_models import ExplainedModels, explain_models
from thinkalike.similarity.explained import ExplainedSimilarity, explain_similarity
from thinkalike.similarity.maps import map_layers, multidimensional_scaling
from thinkalike.similarity.measures.measure import MEASURES, Measure
from thinkalike.similarity.measures.profiles import decompose_weighted_kendall
from thinkalike.similarity.model_distances import matched_depth_distances, model_distances
from thinkalike.similarity.nearness import nearness
from thinkalike.similarity.reliability import reliability
from thinkalike.similarity.row_order import align
from thinkalike.similarity.trajectories import trajectory_distance, trajectory_table

__all__ = [
    "MEASURES",
    "MEASURE_SETS",
    "ExplainedModels",
    "ExplainedSimilarity",
    "Measure",
    "agreement",
    "agreement_across_datasets",
    "align",
    "compare",
    "compare_all",
    "compare_models",
    "compare_profiles",
    "decompose_weighted_kendall",
    "explain_models",
    "explain_similarity",
    "map_layers",
    "matched_depth_distances",
    "model_distances",
    "multidimensional_scaling",
    "nearness",
    "reliability",
    "square_matrix",
    "trajectory_distance",
    "trajectory_table",
]
