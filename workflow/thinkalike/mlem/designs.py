"""The form of the model: how a pattern of feature differences becomes a predicted distance."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from thinkalike.mlem.interactions import entries, semidefinite_minimum, to_matrix
from thinkalike.mlem.level_pairs import LevelPairs
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

    def predict_all(
        self, parameters: Sequence[NDArray[np.float64]], differences: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the predictions of several models, one column each."""
        return self.expand(differences) @ np.column_stack(parameters)

    def column_scales(self, ranges: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what the columns of unscaled differences are divided by."""
        return self.expand(ranges[None, :])[0] / self.expand(np.ones((1, self.n_features)))[0]

    def solve(
        self, moments: Moments, alpha: float, intercept: bool, leave_out: int | Sequence[int] | None = None
    ) -> NDArray[np.float64]:
        """Return the parameters of the least penalised squares, 0 where they involve a feature of `leave_out`."""
        gram, target = moments.normal_equations(intercept)
        gram = gram + alpha * np.eye(self.n_columns)
        left_out = [leave_out] if isinstance(leave_out, int) else list(leave_out or ())
        if not left_out:
            return self._minimum(gram, target)
        kept = ~np.any([self.involving(feature) for feature in left_out], axis=0)
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

    def contribution(
        self, parameters: NDArray[np.float64], feature: int, differences: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return what scaled differences of one feature add to a prediction."""
        return parameters[feature] * differences

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


class LevelDesign(Design):
    """Sum over features of a weight >= 0 for the pair of levels between which they differ.

    Parameters
    ----------
    pairs
        The pairs of levels of each feature; None for a feature that has one weight, times its difference.
    """

    def __init__(self, pairs: Sequence[LevelPairs | None]) -> None:
        self.pairs = tuple(pairs)
        self.n_features = len(self.pairs)
        self.widths = [1 if each is None else len(each.names) for each in self.pairs]
        self.ends = np.cumsum(self.widths)
        self.n_columns = int(self.ends[-1])

    def columns_of(self, feature: int) -> slice:
        """Return where the columns of a feature are."""
        return slice(int(self.ends[feature]) - self.widths[feature], int(self.ends[feature]))

    def expand(self, differences: NDArray[np.float64]) -> NDArray[np.float64]:
        columns = np.zeros((len(differences), self.n_columns))
        for f, pairs in enumerate(self.pairs):
            own = columns[:, self.columns_of(f)]
            if pairs is None:
                own[:, 0] = differences[:, f]
            else:
                own[:] = differences[:, f, None] == np.arange(1, self.widths[f] + 1)
        return columns

    def predict(self, parameters: NDArray[np.float64], differences: NDArray[np.float64]) -> NDArray[np.float64]:
        prediction = np.zeros(len(differences))
        for f in range(self.n_features):
            if parameters[self.columns_of(f)].any():
                prediction += self.contribution(parameters, f, differences[:, f])
        return prediction

    def predict_all(
        self, parameters: Sequence[NDArray[np.float64]], differences: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        # Each row has one column per feature; where there is no difference, a last one that adds nothing.
        plain = np.array([pairs is None for pairs in self.pairs])
        starts = self.ends - self.widths
        places = np.where(plain, starts, differences + (starts - 1)).astype(np.int32)
        places[(differences == 0) & ~plain] = self.n_columns
        values = np.where(plain, differences, 1.0)
        row_starts = np.arange(len(differences) + 1) * self.n_features
        shape = (len(differences), self.n_columns + 1)
        columns = scipy.sparse.csr_matrix((values.reshape(-1), places.reshape(-1), row_starts), shape=shape)
        return columns @ np.vstack([np.column_stack(parameters), np.zeros(len(parameters))])

    def contribution(
        self, parameters: NDArray[np.float64], feature: int, differences: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return what differences of one feature add to a prediction; of unknown levels, the feature's mean."""
        own = parameters[self.columns_of(feature)]
        if self.pairs[feature] is None:
            return own[0] * differences
        by_id = np.concatenate([[0.0], own, [self.mean_weight(parameters, feature)]])
        return by_id[differences.astype(np.intp)]

    def column_scales(self, ranges: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.repeat(ranges, self.widths)

    def involving(self, feature: int) -> NDArray[np.bool_]:
        involved = np.zeros(self.n_columns, dtype=bool)
        involved[self.columns_of(feature)] = True
        return involved

    def terms(self, names: tuple[str, ...]) -> list[tuple[str, str]]:
        return [(name, name) for name, width in zip(names, self.widths, strict=True) for _ in range(width)]

    def mean_weight(self, parameters: NDArray[np.float64], feature: int) -> float:
        """Return the mean weight of the pairs of levels of a feature, by how many pairs of stimuli have them."""
        own, pairs = parameters[self.columns_of(feature)], self.pairs[feature]
        return float(own[0] if pairs is None else own @ pairs.counts / pairs.counts.sum())

    def main_weights(self, parameters: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.array([self.mean_weight(parameters, f) for f in range(self.n_features)])

    def _minimum(self, gram: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
        return nonnegative_minimum(gram, target)
