"""Read a CoNLL-U file sentence by sentence, with the line of every token, and refuse what is not what it seems."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import conllu
from conllu.exceptions import ParseException
from conllu.parser import DEFAULT_FIELD_PARSERS

from thinkalike.errors import InputError
from thinkalike.stimuli.text_files import check_file, open_text

_FIELDS = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
_NEEDED = {"id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "misc"}
_COLUMNS = "# global.columns ="
_BEGINS = re.compile(r"#\s*(sent_id|text|newpar|newdoc)(?:\s+id)?\s*(?:=\s*(.*))?$")


@dataclass(frozen=True)
class TreebankSentence:
    """One sentence of a treebank.

    Attributes
    ----------
    tokens
        Words, multiword tokens and empty nodes as the library reads them.
    lines
        The line of each token in the file.
    path
        The file.
    name
        Its `sent_id`; None where it has none.
    """

    tokens: conllu.TokenList
    lines: tuple[int, ...]
    path: Path
    name: str | None

    def place(self, index: int = 0) -> str:
        """Return where a token stands, for messages."""
        return f"{self.path}, line {self.lines[index]}" + (f", sentence '{self.name}'" if self.name else "")


class _Lines:
    """The lines of a file, counted; the parser asks for them one by one."""

    def __init__(self, file: TextIO) -> None:
        self._file, self._number = file, 0
        self.block: list[int] = []

    def __iter__(self) -> Iterator[str]:
        for line in self._file:
            self._number += 1
            if line.strip():
                self.block.append(self._number)
            yield line


def read_treebank(path: Path, encoding: str | None) -> Iterator[TreebankSentence]:
    """Yield the sentences of a file in CoNLL-U or CoNLL-U Plus.

    Raises
    ------
    InputError
        If a line is not one of that format, or the ids of a sentence are not 1, 2, 3 and so on (a blank line between
        two sentences is missing); the message names the line.
    """
    check_file(path, "a treebank in CoNLL-U")
    fields: tuple[str, ...] = _FIELDS
    with open_text(path, encoding, newline=None) as file:
        lines = _Lines(file)
        for text in conllu.parse_sentences(lines):  # type: ignore[arg-type]
            numbers, lines.block = lines.block, []
            rows = text.split("\n")
            if rows[0].startswith(_COLUMNS):
                fields = _plus_fields(rows[0], path)
            placed = [(number, row) for number, row in zip(numbers, rows, strict=True) if not row.startswith("#")]
            if placed:
                _check_rows(placed, fields, path)
                sentence = _parsed("\n".join(rows), tuple(number for number, _ in placed), fields, path)
                _check_comments(list(zip(numbers, rows, strict=True)), path)
                yield sentence


def _check_comments(placed: list[tuple[int, str]], path: Path) -> None:
    """Refuse a sentence in which another one begins: its id or text stands below words, or there are two ids."""
    words, names = 0, {}
    for number, row in placed:
        begins = _BEGINS.match(row)
        words += not row.startswith("#")
        if begins and begins[1] == "sent_id":
            names[begins[2]] = number
        if begins and (words or len(names) > 1):
            inside = f"sentence '{next(iter(names))}'" if names else "another one"
            raise InputError(
                f"{path}, line {number}: a sentence begins within {inside}; add the blank line between the two."
            )


def _plus_fields(row: str, path: Path) -> tuple[str, ...]:
    fields = tuple(row.removeprefix(_COLUMNS).lower().split())
    if missing := _NEEDED - set(fields):
        raise InputError(
            f"{path}: 'global.columns' lacks {', '.join(sorted(missing)).upper()}; the columns of CoNLL-U are needed."
        )
    return fields


def _check_rows(placed: list[tuple[int, str]], fields: tuple[str, ...], path: Path) -> None:
    for number, row in placed:
        found = row.count("\t") + 1
        if found != len(fields):
            raise InputError(
                f"{path}, line {number}: this is not CoNLL-U, which has {len(fields)} columns separated by tabulators "
                f"with _ where there is nothing; the line {row[:40]!r} has {found}."
            )
        if "  " in row or row.strip() != row or "\t\t" in row:
            raise InputError(
                f"{path}, line {number}: a cell is empty, begins or ends with a space, or holds two in a row, which "
                f"CoNLL-U does not allow; write _ where there is nothing."
            )


def _parsed(text: str, lines: tuple[int, ...], fields: tuple[str, ...], path: Path) -> TreebankSentence:
    try:
        tokens = conllu.parse_token_and_metadata(text, fields=fields, field_parsers=_PARSERS)
    except ParseException:
        raise InputError(_unparsable(text, lines, fields, path)) from None
    sentence = TreebankSentence(tokens, lines, path, tokens.metadata.get("sent_id"))
    _check_ids(sentence)
    return sentence


def _pairs(cells: list[str], column: int) -> dict[str, str | None] | None:
    """Return the names and values of FEATS and MISC; a value may hold the sign of equality."""
    found = DEFAULT_FIELD_PARSERS["misc"](cells, column)
    if not found:
        return found
    given = dict(part.partition("=")[::2] for part in cells[column].split("|"))
    return {key: None if given[key] == "_" else given[key] for key in found if given.get(key) is not None}


_PARSERS: dict[str, Any] = {**DEFAULT_FIELD_PARSERS, "feats": _pairs, "misc": _pairs}


def _unparsable(text: str, lines: tuple[int, ...], fields: tuple[str, ...], path: Path) -> str:
    """Name the line that the library does not read."""
    rows = [row for row in text.split("\n") if not row.startswith("#")]
    for number, row in zip(lines, rows, strict=True):
        try:
            conllu.parse_token_and_metadata(row, fields=fields, field_parsers=_PARSERS)
        except ParseException as error:
            reason = " ".join(str(error).split()).rstrip(".")
            return f"{path}, line {number}: this is not a line of CoNLL-U ({reason}); correct it."
    return f"{path}, line {lines[0]}: this sentence is not CoNLL-U; correct it."


def _check_ids(sentence: TreebankSentence) -> None:
    """Refuse ids that repeat, leave a gap or stand in the wrong order."""
    count, covered, empty = 0, 0, 0
    size = sum(isinstance(token["id"], int) for token in sentence.tokens)
    for index, token in enumerate(sentence.tokens):
        identifier = token["id"]
        if isinstance(identifier, int):
            right = identifier == count + 1
            count, empty = count + 1, 0
        elif identifier is None:
            right = False
        elif identifier[1] == "-":
            right = identifier[0] == count + 1 and covered <= count and identifier[0] < identifier[2] <= size
            covered = identifier[2]
        else:
            right = identifier[0] == count and identifier[2] == empty + 1
            empty = identifier[2]
        if not right:
            written = "".join(map(str, identifier)) if isinstance(identifier, tuple) else identifier
            before = count - isinstance(identifier, int)
            raise InputError(
                f"{sentence.place(index)}: the token id is {'_' if written is None else written} after word {before}, "
                f"but ids must be 1, 2, 3 and so on in every sentence; correct them, or add the blank line between two "
                f"sentences."
            )
