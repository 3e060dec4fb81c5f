"""How a similarity measure is written on an axis, and the scale of its colours."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from thinkalike.figures.parts.theme import DIVERGING, SEQUENTIAL

_LABELS = {
    "weighted_kendall": "Weighted Kendall τ of feature importance",
    "resolved_kendall": "Resolved Kendall τ of feature importance",
    "spearman_profiles": "Spearman ρ of feature importance",
    "cosine_profiles": "Cosine of feature importance",
    "euclidean_profiles": "Euclidean distance of feature importance",
    "rsa": "RSA (Spearman ρ of distances)",
    "partial_rsa": "Partial RSA (Spearman ρ of distances)",
    "cka": "CKA (linear, biased)",
    "cka_debiased": "CKA (linear, debiased)",
    "procrustes": "Procrustes distance",
    "procrustes_angular": "Procrustes angle (rad)",
    "procrustes_size_and_shape": "Procrustes distance, size kept",
    "aligned_cosine": "Aligned cosine",
    "rsm_norm_difference": "Norm RSM-difference",
    "jaccard": "Jaccard of neighbours",
    "mutual_knn": "Mutual nearest neighbours",
    "linear_regression": "Linear regression (R²)",
    "cca": "CCA (mean correlation)",
    "svcca": "SVCCA (mean correlation)",
    "pwcca": "PWCCA",
    "rv": "RV coefficient",
    "dsa": "DSA angle (rad)",
    "distance_correlation": "Distance correlation",
}
_SHORT = {
    "weighted_kendall": "Weighted Kendall τ",
    "resolved_kendall": "Resolved Kendall τ",
    "spearman_profiles": "Spearman of profiles",
    "cosine_profiles": "Cosine of profiles",
    "euclidean_profiles": "Distance of profiles",
    "procrustes_size_and_shape": "Procrustes, size kept",
    "linear_regression": "Linear regression",
    "rsm_norm_difference": "Norm RSM-difference",
    "rsa": "RSA",
    "partial_rsa": "Partial RSA",
    "cka": "CKA",
    "cka_debiased": "CKA debiased",
    "rv": "RV",
    "dsa": "DSA",
    "cca": "CCA",
    "svcca": "SVCCA",
    "pwcca": "PWCCA",
    "mutual_knn": "Mutual kNN",
}


@dataclass(frozen=True)
class ColourScale:
    """A colour map and its ends."""

    colours: str
    low: float
    high: float


def measure_label(measure: str) -> str:
    """Return a measure's name with what it is computed from."""
    base, convention = _parts(measure)
    return _LABELS.get(base, short_label(base)) + (f", {convention}" if convention else "")


def short_label(measure: str) -> str:
    """Return a measure's name for a crowded axis."""
    base, convention = _parts(measure)
    words = base.replace("_", " ")
    return _SHORT.get(base, words[:1].upper() + words[1:]) + (f" {convention}" if convention else "")


def _parts(measure: str) -> tuple[str, str]:
    """Return a measure's name and, in words, the published set or the coding of features that it is of."""
    base, _, convention = measure.partition(".")
    return base, f"by {convention}" if convention in ("levels", "difference") else convention


def colour_scale(measure: str, values: np.ndarray) -> ColourScale:
    """Return a scale that is the same for every study where the measure has a range, and shows what is alike dark.

    Measures that can be negative run from -1 to 1 around white, shares from 0 to 1, distances from 0 (dark) to the
    largest value.
    """
    from thinkalike.similarity.layer_pairs import larger_is_more_similar

    finite = values[np.isfinite(values)]
    if not larger_is_more_similar(measure):
        return ColourScale(SEQUENTIAL.removesuffix("_r"), 0.0, float(finite.max(initial=1e-12)))
    if _lowest(measure) < 0 or finite.min(initial=0.0) < 0:
        bound = max(1.0, float(np.abs(finite).max(initial=0.0)))
        return ColourScale(DIVERGING, -bound, bound)
    return ColourScale(SEQUENTIAL, 0.0, max(1.0, float(finite.max(initial=0.0))))


def _lowest(measure: str) -> float:
    from thinkalike.similarity import MEASURES

    base = measure.partition(".")[0]
    return MEASURES[base].range[0] if base in MEASURES else 0.0


def measures_in_order(names: Iterable[str]) -> list[str]:
    """Return measures in the order of the table above (feature-based first), others after them by name."""
    order = list(_LABELS)
    return sorted(set(names), key=lambda name: (order.index(name) if name in order else len(order), name))


def agreement_of(similarity: pd.DataFrame, one: str, other: str) -> tuple[float, int]:
    """Return Spearman's correlation of two measures over pairs of layers, and the number of pairs.

    The same numbers as in the study's table `agreement`: each pair counts once, distances count negated.
    """
    from thinkalike.similarity.agreement import agreement

    table = agreement(similarity[similarity["measure"].isin([one, other])])
    row = table[(table["measure_a"] != table["measure_b"]) | (one == other)].iloc[0]
    return float(row["spearman"]), int(row["n_pairs"])
