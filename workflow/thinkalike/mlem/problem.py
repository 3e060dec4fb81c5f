"""One encoding problem: features and distances of the same stimuli, and how the pairs are summed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from thinkalike.errors import InputError
from thinkalike.features import Kind, Missing
from thinkalike.mlem.cells import UNDEFINED, Coding, encode
from thinkalike.mlem.closed_form import ClosedForm
from thinkalike.mlem.designs import Additive, Design, Quadratic
from thinkalike.mlem.distances import Distance, Distances, EuclideanDistances, make_distances
from thinkalike.mlem.moments import Moments, MomentSource
from thinkalike.mlem.pair_pass import PairPass
from thinkalike.mlem.ranks import Scoring


@dataclass(frozen=True)
class Problem:
    """Features, distances and model of one layer.

    Attributes
    ----------
    exclude
        Labels, one per stimulus; pairs of equal label are left out everywhere. `None`: all pairs count.
    scoring
        The rank correlation that a model is judged by.
    """

    coding: Coding
    distances: Distances
    design: Design
    fit_intercept: bool = True
    exclude: NDArray[np.int64] | None = None
    scoring: Scoring = "rho_a"

    def moment_source(self) -> MomentSource:
        """Return what sums over pairs: without forming them where features and distances allow it."""
        # Rooted distances are Euclidean too, but sums of roots need the pairs.
        closed = type(self.distances) is EuclideanDistances
        if closed and not self.coding.has_numeric and isinstance(self.design, Additive):
            return ClosedForm(self.coding, self.distances, self.exclude)  # type: ignore[arg-type]
        return PairPass(self.coding, self.distances, self.design.expand, self.exclude)

    def scaled(self, moments: Moments, ranges: NDArray[np.float64], low: float, high: float) -> Moments:
        """Return moments of scaled differences and of the target in [0, 1]."""
        return moments.scaled(self.design.column_scales(ranges), self.distances.coefficients(low, high))


def make_problem(
    features: pd.DataFrame,
    representations: ArrayLike,
    *,
    distance: Distance = "sqeuclidean",
    interactions: bool = False,
    fit_intercept: bool = True,
    kinds: Mapping[str, Kind] | None = None,
    missing: Missing | Mapping[str, Missing] = "same",
    exclude: NDArray[np.int64] | None = None,
    scoring: Scoring = "rho_a",
) -> Problem:
    """Check the input and return the problem it poses."""
    if scoring not in get_args(Scoring):
        raise InputError(f"scoring is '{scoring}' but must be one of {', '.join(get_args(Scoring))}.")
    coding = encode(features, kinds, missing)
    distances = make_distances(representations, distance, coding.n_stimuli)
    if coding.n_stimuli < 3:
        raise InputError(f"There are {coding.n_stimuli} stimuli; a fit needs at least 3.")
    if not varying(coding).any():
        raise InputError("No feature differs between any two stimuli: there is nothing to explain distances by.")
    design = (Quadratic if interactions else Additive)(coding.n_features)
    return Problem(coding, distances, design, fit_intercept, exclude, scoring)


def varying(coding: Coding) -> NDArray[np.bool_]:
    """Return which features differ between at least two stimuli, shape (n_features,)."""
    return np.array([len(np.unique(codes[codes != UNDEFINED])) > 1 for codes in coding.codes.T])


def check_spread(low: float, high: float, where: str) -> None:
    """Complain about distances that are all equal: they cannot be scaled to [0, 1], and nothing explains them."""
    if not np.isfinite(low) or not np.isfinite(high):
        raise InputError(f"There is no pair of stimuli left {where}; include more stimuli or exclude fewer pairs.")
    if high - low <= 1e-12 * abs(high):
        raise InputError(f"All distances {where} equal {high:g}: this layer is constant and has nothing to explain.")
