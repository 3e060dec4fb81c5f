"""Texts made from the columns of a row: a column, or a template with names in braces."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from thinkalike.errors import InputError
from thinkalike.stimuli.values import check_value, is_null

_PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


@dataclass(frozen=True)
class Template:
    """What makes a text of a row.

    Attributes
    ----------
    source
        The key's value in the configuration.
    columns
        Names of the columns that it needs, as they are written in braces; the column itself if there are no braces.
    """

    source: str
    columns: tuple[str, ...]
    is_column: bool

    def fill(self, record: Mapping[str, Any], place: str) -> str:
        """Return the text of a row.

        Raises
        ------
        InputError
            If a column that it needs is undefined, empty or no text; `place` says where.
        """
        for column in self.columns:
            value = record[column]
            if not is_null(value):
                check_value(value, column, place)
            if is_null(value) or not str(value).strip():
                what = "the prompt" if self.is_column else f"'{column}', which the text needs,"
                raise InputError(f"{place}: {what} is empty; fill it in or remove the row.")
        if self.is_column:
            return str(record[self.source])
        return _PART.sub(lambda found: _part(found, record), self.source)


def _part(found: re.Match, record: Mapping[str, Any]) -> str:
    if found[0] in ("{{", "}}"):
        return found[0][0]
    return str(record[found[1]])


def read_template(
    source: Mapping[str, Any], key: str, names: Sequence[str] | None, *, name: str, default: str
) -> Template:
    """Return the template under `key` of a dataset's entry.

    Parameters
    ----------
    names
        The columns of the file; a name that is one of them is the column, whatever signs are in it. None where they are
        not known yet.

    Raises
    ------
    InputError
        If braces do not close, are empty, or hold a name that is no column.
    """
    text = source.get(key, default)
    if not isinstance(text, str) or not text:
        raise InputError(f"Dataset '{name}', {key}: the value is {text!r} but must be a column or a template.")
    if (names is not None and text in names) or not re.search("[{}]", text):
        return Template(text, (text,), True)
    columns = []
    for found in _PART.finditer(text):
        if found[0] in ("{", "}"):
            raise InputError(
                f"Dataset '{name}', {key}: the brace at character {found.start() + 1} of {text!r} has no partner; "
                f"write {{{{ or }}}} for a brace of the text."
            )
        if found[1] is not None:
            columns.append(found[1])
    for column in columns:
        if names is not None and column not in names:
            raise InputError(
                f"Dataset '{name}', {key}: there is no column '{column}' for {{{column}}}; the file has "
                f"{', '.join(names)}. Write {{{{ and }}}} for braces of the text."
            )
    return Template(text, tuple(dict.fromkeys(columns)), False)
