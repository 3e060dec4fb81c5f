"""Public pairs of representations, the values that up to 16 public libraries give for them, and our name for each.

The wide pair is stored with 32 of its 52 bits, which moves no value by more than 1e-11 of its size.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd

DATA = Path(__file__).parent / "data"
VALUES = json.loads((DATA / "values.json").read_text())["measures"]
WEIGHTED_KENDALL = json.loads((DATA / "values.json").read_text())["weighted_kendall"]

CONVENTIONS = {
    "rsa_euclidean_spearman": ("rsa", {}),
    "rsa_euclidean_pearson": ("rsa", {"comparison": "pearson"}),
    "rsa_sqeuclidean_pearson": ("rsa", {"dissimilarity": "sqeuclidean", "comparison": "pearson"}),
    "rsa_euclidean_kendall_tau_b": ("rsa", {"comparison": "kendall_tau_b"}),
    "rsa_euclidean_kendall_tau_a": ("rsa", {"comparison": "kendall_tau_a"}),
    "rsa_correlation_spearman": ("rsa", {"dissimilarity": "correlation"}),
    "rsa_cosine_spearman": ("rsa", {"dissimilarity": "cosine"}),
    "cka_linear_biased": ("cka", {}),
    "cka_linear_unbiased": ("cka_debiased", {}),
    "cka_rbf_median": ("cka", {"kernel": "rbf"}),
    "procrustes_dist_centered_frobnorm": ("procrustes", {}),
    "procrustes_dist_frobnorm_uncentered": ("procrustes", {"centre": False}),
    "procrustes_size_and_shape": ("procrustes_size_and_shape", {}),
    "procrustes_angular": ("procrustes_angular", {}),
    "shape_metric_alpha05_angular": ("procrustes_angular", {"alpha": 0.5}),
    "aligned_cosine_centered": ("aligned_cosine", {}),
    "aligned_cosine_uncentered": ("aligned_cosine", {"centre": False}),
    "rsm_normdiff_euclidean_triangle": ("rsm_norm_difference", {}),
    "rsm_normdiff_cosine_triangle": (
        "rsm_norm_difference",
        {"dissimilarity": "cosine", "centre": False, "normalise": False},
    ),
    "jaccard_knn10_cosine_uncentered": ("jaccard", {"centre": False}),
    "jaccard_knn10_cosine_centered": ("jaccard", {}),
    "mutual_knn10_cosine": ("mutual_knn", {}),
    "linear_regression_r2_predict_X_from_Y": ("linear_regression", {}),
    "cca_mean_rho": ("cca", {}),
    "cca_mean_rho_squared": ("cca", {"squared": True}),
    "svcca_var99_mean_rho": ("svcca", {}),
    "pwcca_X_weighted": ("pwcca", {}),
    "distance_correlation": ("distance_correlation", {}),
    "rv_coefficient": ("rv", {}),
}
# Offered by one library each, by rules of its own: not measures of this project.
NOT_OFFERED = {"cka_linear_unbiased_sample_and_feature", "svcca_dim10_mean_rho", "eigenspace_overlap"}


def pair(name):
    """Return X and Y of a public pair."""
    if name.startswith("p4"):
        tables = (pd.read_parquet(DATA / f"{name}__{side}.parquet") for side in "XY")
        return tuple(table["values"].to_numpy().reshape(500, 768) for table in tables)
    with np.load(DATA / "pairs.npz") as arrays:
        return arrays[f"{name}__X"], arrays[f"{name}__Y"]


def profiles(name):
    """Return two public profiles."""
    with np.load(DATA / "pairs.npz") as arrays:
        return arrays[f"{name}__x"], arrays[f"{name}__y"]
