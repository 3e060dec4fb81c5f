"""Intervals and p-values of a cross-validation. None of them counts pairs: pairs share their stimuli."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from thinkalike.errors import InputError
from thinkalike.mlem.exchange import Units
from thinkalike.mlem.fold_fit import FoldFit
from thinkalike.mlem.label_null import Permuter, exceedance
from thinkalike.mlem.problem import Problem
from thinkalike.mlem.resampling import Resampler
from thinkalike.numerics.false_discovery import with_q


def inference_table(
    fits: list[FoldFit],
    alphas: Sequence[float],
    factors: Sequence[NDArray[np.int64]],
    units: Units,
    controls: Sequence[str],
    *,
    n_resamples: int,
    n_permutations: int,
    confidence: float,
    seed: int,
) -> pd.DataFrame:
    """Return intervals by resampling groups, and p-values by permuting labels between units.

    See `CrossValidation.infer`, which this is the work of.

    Parameters
    ----------
    alphas
        The penalties that were chosen from, and are in each resample.
    factors
        What is resampled: groups of each kind, 0 to n_groups - 1, shape (n_stimuli,).
    units
        What exchanges its labels, for each feature.
    """
    _check_numbers(n_resamples, n_permutations, confidence)
    problem = fits[0].problem
    for name in controls:
        if name not in problem.coding.names:
            raise InputError(f"controls names '{name}', which is not a feature.")
    # Separate streams: asking for fewer resamples does not change the permutations.
    resampling, permuting = np.random.default_rng([seed, 1]), np.random.default_rng([seed, 2])
    table = _intervals(problem, fits, alphas, factors, n_resamples, confidence, resampling)
    table = _p_values(table, problem, fits, units.codes, controls, n_permutations, permuting)
    names: list[Any] = [None, *units.names, *units.names]
    tested = table["feature"].isna() | ~table["feature"].isin(controls)
    return with_q(table, ["quantity"], tested).assign(unit=names)


def _intervals(
    problem: Problem,
    fits: list[FoldFit],
    alphas: Sequence[float],
    factors: Sequence[NDArray[np.int64]],
    n_resamples: int,
    confidence: float,
    rng: np.random.Generator,
) -> pd.DataFrame:
    names = list(problem.coding.names)
    resampler = Resampler(problem, fits, alphas)
    estimates = resampler.weighted(np.ones(problem.coding.n_stimuli), binned=False).vector()
    low = high = np.full(len(estimates), np.nan)
    if n_resamples:
        # What varies between sentences and what varies between lemmas add up.
        deviations = np.sum([resampler.draws(groups, n_resamples, rng).deviations() for groups in factors], axis=0)
        tails = np.quantile(deviations, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
        low, high = estimates + tails
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


def _check_numbers(n_resamples: int, n_permutations: int, confidence: float) -> None:
    for key, number in (("n_resamples", n_resamples), ("n_permutations", n_permutations)):
        if number < 0:
            raise InputError(f"{key} is {number} but must not be negative.")
    if not 0 < confidence < 1:
        raise InputError(f"confidence is {confidence} but must be between 0 and 1, 0.95 say.")
