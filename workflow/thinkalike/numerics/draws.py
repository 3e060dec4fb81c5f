"""Which stimuli a resample holds, and how often: of sentences, of lemmas, or of both at once.

Intervals are for what is drawn anew. Where stimuli belong to two kinds of groups that cross (a word stands in many
sentences, a sentence has many words), both are drawn independently, and a stimulus counts as often as its sentence
times its lemma was drawn: the pigeonhole bootstrap (Owen, Annals of Applied Statistics 1, 2007). It is right for what
varies between sentences and what varies between lemmas, and cautious (up to three times the variance) for what belongs
to single stimuli.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

_MOST_UNDEFINED = 0.05  # of draws without a value, beyond which there is no interval

Over = Literal["sentences", "lemmas", "both"]


def drawn_counts(factors: Sequence[NDArray[np.int64]], rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw the groups of every factor with replacement, and return how often each stimulus is in the resample.

    Parameters
    ----------
    factors
        One array for each kind of group that is drawn (its sentences, or its sentences and its lemmas): the group of
        every stimulus, 0 to n_groups - 1, shape (n_stimuli,).
    rng
        The generator of the draw.

    Returns
    -------
    ndarray
        Shape (n_stimuli,), float64: whole numbers, the product over the factors.
    """
    counts = np.ones(len(factors[0]))
    for groups in factors:
        n_groups = int(groups.max()) + 1
        counts *= rng.multinomial(n_groups, np.full(n_groups, 1 / n_groups))[groups]
    return counts


def interval_of_draws(
    values: ArrayLike,
    draws: NDArray[np.float64],
    bounds: tuple[float, float],
    confidence: float = 0.95,
    *,
    of_order: bool = False,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the ends of intervals, centred on the values.

    Parameters
    ----------
    values
        Shape (n,), computed from all stimuli.
    draws
        Shape (n_draws, n), the same in resamples. What a statistic owes to the noise of resampling alone (a resampled
        correlation is lower, a resampled distance larger) is taken out with the draws' mean.
    bounds
        Smallest and largest value there can be; the intervals are clipped to them.
    confidence
        Share of intervals that are to contain what is estimated: the mean over new stimuli of the same number.
    of_order
        Whether the values compare orders. Such a value jumps between a few numbers and mostly is the largest of them,
        so that draws reach far down and hardly up, and a value that happens to be low needs to reach up: its interval
        reaches as far to both sides, by Student's t times the draws' standard deviation. Others are quantiles.

    Returns
    -------
    low, high
        nan where the value or more than a twentieth of its draws is undefined, or there are no draws.
    """
    values = np.asarray(values, dtype=np.float64)
    undefined = np.isnan(values)
    if len(draws):
        undefined |= np.isnan(draws).mean(axis=0) > _MOST_UNDEFINED
    low, high = np.full(values.shape, np.nan), np.full(values.shape, np.nan)
    kept = np.flatnonzero(~undefined)
    if len(draws) and len(kept):
        own = draws[:, kept]
        if of_order:
            ends = np.outer([-1, 1], _reach(own, confidence))
        else:
            tails = [(1 - confidence) / 2, (1 + confidence) / 2]
            ends = np.nanquantile(own - np.nanmean(own, axis=0), tails, axis=0)
        low[kept], high[kept] = np.clip(values[kept] + ends, *bounds)
    return low, high


def _reach(draws: NDArray[np.float64], confidence: float) -> NDArray[np.float64]:
    """Return how far intervals reach from the values, given draws, shape (n_draws, n)."""
    from scipy.stats import t

    freedom = np.maximum(np.isfinite(draws).sum(axis=0) - 1, 1)
    result: NDArray[np.float64] = t.ppf((1 + confidence) / 2, freedom) * np.nanstd(draws, axis=0, ddof=1)
    return result
