"""Orthogonal Procrustes: how far apart are two layers after the best rotation of one onto the other?"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from thinkalike.numerics.distances import unit_rows
from thinkalike.numerics.matrices import Matrix, centre, fewer_columns, unit_norm
from thinkalike.similarity.measures.measure import Comparator, measure

_CLOSE = 1e-8  # relative squared distance under which |X|^2 + |Y|^2 - 2 |X'Y|_* has lost half of its digits


@dataclass(frozen=True)
class _Procrustes(Comparator):
    """Common to the family: a layer's state is its preprocessed rows, with no more columns than rows."""

    centre: bool = True

    def prepare(self, X: Matrix) -> Matrix:
        """Return the layer with centred columns where asked, and no more columns than rows."""
        return fewer_columns(centre(X) if self.centre else X)

    def permute(self, state: Matrix, order: npt.NDArray[np.intp]) -> Matrix:
        """Put the layer's stimuli into another order."""
        return state[order]


@measure(
    name="procrustes",
    family="procrustes",
    formula="min over orthogonal Q of |X~ Q - Y~| = sqrt(2 - 2 |X~'Y~|_*), narrower matrix padded with zero columns",
    reference="Schönemann 1966; Ding, Denain & Steinhardt 2021",
    preprocessing="columns centred, then unit Frobenius norm",
    range=(0.0, float(np.sqrt(2.0))),
    larger_is_more_similar=False,
    is_metric=True,
    invariant_to=("orthogonal", "isotropic scaling", "translation", "permutation"),
    chance="below sqrt(2), and near 0 when units outnumber stimuli: calibrate it",
    equivalents=(
        "sqrt(2 - 2 sqrt(1 - scipy.spatial.procrustes(X, Y)[2])) for equal numbers of units",
        "netrep.metrics.LinearMetric(alpha=1, score_method='euclidean') on centred data of unit norm",
    ),
    identical=0.0,
)
@dataclass(frozen=True)
class Procrustes(_Procrustes):
    """Compare layers by the Procrustes distance of their shapes, size aside.

    Parameters
    ----------
    centre
        Centre the columns first; without, the distance is not invariant to translation.
    """

    def prepare(self, X: Matrix) -> Matrix:
        """Return the rows of unit Frobenius norm."""
        return unit_norm(super().prepare(X))

    def score(self, x: Matrix, y: Matrix) -> float:
        """Return the distance after the best rotation."""
        return procrustes_distance(x, y)


@measure(
    name="procrustes_angular",
    family="procrustes",
    formula="arccos |X~'Y~|_*, the angle between the two shapes",
    reference="Williams et al. 2021",
    preprocessing="columns centred, then unit Frobenius norm",
    range=(0.0, float(np.pi / 2)),
    larger_is_more_similar=False,
    is_metric=True,
    invariant_to=("orthogonal", "isotropic scaling", "translation", "permutation"),
    chance="below pi/2, and near 0 when units outnumber stimuli: calibrate it",
    equivalents=("netrep.metrics.LinearMetric(alpha=1, score_method='angular')",),
    identical=0.0,
)
@dataclass(frozen=True)
class ProcrustesAngular(_Procrustes):
    """Angle between shapes, or, with `alpha` below 1, between partly whitened shapes.

    Parameters
    ----------
    centre
        Centre the columns first.
    alpha
        Rows are multiplied by alpha I + (1 - alpha) (Xc'Xc)^(-1/2) first: 1 allows rotations only, 0 any invertible
        linear map. Between the two the angle depends on the scale of X.
    """

    alpha: float = 1.0

    @property
    def depends_on_scale(self) -> bool:
        """Whether the scale of the units matters, as it does for a partly whitened layer."""
        return 0 < self.alpha < 1

    def prepare(self, X: Matrix) -> Matrix:
        """Return the (partly whitened) rows of unit Frobenius norm."""
        rows = super().prepare(X)
        return unit_norm(rows if self.alpha == 1 else _whiten(rows, self.alpha))

    def score(self, x: Matrix, y: Matrix) -> float:
        """Return the angle, from the chord between the two unit vectors: exact for near copies too."""
        return float(2 * np.arcsin(min(procrustes_distance(x, y) / 2, float(np.sqrt(0.5)))))


@measure(
    name="procrustes_size_and_shape",
    family="procrustes",
    formula="min over orthogonal Q of |Xc Q - Yc|, in the units of the representations",
    reference="Dryden & Mardia 2016; Williams et al. 2021",
    preprocessing="columns centred",
    range=(0.0, float("inf")),
    larger_is_more_similar=False,
    is_metric=True,
    invariant_to=("orthogonal", "translation", "permutation"),
    chance="above 0, depends on the scale of the representations",
    equivalents=("netrep.metrics.LinearMetric(alpha=1, score_method='euclidean')",),
    identical=0.0,
)
@dataclass(frozen=True)
class ProcrustesSizeAndShape(_Procrustes):
    """Compare layers by the Procrustes distance, size included.

    Parameters
    ----------
    centre
        Centre the columns first.
    """

    def score(self, x: Matrix, y: Matrix) -> float:
        """Return the distance after the best rotation."""
        return procrustes_distance(x, y)


@measure(
    name="aligned_cosine",
    family="procrustes",
    formula="mean over i of cos(x_i Q*, y_i), Q* the orthogonal map that minimises |Xc Q - Yc|",
    reference="Hamilton, Leskovec & Jurafsky 2016; Klabunde et al. 2023",
    preprocessing="columns centred; a stimulus whose row is zero in either is left out",
    range=(-1.0, 1.0),
    larger_is_more_similar=True,
    invariant_to=("orthogonal", "isotropic scaling", "translation", "permutation"),
    chance="above 0, and near 1 when units outnumber stimuli: calibrate it",
    equivalents=("repsim.measures.AlignedCosineSimilarity() on centred data",),
    identical=1.0,
)
@dataclass(frozen=True)
class AlignedCosine(_Procrustes):
    """Mean cosine of corresponding rows after the best rotation.

    Parameters
    ----------
    centre
        Centre the columns first.
    """

    def score(self, x: Matrix, y: Matrix) -> float:
        """Return the mean cosine of the stimuli after the best rotation."""
        rotated = x @ _rotation(x.T @ y)
        x_norms, y_norms = np.linalg.norm(x, axis=1), np.linalg.norm(y, axis=1)
        kept = unit_rows(x)[1] & unit_rows(y)[1]
        return float(np.mean(np.einsum("ij,ij->i", rotated[kept], y[kept]) / (x_norms[kept] * y_norms[kept])))


def procrustes_distance(x: Matrix, y: Matrix) -> float:
    """Return min |x Q - y| over orthogonal Q, narrower padded with zeros.

    The formula with the nuclear norm cannot tell distances below 1e-8 of the size from 0; near copies are measured
    by the residual itself.
    """
    import scipy.linalg

    size = float(np.sum(x * x) + np.sum(y * y))
    cross = x.T @ y
    squared = size - 2 * float(np.sum(scipy.linalg.svdvals(cross)))
    if squared > _CLOSE * size:
        return float(np.sqrt(squared))
    width = max(x.shape[1], y.shape[1])
    x, y = (np.pad(z, ((0, 0), (0, width - z.shape[1]))) for z in (x, y))
    left, _, right = scipy.linalg.svd(x.T @ y)
    return float(np.linalg.norm(x @ (left @ right) - y))


def _rotation(cross: Matrix) -> Matrix:
    """Return U V' of the cross-product; directions that carry nothing of it are left out, as any sign would do."""
    left, values, right = np.linalg.svd(cross, full_matrices=False)
    kept = values > values[0] * max(cross.shape) * np.finfo(float).eps
    return left[:, kept] @ right[kept]


def _whiten(X: Matrix, alpha: float) -> Matrix:
    values, vectors = np.linalg.eigh(X.T @ X)
    kept = values > values[-1] * max(X.shape) * np.finfo(float).eps
    scales = alpha + (1 - alpha) / np.sqrt(values[kept])
    return (X @ vectors[:, kept]) * scales
