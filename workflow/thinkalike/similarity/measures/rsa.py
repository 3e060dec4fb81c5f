"""Representational similarity analysis: do two layers order the pairs of stimuli alike?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from thinkalike.numerics.distances import dissimilarities, squared_distances
from thinkalike.numerics.matrices import Matrix, centre, unit_norm
from thinkalike.numerics.ranks import centred_ranks
from thinkalike.similarity.measures.measure import Comparator, measure
from thinkalike.similarity.measures.pair_vectors import (
    PairVector,
    PairVectorComparator,
    among_all_pairs,
    pair_vector,
    permuted,
    without_noise,
)

Dissimilarity = Literal["euclidean", "sqeuclidean", "cosine", "correlation"]
Comparison = Literal["spearman", "pearson", "cosine", "kendall_tau_a", "kendall_tau_b"]


@measure(
    name="rsa",
    family="rsa",
    formula="Spearman correlation of d(x_i, x_j) with d(y_i, y_j) over pairs i < j, d Euclidean",
    reference="Kriegeskorte, Mur & Bandettini 2008",
    preprocessing="none needed; equal distances (to 36 bits) share their average rank",
    range=(-1.0, 1.0),
    larger_is_more_similar=True,
    invariant_to=("orthogonal", "isotropic scaling", "translation", "permutation"),
    chance="0; undefined (nan) where all stimuli are equally far apart",
    equivalents=(
        "scipy.stats.spearmanr(pdist(X), pdist(Y))",
        "rsatoolbox.rdm.compare(calc_rdm(X, 'euclidean'), calc_rdm(Y, 'euclidean'), 'spearman')",
        "mne_rsa.rsa(compute_rdm(X, 'euclidean'), compute_rdm(Y, 'euclidean'), 'spearman')",
    ),
    identical=1.0,
    pairwise=True,
)
@dataclass(frozen=True)
class Rsa(PairVectorComparator):
    """Compare layers by their dissimilarities of all pairs of stimuli (representational similarity analysis).

    Parameters
    ----------
    dissimilarity
        `euclidean`, `sqeuclidean`, `cosine` or `correlation`. With the last two the measure is not invariant to
        translation, and with `correlation` not to rotation either.
    comparison
        `spearman`, `pearson`, `cosine` (of the dissimilarities), `kendall_tau_a` or `kendall_tau_b`.
    centre
        Centre the columns first: changes `cosine` and `correlation` alone.
    """

    dissimilarity: Dissimilarity = "euclidean"
    comparison: Comparison = "spearman"
    centre: bool = False
    leaves_out_pairs = True

    def prepare(self, X: Matrix) -> PairVector:
        """Return ranks (integers), centred dissimilarities, or dissimilarities, as the comparison needs."""
        kept = None if self.pairs is None else self.pairs.kept
        vector = _ordered_pairs(X, self.dissimilarity, self.comparison, self.centre, kept)
        return among_all_pairs(vector, kept)

    def score(self, x: PairVector, y: PairVector) -> float:
        """Return the correlation of two layers' dissimilarities."""
        if self.comparison.startswith("kendall"):
            kept = slice(None) if x.kept is None else x.kept if y.kept is None else x.kept & y.kept
            return _kendall(x.values[kept], y.values[kept], tau_a=self.comparison == "kendall_tau_a")
        return super().score(x, y)

    def scores(
        self, xs: Sequence[PairVector], ys: Sequence[PairVector], *, symmetric: bool = False, threads: int = 1
    ) -> Matrix:
        """Return the correlations of all pairs of layers."""
        if self.comparison.startswith("kendall"):
            return Comparator.scores(self, xs, ys, symmetric=symmetric, threads=threads)
        return super().scores(xs, ys, symmetric=symmetric, threads=threads)


@measure(
    name="partial_rsa",
    family="rsa",
    formula="correlation of what is left of the ranks of d(x_i, x_j) and of d(y_i, y_j) after least squares on the "
    "controls' differences (1 or 0; the ranks of |a - b| of a numeric control), over pairs i < j, d Euclidean",
    reference="Kriegeskorte, Mur & Bandettini 2008; partial correlation",
    preprocessing="as rsa; the controls are given beside the representations, and without any it is rsa",
    range=(-1.0, 1.0),
    larger_is_more_similar=True,
    invariant_to=("orthogonal", "isotropic scaling", "translation", "permutation"),
    chance="0; undefined (nan) where all stimuli are equally far apart, or the controls say how far",
    equivalents=(
        "scipy.stats.pearsonr of what numpy.linalg.lstsq on the controls leaves of scipy.stats.rankdata(pdist(X))",
    ),
    identical=1.0,
    pairwise=True,
)
@dataclass(frozen=True)
class PartialRsa(PairVectorComparator):
    """RSA with the controls' differences held constant: is there a likeness beyond that of the same words?

    Parameters
    ----------
    dissimilarity
        As in `rsa`.
    comparison
        `spearman` (of ranks) or `pearson` (of the dissimilarities).
    centre
        As in `rsa`.
    """

    dissimilarity: Dissimilarity = "euclidean"
    comparison: Literal["spearman", "pearson"] = "spearman"
    centre: bool = False
    leaves_out_pairs = True
    takes_controls = True

    def prepare(self, X: Matrix) -> PairVector:
        """Return what is left of the ranks or of the centred dissimilarities."""
        kept = None if self.pairs is None else self.pairs.kept
        vector = _ordered_pairs(X, self.dissimilarity, self.comparison, self.centre, kept)
        if self.pairs is not None and self.pairs.controls:
            basis, values = self.pairs.control_basis, vector.values.astype(np.float64)
            vector = without_noise(pair_vector(values - basis @ (basis.T @ values), len(X)), vector.norm)
        return among_all_pairs(vector, kept)


@measure(
    name="rsm_norm_difference",
    family="rsa",
    formula="sqrt of the sum over pairs i < j of (d(x_i, x_j) - d(y_i, y_j))^2, d Euclidean; grows with n",
    reference="Klabunde et al. 2023; Yin & Shen 2018",
    preprocessing="columns centred, then unit Frobenius norm",
    range=(0.0, float("inf")),
    larger_is_more_similar=False,
    is_metric=True,
    invariant_to=("orthogonal", "isotropic scaling", "translation", "permutation"),
    chance="above 0, grows with n; per_pair=True is comparable between numbers of stimuli",
    equivalents=("numpy.linalg.norm(pdist(X) - pdist(Y)) of centred, normalised X and Y",),
    identical=0.0,
    pairwise=True,
)
@dataclass(frozen=True)
class RsmNormDifference(Comparator):
    """Norm of the difference between two layers' dissimilarities.

    Parameters
    ----------
    dissimilarity
        `euclidean` or `cosine`.
    centre
        Centre the columns first.
    normalise
        Scale to unit Frobenius norm first (no effect on `cosine`).
    per_pair
        Divide by the square root of the number of pairs.
    """

    dissimilarity: Literal["euclidean", "cosine"] = "euclidean"
    centre: bool = True
    normalise: bool = True
    per_pair: bool = False
    leaves_out_pairs = True

    @property
    def depends_on_scale(self) -> bool:
        """Euclidean distances grow with the layer unless it is normalised."""
        return not self.normalise and self.dissimilarity == "euclidean"

    def prepare(self, X: Matrix) -> PairVector:
        """Return the dissimilarities."""
        rows = centre(X) if self.centre else X
        if self.normalise:
            X, rows = X / np.linalg.norm(rows), unit_norm(rows)
        kept = None if self.pairs is None else self.pairs.kept
        values = dissimilarities(rows, self.dissimilarity, X)
        return among_all_pairs(pair_vector(values if kept is None else values[kept], len(X)), kept)

    def score(self, x: PairVector, y: PairVector) -> float:
        """Return the norm of the difference."""
        differences = x.values - y.values
        if x.kept is not None and y.kept is not None:
            differences = differences[x.kept & y.kept]
        difference = float(np.linalg.norm(differences))
        return difference / float(np.sqrt(len(differences))) if self.per_pair else difference

    def permute(self, state: PairVector, order: npt.NDArray[np.intp]) -> PairVector:
        """Move the entries."""
        return permuted(state, order)


def _ordered_pairs(
    X: Matrix, dissimilarity: Dissimilarity, comparison: str, centred: bool, kept: npt.NDArray[np.bool_] | None
) -> PairVector:
    """Return ranks (integers), centred dissimilarities, or dissimilarities of the pairs that count."""
    rows = centre(X) if centred else X
    ranked = comparison not in ("pearson", "cosine")
    if ranked and dissimilarity == "euclidean":
        values = squared_distances(rows)  # ranks are the same, and no square root blurs a tie
    else:
        values = dissimilarities(rows, dissimilarity, X)
    values = values if kept is None else values[kept]
    if ranked:
        return pair_vector(centred_ranks(values), len(X))
    if comparison == "cosine":
        return pair_vector(values, len(X))
    size = float(np.linalg.norm(values))
    values -= values.mean()
    return without_noise(pair_vector(values, len(X)), size)


def _kendall(x: npt.NDArray[Any], y: npt.NDArray[Any], tau_a: bool) -> float:
    from scipy.stats import kendalltau

    tau_b = float(kendalltau(x, y, method="asymptotic").statistic)
    if not tau_a:
        return tau_b
    pairs = len(x) * (len(x) - 1) / 2
    untied = [pairs - _tied_pairs(values) for values in (x, y)]
    return tau_b * float(np.sqrt(untied[0] * untied[1])) / pairs


def _tied_pairs(values: npt.NDArray[Any]) -> float:
    counts = np.unique(values, return_counts=True)[1].astype(float)
    return float(np.sum(counts * (counts - 1) / 2))
