"""What the values of features carry of a similarity, estimated on one half of the stimuli and tried on the other.

Every unordered pair of levels of a feature has its own coefficient: levels need not be equally far apart. Ridge
regression of one layer's numbers on the columns of a set S of features in one half gives a prediction; its covariance
with the other layer's numbers in the other half is what S carries. Both ways round, both directions, averaged over
halvings: B(S). All of it follows from Z'Z and Z'R of each half.
"""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_matrix

from thinkalike.similarity.explained.combined_without_blocks import CombinedWithoutBlocks, Tried
from thinkalike.similarity.explained.halves import Half, Halving
from thinkalike.similarity.explained.layer_sums import LayerSums
from thinkalike.similarity.explained.pair_cells import PairCells
from thinkalike.similarity.explained.parts import Parts
from thinkalike.similarity.explained.shapley import divide

Matrix = NDArray[np.float64]
PENALTY = 1e-4  # of a coefficient, relative to the number of pairs: a pair of levels this rare is halved
_PRIOR_PAIRS = 1.0  # a mean over this many pairs is halved


def parts_by_values(
    left: list[LayerSums],
    right: list[LayerSums],
    cells: PairCells,
    halvings: list[Halving],
    seed: int,
    without: CombinedWithoutBlocks | None = None,
) -> Parts:
    """Return the parts of the similarity of all layers of `left` with all of `right`; `right` may be `left`.

    `without`, for layers with themselves, gathers form and lexical without each block of stimuli.
    """
    columns, feature_of = columns_of(cells.level_pairs)
    blocks = _blocks(cells)
    layers = left if right is left else [*left, *right]
    a, b = slice(0, len(left)), slice(0, None) if right is left else slice(len(left), None)
    fitted = [
        (_FittedHalf(half, columns, cells), np.array([layer.halves[number][which] for layer in layers]))
        for number, halving in enumerate(halvings)
        for which, half in enumerate(halving)
    ]
    products = [half.products(sums) for half, sums in fitted]

    def worth(subset: NDArray[np.bool_]) -> Matrix:
        chosen = np.flatnonzero(subset[feature_of])
        weights = [half.solve(product, chosen) for (half, _), product in zip(fitted, products, strict=True)]
        return _crossed(weights, [product[chosen] for product in products], a, b)

    division = divide(worth, int(feature_of.max()) + 1, seed=seed)
    form, lexical = np.zeros_like(division.together), np.zeros_like(division.together)
    covered = 0.0
    for first in range(0, len(fitted), 2):
        pair = fitted[first : first + 2]
        everything = np.arange(len(feature_of))
        weights = [half.solve(product, everything) for (half, _), product in zip(pair, products[first:], strict=False)]
        tables = [half.smooth(sums, weight, blocks) for (half, sums), weight in zip(pair, weights, strict=True)]
        others = [half.centred(sums) for half, sums in pair]
        for place, total in enumerate((form, lexical)):
            total += _crossed_tables([table[place] for table in tables], others, pair, a, b) / len(halvings)
        covered += _covered_share(cells, pair[0][0].half, pair[1][0].half) / len(halvings)
        if without is not None:
            for one, (half, sums) in enumerate(pair):
                tried = _tried(pair[one ^ 1][0], weights[one ^ 1], tables[one ^ 1], half, sums)
                without.add(half.half, sums, tried[0], tried[1] if blocks[1] else None)
    return Parts(division, form, lexical, covered)


def columns_of(level_pairs: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the columns that are 1 for every pair of cells, and the feature of each column."""
    columns = np.empty(level_pairs.shape, dtype=np.intp)
    feature_of: list[int] = []
    for f in range(level_pairs.shape[1]):
        distinct, index = np.unique(level_pairs[:, f], return_inverse=True)
        columns[:, f] = index.reshape(-1) + len(feature_of)
        feature_of += [f] * len(distinct)
    return columns, np.array(feature_of, dtype=np.intp)


def _blocks(cells: PairCells) -> tuple[list[NDArray[np.intp]], list[NDArray[np.intp]]]:
    """Return groupings of the pairs of cells from coarse to fine: of features that combine, and of the controls."""
    features = np.flatnonzero(~cells.levels.controls)
    levels = cells.level_pairs
    highest = levels.max(axis=0) + 1
    products = [levels[:, f] * highest[g] + levels[:, g] for f, g in combinations(features.tolist(), 2)]
    if len(features) > 2:
        products.append(cells.feature_cells)
    combined = [np.unique(product, return_inverse=True)[1].reshape(-1) for product in products]
    return combined, [cells.control_cells] if cells.levels.controls.any() else []


def _crossed(weights: list[Matrix], products: list[Matrix], a: slice, b: slice) -> Matrix:
    """Return the covariance of predictions from one half with the numbers of the other, shape (left, right)."""
    total = np.zeros((weights[0][:, a].shape[1], weights[0][:, b].shape[1]))
    for one in range(len(weights)):
        other = one ^ 1  # the halves of a halving follow one another
        total += weights[one][:, a].T @ products[other][:, b] + products[one][:, a].T @ weights[other][:, b]
    return total / (2 * len(weights))


def _crossed_tables(
    tables: list[Matrix], others: list[Matrix], pair: list[tuple["_FittedHalf", Matrix]], a: slice, b: slice
) -> Matrix:
    """Return the same for predictions that are given for every pair of cells."""
    tries = [tables[one][:, pair[one ^ 1][0].half.groups] for one in (0, 1)]  # prediction, where the other half looks
    n = [half.half.n_pairs for half, _ in pair]
    total = np.zeros((len(tables[0][a]), len(tables[0][b])))
    for one, other in ((0, 1), (1, 0)):
        total += tries[one][a] @ others[other][b].T / n[other]
        total += others[one][a] @ tries[other][b].T / n[one]
    return total / 4


def _tried(
    other: "_FittedHalf", weights: Matrix, tables: tuple[Matrix, Matrix], half: "_FittedHalf", sums: Matrix
) -> tuple[Tried, Tried]:
    """Return how a half tries what the other predicts: how features combine, and the controls' values.

    A pair is tried on ranks about the half's mean; what is learnt from it is what additive features leave of them.
    """
    mean = sums.sum(axis=1, keepdims=True) / half.half.n_pairs
    additive = (half.Z @ weights - other.means @ weights).T
    form, lexical = (table[:, half.half.groups] for table in tables)
    return Tried(form, mean + additive / 2), Tried(lexical, mean + (additive + form) / 2)


def _covered_share(cells: PairCells, first: Half, second: Half) -> float:
    occurs = [np.zeros(int(cells.feature_cells.max()) + 1, dtype=bool) for _ in range(2)]
    for seen, half in zip(occurs, (first, second), strict=True):
        seen[cells.feature_cells[half.groups]] = True
    return float(cells.counts[(occurs[0] & occurs[1])[cells.feature_cells]].sum() / cells.n_pairs)


class _FittedHalf:
    """One half, with the normal equations of all columns."""

    def __init__(self, half: Half, columns: NDArray[np.intp], cells: PairCells) -> None:
        self.half = half
        self.columns = columns[half.groups]
        self.all_columns = columns
        n_columns = int(columns.max()) + 1
        shape = (len(half.groups), n_columns)
        starts = np.arange(shape[0] + 1) * columns.shape[1]
        ones = np.ones(self.columns.size)
        self.Z = csr_matrix((ones, self.columns.reshape(-1), starts), shape=shape)
        self.means = self.Z.T @ half.counts / half.n_pairs
        weighted = self.Z.multiply(half.counts[:, None]).tocsr()
        gram = (self.Z.T @ weighted).toarray() / half.n_pairs - np.outer(self.means, self.means)
        self.gram = gram + PENALTY * np.eye(n_columns)
        self.n_groups = cells.n_groups

    def centred(self, sums: Matrix) -> Matrix:
        """Return sums per group of the layers' numbers less their mean in this half, shape (n_layers, groups)."""
        return sums - np.outer(sums.sum(axis=1) / self.half.n_pairs, self.half.counts)

    def products(self, sums: Matrix) -> Matrix:
        """Return the covariances of the columns with the layers' numbers, shape (n_columns, n_layers)."""
        return (self.Z.T @ self.centred(sums).T) / self.half.n_pairs

    def solve(self, products: Matrix, chosen: NDArray[np.intp]) -> Matrix:
        """Return the coefficients of the chosen columns, shape (chosen, n_layers)."""
        if np.isnan(products).any():  # a layer whose stimuli are equally far apart
            solved = np.full((len(chosen), products.shape[1]), np.nan)
            defined = ~np.isnan(products).any(axis=0)
            if defined.any():
                solved[:, defined] = self.solve(products[:, defined], chosen)
            return solved
        factor = cho_factor(self.gram[np.ix_(chosen, chosen)], lower=True, check_finite=False)
        return cho_solve(factor, products[chosen], check_finite=False)

    def smooth(
        self, sums: Matrix, weights: Matrix, blocks: tuple[list[NDArray[np.intp]], list[NDArray[np.intp]]]
    ) -> tuple[Matrix, Matrix]:
        """Return what combined features, and then the controls, predict beyond the sum of the features.

        Residual means of ever finer groups, each drawn towards 0 as if one more pair of residual 0 were in its group.

        Returns
        -------
        tuple
            Two arrays of shape (n_layers, n_groups), over all pairs of cells.
        """
        additive = (self.Z @ weights - self.means @ weights).T
        rest = self.centred(sums) - self.half.counts * additive
        tables = []
        for groupings in blocks:
            table = np.zeros((len(sums), self.n_groups))
            for group_of in groupings:
                own = group_of[self.half.groups]
                size = int(group_of.max()) + 1
                counts = np.bincount(own, self.half.counts, minlength=size)
                indicator = csr_matrix((np.ones(len(own)), own, np.arange(len(own) + 1)), shape=(len(own), size))
                means = (indicator.T @ rest.T) / (counts[:, None] + _PRIOR_PAIRS)
                rest -= self.half.counts * means[own].T
                table += means[group_of].T
            tables.append(table)
        return tables[0], tables[1]
