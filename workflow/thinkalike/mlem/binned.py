"""Scores of resamples on a fine grid of predictions: counting in place of sorting.

A resample needs a score and an importance of every feature for each of hundreds of draws, each accurate to well below
what draws differ by. Predictions are put into bins of a 4,096th of their range, and what falls into one bin is a tie.
With a feature permuted, its part of the prediction is drawn independently of the rest: the table of the sum is the
rest's table moved by each drawn part, a convolution over bins.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from thinkalike.mlem.designs import Additive, LevelDesign
from thinkalike.mlem.importance import Shares
from thinkalike.mlem.rank_tables import RankTable, Scoring, score_in_order

_BINS = 4096
_FEW = 32  # drawn parts up to which moving the table is faster than a Fourier transform


class BinnedPredictions:
    """The predictions of a model for the patterns of a fold, feature by feature.

    Parameters
    ----------
    patterns
        Shape (n_patterns, n_features), differences that are scaled by `ranges` already.
    """

    def __init__(
        self, design: Additive | LevelDesign, parameters: NDArray[np.float64], patterns: NDArray[np.float64]
    ) -> None:
        self.design, self.parameters = design, parameters
        self.added = [design.contribution(parameters, f, column) for f, column in enumerate(patterns.T)]
        self.total = np.sum(self.added, axis=0)

    def score(self, table: RankTable, scoring: Scoring) -> float:
        """Return the score of the predictions."""
        low, high = float(self.total.min(initial=np.inf)), float(self.total.max(initial=-np.inf))
        if not high > low:
            return 0.0
        bins = _bins(self.total, low, (_BINS - 1) / (high - low))
        return _score(*_by_bin(bins, table), table.rank_squares, scoring)

    def permuted_scores(self, table: RankTable, shares: Mapping[int, Shares], scoring: Scoring) -> dict[int, float]:
        """Return the score when a feature is permuted, for each feature in `shares` (its scaled differences)."""
        scores = {}
        for f, (values, frequencies) in shares.items():
            rest, drawn = self.total - self.added[f], self.design.contribution(self.parameters, f, values)
            low = float(rest.min()) + float(drawn.min())
            spread = float(rest.max()) + float(drawn.max()) - low
            if not spread > 0:
                scores[f] = 0.0
                continue
            per_unit = (_BINS - 2) / spread
            counts, rank_sums = _by_bin(_bins(rest, float(rest.min()), per_unit), table)
            moves = _bins(drawn, float(drawn.min()), per_unit)
            scores[f] = _score(*_moved(counts, rank_sums, moves, frequencies), table.rank_squares, scoring)
        return scores


def _bins(values: NDArray[np.float64], low: float, per_unit: float) -> NDArray[np.intp]:
    return np.rint((values - low) * per_unit).astype(np.intp)


def _by_bin(bins: NDArray[np.intp], table: RankTable) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    counts = np.bincount(bins, table.counts, minlength=_BINS)
    return counts.astype(np.float64), np.bincount(bins, table.rank_sums, minlength=_BINS).astype(np.float64)


def _moved(
    counts: NDArray[np.float64],
    rank_sums: NDArray[np.float64],
    moves: NDArray[np.intp],
    shares: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return both tables convolved with the moves; what is moved stays within the bins."""
    by_move = np.bincount(moves, shares)
    steps = np.flatnonzero(by_move)
    both = np.stack([counts, rank_sums])
    if len(steps) <= _FEW:
        moved = np.zeros_like(both)
        for step in steps:
            moved[:, step:] += by_move[step] * both[:, : _BINS - step]
    else:
        transform = np.fft.rfft(by_move, 2 * _BINS)
        moved = np.fft.irfft(np.fft.rfft(both, 2 * _BINS) * transform, 2 * _BINS)[:, :_BINS]
    return moved[0], moved[1]


def _score(counts: NDArray[np.float64], rank_sums: NDArray[np.float64], rank_squares: float, scoring: Scoring) -> float:
    return score_in_order(counts, rank_sums, rank_squares, scoring) if rank_squares > 0 else 0.0
