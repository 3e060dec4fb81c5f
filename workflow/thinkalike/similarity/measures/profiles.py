"""Feature-based similarity: do the same features shape two layers?

A profile is one number per feature, larger meaning more important. What differs by less than 1e-12 is the rounding of
sums and no order: profiles that are ranked are rounded to 12 decimals, and such numbers tie. A profile whose features
are all equal has no order, and every measure of order is undefined (nan) there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from thinkalike.errors import InputError
from thinkalike.numerics.matrices import real_numbers
from thinkalike.numerics.ranks import settled
from thinkalike.similarity.measures.measure import Comparator, measure

Profile = npt.NDArray[np.float64]
_NOTHING = 1e-12  # an importance below this is 0


@dataclass(frozen=True)
class _ProfileComparator(Comparator):
    """Common to all: a layer's state is its profile."""

    def prepare(self, X: Any) -> Profile:
        """Return the profile as an array of one dimension, at least 2 finite numbers."""
        profile = real_numbers(X, "A profile").astype(np.float64, copy=False)
        if profile.ndim != 1 or len(profile) < 2:
            raise InputError(
                f"A profile is one number per feature, of at least 2 features, but this array has the shape "
                f"{profile.shape}."
            )
        if not np.isfinite(profile).all():
            raise InputError(
                f"A profile must be finite, but entry {int(np.argmin(np.isfinite(profile)))} of {len(profile)} is "
                "not; leave that feature out of both profiles."
            )
        return profile

    def score(self, x: Profile, y: Profile) -> float:
        """Return the measure of two profiles of the same features."""
        if len(x) != len(y):
            raise InputError(f"The profiles have {len(x)} and {len(y)} features; give both the same, in one order.")
        return self.value(x, y)

    def value(self, x: Profile, y: Profile) -> float:
        """Return the measure, given profiles of equal length."""
        raise NotImplementedError


@measure(
    name="weighted_kendall",
    family="profiles",
    formula="sum over i < j of s_ij w_ij / sqrt(the same with x against x, and with y against y), s_ij = sign(x_i - "
    "x_j) sign(y_i - y_j), w_ij = 1 / (r_i + 1) + 1 / (r_j + 1), r the rank from 0 = most important; mean of r by x "
    "(ties by y) and r by y (ties by x)",
    reference="Vigna 2015",
    preprocessing="rounded to 12 decimals; what differs by less than 1e-12 is tied",
    range=(-1.0, 1.0),
    larger_is_more_similar=True,
    invariant_to=("isotropic scaling", "translation"),
    chance="0; undefined (nan) if all features of a profile are equal",
    equivalents=("scipy.stats.weightedtau(x, y)",),
    identical=1.0,
    compares="profiles",
)
@dataclass(frozen=True)
class WeightedKendall(_ProfileComparator):
    """Kendall's tau with more weight on the most important features."""

    def value(self, x: Profile, y: Profile) -> float:
        """Return what scipy's weightedtau gives with its defaults, without the second that importing it takes."""
        return float(weighted_kendall_parts(x, y).sum())

    def score_each(self, xs: Sequence[Profile], ys: Sequence[Profile]) -> Profile:
        """Return the measure of many pairs of profiles of the same features at once."""
        result: Profile = weighted_kendall_parts(np.stack(xs), np.stack(ys)).sum(axis=-1)
        return result


def weighted_kendall_parts(x: Profile, y: Profile, counted: npt.NDArray[np.bool_] | None = None) -> Profile:
    """Return each entry's part of the weighted Kendall correlation, nan where a profile has no order.

    The profiles are the rows of `x` and `y`, shape (..., n). A pair's term is shared equally between its two entries;
    with `counted`, shape (n,), it goes to the one of them that counts.
    """
    x, y = settled(x), settled(y)
    shares = np.ones(x.shape[-1]) if counted is None else counted.astype(np.float64)
    parts = (_parts_by_rank(x, y, shares) + _parts_by_rank(y, x, shares)) / 2
    no_order = (np.ptp(x, axis=-1) == 0) | (np.ptp(y, axis=-1) == 0)
    result: Profile = np.where(no_order[..., None], np.nan, parts)
    return result


def decompose_weighted_kendall(profile_a: pd.Series, profile_b: pd.Series) -> pd.Series:
    """Split the weighted Kendall correlation of two profiles into one contribution per feature.

    The correlation is a sum over pairs of features; each pair's term is shared equally between its two features. A
    feature contributes much if it is important (its pairs weigh more) and takes the same place among the others in
    both profiles; it contributes negatively if the two layers disagree about its place. Every feature of two identical
    profiles contributes, the least important ones too, so a contribution is to be read beside the importance itself.

    A feature whose importance is 0 in both (below 1e-12) contributes exactly 0: a pair's term then goes to the other
    feature as a whole.

    Parameters
    ----------
    profile_a, profile_b
        Importance by feature (the index), the same features in any order.

    Returns
    -------
    Series
        Contribution by feature, in the order of `profile_a`; their sum is the measure `weighted_kendall`, which is
        `scipy.stats.weightedtau(a, b)` (additive hyperbolic weights, mean of both rankings) of the rounded profiles.

    Raises
    ------
    InputError
        When the features differ, or a profile is not finite or has no order.
    """
    if set(profile_a.index) != set(profile_b.index) or not profile_a.index.is_unique:
        raise InputError("The two profiles must hold the same features, each once; fit both layers with the same.")
    comparator = WeightedKendall()
    a, b = comparator.prepare(profile_a), comparator.prepare(profile_b[profile_a.index])
    parts = weighted_kendall_parts(a, b, counted=(np.abs(a) >= _NOTHING) | (np.abs(b) >= _NOTHING))
    if np.isnan(parts).any():
        raise InputError("A profile whose features are all equally important has no order, so nothing to decompose.")
    return pd.Series(parts, index=profile_a.index, name="contribution")


def weights_of_pairs(first: Profile, second: Profile) -> npt.NDArray[np.float64]:
    """Return the weight of each pair of features: additive, hyperbolic, by the ranks of `first`, ties by `second`.

    Of profiles of shape (..., n), the weights have shape (..., n, n).
    """
    order = np.lexsort((second, first))[..., ::-1]
    weights = np.empty(first.shape)
    np.put_along_axis(weights, order, np.broadcast_to(1 / np.arange(1, first.shape[-1] + 1), first.shape), axis=-1)
    result: npt.NDArray[np.float64] = weights[..., :, None] + weights[..., None, :]
    return result


def _parts_by_rank(first: Profile, second: Profile, shares: Profile) -> Profile:
    """Return the parts of the correlation weighted by the ranks of `first`, ties by `second`."""
    weights = weights_of_pairs(first, second)
    signs = [np.sign(values[..., :, None] - values[..., None, :]) for values in (first, second)]
    norm = np.sqrt(np.prod([np.sum(sign**2 * weights, axis=(-2, -1)) for sign in signs], axis=0))
    totals = shares[:, None] + shares[None, :]
    own = np.divide(2 * shares[:, None], totals, out=np.zeros_like(totals), where=totals > 0)
    terms = (own * signs[0] * signs[1] * weights).sum(axis=-1)
    result: Profile = np.divide(terms, norm[..., None], out=np.zeros_like(terms), where=norm[..., None] > 0)
    return result


@measure(
    name="spearman_profiles",
    family="profiles",
    formula="Spearman correlation of the profiles, average ranks for ties",
    reference="Spearman 1904",
    preprocessing="rounded to 12 decimals; what differs by less than 1e-12 is tied",
    range=(-1.0, 1.0),
    larger_is_more_similar=True,
    invariant_to=("isotropic scaling", "translation"),
    chance="0; undefined (nan) if all features of a profile are equal",
    equivalents=("scipy.stats.spearmanr(x, y)",),
    identical=1.0,
    compares="profiles",
)
@dataclass(frozen=True)
class SpearmanProfiles(_ProfileComparator):
    """Rank correlation of profiles."""

    def value(self, x: Profile, y: Profile) -> float:
        """Return scipy's spearmanr."""
        from scipy.stats import spearmanr

        x, y = settled(x), settled(y)
        return float(spearmanr(x, y).statistic) if np.ptp(x) > 0 and np.ptp(y) > 0 else float("nan")


@measure(
    name="cosine_profiles",
    family="profiles",
    formula="x.y / (|x| |y|)",
    reference="textbook",
    preprocessing="none",
    range=(-1.0, 1.0),
    larger_is_more_similar=True,
    invariant_to=("isotropic scaling",),
    chance="above 0 for profiles of positive numbers, 0 for numbers of either sign; undefined (nan) for a profile of "
    "zeros (below 1e-12)",
    equivalents=("1 - scipy.spatial.distance.cosine(x, y)",),
    identical=1.0,
    compares="profiles",
)
@dataclass(frozen=True)
class CosineProfiles(_ProfileComparator):
    """Compare profiles by their cosine."""

    def value(self, x: Profile, y: Profile) -> float:
        """Return the cosine, whatever the size of the numbers."""
        if min(np.abs(x).max(), np.abs(y).max()) < _NOTHING:
            return float("nan")
        x, y = x / np.abs(x).max(), y / np.abs(y).max()
        return float(x @ y) / float(np.linalg.norm(x) * np.linalg.norm(y))


@measure(
    name="euclidean_profiles",
    family="profiles",
    formula="|x - y|",
    reference="textbook",
    preprocessing="none",
    range=(0.0, float("inf")),
    larger_is_more_similar=False,
    is_metric=True,
    invariant_to=(),
    chance="above 0, depends on the scale of the profiles",
    equivalents=("scipy.spatial.distance.euclidean(x, y)",),
    identical=0.0,
    compares="profiles",
)
@dataclass(frozen=True)
class EuclideanProfiles(_ProfileComparator):
    """Compare profiles by their Euclidean distance."""

    def value(self, x: Profile, y: Profile) -> float:
        """Return the distance, whatever the size of the numbers."""
        size = max(np.abs(x).max(), np.abs(y).max(), np.finfo(np.float64).tiny)
        return float(size * np.linalg.norm(x / size - y / size))
