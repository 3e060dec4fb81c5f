"""What every source of stimuli hands over, and the keys that all of them understand."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from thinkalike.errors import InputError

Item = TypeVar("Item")

COMMON_KEYS = ("features", "controls", "deduplicate", "decorrelate", "punctuation", "corpus", "unit")
"""Keys that every source understands; the last two are read by later stages."""


@dataclass(frozen=True)
class RawStimuli:
    """Sentences and words as a source gives them, before features are derived, typed and checked.

    Attributes
    ----------
    sentences
        `sentence_id`, `words` (lists), `text` (None unless the source is running text).
    rows
        `sentence_id`, `position`, `word`, then whatever columns the source has, undefined values null. May bring its
        own `stimulus_id`.
    default_features
        Columns that become features if the configuration declares none.
    counts
        What was read or generated.
    by_word
        Whether a stimulus is a word (otherwise a whole prompt).
    """

    sentences: pd.DataFrame
    rows: pd.DataFrame
    default_features: list[str]
    counts: dict[str, Any]
    by_word: bool = True


def check_keys(source: Mapping[str, Any], allowed: Sequence[str], *, name: str) -> None:
    """Raise an error that names the first key which the source does not understand."""
    every = (*allowed, *COMMON_KEYS)
    for key in source:
        if key not in every:
            raise InputError(f"Dataset '{name}': unknown key '{key}'; allowed are {', '.join(every)}.")


def source_path(source: Mapping[str, Any], key: str, *, name: str, base: str | Path) -> Path:
    """Return the path under `key`, relative ones from `base`."""
    value = source.get(key)
    if not isinstance(value, str) or not value:
        raise InputError(f"Dataset '{name}', {key}: the value is {value!r} but must be the path of a file.")
    return Path(base) / value


def sentence_number(source: Mapping[str, Any], name: str) -> int | None:
    """Return how many sentences to keep, None for all."""
    value = source.get("sentences", "all")
    if value == "all":
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InputError(f"Dataset '{name}', sentences: the value is {value!r} but must be a positive number or 'all'.")
    return value


def choose_sentences(identifiers: Sequence[Any], number: int, seed: int, *, location: str) -> list[Any]:
    """Return `number` of the identifiers, drawn at random, in their order."""
    if number > len(identifiers):
        raise InputError(f"{location}: {number} sentences were asked for but there are {len(identifiers)}.")
    chosen = np.random.default_rng(seed).choice(len(identifiers), size=number, replace=False)
    return [identifiers[index] for index in sorted(chosen.tolist())]


def keep_sentences(
    items: Iterable[Item], source: Mapping[str, Any], *, name: str, seed: int, location: str
) -> list[tuple[int, Item]]:
    """Return the items with their numbers: all, or as many as asked for, drawn while the file is read.

    However long the file, only the items drawn so far are held (reservoir sampling).
    """
    number = sentence_number(source, name)
    if number is None:
        return list(enumerate(items))
    rng = np.random.default_rng(seed)
    kept: list[tuple[int, Item]] = []
    count = 0
    for count, item in enumerate(items, start=1):
        if count <= number:
            kept.append((count - 1, item))
        elif (place := int(rng.integers(count))) < number:
            kept[place] = (count - 1, item)
    if count < number:
        raise InputError(f"{location}: {number} sentences were asked for but there are {count}.")
    return sorted(kept, key=lambda pair: pair[0])
