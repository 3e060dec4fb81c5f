"""From a configuration entry to a dataset: read the source, derive, declare, check, remove duplicates."""

import logging
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import numpy as np
import pandas as pd

from thinkalike.catalogue import STIMULUS_SOURCES
from thinkalike.errors import InputError
from thinkalike.features import Feature
from thinkalike.stimuli.balance_words import balance_words
from thinkalike.stimuli.context_windows import cut_windows, window_size
from thinkalike.stimuli.dataset import IDENTIFIERS, Dataset, count_cells, plain_texts
from thinkalike.stimuli.declare import declare_features, order_names, settle_levels
from thinkalike.stimuli.decorrelate import decorrelate
from thinkalike.stimuli.derive import DERIVED, is_punctuation, left_contexts
from thinkalike.stimuli.findings import NAMED
from thinkalike.stimuli.sources import RawStimuli
from thinkalike.stimuli.values import UNDEFINED, doubtful_marks, type_values

_FEWEST = 30  # stimuli of a value, where words are balanced
_WORDS = ("lemma",)  # columns of words, in which nothing stands for undefined
_logger = logging.getLogger(__name__)


def build_dataset(source: Mapping[str, Any], *, name: str, seed: int, base: str | Path = ".") -> Dataset:
    """Build the dataset that a configuration entry describes.

    Parameters
    ----------
    source
        The entry under `datasets`. One of the keys `grammar`, `table`, `conllu`, `prompts`, `pairs` names the source;
        docs/stimuli.md lists every key.
    name
        The dataset's name.
    seed
        Seed of all random choices; the same seed gives the same tables.
    base
        Folder from which relative paths are resolved.

    Returns
    -------
    Dataset
        The dataset, its rows in the order of sentences and positions.

    Raises
    ------
    InputError
        If the entry or the file it names is at fault.
    """
    kinds = [key for key in STIMULUS_SOURCES if key in source]
    if len(kinds) != 1:
        raise InputError(
            f"Dataset '{name}': found {' and '.join(kinds) or 'no source'} where exactly one of the keys "
            f"{', '.join(STIMULUS_SOURCES)} must say where the stimuli come from."
        )
    raw = resolve_name(STIMULUS_SOURCES[kinds[0]])(source, name=name, seed=seed, base=base)
    location = _location(source[kinds[0]])
    features, explicit = _declared(source, raw, name)
    stimuli = _stimuli(source, raw, features, name=name, location=location)
    sentences = raw.sentences
    if (size := window_size(source, name)) and raw.by_word:
        stimuli, sentences, windows = cut_windows(stimuli, sentences, *size)
        raw = replace(raw, sentences=sentences, counts={**raw.counts, **windows})
    if "decorrelate" in source:
        stimuli, sentences = _decorrelated(source["decorrelate"], stimuli, sentences, features, name, seed)
    kept = stimuli
    if _flag(source, "deduplicate", name, default=True):
        kept = _one_per_context(stimuli, sentences, raw.by_word, np.random.default_rng([seed, 1]))
    duplicates = len(stimuli) - len(kept)
    balanced: list[str] = []
    if "balance_words" in source:
        distinct = len(kept)
        kept, balanced = _balanced(source["balance_words"], kept, features, name, seed)
        sentences = sentences[sentences["sentence_id"].isin(set(kept["sentence_id"]))]
        raw = replace(raw, counts={**raw.counts, "unbalanced_left_out": distinct - len(kept)})
    kept = plain_texts(kept.reset_index(drop=True))
    features, levels = settle_levels(kept, features, explicit, source=location)
    notes = [*raw.notes, *balanced, *_doubts(kept, features, _undefined(source, name)), *levels]
    counts = {
        **raw.counts,
        **_punctuation(source, raw, name),
        "sentences": len(sentences),
        "words": len(stimuli),
        "duplicates_left_out": duplicates,
        "stimuli": len(kept),
        "cells": count_cells(kept, features),
    }
    sentences = plain_texts(sentences.reset_index(drop=True))
    for note in notes:
        _logger.info("%s: %s", location, note)
    metadata = {"source": dict(source), "seed": seed, "counts": counts, "notes": notes}
    return Dataset(name, kept, sentences, features, metadata)


def _punctuation(source: Mapping[str, Any], raw: RawStimuli, name: str) -> dict[str, int]:
    """Count the words without letter or digit that are therefore no stimuli."""
    if not raw.by_word or _flag(source, "punctuation", name, default=False):
        return {}
    return {"punctuation_left_out": int(raw.rows["word"].map(is_punctuation).sum())}


def _location(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _stimuli(
    source: Mapping[str, Any], raw: RawStimuli, features: Mapping[str, Feature], *, name: str, location: str
) -> pd.DataFrame:
    """Return the stimulus table with typed features, before anything is left out."""
    rows = raw.rows
    if raw.by_word and not _flag(source, "punctuation", name, default=False):
        rows = rows[~rows["word"].map(is_punctuation)]
    marks = _undefined(source, name)
    columns = {key: _column(key, feature, rows, raw, location, marks) for key, feature in features.items()}
    stimuli = rows[["sentence_id", "position", "word"]].assign(**columns)
    stimuli.insert(0, "stimulus_id", rows["stimulus_id"] if "stimulus_id" in rows else _identifiers(rows, raw.by_word))
    if "item_id" in rows:
        stimuli.insert(2, "item_id", rows["item_id"])
    for key in ("lemma", "context_group"):
        if key not in features and (key in rows or (key in DERIVED and raw.by_word)):
            column = rows[key] if key in rows else DERIVED[key](rows, raw.sentences)
            stimuli[key] = column.astype(object).where(column.notna(), stimuli["word"])
    if not len(stimuli):
        raise InputError(f"{location}: there is no stimulus in it; check the file and the key 'punctuation'.")
    return stimuli


def _declared(source: Mapping[str, Any], raw: RawStimuli, name: str) -> tuple[dict[str, Feature], set[str]]:
    """Return the features; without a declaration, those of the source and the length and position of the word."""
    derived = ["word_length", "word_position"] if raw.by_word else []
    declared = source.get("features") or order_names(list(dict.fromkeys([*raw.default_features, *derived])))
    controls = source.get("controls", ["word_identity"] if raw.by_word else [])
    if raw.renamed and isinstance(declared, Mapping):
        declared = {raw.renamed.get(key, key): value for key, value in declared.items()}
    elif raw.renamed and isinstance(declared, list):
        declared = [raw.renamed.get(key, key) for key in declared]
    for key, value in (("features", declared), ("controls", controls)):
        if not isinstance(value, list | tuple | Mapping if key == "features" else list | tuple):
            raise InputError(f"Dataset '{name}', {key}: the value is {value!r} but must be a list of columns.")
    for key in (*declared, *controls):
        if key in IDENTIFIERS:
            raise InputError(
                f"Dataset '{name}': '{key}' names stimuli and cannot be a feature; word_identity and word_position can"
                f"{_kept_as(key, raw)}."
            )
    return declare_features(declared, [key for key in controls if key not in declared], dataset=name)


def _kept_as(key: str, raw: RawStimuli) -> str:
    """Name the source's own column of that name, where there is one."""
    own = [column for column in map(str, raw.rows) if column.endswith(f"_{key}") and column not in DERIVED]
    return f", and so can {' and '.join(own)}, which is the source's own" if own else ""


def _undefined(source: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Return the texts that stand for undefined; an empty cell always does."""
    marks = source.get("undefined", UNDEFINED)
    if not isinstance(marks, list | tuple) or not all(isinstance(mark, str) for mark in marks):
        raise InputError(
            f"Dataset '{name}', undefined: the value is {marks!r} but must be a list of texts, such as ['-', 'n/a']."
        )
    return ("", *(mark.strip() for mark in marks))


def _doubts(stimuli: pd.DataFrame, features: Mapping[str, Feature], marks: Collection[str]) -> list[str]:
    """Say which values count though they may have been meant as undefined; those of punctuation marks are names."""
    notes = []
    for name in features:
        if stimuli[name].dtype != object or name.removesuffix("_identity") in ("word", *_WORDS):
            continue
        found = doubtful_marks(stimuli[name].unique(), marks)
        if found:
            counts = stimuli.loc[~stimuli["word"].map(is_punctuation), name].value_counts()
            found = [level for level in found if level in counts]
            shown = ", ".join(f"'{level}' ({counts[level]})" for level in found[:NAMED])
            more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
            if found:
                notes.append(f"{name} has {shown}{more} as values; list under 'undefined' what stands for nothing.")
    return notes


def _column(
    key: str, feature: Feature, rows: pd.DataFrame, raw: RawStimuli, location: str, marks: Collection[str]
) -> pd.Series:
    if key in rows:
        values = rows[key]
        marks = () if key in _WORDS else marks
    elif key in DERIVED:
        values, marks = DERIVED[key](rows, raw.sentences), ()
    else:
        given = [str(column) for column in rows if column not in IDENTIFIERS]
        raise InputError(
            f"{location}: there is no column for the feature '{key}'; the source gives {', '.join(given) or 'none'} "
            f"and {', '.join(DERIVED)} can be derived."
        )

    def place(label: Any) -> str:
        found = raw.place(label)
        return found if location in found or "line " in found else f"{location}, {found}"

    return type_values(values, feature, place=place, undefined=marks, decimal=raw.decimal)


def _decorrelated(
    number: Any,
    stimuli: pd.DataFrame,
    sentences: pd.DataFrame,
    features: Mapping[str, Feature],
    name: str,
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= len(sentences):
        raise InputError(
            f"Dataset '{name}', decorrelate: the value is {number!r} but must be a number of sentences, 1 to "
            f"{len(sentences)}."
        )
    chosen = set(decorrelate(stimuli, features, number, seed))
    return stimuli[stimuli["sentence_id"].isin(chosen)], sentences[sentences["sentence_id"].isin(chosen)]


def _balanced(
    wanted: Any, stimuli: pd.DataFrame, features: Mapping[str, Feature], name: str, seed: int
) -> tuple[pd.DataFrame, list[str]]:
    """Return the stimuli that balance the values of the features, and a sentence about rare values."""
    numbers = {"stimuli": None, "fewest": _FEWEST, **wanted} if isinstance(wanted, Mapping) else {}
    whole = (isinstance(number, int) and not isinstance(number, bool) and number > 0 for number in numbers.values())
    if set(numbers) != {"stimuli", "fewest"} or not all(whole):
        raise InputError(
            f"Dataset '{name}', balance_words: the value is {wanted!r} but must be a mapping such as "
            f"{{stimuli: 720, fewest: {_FEWEST}}}."
        )
    try:
        chosen, rare = balance_words(stimuli, features, numbers["stimuli"], numbers["fewest"], seed)
    except InputError as error:
        raise InputError(f"Dataset '{name}', {error}") from None
    listed = ", ".join(f"{value} ({count})" for value, count in rare.items())
    note = f"values of fewer than {numbers['fewest']} stimuli were left out with these: {listed}."
    return stimuli.iloc[chosen], [note] if rare else []


def _identifiers(rows: pd.DataFrame, by_word: bool) -> list[str]:
    if not by_word:
        return rows["sentence_id"].tolist()
    pairs = zip(rows["sentence_id"], rows["position"], strict=True)
    return [f"{sentence}-{position}" for sentence, position in pairs]


def _one_per_context(
    stimuli: pd.DataFrame, sentences: pd.DataFrame, by_word: bool, rng: np.random.Generator
) -> pd.DataFrame:
    """Keep one stimulus per distinct (left context, word), chosen at random.

    A causal model gives the others the same vector: "the" opens half of the sentences.
    """
    if by_word:
        contexts = left_contexts(stimuli, sentences)
        keys = pd.Series(list(zip(contexts, stimuli["word"], strict=True)), dtype=object)
    else:
        keys = stimuli["word"].reset_index(drop=True)
    order = rng.permutation(len(keys))
    first = keys.iloc[order].drop_duplicates().index
    return stimuli.iloc[np.sort(first.to_numpy())]


def _flag(source: Mapping[str, Any], key: str, name: str, *, default: bool) -> bool:
    value = source.get(key, default)
    if not isinstance(value, bool):
        raise InputError(f"Dataset '{name}', {key}: the value is {value!r} but must be true or false.")
    return value
