"""Moments of pairs of levels without ever forming a pair of stimuli.

With C_ac the (weighted) number of stimuli at level a of one feature and c of another, the pairs of stimuli between
levels {a, b} of the one and {c, d} of the other number C_ac C_bd + C_ad C_bc, and a feature g differs besides between
{a, b} on n_a n_b - sum_c C_ac C_bc of them (with n the stimuli at which g is defined). With n, m, q the number of
stimuli at a level, the sum of their vectors and of their squared norms, the distances between levels a and b sum to
n_b q_a + n_a q_b - 2 m_a.m_b. All of it follows from sums over stimuli, so a fold's is the total minus its own part.
Pairs that are left out are few enough to be listed.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from thinkalike.mlem.cells import UNDEFINED, Coding
from thinkalike.mlem.closed_form import ClosedForm
from thinkalike.mlem.designs import LevelDesign
from thinkalike.mlem.moments import Moments, remaining_weights
from thinkalike.mlem.pair_distances import EuclideanDistances
from thinkalike.mlem.patterns import pair_patterns

# More left out pairs than this are not listed: a pass over all pairs is made in place of the closed form.
MOST_LISTED = 20_000_000


def n_excluded(exclude: NDArray[np.int64] | None) -> float:
    """Return how many pairs have equal labels."""
    sizes = np.zeros(1) if exclude is None else np.bincount(exclude).astype(float)
    return float((sizes @ sizes - sizes.sum()) / 2)


class LevelMoments:
    """Moments of features by their pairs of levels, and squared Euclidean distances."""

    def __init__(
        self,
        coding: Coding,
        distances: EuclideanDistances,
        design: LevelDesign,
        exclude: NDArray[np.int64] | None = None,
    ) -> None:
        self.design, self.n_stimuli = design, coding.n_stimuli
        self.vectors, self.squares = distances.vectors, distances.squares
        self.by_levels = [f for f, pairs in enumerate(design.pairs) if pairs is not None]
        self.plain = [f for f, pairs in enumerate(design.pairs) if pairs is None]
        self._index_levels(coding)
        # Features that only differ or not go together as they do in the closed form of differences.
        others = Coding(
            tuple(coding.names[f] for f in self.plain), coding.codes[:, self.plain], (None,) * len(self.plain)
        )
        self.rest = ClosedForm(others, distances) if self.plain else None
        self.left_out = None
        if exclude is not None and n_excluded(exclude):
            self.left_out = _Listed(coding, distances, design, exclude)

    def _index_levels(self, coding: Coding) -> None:
        """Number the levels of all features, those whose pairs are told apart first, and list their pairs."""
        rows, places, start = [], [], 0
        left, right, columns = [], [], []
        self.slices = {}
        for f in self.by_levels + self.plain:
            codes = coding.codes[:, f]
            defined = np.flatnonzero(codes != UNDEFINED)
            rows.append(defined)
            places.append(codes[defined] + start)
            n_levels = int(codes.max(initial=-1)) + 1
            self.slices[f] = slice(start, start + n_levels)
            ids = coding.ids_of(f)
            if ids is not None:
                a, b = np.triu_indices(n_levels, 1)
                left.append(a + start)
                right.append(b + start)
                columns.append(ids[a, b] - 1 + self.design.columns_of(f).start)
                self.n_paired = start + n_levels
            start += n_levels
        entries = (np.ones(sum(map(len, rows))), (np.concatenate(rows), np.concatenate(places)))
        self.members = scipy.sparse.csr_matrix(entries, shape=(coding.n_stimuli, start))
        self.left, self.right = np.concatenate(left), np.concatenate(right)
        column = np.concatenate(columns)
        # From pairs of levels to columns: those of rare levels share one.
        self.gather = scipy.sparse.csr_matrix(
            (np.ones(len(column)), (column, np.arange(len(column)))), shape=(self.design.n_columns, len(column))
        )

    def without(
        self, held_out: Sequence[Sequence[NDArray[np.intp]]], weights: NDArray[np.float64] | None = None
    ) -> list[Moments]:
        """See `MomentSource`."""
        everything = self._sums(np.arange(self.n_stimuli), weights)
        known: dict[int, _Sums] = {}
        rest = None if self.rest is None else self.rest.without(held_out, weights)
        moments = []
        for place, parts in enumerate(held_out):
            sums = everything
            for part in parts:
                if id(part) not in known:
                    known[id(part)] = self._sums(part, weights)
                sums = sums.minus(known[id(part)])
            left = remaining_weights(self.n_stimuli, parts, weights)
            own = self._moments(sums, left, None if rest is None else rest[place])
            moments.append(own if self.left_out is None else self.left_out.taken_from(own, left))
        return moments

    def _sums(self, stimuli: NDArray[np.intp], weights: NDArray[np.float64] | None) -> "_Sums":
        members = self.members[stimuli]
        own = np.ones(len(stimuli)) if weights is None else weights[stimuli]
        weighted = members.multiply(own[:, None]).tocsr().T.tocsr()
        paired = weighted[: self.n_paired]
        vectors, squares = self.vectors[stimuli], self.squares[stimuli]
        return _Sums(
            (paired @ members).toarray(),
            paired @ np.ones(len(stimuli)),
            paired @ vectors,
            paired @ squares,
            np.array([own.sum(), own @ squares]),
            own @ vectors,
        )

    def _moments(self, sums: "_Sums", weights: NDArray[np.float64], rest: Moments | None) -> Moments:
        a, b, counts = self.left, self.right, sums.counts
        n_columns = self.design.n_columns
        zz, zd = np.zeros((n_columns, n_columns)), np.zeros(n_columns)
        paired = counts[:, : self.n_paired]
        of_a, of_b = paired[a], paired[b]
        zz += self.gather @ (of_a[:, a] * of_b[:, b] + of_a[:, b] * of_b[:, a]) @ self.gather.T
        products = np.einsum("ij,ij->i", sums.vectors[a], sums.vectors[b]) if len(a) > 4 * self.n_paired else None
        if products is None:
            products = (sums.vectors @ sums.vectors.T)[a, b]
        zd += self.gather @ (sums.sizes[b] * sums.squares[a] + sums.sizes[a] * sums.squares[b] - 2 * products)
        if rest is not None:
            at = np.array([self.design.columns_of(f).start for f in self.plain])
            zz[np.ix_(at, at)] = rest.zz
            zd[at] = rest.zd[0]
            for f, column in zip(self.plain, at, strict=True):
                beside = counts[:, self.slices[f]]
                defined = beside.sum(axis=1)
                both = defined[a] * defined[b] - np.einsum("ij,ij->i", beside[a], beside[b])
                zz[:, column] += self.gather @ both
                zz[column, :] = zz[:, column]
        pairs = float(weights.sum() ** 2 - weights @ weights) / 2
        size, square = sums.everything
        d = size * square - float(sums.mean @ sums.mean)
        return Moments(pairs, np.diag(zz).copy(), zz, np.array([d]), zd[None, :])


class _Sums:
    """Sums over stimuli: at two levels together, and at each by number, vectors and squared norms; and over all."""

    def __init__(
        self,
        counts: NDArray[np.float64],
        sizes: NDArray[np.float64],
        vectors: NDArray[np.float64],
        squares: NDArray[np.float64],
        everything: NDArray[np.float64],
        mean: NDArray[np.float64],
    ) -> None:
        self.counts, self.sizes, self.vectors, self.squares = counts, sizes, vectors, squares
        self.everything, self.mean = everything, mean

    def minus(self, part: "_Sums") -> "_Sums":
        return _Sums(
            self.counts - part.counts,
            self.sizes - part.sizes,
            self.vectors - part.vectors,
            self.squares - part.squares,
            self.everything - part.everything,
            self.mean - part.mean,
        )


class _Listed:
    """The pairs that are left out, one by one."""

    def __init__(
        self, coding: Coding, distances: EuclideanDistances, design: LevelDesign, exclude: NDArray[np.int64]
    ) -> None:
        members = [np.flatnonzero(exclude == label) for label in range(int(exclude.max()) + 1)]
        ends = [(stimuli[a], stimuli[b]) for stimuli in members for a, b in [np.triu_indices(len(stimuli), 1)]]
        self.left, self.right = (np.concatenate(end) for end in zip(*ends, strict=True))
        self.distances = distances.exact(self.left, self.right) if len(self.left) else np.zeros(0)
        patterns, index = pair_patterns(coding, self.left, self.right)
        self.columns = scipy.sparse.csr_matrix(design.expand(patterns))[index]

    def taken_from(self, moments: Moments, weights: NDArray[np.float64]) -> Moments:
        own = weights[self.left] * weights[self.right]
        weighted = self.columns.multiply(own[:, None]).tocsr()
        zz = moments.zz - (weighted.T @ self.columns).toarray()
        return replace(
            moments,
            pairs=moments.pairs - float(own.sum()),
            z=np.diag(zz).copy(),
            zz=zz,
            d=moments.d - own @ self.distances,
            zd=moments.zd - (weighted.T @ self.distances)[None, :],
        )
