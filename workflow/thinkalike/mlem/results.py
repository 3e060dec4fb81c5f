"""What a cross-validation returns, and the tables made of it."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True)
class CrossValidation:
    """Result of `cross_validate`. Rows of frames and entries of arrays are outer folds, in the order of their labels.

    Attributes
    ----------
    scores
        Held-out Spearman of each fold; `score` is their mean.
    alphas
        The penalty that the inner folds chose.
    intercepts
        Intercept of each fold's fit.
    weights
        Fold x feature, in units of the scaled distance. With interactions, the diagonal of W; `matrices` has all of it.
    importance
        Fold x feature: drop of the score when the feature is permuted over held-out stimuli.
    importance_drop_column
        Fold x feature: drop of the score when the model is fitted without the feature (same alpha).
    ceilings
        Held-out score of the saturated model per fold; `ceiling` is the mean. NaN where it was not asked for.
    pairs, patterns
        Numbers of held-out pairs that were scored, and of their distinct patterns.
    pair_sampling_errors
        Standard error of each score from scoring a sample of pairs; 0 where all pairs were scored.
    low, high
        Smallest and largest distance of each fold's training pairs: 0 and 1 of the target.
    matrices
        With interactions, fold x feature x feature, W.
    importance_terms
        With interactions, one row a (fold, feature_a, feature_b): weight and importance of each main effect
        (feature_a = feature_b) and pair.
    folds
        Outer fold of each stimulus.
    diagnostics
        One row a feature: on how many pairs it varies, and the feature whose differences it goes with most.
    correlations
        Feature x feature: correlation of the differences over all pairs.
    warnings
        Sentences about features that cannot be told apart or do not vary.
    """

    features: tuple[str, ...]
    scores: NDArray[np.float64]
    alphas: NDArray[np.float64]
    intercepts: NDArray[np.float64]
    weights: pd.DataFrame
    importance: pd.DataFrame
    importance_drop_column: pd.DataFrame
    ceilings: NDArray[np.float64]
    pairs: NDArray[np.int64]
    patterns: NDArray[np.int64]
    pair_sampling_errors: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    folds: NDArray[np.int64]
    diagnostics: pd.DataFrame
    correlations: pd.DataFrame
    warnings: tuple[str, ...]
    matrices: NDArray[np.float64] | None = None
    importance_terms: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def score(self) -> float:
        """Mean score over folds."""
        return float(self.scores.mean())

    @property
    def ceiling(self) -> float:
        """Mean ceiling over folds."""
        return float(self.ceilings.mean())

    def importance_table(self) -> pd.DataFrame:
        """Return one row a (fold, feature): `fold, feature, weight, importance, importance_drop_column`."""
        n_folds, n_features = self.weights.shape
        return pd.DataFrame(
            {
                "fold": np.repeat(np.arange(n_folds), n_features),
                "feature": np.tile(np.array(self.features, dtype=object), n_folds),
                "weight": self.weights.to_numpy().reshape(-1),
                "importance": self.importance.to_numpy().reshape(-1),
                "importance_drop_column": self.importance_drop_column.to_numpy().reshape(-1),
            }
        )

    def scores_table(self) -> pd.DataFrame:
        """Return one row a fold: `fold, score, alpha, intercept, ceiling, pairs, patterns, pair_sampling_error`."""
        return pd.DataFrame(
            {
                "fold": np.arange(len(self.scores)),
                "score": self.scores,
                "alpha": self.alphas,
                "intercept": self.intercepts,
                "ceiling": self.ceilings,
                "pairs": self.pairs,
                "patterns": self.patterns,
                "pair_sampling_error": self.pair_sampling_errors,
            }
        )
