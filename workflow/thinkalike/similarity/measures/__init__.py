"""The measures of similarity, one module a family; importing this package registers them all in `MEASURES`."""

from thinkalike.similarity.measures import (
    canonical,
    cka,
    distance_correlation,
    dynamics,
    linear,
    neighbours,
    procrustes,
    profiles,
    resolved_kendall,
    rsa,
)
from thinkalike.similarity.measures.measure import MEASURES, Measure, find_measure

__all__ = [
    "MEASURES",
    "Measure",
    "canonical",
    "cka",
    "distance_correlation",
    "dynamics",
    "find_measure",
    "linear",
    "neighbours",
    "procrustes",
    "profiles",
    "resolved_kendall",
    "rsa",
]
