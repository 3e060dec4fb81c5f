"""How alike are two layers? Every measure says what its number means; see `MEASURES`."""

from thinkalike.similarity import (  # noqa: F401  (importing a family registers its measures)
    canonical,
    cka,
    distance_correlation,
    linear,
    neighbours,
    procrustes,
    profiles,
    rsa,
)
from thinkalike.similarity.compare import compare, compare_all, compare_models
from thinkalike.similarity.importance import compare_profiles
from thinkalike.similarity.measure import MEASURES, Measure
from thinkalike.similarity.sets import MEASURE_SETS

__all__ = [
    "MEASURES",
    "MEASURE_SETS",
    "Measure",
    "compare",
    "compare_all",
    "compare_models",
    "compare_profiles",
]
