"""Stimuli from the user's own table: one row a word, or (Parquet) one row a sentence with lists."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from thinkalike.errors import InputError
from thinkalike.stimuli.derive import DERIVED
from thinkalike.stimuli.row_files import UNDEFINED_TEXTS, batches, column_names
from thinkalike.stimuli.sources import RawStimuli, check_keys, choose_sentences, sentence_number, source_path

_KEYS = ("table", "sentences")
_OWN = ("sentence_id", "word", "position", "stimulus", "stimulus_id", "lemma")


def read_table_source(source: Mapping[str, Any], *, name: str, seed: int, base: str | Path) -> RawStimuli:
    """Read the stimuli of a dataset whose key is `table`.

    Keys: `table` (path of a CSV, TSV or Parquet file), `sentences` (keep that many, drawn with the seed). The file has
    the columns `sentence_id` and `word`, the declared features, and optionally `position` (from 0; otherwise words
    stand in the order of the rows), `stimulus` (true or false: words that only complete the sentence are false),
    `stimulus_id` and `lemma`. Columns that are not declared are left out.
    """
    check_keys(source, _KEYS, name=name)
    path = source_path(source, "table", name=name, base=base)
    if not source.get("features"):
        raise InputError(
            f"Dataset '{name}': the key 'features' is missing; a table does not say which of its columns are features "
            f"and of what kind."
        )
    available = column_names(path)
    if "words" in available and "word" not in available:
        frame, left_out = _read_sentence_rows(path, available, source, name, seed)
    else:
        frame, left_out = _read_word_rows(path, available, source, name, seed)
    return _raw(path, frame, left_out)


def _wanted(source: Mapping[str, Any], available: list[str]) -> list[str]:
    """Return the columns to read: the table's own and those that are declared or derived from."""
    declared = [*source["features"], *source.get("controls", [])]
    return [column for column in available if column in _OWN or column in declared]


def _read_word_rows(
    path: Path, available: list[str], source: Mapping[str, Any], name: str, seed: int
) -> tuple[pd.DataFrame, list[str]]:
    """Read the rows of the chosen sentences; only those are ever held in memory together."""
    for column in ("sentence_id", "word"):
        if column not in available:
            raise InputError(
                f"{path}: there is no column '{column}'; the file has {', '.join(available)}, and needs one row a word "
                f"with sentence_id and word."
            )
    chosen = None
    if (number := sentence_number(source, name)) is not None:
        known: dict[Any, None] = {}
        for batch in batches(path, ["sentence_id"]):
            known.update(dict.fromkeys(batch.column(0).unique().to_pylist()))
        chosen = pa.array(choose_sentences(list(known), number, seed, location=str(path)))
    wanted = _wanted(source, available)
    parts, start = [], 0
    for batch in batches(path, wanted):
        kept = pa.table(batch.columns, names=batch.schema.names).append_column(
            "row", pa.array(np.arange(start, start + len(batch)))
        )
        start += len(batch)
        if chosen is not None:
            kept = kept.filter(pc.is_in(kept["sentence_id"], value_set=chosen))
        parts.append(kept)
    if not start:
        raise InputError(f"{path}: there is a header but no row; write one row a word.")
    frame = pa.concat_tables(parts).to_pandas().set_index("row")
    frame.index.name = None
    return frame, [column for column in available if column not in wanted]


def _read_sentence_rows(
    path: Path, available: list[str], source: Mapping[str, Any], name: str, seed: int
) -> tuple[pd.DataFrame, list[str]]:
    """Read one row a sentence: `words` is a list, and so is every feature that differs between its words."""
    wanted = ["words", *_wanted(source, available)]
    frame = pd.concat([batch.to_pandas() for batch in batches(path, wanted)], ignore_index=True)
    if "sentence_id" not in frame:
        frame["sentence_id"] = [f"s{index:05d}" for index in range(len(frame))]
    if not frame["words"].map(lambda words: isinstance(words, list | np.ndarray)).all():
        raise InputError(f"{path}: the column 'words' must hold lists of words; for one row a word, name it 'word'.")
    lengths = frame["words"].map(len)
    lists = [column for column in frame if frame[column].map(lambda value: isinstance(value, list | np.ndarray)).any()]
    for column in lists:
        wrong = frame[column].map(lambda value: len(value) if isinstance(value, list | np.ndarray) else -1) != lengths
        if wrong.any():
            row = int(wrong.to_numpy().argmax())
            given = frame[column].iloc[row]
            size = len(given) if isinstance(given, list | np.ndarray) else "no"
            raise InputError(
                f"{path}, row {row + 1}: the sentence has {lengths.iloc[row]} words but {size} values of '{column}'; "
                f"give every word one value (null where it is undefined)."
            )
    if (number := sentence_number(source, name)) is not None:
        chosen = choose_sentences(frame["sentence_id"].tolist(), number, seed, location=str(path))
        frame = frame[frame["sentence_id"].isin(chosen)]
    exploded = frame.explode(lists, ignore_index=True).rename(columns={"words": "word"})
    return exploded, [column for column in available if column not in wanted]


def _raw(path: Path, frame: pd.DataFrame, left_out: list[str]) -> RawStimuli:
    frame = frame.astype(object).where(frame.notna(), None)
    features = [str(column) for column in frame if column not in ("sentence_id", "word", "position", "stimulus_id")]
    frame[features] = frame[features].where(~frame[features].isin(UNDEFINED_TEXTS), None)
    for column in ("sentence_id", "word"):
        empty = frame[column].map(lambda value: value is None or not str(value).strip())
        if empty.any():
            raise InputError(f"{path}, row {_row(frame, empty)}: the cell '{column}' is empty; fill it in.")
        frame[column] = frame[column].map(str)
    frame["position"] = _positions(path, frame)
    frame = frame.sort_values("position", kind="stable")
    order = {name: index for index, name in enumerate(dict.fromkeys(frame.sort_index()["sentence_id"]))}
    frame = frame.sort_values("sentence_id", kind="stable", key=lambda column: column.map(order))
    words = frame.groupby("sentence_id", sort=False)["word"].agg(list)
    sentences = pd.DataFrame({"sentence_id": words.index.to_numpy(dtype=object), "words": words.tolist(), "text": None})
    rows = frame
    if "stimulus" in frame:
        rows = frame[_stimulus_flags(path, frame)].drop(columns="stimulus")
    if "stimulus_id" in rows:
        rows = rows.assign(stimulus_id=rows["stimulus_id"].map(str))
        if (repeated := rows["stimulus_id"].duplicated()).any():
            raise InputError(f"{path}, row {_row(rows, repeated)}: the stimulus_id is there twice; make it unique.")
    counts = {"columns_left_out": [column for column in left_out if column not in DERIVED]}
    return RawStimuli(sentences, rows, [], counts)


def _positions(path: Path, frame: pd.DataFrame) -> pd.Series:
    """Return the positions, from 0 without gaps in every sentence."""
    if "position" not in frame:
        return frame.groupby("sentence_id", sort=False).cumcount()
    numbers = pd.to_numeric(frame["position"], errors="coerce")
    wrong = numbers.isna() | (numbers % 1 != 0)
    if wrong.any():
        raise InputError(f"{path}, row {_row(frame, wrong)}: the position is not an integer; count words from 0.")
    numbers = numbers.astype("int64")
    expected = frame.assign(position=numbers).sort_values("position", kind="stable").groupby("sentence_id").cumcount()
    wrong = numbers != expected.reindex(frame.index)
    if wrong.any():
        raise InputError(
            f"{path}, row {_row(frame, wrong)}: the positions of sentence '{frame.loc[wrong, 'sentence_id'].iloc[0]}' "
            f"are not 0, 1, 2 and so on; give every word of the sentence a row and count from 0."
        )
    return numbers


def _stimulus_flags(path: Path, frame: pd.DataFrame) -> pd.Series:
    flags = frame["stimulus"].map(lambda value: str(value).lower())
    wrong = ~flags.isin(["true", "false", "1", "0"])
    if wrong.any():
        raise InputError(f"{path}, row {_row(frame, wrong)}: the column 'stimulus' must be true or false.")
    return flags.isin(["true", "1"])


def _row(frame: pd.DataFrame, wrong: pd.Series) -> int:
    """Return the number of the first wrong row, counted from 1 without the header."""
    return int(frame.index[wrong.to_numpy()].min()) + 1
