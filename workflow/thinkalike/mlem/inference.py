"""Intervals and p-values of a cross-validation. None of them counts pairs: pairs share their stimuli."""

import logging
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from thinkalike.errors import InputError
from thinkalike.features import Kind, Missing
from thinkalike.mlem.cells import label_codes
from thinkalike.mlem.cross_validation import FoldFit, fit_folds
from thinkalike.mlem.distances import Distance
from thinkalike.mlem.folds import Labels
from thinkalike.mlem.held_out import MAX_PAIRS
from thinkalike.mlem.label_null import Permuter, exceedance
from thinkalike.mlem.problem import Problem, make_problem
from thinkalike.mlem.resampling import Resampler, interval
from thinkalike.mlem.results import CrossValidation

logger = logging.getLogger(__name__)


def infer(
    features: pd.DataFrame,
    representations: ArrayLike,
    result: CrossValidation,
    *,
    groups: Labels | None = None,
    units: Labels | Mapping[str, Labels | None] | None = None,
    controls: Sequence[str] = (),
    n_resamples: int = 1000,
    n_permutations: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
    distance: Distance = "sqeuclidean",
    missing: Missing | Mapping[str, Missing] = "same",
    kinds: Mapping[str, Kind] | None = None,
    fit_intercept: bool = True,
    exclude: Labels | None = None,
    max_pairs: int = MAX_PAIRS,
) -> pd.DataFrame:
    """Return intervals by resampling groups, and p-values by permuting labels between units.

    Parameters
    ----------
    features, representations, distance, missing, kinds, fit_intercept, exclude, max_pairs
        As they were given to `cross_validate`.
    result
        What `cross_validate` returned; its folds and penalties are kept.
    groups
        What is resampled, one label per stimulus (its sentence). By default every stimulus is a group.
    units
        What exchanges its labels under the null: labels, one per stimulus (its lemma), for all features or by name.
        `None`, or a name that is not there: single stimuli.
    controls
        Features that are no hypotheses: they keep their labels when the score is tested, and are not among those
        whose largest statistic makes `p_max`.
    n_resamples, n_permutations
        How many; 0 for none.
    confidence
        Of the intervals (percentiles of the resamples, see `resampling.interval`).

    Returns
    -------
    DataFrame
        One row a quantity: `quantity` (score, weight, importance), `feature` (None for the score), `estimate` (mean
        over folds), `low`, `high`, `p` and `p_max` (from the largest statistic over features). p is
        (1 + number of null statistics at least as large) / (1 + n_permutations), one-sided.
    """
    _check_numbers(n_resamples, n_permutations, confidence)
    n_stimuli = len(features)
    problem = make_problem(
        features,
        representations,
        distance=distance,
        interactions=result.matrices is not None,
        fit_intercept=fit_intercept,
        kinds=kinds,
        missing=missing,
        exclude=None if exclude is None else label_codes(exclude, n_stimuli, "exclude"),
    )
    grouping = np.arange(n_stimuli) if groups is None else label_codes(groups, n_stimuli, "groups")
    by_feature = _units(units, problem.coding.names, n_stimuli)
    for name in controls:
        if name not in problem.coding.names:
            raise InputError(f"controls names '{name}', which is not a feature.")
    fits, _ = fit_folds(problem, result.folds, grouping, 0, (), seed, max_pairs, chosen=list(result.alphas))
    # Separate streams: asking for fewer resamples does not change the permutations.
    resampling, permuting = np.random.default_rng([seed, 1]), np.random.default_rng([seed, 2])
    table = _intervals(problem, fits, grouping, n_resamples, confidence, resampling)
    return _p_values(table, problem, fits, by_feature, controls, n_permutations, permuting)


def _intervals(
    problem: Problem,
    fits: list[FoldFit],
    groups: NDArray[np.int64],
    n_resamples: int,
    confidence: float,
    rng: np.random.Generator,
) -> pd.DataFrame:
    names = list(problem.coding.names)
    resampler = Resampler(problem, fits, groups)
    estimates = resampler.weighted(np.ones(problem.coding.n_stimuli)).vector()
    low = high = np.full(len(estimates), np.nan)
    if n_resamples:
        draws = np.array([resampler.draw(rng).vector() for _ in range(n_resamples)])
        n_groups = int(groups.max()) + 1
        some = rng.permutation(n_groups)[:n_resamples]
        left_out = np.array([resampler.without_group(int(group)).vector() for group in some])
        low, high = interval(estimates, draws, left_out, n_groups, confidence)
    return pd.DataFrame(
        {
            "quantity": ["score"] + ["weight"] * len(names) + ["importance"] * len(names),
            "feature": [None, *names, *names],
            "estimate": estimates,
            "low": low,
            "high": high,
        }
    )


def _p_values(
    table: pd.DataFrame,
    problem: Problem,
    fits: list[FoldFit],
    units: list[NDArray[np.int64]],
    controls: Sequence[str],
    n_permutations: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    names = problem.coding.names
    p, p_max = np.full(len(table), np.nan), np.full(len(table), np.nan)
    if not n_permutations:
        return table.assign(p=p, p_max=p_max)
    estimates = table["estimate"].to_numpy()
    tested = [f for f, name in enumerate(names) if name not in controls]
    permuter = Permuter(problem, fits, units)
    if tested:
        p[0] = p_max[0] = exceedance(estimates[0], permuter.scores(tested, n_permutations, rng))
    nulls = np.array([permuter.importances(f, n_permutations, rng) for f in range(len(names))])
    for quantity in range(2):  # weights, then importances: the order of the rows
        for f in range(len(names)):
            row = 1 + quantity * len(names) + f
            p[row] = exceedance(estimates[row], nulls[f, quantity])
            if f in tested:
                p_max[row] = exceedance(estimates[row], nulls[tested, quantity].max(axis=0))
    return table.assign(p=p, p_max=p_max)


def _units(
    units: Labels | Mapping[str, Labels | None] | None, names: Sequence[str], n_stimuli: int
) -> list[NDArray[np.int64]]:
    if isinstance(units, Mapping):
        for name in units:
            if name not in names:
                raise InputError(f"units names '{name}', which is not a feature; the features are {', '.join(names)}.")
        given = [units.get(name) for name in names]
    else:
        given = [units] * len(names)
    return [
        np.arange(n_stimuli) if labels is None else label_codes(labels, n_stimuli, f"units of '{name}'")
        for name, labels in zip(names, given, strict=True)
    ]


def _check_numbers(n_resamples: int, n_permutations: int, confidence: float) -> None:
    for key, number in (("n_resamples", n_resamples), ("n_permutations", n_permutations)):
        if number < 0:
            raise InputError(f"{key} is {number} but must not be negative.")
    if not 0 < confidence < 1:
        raise InputError(f"confidence is {confidence} but must be between 0 and 1, 0.95 say.")
