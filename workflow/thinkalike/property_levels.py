"""What a feature is a property of: of items, sentences, lemmas, words, or of every stimulus by itself.

Under a null whole units exchange their labels. A label of sentences that was permuted over single stimuli would be
significant far too often, because words of one sentence resemble each other. Where nobody declared a feature's level,
it is therefore found from the data: the coarsest at which the feature is constant.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from thinkalike.errors import InputError
from thinkalike.features import Feature, Level

# The column of each level, the coarsest first.
LEVEL_COLUMNS = {"item": "item_id", "sentence": "sentence_id", "lemma": "lemma", "word": "word"}


@dataclass(frozen=True)
class FoundLevel:
    """The coarsest level at which a feature is constant.

    Attributes
    ----------
    level
        Its name; `stimulus` where there is none.
    others
        Levels at which the feature is constant as well, and which are not parts of that one: the data cannot say which
        of them it is a property of.
    """

    level: str
    others: tuple[str, ...] = ()

    def sentence(self, name: str) -> str:
        """Say what was found, and what to do where it is ambiguous."""
        if self.level == "stimulus":
            return f"{name} is taken as a property of single stimuli: no level was declared, and it varies within all."
        found = f"{name} is taken as a property of the {self.level}: no level was declared, and it is constant there"
        if not self.others:
            return f"{found}."
        return (
            f"{found}, but as constant in each {' and '.join(self.others)}: the stimuli cannot tell of which it is a "
            f"property, and p-values differ; declare its level."
        )


def level_units(stimuli: pd.DataFrame) -> dict[str, NDArray[np.int64]]:
    """Return the unit of each stimulus, 0 to n_units - 1, at every level that the table has a column for.

    The coarsest level comes first. Words and lemmas are compared in small letters; a word without a lemma is its own.
    """
    units = {}
    for level, column in LEVEL_COLUMNS.items():
        if column in stimuli.columns:
            labels = stimuli[column]
            if level == "lemma" and "word" in stimuli.columns:
                labels = labels.where(labels.notna(), stimuli["word"])
            units[level] = _codes(labels.astype("string").str.lower() if level in ("lemma", "word") else labels)
    return units


def find_level(values: pd.Series, units: Mapping[str, NDArray[np.int64]]) -> FoundLevel:
    """Return the coarsest level at which a feature is constant.

    Parameters
    ----------
    values
        The feature, one value per stimulus; undefined is a value like others here.
    units
        By level the unit of each stimulus. Of two levels with the same units the first is taken.
    """
    codes = _codes(values)
    constant = {level: own for level, own in units.items() if _is_constant(codes, own)}
    # A level whose units are parts of another's units is finer than that.
    coarsest: list[str] = []
    for level, own in constant.items():
        coarser = [other for other, theirs in constant.items() if other != level and _is_constant(theirs, own)]
        if not any(other in coarsest or not _is_constant(own, constant[other]) for other in coarser):
            coarsest.append(level)
    if not coarsest:
        return FoundLevel("stimulus")
    return FoundLevel(coarsest[0], tuple(coarsest[1:]) if codes.max(initial=0) > 0 else ())


def with_levels(stimuli: pd.DataFrame, features: Mapping[str, Feature]) -> tuple[dict[str, Feature], tuple[str, ...]]:
    """Return the features with a level each, found where none is declared, and a sentence for each that was found.

    Raises
    ------
    InputError
        For a declared level at which the values are not constant, or for which the table has no column.
    """
    units = level_units(stimuli)
    settled, sentences = {}, []
    for name, feature in features.items():
        if feature.level is None:
            found = find_level(stimuli[name], units)
            feature = replace(feature, level=cast(Level, found.level))
            sentences.append(found.sentence(name))
        elif offender := contradiction(stimuli, feature, units):
            raise InputError(
                f"Feature '{name}' is declared at level '{feature.level}' but {offender}; declare level "
                f"'{find_level(stimuli[name], units).level}', or correct the values."
            )
        settled[name] = feature
    return settled, tuple(sentences)


def contradiction(stimuli: pd.DataFrame, feature: Feature, units: Mapping[str, NDArray[np.int64]] | None = None) -> str:
    """Say what speaks against the declared level of a feature; empty if nothing does."""
    level = str(feature.level)
    if level == "stimulus":
        return ""
    units = level_units(stimuli) if units is None else units
    if level not in units:
        return f"the stimuli have no column '{LEVEL_COLUMNS[level]}'"
    counts = pd.Series(_codes(stimuli[feature.name])).groupby(units[level]).nunique()
    if not (counts > 1).any():
        return ""
    unit = int(np.argmax(counts.to_numpy() > 1))
    example = stimuli[LEVEL_COLUMNS[level]].to_numpy()[int(np.argmax(units[level] == unit))]
    return f"{level} '{example}' has {counts.iloc[unit]} values"


def _codes(labels: Any) -> NDArray[np.int64]:
    return pd.factorize(pd.Series(labels).reset_index(drop=True), use_na_sentinel=False)[0].astype(np.int64)


def _is_constant(values: NDArray[np.int64], units: NDArray[np.int64]) -> bool:
    """Tell whether all stimuli of a unit have one value."""
    one = np.zeros(int(units.max(initial=0)) + 1, dtype=np.int64)
    one[units] = values
    return bool((one[units] == values).all())
