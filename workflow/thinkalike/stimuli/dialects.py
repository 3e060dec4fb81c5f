"""How the rows of a text file are written: what separates cells, and whether quotation marks wrap them or are words.

A file either wraps cells in quotation marks or it does not; no rule for single cells can tell. What is certain is
found, what is not is refused with the key that decides it.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from thinkalike.errors import InputError
from thinkalike.stimuli.text_files import file_suffix, open_text

_USUAL = {".csv": ",", ".tsv": "\t", ".tab": "\t", ".txt": "\t"}
_SEPARATORS = (",", ";", "\t", "|")
_NAMES = {"\t": "tabulators", ",": "commas", ";": "semicolons", "|": "vertical bars", " ": "spaces"}
_ENDS = "\r\n"

csv.field_size_limit(2**31 - 1)  # a prompt may be longer than the 128 KiB that are the default


@dataclass(frozen=True)
class Dialect:
    """How rows are written.

    Attributes
    ----------
    separator
        The character between two cells of a row.
    quote
        The mark that wraps cells; None where marks are part of the words.
    skip_space
        Whether a space after a separator belongs to it.
    lines_before
        Lines before the header (a spreadsheet's `sep=;`).
    notes
        What was found and is not usual, in sentences.
    """

    separator: str
    quote: str | None
    skip_space: bool = False
    lines_before: int = 0
    notes: tuple[str, ...] = ()

    def reader(self, lines: Iterable[str]) -> Any:
        """Return a reader of the standard library."""
        wraps = {"quoting": csv.QUOTE_MINIMAL, "quotechar": self.quote} if self.quote else {"quoting": csv.QUOTE_NONE}
        return csv.reader(lines, delimiter=self.separator, skipinitialspace=self.skip_space, strict=True, **wraps)


def is_separated(path: Path) -> bool:
    """Return whether the file's ending is one of text with separated cells."""
    return file_suffix(path) in _USUAL


def find_dialect(
    path: Path,
    wanted: Sequence[str],
    *,
    separator: str | None,
    quotes: str | None,
    encoding: str | None,
    lines_in_cells: bool = False,
) -> Dialect:
    """Return how the rows of a text file are written.

    Parameters
    ----------
    path
        The file.
    wanted
        Names that the header should hold; the separator that yields them is right.
    separator, encoding
        What the configuration names; None to find it.
    quotes
        "keep" where quotation marks are part of the words, "remove" where they wrap cells; None to find it.
    lines_in_cells
        Whether a cell may hold several lines.

    Raises
    ------
    InputError
        If marks may be either.
    """
    with open_text(path, encoding) as file:
        before, header = _header_line(file)
    announced = header.strip(_ENDS)[4:5] if before else None
    if before:
        with open_text(path, encoding) as file:
            next(file)
            _, header = _header_line(file)
    usual = _USUAL[file_suffix(path)]
    header = header.strip(_ENDS)
    used = separator or announced or _best_separator(header, usual, wanted)
    cells = header.split(used)
    mark = "'" if len(cells) > 1 and all(_is_wrapped(cell.strip(), "'") for cell in cells) else '"'
    skip_space = used != " " and len(cells) > 1 and all(cell.startswith(" ") for cell in cells[1:])
    notes = []
    if used != usual and separator is None:
        notes.append(f"{path.name}: cells are separated by {_NAMES.get(used, repr(used))}.")
    if quotes is not None:
        wraps = quotes == "remove"
    else:
        with open_text(path, encoding) as file:
            scan = _scan(file, before, used, mark, skip_space)
        standard = Dialect(used, mark, skip_space, before)
        # Lines of a longer text can look like rows by chance; then a file that reads by the standard is one.
        by_chance = scan.inside and lines_in_cells and _is_standard(path, standard, encoding)
        wraps = by_chance or _marks_wrap(path, scan, used)
        if scan.inside and not wraps:
            notes.append(f"{path.name}: quotation marks are taken as part of the words, such as in line {scan.inside}.")
    return Dialect(used, mark if wraps else None, skip_space, before, tuple(notes))


def _header_line(file: Iterable[str]) -> tuple[int, str]:
    """Return 1 and a spreadsheet's line `sep=;` where the file begins so, else 0 and the first line with something."""
    for number, line in enumerate(file):
        if number == 0 and line.lower().startswith("sep=") and len(line.strip(_ENDS)) == 5:
            return 1, line
        if line.strip():
            return 0, line
    return 0, ""


def _best_separator(header: str, usual: str, wanted: Sequence[str]) -> str:
    """Return the usual separator, unless another one finds more of the wanted names in the header."""

    def found(separator: str) -> tuple[int, bool, int]:
        names = {name.strip().strip("\"'") for name in header.split(separator)}
        return len(names & set(wanted)), separator == usual and len(names) > 1, len(names)

    return max((usual, *_SEPARATORS), key=found)


@dataclass
class _Scan:
    """What a look at every line shows; numbers are those of the first such line, 0 for none.

    Attributes
    ----------
    ragged
        A line that has not as many cells as the header, if every mark is part of a word.
    inside
        A cell that begins with a mark but is not wrapped.
    escaped
        A cell whose marks are escaped by a backslash.
    doubled
        A wrapped cell that only a program writes: it is empty, or marks inside are doubled.
    simple
        A wrapped cell that needed no wrapping.
    header
        Whether names in the header are wrapped.
    """

    ragged: int = 0
    inside: int = 0
    escaped: int = 0
    doubled: int = 0
    simple: int = 0
    header: bool = False
    marks: bool = field(default=False)


def _scan(file: Iterable[str], before: int, separator: str, mark: str, skip_space: bool) -> _Scan:
    scan = _Scan()
    width = 0
    for number, raw in enumerate(file, start=1):
        line = raw.rstrip(_ENDS)
        if number <= before or not line.strip():
            continue
        if not width:
            width = line.rstrip(separator).count(separator) + 1
            scan.header = any(_is_wrapped(cell.strip(), mark) for cell in line.split(separator))
        # Empty cells at the end, which spreadsheets add, are no cells.
        count = line.count(separator) + 1
        if not (count == width or (count > width and not "".join(line.split(separator)[width:]).strip())):
            scan.ragged = scan.ragged or number
        if mark in line:
            scan.marks = True
            for cell in line.split(separator):
                _look_at(scan, cell.lstrip(" ") if skip_space else cell, number, mark)
    return scan


def _look_at(scan: _Scan, cell: str, number: int, mark: str) -> None:
    if not cell.startswith(mark):
        return
    if not _is_wrapped(cell, mark):
        if f"\\{mark}" in cell:
            scan.escaped = scan.escaped or number
        scan.inside = scan.inside or number
    elif cell == 2 * mark or mark in cell[1:-1]:
        scan.doubled = scan.doubled or number
    else:
        scan.simple = scan.simple or number


def _is_wrapped(cell: str, mark: str) -> bool:
    return len(cell) > 1 and cell[0] == cell[-1] == mark and mark not in cell[1:-1].replace(2 * mark, "")


def _is_standard(path: Path, dialect: Dialect, encoding: str | None) -> bool:
    """Return whether all rows are as long as the header if marks wrap cells, and no mark opens or ends one oddly."""
    try:
        lengths = {len(row) for _, row in read_rows(path, dialect, encoding, lines_in_cells=True)}
    except InputError:
        return False
    return len(lengths) == 1


def _marks_wrap(path: Path, scan: _Scan, separator: str) -> bool:
    """Return whether quotation marks wrap cells; refuse what may be either."""
    if not scan.marks:
        return False
    if scan.escaped and not scan.ragged:
        raise InputError(
            f'{path}, line {scan.escaped}: a quotation mark follows a backslash; write it twice instead (""), or set '
            f"the key 'quotes' to 'keep' if marks and backslashes are part of the words."
        )
    if scan.ragged:  # some separator stands within marks
        return True
    if scan.inside and (scan.doubled or scan.header):
        wrapped = f"line {scan.doubled}" if scan.doubled else "the header"
        raise InputError(
            f"{path}, line {scan.inside}: a quotation mark stands for itself here but wraps a cell in {wrapped}; set "
            f"the key 'quotes' to 'keep' or 'remove', or write the file anew."
        )
    if scan.inside:
        return False
    if scan.header or scan.doubled or not scan.simple or separator in ",;":
        return True
    raise InputError(
        f"{path}, line {scan.simple}: the quotation marks may wrap the cell or be part of the word; set the key "
        f"'quotes' to 'keep' (part of the word) or 'remove'."
    )


def read_rows(
    path: Path, dialect: Dialect, encoding: str | None, *, lines_in_cells: bool
) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows with something in them, the header first, with the number of the line on which each begins.

    Parameters
    ----------
    lines_in_cells
        Whether a cell may hold several lines (a prompt may, a word may not).

    Raises
    ------
    InputError
        If a quotation mark opens a cell that closes nowhere, or where it cannot have been meant to.
    """
    with open_text(path, encoding) as file:
        for _ in range(dialect.lines_before):
            next(file)
        reader, begin = dialect.reader(file), 1 + dialect.lines_before
        try:
            for row in reader:
                end = reader.line_num + dialect.lines_before
                if end > begin and dialect.quote:
                    _check_lines(path, row, begin, end, dialect, lines_in_cells)
                if any(cell.strip() for cell in row):
                    yield begin, row
                begin = end + 1
        except csv.Error as error:
            raise InputError(
                f"{path}, line {begin}: a cell in quotation marks does not end as it should ({error}); write a mark "
                f"inside a cell twice (\"\"), or set the key 'quotes' to 'keep' if no cell is wrapped in marks."
            ) from error


def _check_lines(path: Path, row: list[str], begin: int, end: int, dialect: Dialect, allowed: bool) -> None:
    """Refuse a cell of several lines where a single mark, taken for the begin of a cell, has swallowed rows."""
    for cell in row:
        several = "\n" in cell or "\r" in cell
        if several and (
            not allowed or cell.strip(" ")[:1] == dialect.separator or cell.rstrip(" ")[-1:] == dialect.separator
        ):
            raise InputError(
                f"{path}, line {begin}: a quotation mark opens a cell that ends in line {end}, over the rows between; "
                f"write a mark that stands for itself as four (\"\"\"\"), or set the key 'quotes' to 'keep'."
            )
