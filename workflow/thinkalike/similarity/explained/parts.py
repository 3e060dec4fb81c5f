"""The parts of the similarities of many pairs of layers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thinkalike.similarity.explained.shapley import Division


@dataclass(frozen=True)
class Parts:
    """All but what is unexplained, which is what they leave of the similarity.

    Attributes
    ----------
    division
        Arrays of shape (n_columns, n_left, n_right): what each feature or control carries.
    form
        Shape (n_left, n_right): how the features combine, beyond what each adds.
    lexical
        The same shape: what the values of the controls carry beyond all that.
    covered
        Share of the pairs of stimuli for which `form` could be estimated.
    """

    division: Division
    form: NDArray[np.float64]
    lexical: NDArray[np.float64]
    covered: float
