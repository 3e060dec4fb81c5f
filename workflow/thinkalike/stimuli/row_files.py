"""Read a user's rows piece by piece, whatever the format of the file, and say where a row stands.

CSV, TSV and other separated text, JSON lines and JSON arrays (all of them compressed or not), Parquet and XLSX.
"""

import itertools
import json
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from thinkalike.errors import InputError
from thinkalike.stimuli.dialects import Dialect, find_dialect, is_separated, read_rows
from thinkalike.stimuli.text_files import check_file, encoding_notes, file_suffix, open_text

FILE_KEYS = ("separator", "quotes", "encoding", "columns")
"""Keys of a dataset that say how its files are read."""

_ENDINGS = ".csv, .tsv, .txt, .jsonl, .json (also with .gz, .bz2 or .xz), .parquet or .xlsx"
_JSON = (".json", ".jsonl", ".ndjson")
_BATCH = 8_192
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reading:
    """How files of rows are read.

    Attributes
    ----------
    wanted
        Names that the header should hold; they tell which separator is right.
    lines_in_cells
        Whether a cell may hold several lines.
    separator, quotes, encoding
        What the configuration names; None to find it.
    columns
        The package's name of a column to the file's.
    """

    wanted: tuple[str, ...] = ()
    lines_in_cells: bool = False
    separator: str | None = None
    quotes: str | None = None
    encoding: str | None = None
    columns: Mapping[str, str] | None = None


class RowFile:
    """One file of rows with named columns.

    Attributes
    ----------
    names
        The columns, after those of the configuration's `columns` have taken the package's names.
    place
        What the numbers of rows count: "line" (of a text file), "row" (of a table) or "object" (of a JSON array).
    notes
        What was found and is not usual, in sentences.
    decimal
        "." or None where decimal commas are possible.
    """

    def __init__(self, path: Path, reading: Reading) -> None:
        check_file(path, "a table with a header or one JSON object a line")
        self.path, self._reading = path, reading
        self.notes: list[str] = []
        self.decimal: str | None = "."
        suffix = file_suffix(path)
        self.place = "row"
        if suffix == ".parquet":
            self._raw = _parquet(path).schema_arrow.names
        elif is_separated(path):
            self.place = "line"
            self._dialect = self._find_dialect()
            self.notes += self._dialect.notes
            self.decimal = "." if self._dialect.separator == "," else None
            self._raw = self._header()
        elif self.is_json:
            self.place = "object" if _is_array(path, reading.encoding) else "line"
            self._raw = list(next((record for _, record in self._records()), {}))
        elif suffix == ".xlsx":
            self._raw = [str(cell).strip() for cell in next(_excel_rows(path))[1]]
        else:
            raise InputError(f"{path}: the file's name must end in {_ENDINGS}, so that its format is known.")
        if suffix not in (".parquet", ".xlsx"):
            self.notes += encoding_notes(path, reading.encoding)
        self.names = self._named(self._raw)

    def lacks(self, column: str) -> str:
        """Say that a column is not there, and what may be the cause: the beginning of a message, without its end."""
        names = [name for name in self.names if name]
        text = f"{self.path}: there is no column '{column}'; the file has {', '.join(names)}"
        if self.place != "line" or self.is_json:
            return text
        if self._raw[0].startswith(("{", "[")):
            return f"{text} (this looks like JSON: let the file's name end in .jsonl or .json)"
        if len(names) == 1 and re.search(r"\W", names[0]):
            return f"{text} (if these are several columns, name what separates them by the key 'separator')"
        return text

    @property
    def is_json(self) -> bool:
        """Whether rows are JSON objects, each with names of its own."""
        return file_suffix(self.path) in _JSON

    def rows(self, columns: Sequence[str]) -> Iterator[tuple[int, list[Any]]]:
        """Yield the number of each row and its values in the columns, in their order."""
        suffix = file_suffix(self.path)
        if self.is_json:
            yield from self._json_rows(columns)
            return
        places = [self.names.index(column) for column in columns]
        if suffix == ".parquet":
            yield from self._parquet_rows([self._raw[place] for place in places])
            return
        rows = _excel_rows(self.path) if suffix == ".xlsx" else self._text_rows()
        for number, row in itertools.islice(rows, 1, None):
            self._check_length(number, row)
            yield number, [row[place] for place in places]

    def _find_dialect(self) -> Dialect:
        reading = self._reading
        aliases = reading.columns or {}
        wanted = [aliases.get(name, name) for name in reading.wanted]
        return find_dialect(
            self.path, wanted, separator=reading.separator, quotes=reading.quotes, encoding=reading.encoding,
            lines_in_cells=reading.lines_in_cells,
        )  # fmt: skip

    def _text_rows(self) -> Iterator[tuple[int, list[str]]]:
        return read_rows(self.path, self._dialect, self._reading.encoding, lines_in_cells=self._reading.lines_in_cells)

    def _header(self) -> list[str]:
        header = next(self._text_rows(), None)
        if header is None:
            raise InputError(f"{self.path}: the file is blank where a table with a header was expected.")
        names = [name.strip() for name in header[1]]
        while names and not names[-1]:  # empty cells that a spreadsheet adds
            names.pop()
        return names

    def _named(self, raw: Sequence[str]) -> list[str]:
        """Give the columns the package's names where the configuration says so."""
        for name in raw:
            if name and raw.count(name) > 1:
                raise InputError(f"{self.path}: the column '{name}' is there twice; give every column its own name.")
        columns = self._reading.columns or {}
        for package, own in columns.items():
            if list(columns.values()).count(own) > 1:
                raise InputError(f"{self.path}: columns names '{own}' twice; a column has one name.")
            if own not in raw:
                raise InputError(
                    f"{self.path}: columns gives '{package}' the column '{own}', but the file has {', '.join(raw)}; "
                    f"correct one of them."
                )
        renamed = {own: package for package, own in columns.items()}
        names = []
        for name in raw:
            new = renamed.get(name, name)
            if name not in renamed and name in columns:
                new = own_name("column", name)
                self.notes.append(f"{self.path.name}: the column '{name}' is kept as '{new}'.")
            names.append(new)
        return names

    def _check_length(self, number: int, row: list[Any]) -> None:
        extra = row[len(self._raw) :]
        if len(row) < len(self._raw) or any(str("" if cell is None else cell).strip() for cell in extra):
            raise InputError(
                f"{self.path}, {self.place} {number}: the row has {len(row)} cells but the header has "
                f"{len(self._raw)} columns; give every row a cell for every column (an empty one where it is "
                f"undefined)."
            )

    def _parquet_rows(self, raw: list[str]) -> Iterator[tuple[int, list[Any]]]:
        number = 0
        for batch in _parquet(self.path).iter_batches(columns=raw, batch_size=_BATCH):
            for values in zip(*(batch.column(name).to_pylist() for name in raw), strict=True):
                number += 1
                yield number, list(values)

    def _json_rows(self, columns: Sequence[str]) -> Iterator[tuple[int, list[Any]]]:
        for number, record in self._records():
            named = dict(zip(self._named(list(record)), record.values(), strict=True))
            for column in columns:
                if column not in named:
                    raise InputError(
                        f"{self.path}, {self.place} {number}: there is no '{column}'; the object has "
                        f"{', '.join(record)} (write null where a feature is undefined)."
                    )
            yield number, [named[column] for column in columns]

    def _records(self) -> Iterator[tuple[int, dict[str, Any]]]:
        reader = _json_array if self.place == "object" else _json_lines
        for number, record in reader(self.path, self._reading.encoding):
            if not isinstance(record, dict):
                raise InputError(
                    f"{self.path}, {self.place} {number}: this is not a JSON object; write {{...}} for every row."
                )
            yield number, record


def own_name(kind: str, name: str) -> str:
    """Return under which name a source's own column is kept whose name is one of the package's."""
    return f"{kind}_{name}"


def _parquet(path: Path) -> pa.parquet.ParquetFile:
    try:
        return pa.parquet.ParquetFile(path)
    except pa.ArrowInvalid as error:
        raise InputError(f"{path}: this is not a readable Parquet file; export it anew.") from error


def _is_array(path: Path, encoding: str | None) -> bool:
    """Return whether the file is one array of objects, whichever ending of JSON it has."""
    with open_text(path, encoding) as file:
        for line in file:
            if line.strip():
                # A list of values on a line of its own is a wrong line, not an array of rows.
                pattern = r"\s*\[" if file_suffix(path) == ".json" else r"\s*\[\s*(\{|$)"
                return re.match(pattern, line) is not None
    return False


class _NameTwiceError(ValueError):
    """A name that stands twice in an object of JSON, of which the library would keep the last value only."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        name = next(name for name in names if names.count(name) > 1)
        raise _NameTwiceError(f"the name '{name}' is there twice in one object")
    return found


def _json_lines(path: Path, encoding: str | None) -> Iterator[tuple[int, Any]]:
    with open_text(path, encoding) as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                yield number, json.loads(line, object_pairs_hook=_object)
            except (ValueError, RecursionError) as error:
                raise InputError(
                    f"{path}, line {number}: this is not JSON ({_json_reason(error)}); write one object a line, or an "
                    f"array of objects in a file that ends in .json."
                ) from error


def _json_array(path: Path, encoding: str | None) -> Iterator[tuple[int, Any]]:
    with open_text(path, encoding) as file:
        try:
            content = json.load(file, object_pairs_hook=_object)
        except (ValueError, RecursionError) as error:
            line = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
            raise InputError(
                f"{path}{line}: this is not JSON ({_json_reason(error)}); write an array of objects or one object "
                f"a line."
            ) from error
    yield from enumerate(content, start=1)


def _json_reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.colno}"
    if isinstance(error, _NameTwiceError):
        return str(error)
    return "nested too deeply" if isinstance(error, RecursionError) else "a number has too many digits"


def _excel_rows(path: Path) -> Iterator[tuple[int, list[Any]]]:
    """Yield the rows of a workbook's first sheet that hold something, with their numbers; empty cells are None."""
    import openpyxl

    try:
        workbook = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as error:  # a zip file of something else fails in many ways
        raise InputError(f"{path}: this is not a readable XLSX file ({error}); save it anew or as CSV.") from error
    width = 0
    for number, cells in enumerate(workbook.worksheets[0].iter_rows(values_only=True), start=1):
        row = list(cells)
        while row and row[-1] is None:
            row.pop()
        if not row:
            continue
        width = width or len(row)
        yield number, row + [None] * (width - len(row))
    if not width:
        raise InputError(f"{path}: the first sheet is empty where a table with a header was expected.")


def open_files(paths: Sequence[Path], reading: Reading) -> list[RowFile]:
    """Open the files of one dataset, and log what was found in them."""
    files = [RowFile(path, reading) for path in paths]
    for note in itertools.chain.from_iterable(file.notes for file in files):
        _logger.info(note)
    return files
