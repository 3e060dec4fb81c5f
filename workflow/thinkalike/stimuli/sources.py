"""What every source of stimuli hands over, and the keys that all of them understand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from thinkalike.errors import InputError

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
    location: str = ""


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
