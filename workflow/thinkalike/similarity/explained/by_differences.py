"""What the differences of features carry of a similarity, exactly; and what their values carry beyond it.

With R_a and R_b the numbers of two layers over pairs of stimuli, and the pairs grouped by their pattern of differences
in a set S of features, B(S) = sum over groups g of (n_g / n) mean_g(R_a) mean_g(R_b) is the part of mean(R_a R_b) that
any function of those differences carries.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thinkalike.similarity.explained.combined_without_blocks import CombinedWithoutBlocks, Tried
from thinkalike.similarity.explained.feature_levels import combinations_of
from thinkalike.similarity.explained.halves import Half, Halving
from thinkalike.similarity.explained.layer_sums import LayerSums
from thinkalike.similarity.explained.pair_cells import PairCells
from thinkalike.similarity.explained.parts import Parts
from thinkalike.similarity.explained.shapley import divide

Matrix = NDArray[np.float64]


def parts_by_differences(
    left: list[LayerSums],
    right: list[LayerSums],
    cells: PairCells,
    halvings: list[Halving],
    seed: int,
    without: CombinedWithoutBlocks | None = None,
) -> Parts:
    """Return the parts of the similarity of all layers of `left` with all of `right`.

    `without`, for layers with themselves, gathers form and lexical without each block of stimuli.
    """
    pattern_of, patterns = patterns_of(cells)
    counts = np.bincount(pattern_of, cells.counts)
    table_a, table_b = (_pattern_sums(layers, pattern_of, len(patterns)) for layers in (left, right))

    def worth(subset: NDArray[np.bool_]) -> Matrix:
        group = combinations_of(patterns[:, subset])
        order = np.argsort(group, kind="stable")
        starts = np.searchsorted(group[order], np.arange(int(group.max()) + 1))
        sums_a, sums_b = (np.add.reduceat(table[:, order], starts, axis=1) for table in (table_a, table_b))
        sizes = np.add.reduceat(counts[order], starts)
        return (sums_a / sizes) @ sums_b.T / cells.n_pairs - grand

    # The mean over all pairs is 0 for ranks; a kernel's is not, and no feature carries it.
    grand = np.outer(table_a.sum(axis=1), table_b.sum(axis=1)) / cells.n_pairs**2
    division = divide(worth, patterns.shape[1], seed=seed)
    means_a, means_b = (table / counts for table in (table_a, table_b))
    form, lexical = np.zeros_like(grand), np.zeros_like(grand)
    covered = 0.0
    for number, halving in enumerate(halvings):
        levels = _ValueGroups(cells, halving, pattern_of)
        rows_a, rows_b = (
            [levels.means(layer.halves[number], pattern) for layer, pattern in zip(layers, means, strict=True)]
            for layers, means in ((left, means_a), (right, means_b))
        )
        form += _crossed([row.features for row in rows_a], [row.features for row in rows_b]) / len(halvings)
        lexical += _crossed([row.controls for row in rows_a], [row.controls for row in rows_b]) / len(halvings)
        covered += levels.features.share / len(halvings)
        if without is not None:
            sums = [np.array(halves) for halves in zip(*(layer.halves[number] for layer in left), strict=True)]
            for which, half in enumerate(halving):
                without.add(half, sums[which], *levels.tried(which, sums, np.array(means_a)))
    return Parts(division, form, lexical, covered)


def patterns_of(cells: PairCells) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """Return the pattern of differences of every pair of cells, and the differences of every pattern."""
    pattern_of = combinations_of(cells.differences)
    return pattern_of, cells.differences[np.unique(pattern_of, return_index=True)[1]]


def _pattern_sums(layers: list[LayerSums], pattern_of: NDArray[np.intp], n_patterns: int) -> Matrix:
    return np.array([np.bincount(pattern_of, layer.total, minlength=n_patterns) for layer in layers])


def _crossed(rows_a: list[tuple[Matrix, Matrix]], rows_b: list[tuple[Matrix, Matrix]]) -> Matrix:
    """Return the products of one half's means with the other half's, averaged over which half is whose."""
    (a1, a2), (b1, b2) = ([np.array(half) for half in zip(*rows, strict=True)] for rows in (rows_a, rows_b))
    return (a1 @ b2.T + a2 @ b1.T) / 2


@dataclass(frozen=True)
class _Means:
    """A layer's means in the two halves, each times the root of its group's share of all pairs."""

    features: tuple[Matrix, Matrix]
    controls: tuple[Matrix, Matrix]


class _Covered:
    """The groups of pairs that occur in both halves.

    Parameters
    ----------
    group_of
        Shape (n_groups,): the coarser group of every pair of cells.
    """

    def __init__(self, cells: PairCells, halving: Halving, group_of: NDArray[np.intp]) -> None:
        n = int(group_of.max()) + 1
        self.group_of = group_of
        self.counts = tuple(np.bincount(group_of[half.groups], half.counts, minlength=n) for half in halving)
        self.chosen = np.flatnonzero((self.counts[0] > 0) & (self.counts[1] > 0))
        self.shares = np.bincount(group_of, cells.counts, minlength=n) / cells.n_pairs
        covered = self.shares[self.chosen]
        self.roots, self.share = np.sqrt(covered), float(covered.sum())

    def means(self, which: int, half: Half, sums: NDArray[np.float64]) -> tuple[Matrix, Matrix]:
        """Return the mean of every group in a half (0 where it has none), and the weighted means of the covered."""
        counts = self.counts[which]
        grouped = np.bincount(self.group_of[half.groups], sums, minlength=len(counts))
        means = np.divide(grouped, counts, out=np.zeros_like(grouped), where=counts > 0)
        return means, means[self.chosen] * self.roots

    def tried(self, which: int, halves: tuple[Half, Half], rests: list[Matrix], known: Matrix) -> Tried:
        """Return how a half tries the other half's means of what is left, shape (n_layers, n_groups) in each half."""
        own, other = halves[which], halves[1 - which]
        group = self.group_of[own.groups]
        counts = self.counts[1 - which]
        grouped = np.array([np.bincount(self.group_of[other.groups], rest, len(counts)) for rest in rests])
        means = np.divide(grouped, counts, out=np.zeros_like(grouped), where=counts > 0)
        # A group's mean counts by the share of all pairs, not of the half's, that are in it.
        weights = self.shares[group] * own.n_pairs / self.counts[which][group]
        return Tried(means[:, group], known, weights)


class _ValueGroups:
    """Pairs of the features' cells, and of the controls' levels, with which a halving's residuals are grouped."""

    def __init__(self, cells: PairCells, halving: Halving, pattern_of: NDArray[np.intp]) -> None:
        self.halving = halving
        self.pattern_of = pattern_of
        self.features = _Covered(cells, halving, cells.feature_cells)
        has_controls = bool(cells.levels.controls.any())
        self.controls = _Covered(cells, halving, cells.control_cells) if has_controls else None

    def means(self, sums: tuple[Matrix, Matrix], pattern_means: Matrix) -> _Means:
        """Return a layer's means of what the patterns leave, and of what the features' cells leave then."""
        features, controls = [], []
        for which, (half, values) in enumerate(zip(self.halving, sums, strict=True)):
            rest = values - half.counts * pattern_means[self.pattern_of[half.groups]]
            means, weighted = self.features.means(which, half, rest)
            features.append(weighted)
            if self.controls is None:
                controls.append(np.zeros(0))
                continue
            rest = rest - half.counts * means[self.features.group_of[half.groups]]
            controls.append(self.controls.means(which, half, rest)[1])
        return _Means((features[0], features[1]), (controls[0], controls[1]))

    def tried(self, which: int, sums: list[Matrix], pattern_means: Matrix) -> tuple[Tried, Tried | None]:
        """Return how a half tries the other half's means, of the features' cells and of the controls'."""
        known = [pattern_means[:, self.pattern_of[half.groups]] for half in self.halving]
        rests = [own - half.counts * mean for own, half, mean in zip(sums, self.halving, known, strict=True)]
        form = self.features.tried(which, self.halving, list(rests[1 - which]), known[which])
        if self.controls is None:
            return form, None
        for place, half in enumerate(self.halving):
            means = np.array([self.features.means(place, half, rest)[0] for rest in rests[place]])
            beyond = means[:, self.features.group_of[half.groups]]
            known[place] = known[place] + beyond
            rests[place] = rests[place] - half.counts * beyond
        return form, self.controls.tried(which, self.halving, list(rests[1 - which]), known[which])
