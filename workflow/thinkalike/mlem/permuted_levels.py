"""One feature's labels permuted many times where its pairs of levels have weights: everything else is summed once.

New labels of a feature change the rows and columns of its own pairs of levels in the Gram matrix, their entries on the
right-hand side, and one digit of every held-out pattern. With C_ac the number of training stimuli at its level a and at
level c of another feature, all of that follows from the C and from the sum of vectors at each level (see
`level_moments`).
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from thinkalike.mlem.cells import UNDEFINED, Coding
from thinkalike.mlem.designs import LevelDesign
from thinkalike.mlem.fold_fit import FoldFit
from thinkalike.mlem.moments import Moments
from thinkalike.mlem.pair_distances import EuclideanDistances
from thinkalike.mlem.patterns import pair_patterns
from thinkalike.mlem.problem import Problem
from thinkalike.mlem.rank_tables import PatternTable, RankTable


class PermutedLevels:
    """Weight and importance of one feature under other labels of its units (pairs of levels, closed form)."""

    def __init__(self, problem: Problem, fits: list[FoldFit], feature: int, units: NDArray[np.int64]) -> None:
        assert isinstance(problem.distances, EuclideanDistances) and isinstance(problem.design, LevelDesign)
        ids = problem.coding.ids_of(feature)
        assert ids is not None
        self.problem, self.fits, self.feature, self.units = problem, fits, feature, units
        self.design, self.ids = problem.design, ids
        self.own = problem.design.columns_of(feature)
        n_levels = len(ids) - 1
        self.left, self.right = np.triu_indices(n_levels, 1)
        # From pairs of levels to the feature's columns: those of rare levels share one.
        self.gather = np.zeros((problem.design.widths[feature], len(self.left)))
        self.gather[ids[self.left, self.right] - 1, np.arange(len(self.left))] = 1.0
        self.folds = [np.setdiff1d(np.arange(len(units)), fit.held_out.stimuli) for fit in fits]
        others = problem.coding.with_codes(feature, np.full_like(units, UNDEFINED))
        self.patterns = [pair_patterns(others, fit.held_out.left, fit.held_out.right) for fit in fits]
        self._sum_vectors(problem.distances)

    def statistics(self, labels: NDArray[np.int64]) -> tuple[float, float]:
        """Return mean weight and mean exact importance over folds, under `labels`, one per unit."""
        codes = labels[self.units]
        coding = self.problem.coding.with_codes(self.feature, codes)
        rows = []
        for fold, before in enumerate(self.fits):
            fit = before.with_coding(coding)
            parameters = fit.refit(self._moments(fold, fit, codes, labels))
            pairs = self._table(fold, codes)
            drop = fit.drop(parameters, pairs, self.feature, fit.score(parameters, pairs))
            rows.append((self.design.main_weights(parameters)[self.feature], drop))
        weight, drop = np.mean(rows, axis=0)
        return float(weight), float(drop)

    def _moments(self, fold: int, fit: FoldFit, codes: NDArray[np.int64], labels: NDArray[np.int64]) -> Moments:
        columns = self._pair_counts(codes[self.folds[fold]], fit.problem.coding.codes[self.folds[fold]])
        scales = self.design.column_scales(fit.ranges)
        columns = columns / scales[self.own][:, None] / scales
        zz, z, zd = fit.moments.zz.copy(), fit.moments.z.copy(), fit.moments.zd.copy()
        zz[self.own, :], zz[:, self.own] = columns, columns.T
        z[self.own] = np.diag(columns[:, self.own])
        constant, slope = self.problem.distances.coefficients(fit.low, fit.high)
        zd[0, self.own] = constant * z[self.own] + slope * (self.gather @ self._distances(fold, labels))
        return replace(fit.moments, z=z, zz=zz, zd=zd)

    def _pair_counts(self, own: NDArray[np.int64], codes: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return on how many training pairs each pair of the feature's levels goes with each column of the design."""
        a, b = self.left, self.right
        n_levels = len(self.ids) - 1
        columns = np.empty((self.gather.shape[0], self.design.n_columns))
        for g in range(self.design.n_features):
            other = codes[:, g]
            defined = (own != UNDEFINED) & (other != UNDEFINED)
            width = int(self.problem.coding.codes[:, g].max(initial=0)) + 1
            together = np.bincount(own[defined] * width + other[defined], minlength=n_levels * width)
            counts = together.reshape(n_levels, width).astype(np.float64)
            ids = self.problem.coding.ids_of(g)
            if ids is None:
                sizes = counts.sum(axis=1)
                both = sizes[a] * sizes[b] - np.einsum("ij,ij->i", counts[a], counts[b])
                columns[:, self.design.columns_of(g)] = (self.gather @ both)[:, None]
                continue
            c, d = np.triu_indices(width, 1)
            both = counts[a][:, c] * counts[b][:, d] + counts[a][:, d] * counts[b][:, c]
            to_columns = np.zeros((len(c), self.design.widths[g]))
            to_columns[np.arange(len(c)), ids[c, d] - 1] = 1.0
            columns[:, self.design.columns_of(g)] = self.gather @ both @ to_columns
        return columns

    def _sum_vectors(self, distances: EuclideanDistances) -> None:
        """Sum sizes, vectors and squared norms of the units within each training set."""
        n_units = int(self.units.max()) + 1
        single = n_units == len(self.units)
        self.sums = []
        for training in self.folds:
            units = self.units[training]
            if single:  # nothing to sum: the vectors are looked up
                self.sums.append((units, np.ones(len(units)), distances.vectors[training], distances.squares[training]))
                continue
            there, row = np.unique(units, return_inverse=True)
            members = np.zeros((len(there), len(units)))
            members[row.reshape(-1), np.arange(len(units))] = 1.0
            vectors, squares = members @ distances.vectors[training], members @ distances.squares[training]
            self.sums.append((there, members.sum(axis=1), vectors, squares))

    def _distances(self, fold: int, labels: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the sum of distances over the training pairs of each pair of levels."""
        there, sizes, vectors, squares = self.sums[fold]
        level = labels[there]
        members = np.zeros((len(self.ids) - 1, len(there)))
        defined = np.flatnonzero(level != UNDEFINED)
        members[level[defined], defined] = 1.0
        n, m, q = members @ sizes, members @ vectors, members @ squares
        a, b = self.left, self.right
        return n[b] * q[a] + n[a] * q[b] - 2 * (m @ m.T)[a, b]

    def _table(self, fold: int, codes: NDArray[np.int64]) -> PatternTable:
        held_out, (patterns, index) = self.fits[fold].held_out, self.patterns[fold]
        width = int(self.ids.max()) + 1
        joint = index * width + self.ids[codes[held_out.left], codes[held_out.right]]
        size = len(patterns) * width
        counts = np.bincount(joint, minlength=size)
        occurs = np.flatnonzero(counts)
        rank_sums = np.bincount(joint, held_out.ranks, minlength=size)[occurs].astype(np.float64)
        found = patterns[occurs // width]
        found[:, self.feature] = occurs % width
        table = RankTable(counts[occurs].astype(np.float64), rank_sums, held_out.rank_squares)
        return PatternTable(found, table)


def permuted_levels_apply(problem: Problem, coding: Coding, feature: int) -> bool:
    """Tell whether a feature's labels can be permuted so: pairs of levels, squared distances, nothing left out."""
    return (
        isinstance(problem.design, LevelDesign)
        and coding.ids_of(feature) is not None
        and type(problem.distances) is EuclideanDistances
        and not coding.has_numeric
        and problem.exclude is None
    )
