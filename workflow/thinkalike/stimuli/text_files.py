"""Open text files as people have them: compressed or not, in the encoding that is certain or named."""

import bz2
import codecs
import gzip
import lzma
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from thinkalike.errors import InputError

_COMPRESSED: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_MARKS = (  # longer marks first: that of UTF-32 begins like that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LOOKED_AT = 4096
_NO_TEXT = (  # how files begin that are no text, whatever their names say
    (b"\x1f\x8b", "packed by gzip", "let its name end in .gz"),
    (b"BZh", "packed by bzip2", "let its name end in .bz2"),
    (b"\xfd7zXZ\x00", "packed by xz", "let its name end in .xz"),
    (b"PK\x03\x04", "a workbook or a zip archive", "let its name end in .xlsx, or unpack it"),
    (b"PAR1", "a Parquet file", "let its name end in .parquet"),
    (b"\xd0\xcf\x11\xe0", "a workbook of an old kind (.xls)", "save it as .xlsx or as CSV"),
)


def file_suffix(path: Path) -> str:
    """Return the ending that tells the format, in small letters, without a compression's: `.csv` of `a.CSV.gz`."""
    return Path(path.stem if path.suffix.lower() in _COMPRESSED else path.name).suffix.lower()


def check_file(path: Path, expected: str) -> None:
    """Refuse a file that is missing, no file, or empty; `expected` says what should be in it."""
    if not path.is_file():
        raise InputError(f"{path}: there is no such file; correct the path in the configuration.")
    if path.stat().st_size == 0:
        raise InputError(f"{path}: the file is empty where {expected} was expected.")


def find_encoding(path: Path, named: str | None = None) -> str:
    """Return the encoding that the configuration names or the file's first bytes make certain; else UTF-8.

    Raises
    ------
    InputError
        If the named encoding does not exist, or the file is packed or no text although its name does not say so.
    """
    if named is not None:
        try:
            name = codecs.lookup(named).name
        except LookupError:
            raise InputError(
                f"{path}: the encoding '{named}' is not known; name one such as utf-8, latin-1, cp1252 or utf-16."
            ) from None
        return "utf-8-sig" if name == "utf-8" else name
    with _reading(path, "utf-8"), _open_bytes(path) as file:
        beginning = file.read(_LOOKED_AT)
    for mark, kind, remedy in _NO_TEXT:
        if beginning.startswith(mark):
            raise InputError(f"{path}: this is {kind}, not text; {remedy}.")
    for mark, encoding in _MARKS:
        if beginning.startswith(mark):
            return encoding
    # ASCII letters of UTF-16 without a mark: every other byte is zero.
    for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        every_other = beginning[first::2]
        if (
            len(every_other) > 1
            and every_other.count(0) > 0.5 * len(every_other)
            and beginning[1 - first :: 2].count(0) == 0
        ):
            return encoding
    return "utf-8"


def encoding_notes(path: Path, named: str | None = None) -> list[str]:
    """Say which encoding was found where the configuration names none and it is not UTF-8."""
    found = "utf-8" if named is not None else find_encoding(path)
    if found == "utf-8":
        return []
    written = "UTF-8 with a byte order mark" if found == "utf-8-sig" else found.upper()
    return [f"{path.name}: the encoding is {written}."]


@contextmanager
def open_text(path: Path, encoding: str | None = None, *, newline: str | None = "") -> Iterator[TextIO]:
    """Open a text file, unpacked and decoded.

    Parameters
    ----------
    path
        The file; `.gz`, `.bz2` and `.xz` are unpacked.
    encoding
        The name of its encoding; None for what `find_encoding` finds.
    newline
        As of `open`: "" leaves the ends of lines as they are, None makes them all alike.

    Raises
    ------
    InputError
        If it cannot be unpacked, or a line is not in that encoding; the message names the line.
    """
    found = find_encoding(path, encoding)
    opener = _COMPRESSED.get(path.suffix.lower(), open)
    with _reading(path, found), opener(path, "rt", encoding=found, newline=newline) as file:
        yield file


@contextmanager
def _reading(path: Path, encoding: str) -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError as error:
        raise InputError(_undecodable(path, encoding)) from error
    except (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError) as error:
        raise InputError(f"{path}: the file cannot be unpacked ({error}); compress it anew or unpack it.") from error


def _open_bytes(path: Path) -> Any:
    return _COMPRESSED.get(path.suffix.lower(), open)(path, "rb")


def _undecodable(path: Path, encoding: str) -> str:
    """Name the first line that is not in the encoding."""
    name = encoding.removesuffix("-sig").upper()
    remedy = f"save the file in the encoding {name}, or name the one that it has by the key 'encoding'"
    decoder = codecs.getincrementaldecoder(encoding)()
    with _open_bytes(path) as file:
        for number, line in enumerate(file, start=1):
            try:
                decoder.decode(line)
            except UnicodeDecodeError as error:
                return f"{path}, line {number}: byte {error.start + 1} is not {name}; {remedy}."
    return f"{path}: the file ends within a character of {name}; {remedy}."
