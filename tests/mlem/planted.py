"""Data with planted weights, and the pair designs that the engine never forms."""

import numpy as np
import pandas as pd
from scipy.spatial.distance import pdist

LEVELS = (2, 2, 3, 3, 4, 4, 5, 6)
WEIGHTS = (1.0, 0.7, 0.5, 0.35, 0.25, 0.15, 0.05, 0.0)


def planted(n_stimuli, n_units=64, noise=1.0, seed=0, levels=LEVELS, weights=WEIGHTS):
    """Return features and vectors whose squared distances are sum_f w_f [f differs] plus isotropic noise."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(n_stimuli, n_units)) * noise / np.sqrt(2 * n_units)
    basis = np.linalg.qr(rng.normal(size=(n_units, sum(levels))))[0].T
    features, start = {}, 0
    for f, (n_levels, weight) in enumerate(zip(levels, weights, strict=True)):
        codes = rng.integers(n_levels, size=n_stimuli)
        vectors += np.sqrt(weight / 2) * basis[start : start + n_levels][codes]
        start += n_levels
        features[f"f{f}"] = np.array(list("abcdefghij"))[codes]
    return pd.DataFrame(features), vectors


def with_missing(features, share=0.2, seed=1):
    """Return a copy in which a share of the values of every second feature is undefined."""
    rng = np.random.default_rng(seed)
    features = features.copy()
    for name in features.columns[::2]:
        features.loc[rng.random(len(features)) < share, name] = None
    return features


def pair_design(features, kinds=None, missing="same", ranges=None):
    """Return the explicit design, one row per pair in pdist order, the slow and plain way."""
    columns = []
    left, right = np.triu_indices(len(features), 1)
    for name in features.columns:
        column = features[name]
        if (kinds or {}).get(name) == "numeric":
            numbers = column.to_numpy(dtype=float)
            width = (ranges or {}).get(name, np.nanmax(numbers) - np.nanmin(numbers))
            columns.append(np.nan_to_num(np.abs(numbers[left] - numbers[right]) / width))
            continue
        values = np.array([None if pd.isna(value) else str(value) for value in column], dtype=object)
        differ = values[left] != values[right]
        if missing == "same":
            undefined = np.array([value is None for value in values])
            differ &= ~(undefined[left] | undefined[right])
        columns.append(differ.astype(float))
    return np.column_stack(columns)


def scaled(distances):
    return (distances - distances.min()) / (distances.max() - distances.min())


def squared_distances(vectors):
    return pdist(vectors, "sqeuclidean")
