"""A layer's profile in resamples and in halves of the stimuli: how far the stimuli decide it.

The draws depend on the groups and the seed alone, so all layers of all models of a study share them: draw k of one
layer and draw k of another are of the same stimuli, and what is computed from both (a similarity, a difference of two
similarities) has a distribution over draws.
"""

from collections.abc import Iterator, Sequence
from typing import get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from thinkalike.errors import InputError
from thinkalike.features import fold_groups
from thinkalike.mlem.cells import label_codes
from thinkalike.mlem.fold_fit import FoldFit
from thinkalike.mlem.rank_tables import rounded
from thinkalike.mlem.resampled_fold import mean_statistics
from thinkalike.mlem.resampling import Resampler
from thinkalike.numerics.draws import Over, drawn_counts
from thinkalike.property_levels import level_units

FEWEST_GROUPS = 8  # of fewer sentences a resample says nothing: the profile is undefined in all draws
COLUMNS = ["kind", "draw", "feature", "relative_weight", "importance"]


def profile_draws(
    fits: list[FoldFit], factors: Sequence[NDArray[np.int64]], *, n_resamples: int, n_halvings: int, seed: int
) -> pd.DataFrame:
    """Return the weights and importances of resamples, and of both halves of random halvings.

    Parameters
    ----------
    fits
        The folds; penalties, folds and the scale of the distances stay theirs.
    factors
        What is drawn: for each kind of group (sentences, say) the group of every stimulus, shape (n_stimuli,), see
        `numerics.draws`.
    n_resamples, n_halvings
        How often as many groups as there are are drawn with replacement, and how often they are halved at random.
    seed
        Decides the draws.

    Returns
    -------
    DataFrame
        One row per draw and feature: `kind` (resample or half), `draw` (from 0 in each kind; halves 2k and 2k + 1 are
        the two of halving k), `feature`, `relative_weight` (what a difference adds to the distance, in units of the
        mean distance) and `importance`. All are nan where a draw leaves too few stimuli for any fold.
    """
    for name, number in (("n_resamples", n_resamples), ("n_halvings", n_halvings)):
        if number < 0:
            raise InputError(f"{name} is {number} but must not be negative.")
    names = fits[0].problem.coding.names
    enough = min(int(groups.max()) + 1 for groups in factors) >= FEWEST_GROUPS
    resampler = Resampler(fits[0].problem, fits) if enough else None
    frames = []
    for kind, draw, counts in _draws(factors, n_resamples, n_halvings, seed):
        statistics = resampler.weighted(counts) if resampler else mean_statistics([], len(names))
        profile = {
            "relative_weight": rounded(statistics.relative_weights),
            "importance": rounded(statistics.importance),
        }
        frames.append(pd.DataFrame({"kind": kind, "draw": draw, "feature": list(names), **profile}))
    return pd.concat(frames, ignore_index=True)[COLUMNS] if frames else pd.DataFrame(columns=COLUMNS)


def _draws(
    factors: Sequence[NDArray[np.int64]], n_resamples: int, n_halvings: int, seed: int
) -> Iterator[tuple[str, int, NDArray[np.float64]]]:
    """Yield the kind and number of every draw, and how often it has each stimulus."""
    # Separate streams: asking for fewer of one kind does not change the other.
    resampling, halving = np.random.default_rng([seed, 3]), np.random.default_rng([seed, 4])
    for draw in range(n_resamples):
        yield "resample", draw, drawn_counts(factors, resampling)
    for k in range(n_halvings):
        first, second = np.ones((2, len(factors[0])))
        for groups in factors:
            n_groups = int(groups.max()) + 1
            chosen = np.zeros(n_groups)
            chosen[halving.permutation(n_groups)[: n_groups // 2]] = 1.0
            first *= chosen[groups]
            second *= 1.0 - chosen[groups]
        yield "half", 2 * k, first
        yield "half", 2 * k + 1, second


def draw_factors(stimuli: pd.DataFrame, over: Over) -> list[NDArray[np.int64]]:
    """Return the groups of the stimuli that a draw is of: 0 to n_groups - 1, one array for each kind that is drawn."""
    if over not in get_args(Over):
        raise InputError(f"over is '{over}' but must be one of {', '.join(get_args(Over))}.")
    units = level_units(stimuli)
    lemmas = units.get("lemma", units.get("word"))
    if over != "sentences" and lemmas is None:
        raise InputError(f"over is '{over}', but the stimuli have no column 'lemma' and no column 'word'; add one.")
    sentences = label_codes(fold_groups(stimuli), stimuli.index, "sentences")
    factors = [] if over == "lemmas" else [sentences]
    return factors if over == "sentences" or lemmas is None else [*factors, lemmas]
