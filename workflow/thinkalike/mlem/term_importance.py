"""Importance of single terms of a model with interactions: each main effect, and each pair of features.

`importance` of a feature permutes it wherever it occurs. Here one term alone is permuted, W_ff Delta_f^2 or
2 W_fg Delta_f Delta_g, while the same features stay in place in all other terms.
"""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from thinkalike.mlem.designs import Quadratic
from thinkalike.mlem.importance import exact_score

if TYPE_CHECKING:
    from thinkalike.mlem.cross_validation import FoldFit
    from thinkalike.mlem.problem import Problem


def term_importance(problem: "Problem", fits: "list[FoldFit]") -> pd.DataFrame:
    """Return one row a (fold, term): `fold, feature_a, feature_b, weight, importance`.

    `weight` is the entry of W; `importance` the drop of the score when the term's value of a pair is that of another
    held-out pair, in the limit of all permutations.
    """
    design = problem.design
    assert isinstance(design, Quadratic)
    frames = []
    for fold, fit in enumerate(fits):
        terms = design.terms(problem.coding.names)
        frames.append(
            pd.DataFrame(
                {
                    "fold": fold,
                    "feature_a": [first for first, _ in terms],
                    "feature_b": [second for _, second in terms],
                    "weight": fit.parameters / design.factors,
                    "importance": [_drop(design, fit, column) for column in range(len(terms))],
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def _drop(design: Quadratic, fit: "FoldFit", column: int) -> float:
    pairs = fit.held_out
    differences = pairs.patterns / fit.ranges
    own = design.expand(differences)[:, column] * fit.parameters[column]
    rest = design.predict(fit.parameters, differences) - own
    values, index = np.unique(own, return_inverse=True)
    shares = np.bincount(index.reshape(-1), pairs.table.counts) / pairs.n_pairs

    def predict(_: NDArray[np.float64], drawn: NDArray[np.float64]) -> NDArray[np.float64]:
        return rest + drawn

    return fit.score - exact_score(predict, pairs.by_pattern, values, shares)
