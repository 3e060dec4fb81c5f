"""Is A nearer to B than to C? Layers and models, tested by resamples that all of them share."""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from thinkalike.numerics.false_discovery import with_q
from thinkalike.similarity.drawn_profiles import (
    LayerStates,
    ProfileKind,
    claim_of,
    layer_states,
    paired_difference,
    score_draws,
)
from thinkalike.similarity.measures.measure import find_measure
from thinkalike.similarity.preparation import DECIMALS
from thinkalike.similarity.study_profiles import Layer, StudyProfiles, study_profiles
from thinkalike.similarity.trajectories import drawn_trajectory_distance

COLUMNS = [
    *("compared", "measure", "model", "layer", "model_b", "layer_b", "model_c", "layer_c"),
    *("difference", "low", "high", "p", "q", "over"),
]


def nearness(
    importance: pd.DataFrame,
    resamples: pd.DataFrame,
    models: pd.DataFrame,
    *,
    measures: list[str],
    profile: ProfileKind = "importance",
) -> pd.DataFrame:
    """Test for every layer and model A, and every two others B and C, whether A is nearer to B than to C.

    Layers are compared at the same relative depth: a layer A with the layers of two other models that are as deep in
    theirs, relative to the number of layers (of two equally near depths the shallower). Models are compared by the
    distance of their trajectories.

    Parameters
    ----------
    importance
        The study's table of importance: `model, layer, feature, role` and the profile's column.
    resamples
        The study's table of resamples.
    models
        The study's table of models: `model, layer, depth`.
    measures
        Measures of profiles.
    profile
        As in `compare_profiles`.

    Returns
    -------
    DataFrame
        One row per measure, A, and unordered pair of B and C: `compared` (layers or models), `measure`, `model, layer`
        (A), `model_b, layer_b`, `model_c, layer_c` (no layers where models are compared), `difference` (similarity to
        B minus similarity to C; of a distance, distance to C minus distance to B: positive where A is nearer to B),
        `low, high` (95 %), `p` (two-sided, see `paired_difference`), `q` (over all rows of layers, or of models, by
        one measure) and `over`, what was resampled.
    """
    profiles = study_profiles(importance, resamples, profile)
    rows = [row for measure in measures for row in _of_layers(profiles, models, measure)]
    rows += list(_of_models(profiles))
    table = pd.DataFrame(rows, columns=[name for name in COLUMNS if name not in ("q", "over")])
    numbers = ["difference", "low", "high", "p"]
    table[numbers] = table[numbers].astype(float).round(DECIMALS)
    return with_q(table.assign(over=claim_of(resamples)), ["compared", "measure"])[COLUMNS]


def _of_layers(profiles: StudyProfiles, models: pd.DataFrame, measure: str) -> Iterator[tuple[Any, ...]]:
    entry = find_measure(measure)
    comparator, sign = entry.with_options(), 1.0 if entry.larger_is_more_similar else -1.0
    states: dict[Layer, LayerStates] = {
        layer: layer_states(profiles.means[layer], profiles.draws[layer], entry) for layer in profiles.means
    }
    keys = zip(models["model"].astype(str), models["layer"].astype(str), strict=True)
    depths = dict(zip(keys, models["depth"].astype(float), strict=True))
    names = list(dict.fromkeys(model for model, _ in states))
    for a in states:
        near = {
            model: min((layer for layer in states if layer[0] == model), key=lambda x: abs(depths[x] - depths[a]))
            for model in names
            if model != a[0]
        }
        found = {}
        for model, layer in near.items():
            value = comparator.score(states[a].value, states[layer].value)
            found[model] = (sign * value, sign * score_draws(comparator, states[a], states[layer]))
        for b, c in combinations(near, 2):
            (value_b, draws_b), (value_c, draws_c) = found[b], found[c]
            difference = value_b - value_c
            test = paired_difference(difference, draws_b - draws_c)
            yield ("layers", measure, *a, *near[b], *near[c], difference, *test)


def _of_models(profiles: StudyProfiles) -> Iterator[tuple[Any, ...]]:
    names = profiles.models
    found = {}
    for a, b in combinations(names, 2):
        found[a, b] = found[b, a] = drawn_trajectory_distance(profiles, a, b)
    for a in names:
        for b, c in combinations([name for name in names if name != a], 2):
            (value_b, draws_b), (value_c, draws_c) = found[a, b], found[a, c]
            test = paired_difference(value_c - value_b, np.asarray(draws_c) - np.asarray(draws_b))
            yield ("models", "trajectories", a, None, b, None, c, None, value_c - value_b, *test)
