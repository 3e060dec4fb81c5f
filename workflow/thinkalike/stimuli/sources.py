"""What every source of stimuli hands over, and the keys that all of them understand."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from thinkalike.errors import InputError
from thinkalike.stimuli.row_files import FILE_KEYS, Reading

Item = TypeVar("Item")

COMMON_KEYS = (
    "features", "controls", "undefined", "deduplicate", "decorrelate", "balance_words", "punctuation", "context_window",
    "corpus", "unit",
    "leave_out",
)  # fmt: skip
"""Keys that every source understands; the last three are read by later stages."""

ROW_KEYS = (*FILE_KEYS, "decimal")
"""Keys of the sources whose files are rows."""


@dataclass(frozen=True)
class RawStimuli:
    """Sentences and words as a source gives them, before features are derived, typed and checked.

    Attributes
    ----------
    sentences
        `sentence_id`, `words` (lists), `text` (None unless the source is running text).
    rows
        `sentence_id`, `position`, `word`, then whatever columns the source has, undefined values null; every label of
        the index is there once. May bring its own `stimulus_id`.
    default_features
        Columns that become features if the configuration declares none.
    counts
        What was read or generated.
    by_word
        Whether a stimulus is a word (otherwise a whole text).
    place
        From the label of a row to where it stands in the source, for messages.
    decimal
        The decimal sign; None where commas are decimal if values cannot be read otherwise.
    renamed
        A declared feature's name to the name under which it is kept, where it is one of the package's.
    notes
        What a reader of the study has to know about how the source was read, in sentences.
    """

    sentences: pd.DataFrame
    rows: pd.DataFrame
    default_features: list[str]
    counts: dict[str, Any]
    by_word: bool = True
    place: Callable[[Any], str] = lambda label: f"row {label + 1}"
    decimal: str | None = "."
    renamed: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


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


def source_paths(source: Mapping[str, Any], key: str, *, name: str, base: str | Path) -> list[Path]:
    """Return the paths under `key`, a path or a list of them."""
    value = source.get(key)
    values = value if isinstance(value, list | tuple) and value else [value]
    paths = [source_path({key: entry}, key, name=name, base=base) for entry in values]
    for path in paths:
        if paths.count(path) > 1:
            raise InputError(f"Dataset '{name}', {key}: the file '{path}' is there twice; remove one.")
    return paths


def source_reading(source: Mapping[str, Any], wanted: Sequence[str], *, name: str, lines_in_cells: bool) -> Reading:
    """Return how the dataset's files are read, from its keys."""
    separator, quotes, columns = (source.get(key) for key in ("separator", "quotes", "columns"))
    if separator is not None and (not isinstance(separator, str) or len(separator) != 1):
        raise InputError(
            f"Dataset '{name}', separator: the value is {separator!r} but must be one character, such as ';' or a "
            f"tabulator."
        )
    if quotes not in (None, "keep", "remove"):
        raise InputError(f"Dataset '{name}', quotes: the value is {quotes!r} but must be 'keep' or 'remove'.")
    if columns is not None and not (
        isinstance(columns, Mapping) and all(isinstance(text, str) for pair in columns.items() for text in pair)
    ):
        raise InputError(
            f"Dataset '{name}', columns: the value is {columns!r} but must map the package's names to the file's, such "
            f"as {{sentence_id: item}}."
        )
    if source.get("decimal", ".") not in (".", ","):
        raise InputError(f"Dataset '{name}', decimal: the value is {source['decimal']!r} but must be '.' or ','.")
    encoding = source.get("encoding")
    return Reading(tuple(wanted), lines_in_cells, separator, quotes, encoding, columns)


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


def declared_names(source: Mapping[str, Any]) -> list[str]:
    """Return the names of the declared features and controls, as they are written."""
    features, controls = source.get("features") or [], source.get("controls") or []
    return [str(name) for name in dict.fromkeys([*features, *controls])]
