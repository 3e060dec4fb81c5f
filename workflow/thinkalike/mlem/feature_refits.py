"""A layer's fit without each feature, or each two: what the choice of features decides.

Sums over pairs are there for all features together, and those of fewer features are a part of them, so a refit costs
the solution of one small system per fold.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from thinkalike.errors import InputError
from thinkalike.features import Feature, fold_groups, kinds_and_missing, words_left_out
from thinkalike.mlem.cells import label_codes
from thinkalike.mlem.cross_validation import ALPHAS
from thinkalike.mlem.estimator import MLEM
from thinkalike.mlem.fold_fit import Choice, fit_folds
from thinkalike.mlem.folds import outer_folds
from thinkalike.mlem.held_out import MAX_PAIRS
from thinkalike.mlem.level_pairs import FeatureCoding
from thinkalike.mlem.pair_distances import Distance
from thinkalike.mlem.rank_tables import Scoring, rounded


def refit_feature_sets(
    stimuli: pd.DataFrame,
    features: Mapping[str, Feature],
    representations: ArrayLike,
    *,
    most: int = 1,
    distance: Distance = "sqeuclidean",
    alphas: Sequence[float] | None = None,
    folds: int = 5,
    inner_folds: int = 5,
    interactions: bool = False,
    coding: FeatureCoding = "levels",
    scoring: Scoring = "rho_a",
    same_word_pairs: Literal["keep", "exclude"] = "keep",
    max_pairs: int = MAX_PAIRS,
    seed: int = 0,
) -> pd.DataFrame:
    """Return score and importances of the fit to all features, and of the fits that leave some out.

    Folds and penalties are those of the fit to all features (and of `analyse_layer`), so that nothing else changes.

    Parameters
    ----------
    stimuli, features, representations
        As in `analyse_layer`. Controls stay in every fit.
    most
        How many features are left out together at most: 1 or 2, at least one is kept.

    Other parameters are those of `analyse_layer`.

    Returns
    -------
    DataFrame
        One row per set and kept feature: `left_out` (names, joined by a comma and a space; empty for none), `feature`,
        `importance`, and the fit's `score`, means over folds.
    """
    if most < 1:
        raise InputError(f"{most} features are to be left out together, but it takes at least 1.")
    names = list(features)
    words = words_left_out(stimuli, same_word_pairs)
    table = stimuli[names]
    model = MLEM(
        interactions=interactions,
        distance=distance,
        **kinds_and_missing(features),
        coding=coding,
        scoring=scoring,
    )
    problem = model.problem(table, representations, words)
    groups = label_codes(fold_groups(stimuli), table.index, "groups")
    choice = Choice(tuple(alphas or ALPHAS), inner_folds)
    fits, _ = fit_folds(problem, outer_folds(folds, groups, seed, table.index), groups, choice, seed, max_pairs)
    tested = [place for place, name in enumerate(names) if features[name].role == "feature"]
    if len(tested) < 2:
        raise InputError(f"Of {len(tested)} features none can be left out; declare more, or set feature_sets to 0.")
    sets = [out for size in range(most + 1) for out in combinations(tested, size) if size < len(tested)]
    rows = []
    for left_out in sets:
        scores, drops = np.empty(len(fits)), np.empty((len(fits), len(names)))
        for number, fit in enumerate(fits):
            parameters = fit.refit(fit.moments, left_out) if left_out else fit.parameters
            pairs = fit.held_out.by_pattern
            scores[number] = fit.score(parameters, pairs)
            drops[number] = fit.drops(parameters, pairs, scores[number])
        score, means = rounded(scores.mean(keepdims=True))[0], rounded(drops.mean(axis=0))
        label = ", ".join(names[place] for place in left_out)
        rows += [(label, names[place], means[place], score) for place in tested if place not in left_out]
    return pd.DataFrame(rows, columns=["left_out", "feature", "importance", "score"])
