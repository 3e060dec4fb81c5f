"""How alike are two layers? Every measure says what its number means; see `MEASURES`."""

from thinkalike.similarity import cka, procrustes, profiles, rsa  # noqa: F401  (importing a family registers it)
from thinkalike.similarity.compare import compare, compare_all, compare_models
from thinkalike.similarity.importance import compare_profiles
from thinkalike.similarity.measure import MEASURES, Measure

__all__ = ["MEASURES", "Measure", "compare", "compare_all", "compare_models", "compare_profiles"]
