"""Linear regression: how much of one layer can be predicted linearly from the other?"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from thinkalike.errors import InputError
from thinkalike.numerics.matrices import Matrix, centre
from thinkalike.similarity.measures.canonical import Subspace, subspace
from thinkalike.similarity.measures.measure import Comparator, measure

_ALPHAS = 10.0 ** np.arange(-4.0, 5.0)  # times the mean squared singular value of the predictor


@dataclass(frozen=True)
class _Layer:
    """A layer as target and as predictor; what only a predictor needs is computed when it is asked for."""

    X: Matrix
    folds: tuple[npt.NDArray[np.intp], ...]

    @cached_property
    def subspace(self) -> Subspace:
        return subspace(self.X)

    @cached_property
    def decompositions(self) -> list[tuple[Matrix, npt.NDArray[np.float64], Matrix]]:
        """The singular value decomposition of the centred training rows of every fold."""
        return [np.linalg.svd(centre(np.delete(self.X, fold, axis=0)), full_matrices=False) for fold in self.folds]


@measure(
    name="linear_regression",
    family="linear",
    formula="R2 of X from Y = |Qy'Xc|^2 / |Xc|^2, Qy an orthonormal basis of Yc; units weighted by their variance",
    reference="Kornblith et al. 2019; Yamins et al. 2014",
    preprocessing="columns centred",
    range=(float("-inf"), 1.0),
    larger_is_more_similar=True,
    is_symmetric=False,
    invariant_to=("orthogonal", "isotropic scaling", "translation", "permutation"),
    chance="rank(Y) / (n - 1) in-sample, and 1 if n - 1 <= units of Y: refused; 0 or a little below cross-validated",
    equivalents=(
        "sklearn.metrics.r2_score(X, LinearRegression().fit(Y, X).predict(Y), multioutput='variance_weighted')",
    ),
    identical=1.0,
)
@dataclass(frozen=True)
class LinearRegression(Comparator):
    """Explained variance of X given Y; any invertible linear map of Y leaves the in-sample value as it is.

    Parameters
    ----------
    folds
        0: in-sample least squares. 2 or more: ridge regression cross-validated over this many folds of stimuli, its
        penalty (10^-4..10^4 times the mean squared singular value of the training predictor) chosen inside the
        training part by leave-one-out; R2 of the pooled held-out predictions against the training means. Below 0 if
        the prediction is worse than the mean.
    seed
        Draws the folds.
    allow_trivial
        Give the in-sample number even where it is 1 for any data.
    """

    folds: int = 0
    seed: int = 0
    allow_trivial: bool = False

    def prepare(self, X: Matrix) -> _Layer:
        """Return the layer with its folds; what only a predictor needs is computed when it is asked for."""
        if self.folds == 0:
            return _Layer(X, ())
        if 2 * self.folds > len(X):
            raise InputError(f"Option 'folds' is {self.folds} but {len(X)} stimuli allow at most {len(X) // 2} folds.")
        order = np.random.default_rng(self.seed).permutation(len(X))
        return _Layer(X, tuple(np.sort(fold) for fold in np.array_split(order, self.folds)))

    def score(self, x: _Layer, y: _Layer) -> float:
        """Return the share of the variance of x that a linear regression on y explains."""
        if self.folds:
            return _cross_validated(x, y)
        target, predictor = centre(x.X), y.subspace
        if predictor.full and not self.allow_trivial:
            raise InputError(
                f"R2 is 1 for any data: the predictor has {predictor.basis.shape[1]} dimensions for {len(x.X)} stimuli "
                f"({predictor.dimensions + 1} distinct); use more stimuli than units, or folds=5 for cross-validated "
                "ridge regression."
            )
        return float(np.sum((predictor.basis.T @ target) ** 2) / np.sum(target**2))

    def permute(self, state: _Layer, order: npt.NDArray[np.intp]) -> _Layer:
        """Put the layer's stimuli into another order."""
        return _Layer(state.X[order], state.folds)


def _cross_validated(x: _Layer, y: _Layer) -> float:
    residual, total = 0.0, 0.0
    for fold, (left, values, right) in zip(x.folds, y.decompositions, strict=True):
        train, predictors = np.delete(x.X, fold, axis=0), np.delete(y.X, fold, axis=0)
        mean = train.mean(axis=0)
        projected = left.T @ (train - mean)
        alpha = _best_alpha(left, values, projected, train - mean)
        weights = right.T @ (projected * (values / (values**2 + alpha))[:, None])
        predicted = mean + (y.X[fold] - predictors.mean(axis=0)) @ weights
        residual += float(np.sum((x.X[fold] - predicted) ** 2))
        total += float(np.sum((x.X[fold] - mean) ** 2))
    return 1 - residual / total


def _best_alpha(left: Matrix, values: npt.NDArray[np.float64], projected: Matrix, target: Matrix) -> float:
    """Return the penalty of smallest leave-one-out error, in closed form."""
    alphas = _ALPHAS * float(np.mean(values**2))
    errors = []
    for alpha in alphas:
        shrinkage = values**2 / (values**2 + alpha)
        leverage = 1 / len(left) + (left**2) @ shrinkage  # 1 / n is the intercept's
        residuals = target - left @ (projected * shrinkage[:, None])
        errors.append(np.sum((residuals / np.maximum(1 - leverage, 1e-12)[:, None]) ** 2))
    return float(alphas[int(np.argmin(errors))])
