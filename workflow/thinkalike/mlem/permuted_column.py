"""One feature's labels permuted many times, everything else summed once.

New labels of one feature change one row and column of the Gram matrix, one entry of the right-hand side, and one bit
of every held-out pattern. The vectors are summed over (unit, fold) beforehand, so a permutation costs a pass over
units for the fit and a pass over held-out pairs for the score.
"""

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from thinkalike.mlem.cells import UNDEFINED, Coding
from thinkalike.mlem.fold_fit import FoldFit
from thinkalike.mlem.pair_distances import EuclideanDistances
from thinkalike.mlem.patterns import pair_patterns
from thinkalike.mlem.problem import Problem
from thinkalike.mlem.rank_tables import PatternTable, RankTable


@dataclass(frozen=True)
class _FoldPairs:
    """Held-out pairs with their patterns in the other features."""

    patterns: NDArray[np.float64]
    index: NDArray[np.int32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    ranks: NDArray[np.float64]


class PermutedColumn:
    """Weight and importance of one mismatch feature under other labels of its units (additive model, closed form)."""

    def __init__(self, problem: Problem, fits: list[FoldFit], feature: int, units: NDArray[np.int64]) -> None:
        assert isinstance(problem.distances, EuclideanDistances)
        self.problem, self.fits, self.feature, self.units = problem, fits, feature, units
        self.folds = np.zeros(problem.coding.n_stimuli, dtype=np.int64)
        for fold, fit in enumerate(fits):
            self.folds[fit.held_out.stimuli] = fold
        self._sum_vectors(problem.distances)
        others = problem.coding.with_codes(feature, np.zeros_like(units))
        self.pairs = [_fold_pairs(others, fit) for fit in fits]
        self.others = [g for g in range(problem.coding.n_features) if g != feature]

    def statistics(self, labels: NDArray[np.int64]) -> tuple[float, float]:
        """Return mean weight and mean exact importance over folds, under `labels`, one per unit."""
        codes = labels[self.units]
        coding = self.problem.coding.with_codes(self.feature, codes)
        sums = self._distance_sums(labels)
        counts = self._pair_counts(coding)
        rows = [self._fold(fold, coding, codes, sums[fold], counts[:, fold]) for fold in range(len(self.fits))]
        weight, drop = np.mean(rows, axis=0)
        return float(weight), float(drop)

    def _fold(
        self, fold: int, coding: Coding, codes: NDArray[np.int64], sum_d: float, counts: NDArray[np.float64]
    ) -> tuple[float, float]:
        fit, f = self.fits[fold].with_coding(coding), self.feature
        zz, z, zd = fit.moments.zz.copy(), fit.moments.z.copy(), fit.moments.zd.copy()
        zz[f, :] = zz[:, f] = counts
        z[f] = counts[f]
        constant, slope = self.problem.distances.coefficients(fit.low, fit.high)
        zd[0, f] = constant * counts[f] + slope * sum_d
        parameters = fit.refit(replace(fit.moments, z=z, zz=zz, zd=zd))
        pairs = self._table(fold, codes)
        return parameters[f], fit.drop(parameters, pairs, f, fit.score(parameters, pairs))

    def _table(self, fold: int, codes: NDArray[np.int64]) -> PatternTable:
        pairs = self.pairs[fold]
        small = codes.astype(np.int32)
        left, right = small[pairs.left], small[pairs.right]
        differs = left != right
        if codes.min() == UNDEFINED:
            differs &= (left >= 0) & (right >= 0)
        n = len(pairs.patterns)
        joint = pairs.index + differs * np.int32(n)
        counts = np.bincount(joint, minlength=2 * n).astype(np.float64)
        rank_sums = np.bincount(joint, pairs.ranks, minlength=2 * n).astype(np.float64)
        occurs = np.flatnonzero(counts)
        patterns = pairs.patterns[occurs % n]
        patterns[:, self.feature] = occurs >= n
        squares = self.fits[fold].held_out.rank_squares
        return PatternTable(patterns, RankTable(counts[occurs], rank_sums[occurs], squares))

    def _sum_vectors(self, distances: EuclideanDistances) -> None:
        n_folds = len(self.fits)
        keys, row = np.unique(self.units * n_folds + self.folds, return_inverse=True)
        self.row_unit, self.row_fold = keys // n_folds, keys % n_folds
        members = scipy.sparse.csr_matrix(
            (np.ones(len(row)), (row.reshape(-1), np.arange(len(row)))), shape=(len(keys), len(row))
        )
        self.sizes = members @ np.ones(len(row))
        self.vectors = members @ distances.vectors
        self.squares = members @ distances.squares

    def _distance_sums(self, labels: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the sum of Delta_f d over the training pairs of each fold."""
        n_folds, n_levels = len(self.fits), max(1, int(labels.max()) + 1)
        level = labels[self.row_unit]
        defined = np.flatnonzero(level != UNDEFINED)
        key = level[defined] * n_folds + self.row_fold[defined]
        members = scipy.sparse.csr_matrix(
            (np.ones(len(key)), (key, defined)), shape=(n_levels * n_folds, len(self.row_unit))
        )

        def training(sums: NDArray[np.float64]) -> NDArray[np.float64]:
            by_fold = sums.reshape(n_levels, n_folds, -1)
            return by_fold.sum(axis=1, keepdims=True) - by_fold

        n, m, q = (training(members @ column) for column in (self.sizes, self.vectors, self.squares))
        within = (n * q)[..., 0] - np.einsum("lkd,lkd->lk", m, m)
        everything = m.sum(axis=0)
        pairs = n.sum(axis=0)[:, 0] * q.sum(axis=0)[:, 0] - np.einsum("kd,kd->k", everything, everything)
        return pairs - within.sum(axis=0)

    def _pair_counts(self, coding: Coding) -> NDArray[np.float64]:
        """Return on how many training pairs the feature differs together with each, shape (n_features, n_folds)."""
        f = coding.codes[:, self.feature]
        counts = np.empty((coding.n_features, len(self.fits)))
        for g in range(coding.n_features):
            other = coding.codes[:, g]
            defined = (f != UNDEFINED) & (other != UNDEFINED)
            folds, a, b = self.folds[defined], f[defined], other[defined]
            counts[g] = self._squares(np.zeros_like(a), folds) - self._squares(a, folds)
            if g != self.feature:
                width = int(b.max(initial=0)) + 1
                joint = a * width + b
                if (int(a.max(initial=0)) + 1) * width > 4 * len(f):
                    joint = np.unique(joint, return_inverse=True)[1].reshape(-1)
                counts[g] += self._squares(joint, folds) - self._squares(b, folds)
        return counts / 2

    def _squares(self, codes: NDArray[np.int64], folds: NDArray[np.int64]) -> NDArray[np.float64]:
        n_folds = len(self.fits)
        size = (int(codes.max(initial=0)) + 1) * n_folds
        by_fold = np.bincount(codes * n_folds + folds, minlength=size).reshape(-1, n_folds).astype(np.float64)
        training = by_fold.sum(axis=1, keepdims=True) - by_fold
        return np.einsum("lk,lk->k", training, training)


def _fold_pairs(others: Coding, fit: FoldFit) -> _FoldPairs:
    pairs = fit.held_out
    patterns, index = pair_patterns(others, pairs.left, pairs.right)
    return _FoldPairs(
        patterns, index.astype(np.int32), pairs.left.astype(np.int32), pairs.right.astype(np.int32), pairs.ranks
    )
