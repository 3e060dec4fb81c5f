"""Moments of all training pairs without ever forming a pair.

For features that differ or do not, and squared Euclidean distances d between vectors x:

* A set A of stimuli with n = |A|, m = sum of x, q = sum of |x|^2 has sum of d over its pairs  S(A) = n q - |m|^2.
  A feature differs on the pairs of (defined) stimuli that do not share a level, so
  sum of Delta_f d = S(defined) - sum over levels of S(level).
* With c_ab the number of stimuli at level a of f and b of g (among the n at which both are defined), the pairs on
  which both differ number (n^2 - sum c_a.^2 - sum c_.b^2 + sum c_ab^2) / 2.

Both sums are over stimuli, so a fold's are the total minus the held-out part: O(N D) for a whole cross-validation,
and O(F^2 N) counts for each training set. Pairs within groups are left out by taking off the same sums once more,
with every level cut up by group.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from thinkalike.mlem.cells import UNDEFINED, Coding, combine, distinct_rows
from thinkalike.mlem.moments import Moments, remaining_weights
from thinkalike.mlem.pair_distances import EuclideanDistances


class ClosedForm:
    """Moments of mismatch features and squared Euclidean distances.

    Parameters
    ----------
    coding
        Features, none of them numeric.
    distances
        Vectors and their squared norms.
    exclude
        Labels, one per stimulus; pairs of equal label are left out.
    """

    def __init__(self, coding: Coding, distances: EuclideanDistances, exclude: NDArray[np.int64] | None = None) -> None:
        self.counts = _PairCounts(coding, exclude)
        self.sums = _DistanceSums(coding, distances, exclude)
        self.exclude = exclude
        self.n_stimuli = coding.n_stimuli

    def without(
        self, held_out: Sequence[Sequence[NDArray[np.intp]]], weights: NDArray[np.float64] | None = None
    ) -> list[Moments]:
        """See `MomentSource`."""
        uses = Counter(id(part) for parts in held_out for part in parts)
        cache: dict[int, _Sums] = {}  # of the parts that are held out more than once (outer folds)
        total = self.sums.of(np.arange(self.n_stimuli), weights)
        moments = []
        for parts in held_out:
            remaining = total
            for part in parts:
                sums = cache.get(id(part)) or self.sums.of(part, weights)
                if uses[id(part)] > 1:
                    cache[id(part)] = sums
                remaining = remaining.minus(sums)
            left = remaining_weights(self.n_stimuli, parts, weights)
            zz = self.counts.of(left)
            d, zd = self.sums.distances(remaining)
            moments.append(Moments(self._pairs(left), np.diag(zz).copy(), zz, np.array([d]), zd[None, :]))
        return moments

    def _pairs(self, weights: NDArray[np.float64]) -> float:
        if self.exclude is None:
            return float(weights.sum() ** 2 - weights @ weights) / 2
        return float(weights.sum() ** 2 - (np.bincount(self.exclude, weights) ** 2).sum()) / 2


class _PairCounts:
    """Weighted numbers of pairs on which two features both differ.

    Every term of the sum over (f, g) is a list of codes whose squared counts are added with a sign; all lists are
    laid behind one another so that one `bincount` makes all counts.
    """

    def __init__(self, coding: Coding, exclude: NDArray[np.int64] | None) -> None:
        labels = np.zeros(coding.n_stimuli, dtype=np.int64) if exclude is None else exclude
        cells, self.cell_of = distinct_rows(np.column_stack([coding.codes, labels]))
        self.n_cells = len(cells)
        self.n_features = coding.n_features
        codes, labels = cells[:, :-1], cells[:, -1]
        lists: list[NDArray[np.int64]] = []
        signs: list[float] = []
        self.places: list[tuple[int, int]] = []
        groupings = [(1.0, np.zeros_like(labels))] + ([] if exclude is None else [(-1.0, labels)])
        for f in range(coding.n_features):
            for g in range(f, coding.n_features):
                for sign, group in groupings:
                    for term_sign, term in _terms(codes[:, f], codes[:, g], group):
                        lists.append(term)
                        signs.append(sign * term_sign)
                        self.places.append((f, g))
        sizes = np.array([term.max(initial=0) + 2 for term in lists])  # the first bin of a term is for undefined
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        self.bins = np.concatenate([term + 1 + start for term, start in zip(lists, starts, strict=True)])
        self.starts = starts
        self.signs = np.array(signs)

    def of(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the matrix of numbers of pairs, shape (n_features, n_features)."""
        by_cell = np.bincount(self.cell_of, weights, minlength=self.n_cells)
        counts = np.bincount(self.bins, np.tile(by_cell, len(self.signs)))
        counts[self.starts] = 0.0
        squares = np.add.reduceat(counts * counts, self.starts) * self.signs / 2
        numbers = np.zeros((self.n_features, self.n_features))
        rows, columns = np.array(self.places).T
        np.add.at(numbers, (rows, columns), squares)
        return np.triu(numbers) + np.triu(numbers, 1).T


def _terms(
    f: NDArray[np.int64], g: NDArray[np.int64], group: NDArray[np.int64]
) -> list[tuple[float, NDArray[np.int64]]]:
    defined = (f != UNDEFINED) & (g != UNDEFINED)

    def within(codes: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.where(defined, codes, UNDEFINED)

    if f is g or np.array_equal(f, g):
        return [(1.0, within(group)), (-1.0, within(combine(f, group)))]
    return [
        (1.0, within(group)),
        (-1.0, within(combine(f, group))),
        (-1.0, within(combine(g, group))),
        (1.0, combine(combine(f, g), group)),
    ]


class _Sums:
    """Sizes, sums of vectors and sums of squared norms of the levels; additive over stimuli."""

    def __init__(self, sizes: NDArray[np.float64], vectors: NDArray[np.float64], squares: NDArray[np.float64]) -> None:
        self.sizes = sizes
        self.vectors = vectors
        self.squares = squares

    def minus(self, part: "_Sums") -> "_Sums":
        return _Sums(self.sizes - part.sizes, self.vectors - part.vectors, self.squares - part.squares)


class _DistanceSums:
    """Sums of distances over all pairs, and over the pairs on which a feature differs."""

    def __init__(self, coding: Coding, distances: EuclideanDistances, exclude: NDArray[np.int64] | None) -> None:
        self.x = distances.vectors
        self.squared_norms = distances.squares
        self.n_features = coding.n_features
        lists: list[NDArray[np.int64]] = []
        self.uses: list[tuple[int, int | None, float]] = []  # (list, feature or None for all pairs, sign)
        together = np.zeros(coding.n_stimuli, dtype=np.int64)
        for sign, group in [(1.0, together)] + ([] if exclude is None else [(-1.0, exclude)]):
            everything = len(lists)
            lists.append(group)
            self.uses.append((everything, None, sign))
            for f in range(coding.n_features):
                codes = coding.codes[:, f]
                defined = everything
                if (codes == UNDEFINED).any():
                    defined = len(lists)
                    lists.append(np.where(codes == UNDEFINED, UNDEFINED, group))
                self.uses.append((defined, f, sign))
                self.uses.append((len(lists), f, -sign))
                lists.append(combine(codes, group))
        sizes = np.array([codes.max(initial=0) + 1 for codes in lists])
        self.starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        self.n_rows = int(sizes.sum())
        rows = np.column_stack(lists) + self.starts
        rows[np.column_stack(lists) == UNDEFINED] = self.n_rows  # a last row that nobody reads
        self.rows = rows

    def of(self, stimuli: NDArray[np.intp], weights: NDArray[np.float64] | None) -> _Sums:
        """Return the level sums of some stimuli."""
        stimuli = np.sort(stimuli)
        rows = self.rows[stimuli]
        own = np.ones(len(stimuli)) if weights is None else weights[stimuli]
        n_entries = np.zeros(len(self.x) + 1, dtype=np.int64)
        n_entries[stimuli + 1] = rows.shape[1]
        # The stimuli that are left out have no entries: the vectors need not be copied.
        membership = scipy.sparse.csr_matrix(
            (np.repeat(own, rows.shape[1]), rows.reshape(-1), np.cumsum(n_entries)),
            shape=(len(self.x), self.n_rows + 1),
        ).T
        return _Sums(membership @ np.ones(len(self.x)), membership @ self.x, membership @ self.squared_norms)

    def distances(self, sums: _Sums) -> tuple[float, NDArray[np.float64]]:
        """Return the sum of d over all pairs, and the sum of Delta_f d for each feature f."""
        m = sums.vectors[:-1]
        within = sums.sizes[:-1] * sums.squares[:-1] - np.einsum("ij,ij->i", m, m)
        by_list = np.add.reduceat(within, self.starts)
        total = 0.0
        by_feature = np.zeros(self.n_features)
        for place, feature, sign in self.uses:
            if feature is None:
                total += sign * by_list[place]
            else:
                by_feature[feature] += sign * by_list[place]
        return float(total), by_feature
