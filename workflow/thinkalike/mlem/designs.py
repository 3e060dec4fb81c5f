"""The form of the model: how a pattern of feature differences becomes a predicted distance."""

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from thinkalike.mlem.interactions import entries, semidefinite_minimum, to_matrix
from thinkalike.mlem.moments import Moments
from thinkalike.mlem.solver import nonnegative_minimum


class Design(ABC):
    """A model that is linear in its parameters, with a penalty alpha |parameters|^2.

    Attributes
    ----------
    n_features, n_columns
        Numbers of features and of parameters.
    """

    n_features: int
    n_columns: int

    @abstractmethod
    def expand(self, differences: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the columns, shape (n, n_columns), of differences, shape (n, n_features)."""

    @abstractmethod
    def involving(self, feature: int) -> NDArray[np.bool_]:
        """Return which columns involve a feature, shape (n_columns,)."""

    @abstractmethod
    def terms(self, names: tuple[str, ...]) -> list[tuple[str, str]]:
        """Return the two features of each column; the same one twice for a main effect."""

    @abstractmethod
    def main_weights(self, parameters: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the weight of each feature by itself, shape (n_features,)."""

    @abstractmethod
    def _minimum(self, gram: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the feasible parameters of least w' gram w / 2 - target' w, for any subset of the features."""

    def predict(self, parameters: NDArray[np.float64], differences: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the prediction, without the intercept, of scaled differences."""
        return self.expand(differences) @ parameters

    def column_scales(self, ranges: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what the columns of unscaled differences are divided by."""
        return self.expand(ranges[None, :])[0] / self.expand(np.ones((1, self.n_features)))[0]

    def solve(
        self, moments: Moments, alpha: float, intercept: bool, leave_out: int | None = None
    ) -> NDArray[np.float64]:
        """Return the parameters of the least penalised squares, 0 where they involve the feature `leave_out`."""
        gram, target = moments.normal_equations(intercept)
        gram = gram + alpha * np.eye(self.n_columns)
        if leave_out is None:
            return self._minimum(gram, target)
        kept = ~self.involving(leave_out)
        parameters = np.zeros(self.n_columns)
        if kept.any():
            parameters[kept] = self._minimum(gram[np.ix_(kept, kept)], target[kept])
        return parameters


class Additive(Design):
    """Sum of w_f Delta_f with w >= 0: `sklearn.linear_model.Ridge(alpha, positive=True)` on the pairs."""

    def __init__(self, n_features: int) -> None:
        self.n_features = self.n_columns = n_features

    def expand(self, differences: NDArray[np.float64]) -> NDArray[np.float64]:
        return differences

    def involving(self, feature: int) -> NDArray[np.bool_]:
        return np.arange(self.n_features) == feature

    def terms(self, names: tuple[str, ...]) -> list[tuple[str, str]]:
        return [(name, name) for name in names]

    def main_weights(self, parameters: NDArray[np.float64]) -> NDArray[np.float64]:
        return parameters

    def _minimum(self, gram: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
        return nonnegative_minimum(gram, target)


class Quadratic(Design):
    """Delta' W Delta with W symmetric positive semi-definite; the parameters are svec(W)."""

    def __init__(self, n_features: int) -> None:
        self.n_features = n_features
        self.rows, self.columns, self.factors = entries(n_features)
        self.n_columns = len(self.rows)

    def expand(self, differences: NDArray[np.float64]) -> NDArray[np.float64]:
        return differences[:, self.rows] * differences[:, self.columns] * self.factors

    def involving(self, feature: int) -> NDArray[np.bool_]:
        return (self.rows == feature) | (self.columns == feature)

    def terms(self, names: tuple[str, ...]) -> list[tuple[str, str]]:
        return [(names[f], names[g]) for f, g in zip(self.rows, self.columns, strict=True)]

    def main_weights(self, parameters: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.diag(self.matrix(parameters)).copy()

    def matrix(self, parameters: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the symmetric matrix W of the parameters."""
        return to_matrix(parameters, self.n_features)

    def _minimum(self, gram: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
        size = int((np.sqrt(8 * len(target) + 1) - 1) / 2)  # of the matrix of the features that are left
        return semidefinite_minimum(gram, target, size)
