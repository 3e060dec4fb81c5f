"""Stimuli from the user's own table: one row per word, or (Parquet, JSON) one row per sentence with lists."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from thinkalike.errors import InputError
from thinkalike.stimuli.derive import DERIVED
from thinkalike.stimuli.row_files import RowFile, open_files
from thinkalike.stimuli.sources import (
    ROW_KEYS,
    RawStimuli,
    check_keys,
    choose_sentences,
    declared_names,
    sentence_number,
    source_paths,
    source_reading,
)
from thinkalike.stimuli.values import as_text, check_value, is_null

_KEYS = ("table", "sentences", "attached_punctuation", *ROW_KEYS)
_OWN = ("sentence_id", "word", "position", "stimulus", "stimulus_id", "lemma")
_TEXTS = ("sentence_id", "word", "stimulus_id", "lemma", "context_group")
_MAY_BE_EMPTY = ("lemma", "context_group")


def read_table_source(source: Mapping[str, Any], *, name: str, seed: int, base: str | Path) -> RawStimuli:
    """Read the stimuli of a dataset whose key is `table`.

    Keys: `table` (path of a file of rows, or several), `sentences` (keep that many, drawn with the seed), `columns`,
    `separator`, `quotes`, `encoding`, `decimal`, `attached_punctuation`. The file has the columns `sentence_id` and
    `word`, the declared features, and optionally `position` (from 0; otherwise words stand in the order of the rows),
    `stimulus` (true or false: words that only complete the sentence are false), `stimulus_id` and `lemma`. Columns that
    are not declared are left out.
    """
    check_keys(source, _KEYS, name=name)
    paths = source_paths(source, "table", name=name, base=base)
    if not source.get("features"):
        raise InputError(
            f"Dataset '{name}': the key 'features' is missing; a table does not say which of its columns are features "
            f"and of what kind."
        )
    wanted = ["sentence_id", "word", *declared_names(source)]
    files = open_files(paths, source_reading(source, wanted, name=name, lines_in_cells=False))
    location = ", ".join(map(str, paths))
    table = _Table(source, name, seed, files, location)
    if all("words" in file.names and "word" not in file.names for file in files):
        frame, left_out = table.sentence_rows()
    else:
        frame, left_out = table.word_rows()
    decimal = source.get("decimal", None if all(file.decimal is None for file in files) else ".")
    notes = tuple(note for file in files for note in file.notes)
    return _raw(frame, left_out, files, source, name, decimal, notes)


class _Table:
    """The files of one dataset, and which of their rows and columns are wanted."""

    def __init__(self, source: Mapping[str, Any], name: str, seed: int, files: list[RowFile], location: str) -> None:
        self._source, self._name, self._seed, self._files, self._location = source, name, seed, files, location

    def word_rows(self) -> tuple[pd.DataFrame, list[str]]:
        """Read the rows of the chosen sentences; only those are ever held in memory together."""
        for file in self._files:
            for column in ("sentence_id", "word"):
                if column not in file.names:
                    raise InputError(
                        f"{file.lacks(column)}, and needs a header and one row per word with sentence_id and word (the "
                        f"key 'columns' maps other names)."
                    )
        chosen = None
        if (number := sentence_number(self._source, self._name)) is not None:
            known = {as_text(values[0]): None for file in self._files for _, values in file.rows(["sentence_id"])}
            chosen = set(choose_sentences(list(known), number, self._seed, location=self._location))
        wanted = self._wanted()
        sentence = wanted.index("sentence_id")
        rows = [
            (index, line, *values)
            for index, file in enumerate(self._files)
            for line, values in _rows(file, wanted)
            if chosen is None or as_text(values[sentence]) in chosen
        ]
        if not rows:
            raise InputError(f"{self._location}: there is a header but no row; write one row per word.")
        return pd.DataFrame(rows, columns=["_file", "_row", *wanted], dtype=object), self._left_out(wanted)

    def sentence_rows(self) -> tuple[pd.DataFrame, list[str]]:
        """Read one row per sentence: `words` is a list, and so is every feature that differs between its words."""
        wanted = ["words", *self._wanted()]
        rows = [
            (index, line, *values) for index, file in enumerate(self._files) for line, values in _rows(file, wanted)
        ]
        frame = pd.DataFrame(rows, columns=["_file", "_row", *wanted], dtype=object)
        if "sentence_id" not in frame:
            frame["sentence_id"] = [f"s{index:05d}" for index in range(len(frame))]
        if (number := sentence_number(self._source, self._name)) is not None:
            chosen = choose_sentences(frame["sentence_id"].tolist(), number, self._seed, location=self._location)
            frame = frame[frame["sentence_id"].isin(chosen)].reset_index(drop=True)
        lists = [column for column in wanted if frame[column].map(_is_list).any()]
        self._check_lists(frame, lists)
        exploded = frame.explode(lists, ignore_index=True).rename(columns={"words": "word"})
        return exploded.astype(object), self._left_out(wanted)

    def _check_lists(self, frame: pd.DataFrame, lists: list[str]) -> None:
        wrong = ~frame["words"].map(lambda words: _is_list(words) and len(words) > 0)
        if wrong.any():
            raise InputError(
                f"{_place(self._files, frame, frame.index[wrong][0])}: the column 'words' must hold lists of words; "
                f"for one row per word, name it 'word'."
            )
        lengths = frame["words"].map(len)
        for column in lists:
            wrong = frame[column].map(lambda value: len(value) if _is_list(value) else -1) != lengths
            if wrong.any():
                row = frame.index[wrong][0]
                given = frame[column].loc[row]
                size = len(given) if _is_list(given) else "no"
                raise InputError(
                    f"{_place(self._files, frame, row)}: the sentence has {lengths.loc[row]} words but {size} values "
                    f"of '{column}'; give every word one value (null where it is undefined)."
                )

    def _wanted(self) -> list[str]:
        """Return the columns to read: the table's own and those that are declared, in the order of the file."""
        own = (*_OWN, *declared_names(self._source), "context_group")
        if "controls" not in self._source:
            own = (*own, "word_identity")  # the control by default, which a column of that name wins over
        names = dict.fromkeys(name for file in self._files for name in file.names)
        return [name for name in names if name in own]

    def _left_out(self, wanted: list[str]) -> list[str]:
        names = dict.fromkeys(name for file in self._files for name in file.names)
        return [name or "(without a name)" for name in names if name not in wanted]


def _rows(file: RowFile, wanted: Sequence[str]) -> Any:
    missing = [column for column in wanted if column not in file.names]
    if missing:
        raise InputError(
            f"{file.path}: there is no column '{missing[0]}', which another file of the dataset has; the file has "
            f"{', '.join(file.names)}."
        )
    return file.rows(wanted)


def _is_list(value: Any) -> bool:
    return isinstance(value, list | np.ndarray)


def _place(files: list[RowFile], frame: pd.DataFrame, label: Any) -> str:
    index, row = (int(cast(Any, frame.at[label, column])) for column in ("_file", "_row"))
    return f"{files[index].path}, {files[index].place} {row}"


def _raw(
    frame: pd.DataFrame,
    left_out: list[str],
    files: list[RowFile],
    source: Mapping[str, Any],
    name: str,
    decimal: str | None,
    notes: tuple[str, ...],
) -> RawStimuli:
    def place(label: Any) -> str:
        return _place(files, frame, label)

    for column in (column for column in _TEXTS if column in frame):
        _check_texts(frame, column, place)
    _check_files(frame, place)
    frame["position"] = _positions(frame, place)
    frame = frame.sort_values("position", kind="stable")
    order = {name: index for index, name in enumerate(dict.fromkeys(frame.sort_index()["sentence_id"]))}
    frame = frame.sort_values("sentence_id", kind="stable", key=lambda column: column.map(order))
    sentences, frame = _sentences(frame, source.get("attached_punctuation", "keep"), name)
    rows = frame
    if "stimulus" in frame:
        rows = frame[_stimulus_flags(frame, place)].drop(columns="stimulus")
    if "stimulus_id" in rows and (repeated := rows["stimulus_id"].duplicated()).any():
        raise InputError(
            f"{place(rows.index[repeated][0])}: the stimulus_id '{rows['stimulus_id'][repeated].iloc[0]}' is there "
            f"twice; make it unique."
        )
    counts = {"columns_left_out": [column for column in left_out if column not in DERIVED]}
    rows = rows.drop(columns=["_file", "_row"])
    return RawStimuli(sentences, rows, [], counts, place=place, decimal=decimal, notes=notes)


def _check_texts(frame: pd.DataFrame, column: str, place: Any) -> None:
    """Make ids and words texts without spaces around them; only a lemma or a group may be empty."""
    texts: list[str | None] = []
    for label, value in zip(frame.index, frame[column], strict=True):
        if not is_null(value):
            check_value(value, column, partial(place, label))
        text = "" if is_null(value) else as_text(value)
        if not text and column not in _MAY_BE_EMPTY:
            raise InputError(f"{place(label)}: the cell '{column}' is empty; fill it in.")
        texts.append(text or None)
    frame[column] = pd.Series(texts, index=frame.index, dtype=object)


def _check_files(frame: pd.DataFrame, place: Any) -> None:
    """Refuse a sentence id that two files use: their words would become one sentence."""
    files = frame.groupby("sentence_id", sort=False)["_file"].nunique()
    if (files > 1).any():
        sentence = files.index[files > 1][0]
        labels = frame.index[frame["sentence_id"] == sentence]
        file_of = frame["_file"].loc[labels]
        other = labels[int((file_of != file_of.iloc[0]).to_numpy().argmax())]
        raise InputError(
            f"{place(other)}: the sentence_id '{sentence}' stands in {place(labels[0])} too; give sentences of "
            f"different files different ids."
        )


def _positions(frame: pd.DataFrame, place: Any) -> pd.Series:
    """Return the positions, from 0 without gaps in every sentence."""
    if "position" not in frame:
        return frame.groupby("sentence_id", sort=False).cumcount()
    numbers = pd.to_numeric(frame["position"].map(lambda value: None if is_null(value) else value), errors="coerce")
    wrong = numbers.isna() | (numbers % 1 != 0) | (numbers.abs() > 1e15)
    if wrong.any():
        raise InputError(f"{place(frame.index[wrong][0])}: the position is not an integer; count words from 0.")
    integers = numbers.astype("int64")
    expected = frame.assign(position=integers).sort_values("position", kind="stable").groupby("sentence_id").cumcount()
    wrong = integers != expected.reindex(frame.index)
    if wrong.any():
        label = frame.index[wrong][0]
        raise InputError(
            f"{place(label)}: the positions of sentence '{frame['sentence_id'].loc[label]}' are not 0, 1, 2 and so on; "
            f"give every word of the sentence a row and count from 0."
        )
    return integers


def _sentences(frame: pd.DataFrame, attached: Any, name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the sentences, and the words without the punctuation that is attached to them where that is asked for.

    The running text keeps the marks, so that models read the same; only the word's own sub-tokens stand for it.
    """
    if attached not in ("keep", "split"):
        raise InputError(
            f"Dataset '{name}', attached_punctuation: the value is {attached!r} but must be 'keep' or 'split'."
        )
    groups = frame.groupby("sentence_id", sort=False)["word"]
    texts = groups.agg(" ".join)
    if attached == "split":
        frame = frame.assign(word=frame["word"].map(without_marks))
    words = frame.groupby("sentence_id", sort=False)["word"].agg(list)
    sentences = pd.DataFrame(
        {
            "sentence_id": words.index.to_numpy(dtype=object),
            "words": words.tolist(),
            "text": texts.to_numpy(dtype=object) if attached == "split" else None,
        }
    )
    return sentences, frame


_MARKS_BEFORE = '"“„«»‘‚([{¿¡'
_MARKS_AFTER = '"”“«»’,;:!?.…)]}'


def without_marks(word: str) -> str:
    """Return the word without punctuation before and after it; one that has no letter or digit stays."""
    core = word.lstrip(_MARKS_BEFORE).rstrip(_MARKS_AFTER)
    return core if any(character.isalnum() for character in core) else word


def _stimulus_flags(frame: pd.DataFrame, place: Any) -> pd.Series:
    flags = frame["stimulus"].map(lambda value: as_text(value).lower().removesuffix(".0"))
    wrong = ~flags.isin(["true", "false", "1", "0"])
    if wrong.any():
        raise InputError(f"{place(frame.index[wrong][0])}: the column 'stimulus' must be true or false.")
    return flags.isin(["true", "1"])
