"""The metric-learning encoding model as an estimator in the manner of scikit-learn."""

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from thinkalike.errors import InputError
from thinkalike.features import Kind, Missing
from thinkalike.mlem.cells import Coding, as_frame, encode, label_codes
from thinkalike.mlem.designs import Quadratic
from thinkalike.mlem.extremes import block_extremes
from thinkalike.mlem.folds import Labels
from thinkalike.mlem.held_out import held_out_pairs
from thinkalike.mlem.level_pairs import FeatureCoding, coded_as
from thinkalike.mlem.matching import matched_representations
from thinkalike.mlem.pair_distances import Distance
from thinkalike.mlem.patterns import pair_patterns
from thinkalike.mlem.problem import Problem, check_spread, make_problem, weights_of_level_pairs
from thinkalike.mlem.rank_tables import Scoring, joined_predictions

if TYPE_CHECKING:  # scikit-learn takes half a second to import
    from sklearn.utils import Tags


class MLEM:
    """Metric-learning encoding model: distances between representations, explained by differences of features.

    The target is the distance of a pair of stimuli, min-max scaled to [0, 1] over the training pairs; the design has a
    column per feature, 1 where the two differ and 0 where they do not (|a - b|, scaled by the training range, for a
    numeric feature), or one per pair of its levels (see `coding`). The weights equal those of
    `sklearn.linear_model.Ridge(alpha, positive=True)` on that design, but no pair is formed to find them.

    Parameters
    ----------
    alpha
        Penalty on the sum of squared weights, as in scikit-learn's `Ridge`: beside a *sum* of squares over pairs.
    fit_intercept
        Whether to fit an (unpenalised) intercept.
    interactions
        False: weights >= 0 of single features. True, with `coding="difference"` alone: a symmetric positive
        semi-definite matrix W, prediction Delta' W Delta, penalty alpha |W|_F^2.
    distance
        `sqeuclidean`, `euclidean_squared` (Euclidean, min-max scaled, then squared), `cosine`, `correlation`,
        `manhattan` or `precomputed`.
    missing
        What an undefined value means, for all features or by name: `same`, it never differs; `category`, it is a value.
    kinds
        By name `categorical` (the default), `ordinal` or `numeric`. A dtype never decides.
    coding
        `levels`: every pair of levels of a categorical or ordinal feature has its own weight >= 0, as levels need not
        be equally far apart. Features of more than 20 levels have one weight, as with `difference`, and pairs of levels
        of which one has fewer than 5 stimuli share one. `difference` (the paper's): one weight per feature.
    scoring
        The rank correlation of predicted and true distances that `score` is: `rho_a`, what Spearman's is expected to be
        when ties are broken at random; `spearman`, with average ranks for ties (the paper's), which can be higher for
        a coarser prediction than for a better one.

    Attributes
    ----------
    weights_
        Series by feature; with `coding="levels"` the mean over its pairs of levels, weighted by how many pairs of
        stimuli have them; with interactions the symmetric DataFrame W.
    level_weights_
        One row per pair of levels of each feature that has weights for them: `feature, level_a, level_b, weight, pairs`
        (of stimuli); levels are None for the pairs of rare levels that share one weight.
    intercept_
        Intercept, in units of the scaled distance.
    low_, high_
        The training distances that were scaled to 0 and 1.

    References
    ----------
    Salle, Jalouzot, Lan, Chemla and Lakretz (2024), What Makes Two Language Models Think Alike? arXiv:2406.12620.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> features = pd.DataFrame({"number": ["sg", "pl"] * 10, "tense": ["past"] * 10 + ["present"] * 10})
    >>> vectors = np.column_stack([features["number"] == "sg", 0.5 * (features["tense"] == "past")]).astype(float)
    >>> MLEM(alpha=0.0).fit(features, vectors).weights_.round(3).to_dict()
    {'number': 0.8, 'tense': 0.2}
    """

    def __init__(
        self,
        alpha: float = 1.0,
        fit_intercept: bool = True,
        interactions: bool = False,
        distance: Distance = "sqeuclidean",
        missing: Missing | Mapping[str, Missing] = "same",
        kinds: Mapping[str, Kind] | None = None,
        coding: FeatureCoding = "levels",
        scoring: Scoring = "rho_a",
    ) -> None:
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.interactions = interactions
        self.distance = distance
        self.missing = missing
        self.kinds = kinds
        self.coding = coding
        self.scoring = scoring

    def fit(self, features: pd.DataFrame, representations: ArrayLike) -> "MLEM":
        """Fit the weights to all pairs of stimuli.

        Parameters
        ----------
        features
            Shape (n_stimuli, n_features).
        representations
            Shape (n_stimuli, n_units), float32 or float64 and possibly memory-mapped; with
            `distance="precomputed"` the symmetric matrix of distances.

        Raises
        ------
        InputError
            For input that cannot be fitted; the message says what to mend.
        """
        problem = self.problem(features, representations)
        low, high = block_extremes(problem.distances, np.zeros(problem.coding.n_stimuli, dtype=np.int64))
        self.low_, self.high_ = float(low[0, 0]), float(high[0, 0])
        check_spread(self.low_, self.high_, "between training stimuli")
        self.feature_names_in_ = np.array(problem.coding.names, dtype=object)
        self.n_features_in_ = problem.coding.n_features
        self._ranges = problem.coding.ranges()
        moments = problem.scaled(problem.moment_source().without([[]])[0], self._ranges, self.low_, self.high_)
        self._design = problem.design
        self._parameters = problem.design.solve(moments, self.alpha, self.fit_intercept)
        self.intercept_ = moments.intercept(self._parameters) if self.fit_intercept else 0.0
        names = list(problem.coding.names)
        self.weights_: pd.Series | pd.DataFrame
        if isinstance(self._design, Quadratic):
            self.weights_ = pd.DataFrame(self._design.matrix(self._parameters), index=names, columns=names)
        else:
            self.weights_ = pd.Series(self._design.main_weights(self._parameters), index=names, name="weight")
        self._coding = problem.coding
        self.level_weights_ = weights_of_level_pairs(problem, self._parameters)
        return self

    def predict(self, features: pd.DataFrame) -> NDArray[np.float64]:
        """Return the predicted distance, in units of the scaled one, of every pair of stimuli.

        Shape (n_stimuli * (n_stimuli - 1) / 2,), in the order of `scipy.spatial.distance.pdist`. Predictions that
        differ by rounding alone are made equal, so that ranking them finds their ties.
        """
        coding = self._encode(features)
        left, right = np.triu_indices(coding.n_stimuli, 1)
        patterns, index = pair_patterns(coding, left, right)
        predictions = joined_predictions(self._design.predict(self._parameters, patterns / self._ranges))
        return (predictions + self.intercept_)[index]

    def score(self, features: pd.DataFrame, representations: ArrayLike) -> float:
        """Return the rank correlation (see `scoring`) of predicted and true distances of all pairs of stimuli."""
        coding = self._encode(features)
        problem = self.problem(features, representations)
        every = np.arange(coding.n_stimuli)
        pairs = held_out_pairs(coding, problem.distances, every, max_pairs=coding.n_stimuli**2)
        predictions = self._design.predict(self._parameters, pairs.patterns / self._ranges)
        return pairs.table.score(predictions, problem.scoring)

    def problem(self, features: pd.DataFrame, representations: ArrayLike, exclude: Labels | None = None) -> Problem:
        """Check settings and input, and return the problem that they pose.

        Parameters
        ----------
        exclude
            Labels, one per stimulus (its word, say); pairs of equal label are left out.
        """
        if not np.isfinite(self.alpha) or self.alpha < 0:
            raise InputError(f"alpha is {self.alpha} but must be a finite number that is not negative.")
        features = as_frame(features)
        index = features.index
        return make_problem(
            features,
            matched_representations(representations, index),
            distance=self.distance,
            interactions=self.interactions,
            fit_intercept=self.fit_intercept,
            kinds=self.kinds,
            missing=self.missing,
            exclude=None if exclude is None else label_codes(exclude, index, "exclude"),
            feature_coding=self.coding,
            scoring=self.scoring,
        )

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the constructor's arguments, as scikit-learn's tools expect."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def set_params(self, **parameters: Any) -> "MLEM":
        """Set constructor arguments by name."""
        for name, value in parameters.items():
            if name not in self.get_params():
                raise InputError(f"MLEM has no parameter '{name}'; it has {', '.join(self.get_params())}.")
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        defaults = {name: each.default for name, each in inspect.signature(type(self)).parameters.items()}
        given = [
            f"{name}={value!r}" for name, value in self.get_params().items() if repr(value) != repr(defaults[name])
        ]
        return f"{type(self).__name__}({', '.join(given)})"

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_parameters")

    def __sklearn_tags__(self) -> "Tags":
        """Tell scikit-learn's tools what the estimator takes: tables of any values, and vectors as the target."""
        from sklearn.utils import InputTags, Tags, TargetTags

        return Tags(
            estimator_type=None,
            target_tags=TargetTags(required=True, one_d_labels=False, two_d_labels=True, multi_output=True),
            input_tags=InputTags(string=True, categorical=True, allow_nan=True),
        )

    def _encode(self, features: pd.DataFrame) -> Coding:
        if not self.__sklearn_is_fitted__():
            raise _not_fitted()
        coding = encode(features, self.kinds, self.missing)
        if coding.names != tuple(self.feature_names_in_):
            raise InputError(
                f"The features are {', '.join(coding.names)} but the model was fitted to "
                f"{', '.join(self.feature_names_in_)}; give the same columns in the same order."
            )
        return coded_as(coding, self._coding)


def _not_fitted() -> InputError:
    """Return an error that scikit-learn's tools know, too."""
    from sklearn.exceptions import NotFittedError

    class UnfittedError(InputError, NotFittedError):
        """An estimator that is asked before it is fitted."""

    return UnfittedError("This MLEM is not fitted yet; call fit first.")
