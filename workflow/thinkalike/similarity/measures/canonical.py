"""Canonical correlations: what do two layers share up to any linear map?

With n stimuli, centred representations of n - 1 or more independent units span everything: all canonical correlations
are 1 for any data. That is refused, unless `allow_trivial` asks for the number.
"""

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from thinkalike.errors import InputError
from thinkalike.numerics.matrices import Matrix, centre
from thinkalike.similarity.measures.measure import Comparator, measure


@dataclass(frozen=True)
class Subspace:
    """What CCA needs to know of a layer.

    Attributes
    ----------
    basis
        Orthonormal columns that span the (kept) columns of the centred representation, shape (n, rank).
    rows
        The centred representation.
    dimensions
        The most that the rank could be: one less than the number of distinct stimuli.
    """

    basis: Matrix
    rows: Matrix
    dimensions: int

    @property
    def full(self) -> bool:
        """Whether the basis spans every centred function of the stimuli."""
        return self.basis.shape[1] >= self.dimensions


@dataclass(frozen=True)
class _Canonical(Comparator):
    """What the measures of canonical correlations share."""

    def prepare(self, X: Matrix) -> Subspace:
        """Return an orthonormal basis of the layer's columns."""
        return subspace(X, self.variance_kept())

    def variance_kept(self) -> float:
        """Return the share of variance that the basis keeps."""
        return 1.0

    def permute(self, state: Subspace, order: npt.NDArray[np.intp]) -> Subspace:
        """Put the layer's stimuli into another order."""
        return Subspace(state.basis[order], state.rows[order], state.dimensions)


@measure(
    name="cca",
    family="canonical",
    formula="mean of the min(rank X, rank Y) canonical correlations = singular values of Qx'Qy, Q orthonormal bases "
    "of Xc and Yc",
    reference="Hotelling 1936; Raghu et al. 2017",
    preprocessing="columns centred; rank by singular values above max(n, d) eps of the largest",
    range=(0.0, 1.0),
    larger_is_more_similar=True,
    invariant_to=("orthogonal", "isotropic scaling", "translation", "invertible linear", "permutation"),
    chance="above 0; 1 if n - 1 <= units of either: refused",
    equivalents=("google svcca: mean(get_cca_similarity(X.T, Y.T)['cca_coef1'])",),
    identical=1.0,
)
@dataclass(frozen=True)
class Cca(_Canonical):
    """Compare layers by their mean canonical correlation.

    Parameters
    ----------
    squared
        Mean of the squared correlations instead (R2 of CCA).
    allow_trivial
        Give the number even where it is 1 for any data.
    """

    squared: bool = False
    allow_trivial: bool = False

    def score(self, x: Subspace, y: Subspace) -> float:
        """Return the mean canonical correlation."""
        correlations = canonical_correlations(x, y, self.allow_trivial)
        return float(np.mean(correlations**2 if self.squared else correlations))


@measure(
    name="svcca",
    family="canonical",
    formula="mean canonical correlation of the leading principal components of Xc and Yc that hold 99 % of variance",
    reference="Raghu et al. 2017",
    preprocessing="columns centred; fewest components with at least 99 % of the variance (not of the singular values)",
    range=(0.0, 1.0),
    larger_is_more_similar=True,
    invariant_to=("orthogonal", "isotropic scaling", "translation", "permutation"),
    chance="above 0, and near 1 where the components kept number about n",
    equivalents=("google svcca's tutorial: 99 % of variance, then mean(cca_coef1)",),
    identical=1.0,
)
@dataclass(frozen=True)
class Svcca(_Canonical):
    """Mean canonical correlation after a principal component analysis.

    Parameters
    ----------
    variance
        Share of variance to keep.
    allow_trivial
        Give the number even where it is 1 for any data.
    """

    variance: float = 0.99
    allow_trivial: bool = False

    def variance_kept(self) -> float:
        """Return the share of variance that the basis keeps."""
        return self.variance

    def score(self, x: Subspace, y: Subspace) -> float:
        """Return the mean canonical correlation."""
        return float(np.mean(canonical_correlations(x, y, self.allow_trivial)))


@measure(
    name="pwcca",
    family="canonical",
    formula="sum a_i rho_i / sum a_i, a_i = sum over units j of |<h_i, x_j>|, h_i the orthonormal canonical variates "
    "of X, i up to min(rank X, rank Y), x_j the columns of Xc",
    reference="Morcos, Raghu & Bengio 2018",
    preprocessing="columns centred",
    range=(0.0, 1.0),
    larger_is_more_similar=True,
    is_symmetric=False,
    invariant_to=("isotropic scaling", "translation", "permutation"),
    chance="above 0; 1 if n - 1 <= units of either: refused",
    equivalents=("sim_metric: 1 - pwcca_dist, for equal numbers of units (libraries disagree otherwise)",),
    identical=1.0,
)
@dataclass(frozen=True)
class Pwcca(_Canonical):
    """Mean canonical correlation weighted by what the variates carry of X.

    Parameters
    ----------
    allow_trivial
        Give the number even where it is 1 for any data.
    """

    allow_trivial: bool = False

    def score(self, x: Subspace, y: Subspace) -> float:
        """Return the weighted mean of the canonical correlations."""
        _check_not_trivial(x, y, self.allow_trivial)
        left, correlations, _ = np.linalg.svd(x.basis.T @ y.basis, full_matrices=False)
        weights = np.abs((x.basis @ left).T @ x.rows).sum(axis=1)
        return float(np.average(np.minimum(correlations, 1.0), weights=weights))


def subspace(X: Matrix, variance: float = 1.0) -> Subspace:
    """Return an orthonormal basis of the columns of X centred, or of the components that hold `variance` of it."""
    rows = centre(X)
    left, values, _ = np.linalg.svd(rows, full_matrices=False)
    rank = int(np.sum(values > values[0] * max(X.shape) * np.finfo(float).eps))
    if variance < 1:
        shares = np.cumsum(values[:rank] ** 2)
        rank = int(np.searchsorted(shares / shares[-1], variance)) + 1
    distinct = len({row.tobytes() for row in X + 0.0})
    return Subspace(np.ascontiguousarray(left[:, :rank]), rows, distinct - 1)


def canonical_correlations(x: Subspace, y: Subspace, allow_trivial: bool = False) -> npt.NDArray[np.float64]:
    """Return the canonical correlations, largest first.

    Raises
    ------
    InputError
        When they are all 1 for any data.
    """
    import scipy.linalg

    _check_not_trivial(x, y, allow_trivial)
    return np.minimum(scipy.linalg.svdvals(x.basis.T @ y.basis), 1.0)


def _check_not_trivial(x: Subspace, y: Subspace, allow_trivial: bool) -> None:
    if allow_trivial:
        return
    stimuli, ranks = len(x.rows), (x.basis.shape[1], y.basis.shape[1])
    if x.full or y.full:
        raise InputError(
            f"All canonical correlations are 1 for any data: {stimuli} stimuli ({max(x.dimensions, y.dimensions) + 1} "
            f"distinct) against {ranks[0]} and {ranks[1]} dimensions; use more stimuli than units, svcca with less "
            "variance, or cka_debiased."
        )
    if sum(ranks) > stimuli - 1:
        warnings.warn(
            f"{sum(ranks) - stimuli + 1} of {min(ranks)} canonical correlations are 1 for any data, because "
            f"{stimuli} stimuli are fewer than {ranks[0]} + {ranks[1]} dimensions.",
            stacklevel=4,
        )
