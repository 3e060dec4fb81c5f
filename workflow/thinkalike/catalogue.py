"""Sets of measures with the conventions of published studies."""

from typing import Any

MEASURE_SETS: dict[str, dict[str, dict[str, Any]]] = {
    # Klabunde et al. 2023: measures invariant to rotations and scaling; only Procrustes is normalised (by its norm).
    "ot+is": {
        "procrustes": {"centre": False},
        "aligned_cosine": {"centre": False},
        "rsm_norm_difference": {"dissimilarity": "cosine", "centre": False, "normalise": False},
        "jaccard": {"k": 10, "centre": False},
    },
    # The same study: invariant to translation too, by centring; RSA and CKA are so by themselves.
    "ot+is+tr": {
        "procrustes": {"centre": True},
        "aligned_cosine": {"centre": True},
        "rsm_norm_difference": {"dissimilarity": "euclidean", "centre": True, "normalise": True},
        "jaccard": {"k": 10, "centre": True},
        "rsa": {"dissimilarity": "euclidean", "comparison": "spearman"},
        "cka": {"kernel": "linear"},
    },
}
"""Set name to measure name to options; `compare(X, Y, name, **options)`."""
