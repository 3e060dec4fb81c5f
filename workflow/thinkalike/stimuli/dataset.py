"""A dataset: stimuli with their features, the sentences they stand in, and what made them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from thinkalike.errors import InputError
from thinkalike.features import Feature, features_from_json, features_to_json
from thinkalike.tables import read_metadata, read_table, write_table

IDENTIFIERS = ("stimulus_id", "sentence_id", "item_id", "position", "word")


@dataclass(frozen=True)
class Dataset:
    """What one entry of `datasets` in the configuration stands for.

    Attributes
    ----------
    name
        Name in the configuration.
    stimuli
        A row per stimulus: `stimulus_id`, `sentence_id`, `position` (int64, from 0), `word`, a column per feature and
        per control, then `lemma` where the source gives it and `item_id` where several sentences are one item.
    sentences
        A row per sentence: `sentence_id`, `words` (lists), `text` (None unless the source is running text).
    features
        What the columns mean, features first, controls last.
    metadata
        The configuration entry, the seed, and `counts` (what was generated, left out and kept).
    """

    name: str
    stimuli: pd.DataFrame
    sentences: pd.DataFrame
    features: dict[str, Feature]
    metadata: dict[str, Any]

    def without(self, stimuli: pd.DataFrame, sentences: pd.DataFrame, counts: dict[str, Any]) -> "Dataset":
        """Return the dataset with fewer stimuli and sentences, and what was left out among its counts and notes."""
        rest = {"sentences": len(sentences), "stimuli": len(stimuli), "cells": count_cells(stimuli, self.features)}
        numbers = {**self.metadata["counts"], **rest, **counts}
        notes = [*self.metadata.get("notes", ()), *_left_out(counts, len(self.sentences))]
        metadata = {**self.metadata, "counts": numbers, "notes": notes}
        return replace(self, stimuli=stimuli, sentences=sentences, metadata=metadata)


def _left_out(counts: Mapping[str, Any], total: int) -> list[str]:
    """Say how many sentences were left out because of which models; nothing where none was."""
    if not counts.get("sentences_left_out"):
        return []
    kinds = {"shared_tokens": "words that share a sub-token", "too_long": "more tokens than the model reads"}
    causes = [
        f"{number:,} with {kinds[kind]} in {model}"
        for model, found in counts["left_out"].items()
        for kind, number in found.items()
        if number
    ]
    return [
        f"{counts['sentences_left_out']:,} of {total:,} sentences, with {counts['stimuli_left_out']:,} stimuli, are "
        f"left out for all models: {', '.join(causes)}."
    ]


def count_cells(stimuli: pd.DataFrame, features: Mapping[str, Feature]) -> int:
    """Return how many combinations of feature values occur, controls left out."""
    names = [name for name, feature in features.items() if feature.role == "feature"]
    return len(stimuli[names].drop_duplicates()) if names else 1


def write_dataset(dataset: Dataset, stimuli_path: str | Path, sentences_path: str | Path) -> None:
    """Write the two tables of a dataset, each with its metadata."""
    common = {"dataset": dataset.name, **dataset.metadata}
    features = {"features": features_to_json(dataset.features)}
    write_table(dataset.stimuli, stimuli_path, {**common, **features})
    write_table(dataset.sentences.assign(words=dataset.sentences["words"].map(list)), sentences_path, common)


def read_stimuli(path: str | Path) -> tuple[pd.DataFrame, dict[str, Feature]]:
    """Read a stimulus table and the declarations of its features.

    Returns
    -------
    stimuli
        As `Dataset.stimuli`: integers with undefined values are `Int64`, texts are objects with None.
    features
        The declared features by name, controls last.

    Raises
    ------
    InputError
        If the file is missing, is no Parquet file, or was not written by `write_dataset`.
    """
    metadata = read_metadata(path)
    if "features" not in metadata:
        raise InputError(f"{path}: the table declares no features; write it with thinkalike.stimuli.write_dataset.")
    stimuli = _restore_types(read_table(path), pq.read_schema(path))
    return stimuli, features_from_json(metadata["features"])


def read_sentences(path: str | Path) -> pd.DataFrame:
    """Read a sentence table; `words` are lists."""
    sentences = plain_texts(read_table(path))
    if not {"sentence_id", "words"} <= set(sentences):
        raise InputError(f"{path}: a sentence table has the columns sentence_id and words, this one does not.")
    sentences["words"] = sentences["words"].map(list)
    return sentences


def plain_texts(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with texts as Python strings and None, whatever pandas would make of them."""
    texts = [name for name in frame if isinstance(frame[name].dtype, pd.StringDtype)]
    plain = {str(name): frame[name].astype(object).where(frame[name].notna(), None) for name in texts}
    return frame.assign(**plain)


def _restore_types(frame: pd.DataFrame, schema: pa.Schema) -> pd.DataFrame:
    """Undo pandas' turning integers and truth values with gaps into floats and objects."""
    frame = plain_texts(frame)
    for column in schema:
        if column.name in IDENTIFIERS and not frame[column.name].isna().any():
            continue
        if pa.types.is_integer(column.type):
            frame[column.name] = frame[column.name].astype("Int64")
        elif pa.types.is_boolean(column.type) and frame[column.name].isna().any():
            frame[column.name] = frame[column.name].astype("boolean")
    return frame
