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
from thinkalike.mlem.resampling import Resampler, interval


def inference_table(
    fits: list[FoldFit],
    groups: NDArray[np.int64],
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
    groups
        What is resampled, 0 to n_groups - 1, shape (n_stimuli,).
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
    table = _intervals(problem, fits, groups, n_resamples, confidence, resampling)
    table = _p_values(table, problem, fits, units.codes, controls, n_permutations, permuting)
    names: list[Any] = [None, *units.names, *units.names]
    return table.assign(unit=names)


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


def _check_numbers(n_resamples: int, n_permutations: int, confidence: float) -> None:
    for key, number in (("n_resamples", n_resamples), ("n_permutations", n_permutations)):
        if number < 0:
            raise InputError(f"{key} is {number} but must not be negative.")
    if not 0 < confidence < 1:
        raise InputError(f"confidence is {confidence} but must be between 0 and 1, 0.95 say.")
