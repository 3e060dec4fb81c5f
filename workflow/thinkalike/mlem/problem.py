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
from thinkalike.mlem.designs import Additive, Design, LevelDesign, Quadratic
from thinkalike.mlem.level_moments import MOST_LISTED, LevelMoments, n_excluded
from thinkalike.mlem.level_pairs import FeatureCoding, with_level_pairs
from thinkalike.mlem.moments import Moments, MomentSource
from thinkalike.mlem.pair_distances import Distance, Distances, EuclideanDistances, make_distances
from thinkalike.mlem.pair_pass import PairPass
from thinkalike.mlem.rank_tables import Scoring


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
        if type(self.distances) is EuclideanDistances and not self.coding.has_numeric:
            if isinstance(self.design, Additive):
                return ClosedForm(self.coding, self.distances, self.exclude)
            if isinstance(self.design, LevelDesign) and n_excluded(self.exclude) <= MOST_LISTED:
                return LevelMoments(self.coding, self.distances, self.design, self.exclude)
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
    feature_coding: FeatureCoding = "difference",
    scoring: Scoring = "rho_a",
) -> Problem:
    """Check the input and return the problem it poses."""
    if scoring not in get_args(Scoring):
        raise InputError(f"scoring is '{scoring}' but must be one of {', '.join(get_args(Scoring))}.")
    if feature_coding not in get_args(FeatureCoding):
        raise InputError(f"coding is '{feature_coding}' but must be one of {', '.join(get_args(FeatureCoding))}.")
    if interactions and feature_coding == "levels":
        raise InputError("interactions are of differences: give coding='difference' with them, or leave them out.")
    coding = encode(features, kinds, missing)
    distances = make_distances(representations, distance, coding.n_stimuli)
    if coding.n_stimuli < 3:
        raise InputError(f"There are {coding.n_stimuli} stimuli; a fit needs at least 3.")
    if not varying(coding).any():
        raise InputError("No feature differs between any two stimuli: there is nothing to explain distances by.")
    design: Design = (Quadratic if interactions else Additive)(coding.n_features)
    if feature_coding == "levels":
        coding, pairs = with_level_pairs(coding)
        design = LevelDesign(pairs) if coding.has_levels else design
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


def weights_of_level_pairs(problem: Problem, parameters: NDArray[np.float64]) -> pd.DataFrame:
    """Return one row per pair of levels of each feature that has weights for them.

    Columns `feature, level_a, level_b, weight, pairs`; levels are text, None for the pairs of rare levels, which share
    a weight.
    """
    rows = []
    for f, pairs in enumerate(problem.design.pairs if isinstance(problem.design, LevelDesign) else ()):
        if pairs is not None:
            own = parameters[problem.design.involving(f)]
            for (a, b), weight, count in zip(pairs.names, own, pairs.counts, strict=True):
                rows.append((problem.coding.names[f], _text(a, b), _text(b, a), weight, count))
    table = pd.DataFrame(rows, columns=["feature", "level_a", "level_b", "weight", "pairs"])
    return table.astype({"level_a": object, "level_b": object}).where(table.notna(), None)


def _text(level: object, other: object) -> str | None:
    """Return the name of a level; an undefined value that is a level is 'undefined'."""
    if level is None:
        return None if other is None else "undefined"
    return str(level)
