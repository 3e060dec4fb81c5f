"""Read a user's CSV, TSV, Parquet or JSON-lines file piece by piece, and say where it is wrong."""

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from thinkalike.errors import InputError

_BLOCK_BYTES = 2**20
_RAGGED = re.compile(r"Row #(\d+): Expected (\d+) columns, got (\d+)")
_DELIMITERS = {".csv": ",", ".tsv": "\t"}
UNDEFINED_TEXTS = ("", "NaN", "nan", "NA", "null", "None")
"""What a cell of a CSV or TSV file holds where a feature is undefined."""


def column_names(path: Path) -> list[str]:
    """Return the names of the columns.

    Raises
    ------
    InputError
        If the file is missing, empty, of another type, not UTF-8, or names a column twice.
    """
    if not path.is_file():
        raise InputError(f"{path}: there is no such file; correct the path in the configuration.")
    if path.stat().st_size == 0:
        raise InputError(f"{path}: the file is empty where a table with a header was expected.")
    if path.suffix == ".parquet":
        names = _parquet(path).schema_arrow.names
    elif path.suffix in _DELIMITERS:
        names = _header(path)
    else:
        raise InputError(f"{path}: the file's name must end in .csv, .tsv or .parquet so that its format is known.")
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{path}: the column '{name}' is there twice; give every column its own name.")
    return names


def _header(path: Path) -> list[str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return next(csv.reader(file, delimiter=_DELIMITERS[path.suffix]), [])
    except UnicodeDecodeError:
        check_encoding(path)  # names the line
        raise


def batches(path: Path, columns: list[str]) -> Iterator[pa.RecordBatch]:
    """Yield the rows in pieces of about a MiB; the cells of CSV and TSV files are texts.

    Parameters
    ----------
    path
        A file whose `column_names` were read.
    columns
        The columns to read.
    """
    if path.suffix == ".parquet":
        yield from _parquet(path).iter_batches(columns=columns, batch_size=65_536)
        return
    try:
        reader = pyarrow.csv.open_csv(
            path,
            # One thread, so that an error can name the row.
            read_options=pyarrow.csv.ReadOptions(use_threads=False, block_size=_BLOCK_BYTES),
            parse_options=pyarrow.csv.ParseOptions(delimiter=_DELIMITERS[path.suffix], newlines_in_values=True),
            convert_options=pyarrow.csv.ConvertOptions(
                include_columns=columns, column_types=dict.fromkeys(column_names(path), pa.string())
            ),
        )
        yield from reader
    except pa.ArrowInvalid as error:
        raise _explained(path, error) from error


def _explained(path: Path, error: Exception) -> InputError:
    check_encoding(path)
    if found := _RAGGED.search(str(error)):
        line, expected, got = found.groups()
        return InputError(
            f"{path}, line {line}: the row has {got} cells but the header has {expected} columns; give every word a "
            f"cell for every feature (an empty one where it is undefined)."
        )
    return InputError(f"{path}: this is not a readable table ({str(error).splitlines()[0]}).")


def check_encoding(path: Path) -> None:
    """Raise an error that names the first line which is not UTF-8."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                raise InputError(
                    f"{path}, line {number}: byte {error.start + 1} is not UTF-8; save the file in the encoding UTF-8."
                ) from error


def _parquet(path: Path) -> pa.parquet.ParquetFile:
    try:
        return pa.parquet.ParquetFile(path)
    except pa.ArrowInvalid as error:
        raise InputError(f"{path}: this is not a readable Parquet file; export it anew.") from error


def json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the objects of a JSON-lines file with their line numbers; blank lines are skipped."""
    check_encoding(path)
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except json.JSONDecodeError as error:
                raise InputError(
                    f"{path}, line {number}: this is not JSON ({error.msg} at character {error.pos + 1}); write one "
                    f"object a line."
                ) from error
            if not isinstance(record, dict):
                raise InputError(f"{path}, line {number}: this is not a JSON object; write {{...}} on every line.")
            yield number, record
