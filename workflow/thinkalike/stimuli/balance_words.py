"""Choose words so that the values of every feature are about equally frequent among the stimuli.

Balanced sentences are not balanced words: most words are verbs and nouns, few are in the second person, and where one
stimulus is kept per left context and word hardly any is left of the first words of sentences.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from thinkalike.errors import InputError
from thinkalike.features import Feature

_MOST_LEVELS = 20  # a feature of more values (words) is not balanced, nor is one of numbers


def balance_words(
    stimuli: pd.DataFrame, features: Mapping[str, Feature], number: int, fewest: int, seed: int
) -> tuple[NDArray[np.intp], dict[str, int]]:
    """Choose stimuli whose features have their values about equally often.

    Values that fewer than `fewest` stimuli have are left out with these stimuli, again and again until there are none.
    Of the others stimuli are taken one by one, each time one of the combination of values that adds most: of a feature
    of k values one that n stimuli have adds 1 / (k n). Undefined is a value, and the word counts as a feature, so that
    the vocabulary stays. Within a combination chance decides. Controls do not count, nor do numeric features and those
    of more than 20 values.

    Parameters
    ----------
    stimuli, features
        What `read_stimuli` returned.
    number
        How many stimuli to choose.
    fewest
        The fewest stimuli of a value among those that are chosen from.
    seed
        Seed of the choice.

    Returns
    -------
    chosen
        Rows of `stimuli` in their order, shape (number,).
    left_out
        How many stimuli each rare value had, by `feature value`.

    Raises
    ------
    InputError
        If too few stimuli are left, or no feature has values to balance.
    """
    names = [name for name, feature in features.items() if _counts(feature, stimuli[name])]
    if not names:
        raise InputError("balance_words: no feature has 2 to 20 values to balance; remove the key.")
    rows, left_out = _without_rare(stimuli, names, fewest)
    if len(rows) < number:
        rare = f" without {', '.join(left_out)}" if left_out else ""
        raise InputError(
            f"balance_words: {number} stimuli were asked for but there are {len(rows)}{rare}; make more sentences, or "
            "lower 'stimuli' or 'fewest'."
        )
    codes = np.column_stack([_codes(stimuli[name].iloc[rows]) for name in (*names, "word")])
    return rows[np.sort(_taken(codes, number, np.random.default_rng([seed, 2])))], left_out


def _counts(feature: Feature, column: pd.Series) -> bool:
    return feature.role == "feature" and feature.kind != "numeric" and 2 <= column.nunique(dropna=False) <= _MOST_LEVELS


def _codes(column: pd.Series) -> NDArray[np.int64]:
    return pd.factorize(column, use_na_sentinel=False)[0].astype(np.int64)


def _without_rare(stimuli: pd.DataFrame, names: list[str], fewest: int) -> tuple[NDArray[np.intp], dict[str, int]]:
    """Return the rows without rare values, and what the rare values were."""
    rows = np.arange(len(stimuli))
    left_out: dict[str, int] = {}
    while True:
        rare = np.zeros(len(rows), dtype=bool)
        for name in names:
            column = stimuli[name].iloc[rows]
            codes, levels = pd.factorize(column, use_na_sentinel=False)
            values = ["undefined" if pd.isna(level) else str(level) for level in levels.tolist()]
            for code in np.flatnonzero(np.bincount(codes) < fewest):
                left_out.setdefault(f"{name} {values[code]}", int((codes == code).sum()))
                rare |= codes == code
        if not rare.any():
            return rows, left_out
        rows = rows[~rare]


def _taken(codes: NDArray[np.int64], number: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Return the places of the stimuli that are taken, shape (number,)."""
    combinations, of = np.unique(codes, axis=0, return_inverse=True)
    order = rng.permutation(len(codes))
    members = [order[of.reshape(-1)[order] == each].tolist() for each in range(len(combinations))]
    counts = [np.zeros(size) for size in codes.max(axis=0) + 1]
    left = np.array([len(each) for each in members])
    taken = []
    for _ in range(number):
        gain = sum(1 / (count[column] + 1) / len(count) for count, column in zip(counts, combinations.T, strict=True))
        # Gains that differ by rounding are equal, on every machine.
        best = int(np.argmax(np.where(left > 0, np.round(gain, 12), -1.0)))
        taken.append(members[best].pop())
        left[best] -= 1
        for count, code in zip(counts, combinations[best], strict=True):
            count[code] += 1
    return np.array(taken, dtype=np.intp)
