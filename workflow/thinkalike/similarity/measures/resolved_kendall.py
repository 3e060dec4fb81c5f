"""Weighted Kendall correlation of two profiles, as far as the stimuli tell their features apart.

Where one feature matters and the others hardly do, the plain correlation is decided by the order of the others, which
is noise. Here only what resamples of the stimuli agree on has a sign.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from thinkalike.catalogue import FEWEST_RESAMPLES
from thinkalike.errors import InputError
from thinkalike.similarity.measures.measure import Comparator, measure
from thinkalike.similarity.measures.profiles import weights_of_pairs

_EQUAL = 1e-12  # importances this near count for neither
_AGREEMENT = 0.95
_DECIMALS = 12  # of the means that are ranked: what lies below depends on the order of a sum


@dataclass(frozen=True)
class ResolvedProfile:
    """What resamples of the stimuli say about the order of a layer's features.

    Attributes
    ----------
    means
        Shape (n_features,), over resamples.
    signs
        Shape (n_features, n_features): the share of resamples in which the row's feature is more important than the
        column's, minus the share of the opposite; 0 where that is less than .95 either way.
    """

    means: npt.NDArray[np.float64]
    signs: npt.NDArray[np.float64]

    @property
    def is_resolved(self) -> bool:
        """Whether at least one feature is told from more than half of the others."""
        told = np.count_nonzero(self.signs, axis=1)
        return bool((told > (len(self.means) - 1) / 2).any())


def resolve(samples: npt.NDArray[np.float64]) -> ResolvedProfile:
    """Return the order that resamples agree on.

    Parameters
    ----------
    samples
        Shape (n_resamples, n_features): the importance of every feature in every resample.
    """
    signs = np.zeros((samples.shape[1], samples.shape[1]))
    for f in range(samples.shape[1]):
        differences = samples[:, [f]] - samples
        signs[f] = (differences > _EQUAL).mean(axis=0) - (differences < -_EQUAL).mean(axis=0)
    signs[np.abs(signs) < _AGREEMENT - 1e-9] = 0.0  # 38 of 40 are 95 %, whatever the rounding
    return ResolvedProfile(np.round(samples.mean(axis=0), _DECIMALS), signs)


def resolve_each(draws: npt.NDArray[np.float64]) -> list[ResolvedProfile]:
    """Return what would be resolved if each draw were the estimate: the draws, moved so that their mean is that draw.

    Resampling resamples would cost the square of resampling. That resamples spread around a draw as they do around the
    estimate is what every resampling assumes; so the signs change with the means alone.

    Parameters
    ----------
    draws
        Shape (n_draws, n_features). Those that are not finite resolve nothing.
    """
    defined = np.isfinite(draws).all(axis=1)
    n_features = draws.shape[1]
    nothing = ResolvedProfile(np.zeros(n_features), np.zeros((n_features, n_features)))
    if np.count_nonzero(defined) < FEWEST_RESAMPLES:
        return [nothing] * len(draws)
    centred = draws[defined] - draws[defined].mean(axis=0)
    return [resolve(centred + draw) if np.isfinite(draw).all() else nothing for draw in draws]


@measure(
    name="resolved_kendall",
    family="resolved_kendall",
    formula="weighted_kendall of the means over resamples, with s_ij = t_ij(x) t_ij(y) in place of the signs: t_ij the "
    "share of resamples with x_i > x_j minus the share with x_i < x_j, 0 where that is within .95 of 0",
    reference="Vigna 2015, for the weights",
    preprocessing="none",
    range=(-1.0, 1.0),
    larger_is_more_similar=True,
    invariant_to=("isotropic scaling", "translation"),
    chance="0; undefined (nan) unless in both profiles a feature is told from more than half of the others",
    equivalents=("scipy.stats.weightedtau(x.mean(axis=0), y.mean(axis=0)), where all resamples agree",),
    identical=1.0,
    compares="resamples",
)
@dataclass(frozen=True)
class ResolvedKendall(Comparator):
    """Weighted Kendall of what the stimuli decide."""

    def prepare(self, X: Any) -> ResolvedProfile:
        """Return the resolved order, given an array of resamples x features."""
        samples = np.asarray(X, dtype=np.float64)
        if samples.ndim != 2 or samples.shape[1] < 2 or len(samples) < FEWEST_RESAMPLES:
            raise InputError(
                f"A profile to be resolved is an array of resamples x features, at least {FEWEST_RESAMPLES} x 2, but "
                f"this array has the shape {samples.shape}."
            )
        if not np.isfinite(samples).all():
            row, column = np.argwhere(~np.isfinite(samples))[0]
            raise InputError(
                f"Resamples must be finite, but feature {column} of resample {row} is not; leave that feature out of "
                "both profiles."
            )
        return resolve(samples)

    def score(self, x: ResolvedProfile, y: ResolvedProfile) -> float:
        """Return the correlation; nan where the stimuli resolve too little of either profile."""
        if len(x.means) != len(y.means):
            raise InputError(
                f"The profiles have {len(x.means)} and {len(y.means)} features; give both the same, in one order."
            )
        return float(self.score_each([x], [y])[0])

    def score_each(self, xs: Sequence[ResolvedProfile], ys: Sequence[ResolvedProfile]) -> npt.NDArray[np.float64]:
        """Return the correlation of many pairs of profiles of the same features at once."""
        result = np.full(len(xs), np.nan)
        pairs = enumerate(zip(xs, ys, strict=True))
        resolved = [place for place, (x, y) in pairs if x.is_resolved and y.is_resolved]
        if resolved:
            x, y = (_stacked([profiles[place] for place in resolved]) for profiles in (xs, ys))
            result[resolved] = (_weighted_by(x, y) + _weighted_by(y, x)) / 2
        return result


def _stacked(profiles: list[ResolvedProfile]) -> ResolvedProfile:
    return ResolvedProfile(
        np.stack([profile.means for profile in profiles]), np.stack([profile.signs for profile in profiles])
    )


def _weighted_by(first: ResolvedProfile, second: ResolvedProfile) -> npt.NDArray[np.float64]:
    """Return the correlations weighted by the ranks of `first`, ties by `second`, one for each profile stacked."""
    weights = weights_of_pairs(first.means, second.means)
    norms = [np.sum(profile.signs**2 * weights, axis=(-2, -1)) for profile in (first, second)]
    result: npt.NDArray[np.float64] = np.sum(first.signs * second.signs * weights, axis=(-2, -1)) / np.sqrt(
        norms[0] * norms[1]
    )
    return result
