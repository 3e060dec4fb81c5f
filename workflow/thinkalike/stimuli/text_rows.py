"""Records of whole texts, as prompts and minimal pairs have them: files, features, ids."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from thinkalike.errors import InputError
from thinkalike.stimuli.dataset import IDENTIFIERS
from thinkalike.stimuli.derive import DERIVED
from thinkalike.stimuli.row_files import open_files, own_name
from thinkalike.stimuli.sources import declared_names, source_paths, source_reading
from thinkalike.stimuli.templates import Template, read_template
from thinkalike.stimuli.text_files import check_file, encoding_notes, file_suffix, open_text
from thinkalike.stimuli.values import UNDEFINED, as_text, check_value, is_null

DEFAULT_FEATURES = ("sentence_length",)
"""The features of whole texts where none is declared; a column of that name in the files is read."""


class Record(NamedTuple):
    """One row: where it stands, the texts that its templates make, its id (None: no such column), its features."""

    place: str
    texts: list[str]
    identifier: str | None
    features: dict[str, Any]


def with_identifiers(kept: Iterable[tuple[int, Record]]) -> Iterator[tuple[str, Record]]:
    """Yield records with an id each, their own or by their number; one that stands twice is refused."""
    seen: dict[str, str] = {}
    for index, record in kept:
        identifier = record.identifier or f"p{index:05d}"
        if identifier in seen:
            raise InputError(
                f"{record.place}: the id '{identifier}' is there twice, first in {seen[identifier]}; make it unique."
            )
        seen[identifier] = record.place
        yield identifier, record


class TextFiles:
    """The files of a dataset whose rows are whole texts.

    Attributes
    ----------
    features
        The declared features that are columns of the files: name in the dataset to name in the files.
    renamed
        Declared names that are the package's, and the name under which the column is kept.
    decimal
        The attribute of this name of `RawStimuli`.
    location
        The files, for messages.
    """

    def __init__(
        self,
        source: Mapping[str, Any],
        key: str,
        templates: Mapping[str, str],
        *,
        name: str,
        base: str | Path,
        made: Sequence[str] = (),
    ) -> None:
        """Open the files of `source[key]`; `templates` maps keys to defaults, `made` names features made elsewhere."""
        paths = source_paths(source, key, name=name, base=base)
        self.location = ", ".join(map(str, paths))
        unread = [
            read_template(source, entry, None, name=name, default=default) for entry, default in templates.items()
        ]
        self._id = source.get("id")
        if self._id is not None and not isinstance(self._id, str):
            raise InputError(f"Dataset '{name}', id: the value is {self._id!r} but must be the name of a column.")
        default = () if source.get("features") else DEFAULT_FEATURES
        declared = [column for column in (*declared_names(source), *default) if column not in made]
        self._notes: tuple[str, ...]
        self._marks = source.get("undefined", UNDEFINED)
        self._doubtful: dict[str, tuple[str, str, int]] = {}
        self._lines = _are_lines(paths, source, key, unread, declared)
        if self._lines:
            self._paths, self._encoding = paths, source.get("encoding")
            self.features, self.renamed = {}, {}
            self.decimal, self._notes = ".", tuple(_notes_of_lines(paths, self._encoding))
            return
        places = [column for template in unread for column in template.columns]
        wanted = [*places, *([self._id] if self._id else []), *declared]
        self._files = open_files(paths, source_reading(source, wanted, name=name, lines_in_cells=True))
        names = [column for column in self._files[0].names if column]
        self._templates = [
            read_template(source, entry, names, name=name, default=default) for entry, default in templates.items()
        ]
        self.renamed = {column: own_name("column", column) for column in declared if column in IDENTIFIERS}
        # The user's own column wins over one that could be derived.
        self.features = {
            self.renamed.get(column, column): column
            for column in declared
            if column not in DERIVED or all(column in file.names for file in self._files)
        }
        notes = [
            f"the column '{column}' is kept as '{kept}', because '{column}' is a name of the package."
            for column, kept in self.renamed.items()
        ]
        notes += [
            f"the column '{column}' is not read, because the source makes a feature of that name; 'columns' gives it "
            f"another."
            for column in made
            if any(column in file.names for file in self._files)
        ]
        self._notes = (*(note for file in self._files for note in file.notes), *notes)
        self.decimal = source.get("decimal", None if all(file.decimal is None for file in self._files) else ".")

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the study has to know; complete once the records have been read."""
        return self._notes + tuple(
            f"{place}: '{value}' in '{column}' is taken as a word of the text"
            f"{f', and so are {count - 1} more such values' if count > 1 else ''}; empty the cell if it stands for "
            f"nothing."
            for column, (place, value, count) in self._doubtful.items()
        )

    def __iter__(self) -> Iterator[Record]:
        if self._lines:
            yield from _lines(self._paths, self._encoding)
            return
        needed = [column for template in self._templates for column in template.columns]
        columns = list(dict.fromkeys([*needed, *([self._id] if self._id else []), *self.features.values()]))
        for file in self._files:
            # Objects of JSON say themselves what one of them lacks.
            for column in () if file.is_json else columns:
                if column not in file.names:
                    raise InputError(f"{file.lacks(column)}.")
            for number, values in file.rows(columns):
                yield self._record(f"{file.path}, {file.place} {number}", dict(zip(columns, values, strict=True)))

    def _record(self, place: str, record: dict[str, Any]) -> Record:
        texts = [template.fill(record, place) for template in self._templates]
        for column in {column for template in self._templates if not template.is_column for column in template.columns}:
            if (value := as_text(record[column])) in self._marks:
                first, mark, count = self._doubtful.get(column, (place, value, 0))
                self._doubtful[column] = (first, mark, count + 1)
        identifier = None
        if self._id is not None:
            value = record[self._id]
            if not is_null(value):
                check_value(value, self._id, place)
            identifier = "" if is_null(value) else as_text(value)
            if not identifier:
                raise InputError(f"{place}: the id '{self._id}' is empty; fill it in.")
        features = {name: record[column] for name, column in self.features.items()}
        for name, value in features.items():
            if not is_null(value):
                check_value(value, name, place)
        return Record(place, texts, identifier, features)


def _are_lines(
    paths: Sequence[Path], source: Mapping[str, Any], key: str, templates: Sequence[Template], declared: Sequence[str]
) -> bool:
    """Return whether the files are plain text with one prompt per line: `.txt`, and no column is asked for."""
    if key != "prompts" or any(file_suffix(path) != ".txt" for path in paths):
        return False
    if source.get("text") is not None or source.get("id") is not None or any(name not in DERIVED for name in declared):
        return False
    check_file(paths[0], "one prompt per line")
    with open_text(paths[0], source.get("encoding")) as file:
        header = next(file, "")
    # A file whose header has the column `text` is a table.
    return templates[0].source not in {name.strip() for mark in "\t;,|" for name in header.split(mark)}


def _notes_of_lines(paths: Sequence[Path], encoding: str | None) -> Iterator[str]:
    for path in paths:
        yield from encoding_notes(path, encoding)
        with open_text(path, encoding) as file:
            if next((line for line in file if line.strip()), "").startswith('{"'):
                yield f"{path.name}: every line is a prompt as it stands; let the name end in .jsonl if it is JSON."


def _lines(paths: Sequence[Path], encoding: str | None) -> Iterator[Record]:
    for path in paths:
        check_file(path, "one prompt per line")
        with open_text(path, encoding) as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield Record(f"{path}, line {number}", [line.rstrip("\r\n")], None, {})


def text_frame(rows: Sequence[Mapping[str, Any]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the sentences and the stimuli of whole texts, one stimulus each; rows have `sentence_id` and `word`."""
    frame = pd.DataFrame(rows, dtype=object)
    frame.insert(1, "position", pd.Series(pd.NA, index=frame.index, dtype="Int64"))
    sentences = pd.DataFrame(
        {"sentence_id": frame["sentence_id"], "words": frame["word"].str.split(), "text": frame["word"]}
    )
    return sentences, frame
