"""What can mislead in a layer: a dominant dimension, few stimuli for its units, duplicates."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from thinkalike.numerics.matrices import as_matrix, centre
from thinkalike.numerics.parallel import single_threaded


def diagnose(X: Any, name: str = "X") -> dict[str, float]:
    """Describe a representation.

    Parameters
    ----------
    X
        Shape (n, d), or a `Representation`.
    name
        The representation's name, for messages.

    Returns
    -------
    dict
        `stimuli`, `units`, `stimuli_per_unit`; `top_dimension_share` and `top_component_share`, shares of the variance
        in the unit, and in the direction, of largest variance (a few huge dimensions dominate every measure that is
        not z-scored); `participation_ratio`, the effective number of dimensions; `duplicates`, rows equal to an
        earlier one; `zero_rows`, `constant_units`.
    """
    X = as_matrix(X, name)
    n, d = X.shape
    centred = centre(X)
    variances = np.mean(centred**2, axis=0)
    with single_threaded():
        gram = centred.T @ centred if d <= n else centred @ centred.T
        eigenvalues = np.maximum(np.linalg.eigvalsh(gram), 0.0)
    return {
        "stimuli": n,
        "units": d,
        "stimuli_per_unit": n / d,
        "top_dimension_share": round(float(variances.max() / variances.sum()), 12),
        "top_component_share": round(float(eigenvalues[-1] / eigenvalues.sum()), 12),
        "participation_ratio": round(float(eigenvalues.sum() ** 2 / np.sum(eigenvalues**2)), 9),
        "duplicates": n - len({row.tobytes() for row in X + 0.0}),
        "zero_rows": int(np.sum(~X.any(axis=1))),
        "constant_units": int(np.sum(np.ptp(X, axis=0) == 0)),
    }


def diagnose_layers(layers: Mapping[str, Any], model: str) -> pd.DataFrame:
    """Describe every layer of a model: model, layer, then the entries of `diagnose`."""
    rows = [{"model": model, "layer": layer, **diagnose(X, f"{model}, layer {layer}")} for layer, X in layers.items()]
    return pd.DataFrame(rows)
