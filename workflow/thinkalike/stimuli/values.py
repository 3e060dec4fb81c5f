"""What the cells of any source mean: one rule for undefined values, texts and numbers.

* Null is undefined, and so is a text that is one of the marks of undefined (`UNDEFINED`, or those that the dataset's
  key `undefined` lists instead). Words, lemmas, texts and ids are never looked at in this way: null and NA are words.
* Spaces around a value are no part of it.
* A numeric feature's values are finite numbers.
* Texts of another feature are integers if all of them are written like integers and no two of them name the same one
  (1.0 counts as one, since that is how programs write integers beside gaps; 01 does not). All true or false: truth
  values. Everything else stays as it is written.
"""

import datetime
import math
import numbers
import re
from collections.abc import Callable, Collection
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from thinkalike.errors import InputError
from thinkalike.features import Feature

UNDEFINED = (
    "", "NA", "N/A", "n/a", "<NA>", "#N/A", "#N/A N/A", "#NA", "NULL", "null", "None", "NaN", "nan", "-NaN", "-nan",
    "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN",
)  # fmt: skip
"""Texts that stand for an undefined value of a feature; those that pandas knows."""

_OTHER_MARKS = ("-", "--", "---", ".", "..", "?", "*", "_", "/", "missing", "undefined")
_INTEGER = re.compile(r"(-?[1-9]\d*|0)(\.0)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_COMMA_NUMBER = re.compile(r"[+-]?(\d+,?\d*|,\d+)([eE][+-]?\d+)?", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+", re.ASCII)
_LARGEST = 1e150  # squares of differences must stay finite
_MOST_INTEGER = 2**63 - 1

Place = Callable[[Any], str]
"""From the label of a row to where it stands, for messages."""


def is_null(value: Any) -> bool:
    """Return whether a single value is None, NaN, NaT or pandas' NA."""
    return value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def check_value(value: Any, column: str, place: str | Callable[[], str]) -> None:
    """Refuse what no column of stimuli can hold: nested values, bytes, characters that cannot be written.

    Raises
    ------
    InputError
        With `place`, the row or line (or what returns it).
    """
    fault = _fault(value, column)
    if fault:
        raise InputError(f"{place if isinstance(place, str) else place()}: {fault}")


def _fault(value: Any, column: str) -> str:
    """Say why no column can hold the value; empty if one can."""
    if isinstance(value, str):
        if "\0" in value:
            return f"'{column}' holds a character that cannot be written (U+0000); correct the text or its encoding."
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as error:
            return (
                f"'{column}' holds a character that cannot be written (U+{ord(value[error.start]):04X}, half of a "
                f"pair); correct the text."
            )
    elif isinstance(value, int | float) and not -_LARGEST <= value <= _LARGEST:
        return (
            f"'{column}' is {_shown(value)}, and numbers must be finite and at most 1e150; correct the value, or leave "
            f"it empty where it is undefined."
        )
    elif isinstance(value, dict | list | tuple | set | bytes | np.ndarray):
        return f"'{column}' is {_shown(value)}, which is no single value; write a text, a number, true, false or null."
    return ""


def doubtful_marks(levels: Collection[Any], undefined: Collection[str]) -> list[str]:
    """Return the levels of a feature that often stand for undefined, though not in this dataset."""
    known = {mark.lower() for mark in (*UNDEFINED, *_OTHER_MARKS)}
    return sorted(
        level for level in levels if isinstance(level, str) and level.lower() in known and level not in undefined
    )


def as_text(value: Any) -> str:
    """Return a value as text, without spaces around it."""
    return str(value).strip()


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def type_values(
    column: pd.Series,
    feature: Feature,
    *,
    place: Place,
    undefined: Collection[str] = UNDEFINED,
    decimal: str | None = ".",
) -> pd.Series:
    """Return a feature's column as it is stored: float64 if numeric, else Int64, bool, or texts with None.

    Parameters
    ----------
    column
        The values as the source gives them.
    feature
        Its declaration.
    place
        Says where a row stands.
    undefined
        Texts that stand for undefined; empty for a column of words.
    decimal
        "." or ","; None where commas are decimal if no value can be read otherwise.

    Raises
    ------
    InputError
        If a value is nested, cannot be written, or is no finite number where the feature is numeric.
    """
    values: list[Any] = []
    for label, value in zip(column.index, column, strict=True):
        if is_null(value):
            values.append(None)
            continue
        if not isinstance(value, int) or abs(value) > _MOST_INTEGER:
            check_value(value, feature.name, partial(place, label))
        kept = value.strip() if isinstance(value, str) else value
        values.append(None if isinstance(kept, str) and kept in undefined else kept)
    if feature.kind == "numeric":
        return pd.Series(
            _numbers(values, column.index, feature.name, place, decimal), index=column.index, dtype="float64"
        )
    return pd.Series(_labels([None if value is None else as_text(value) for value in values]), index=column.index)


def _labels(texts: list[str | None]) -> Any:
    codes, found = pd.factorize(np.array(texts, dtype=object))
    levels = [str(level) for level in found]
    if levels and all(_INTEGER.fullmatch(text) for text in levels):
        integers = [int(text.split(".")[0]) for text in levels]
        if len(set(integers)) == len(integers) and max(map(abs, integers)) <= _MOST_INTEGER:
            return pd.array(integers, dtype="Int64").take(codes, allow_fill=True)
    if levels and {text.lower() for text in levels} <= {"true", "false"}:
        truth = pd.array([text.lower() == "true" for text in levels], dtype="boolean").take(codes, allow_fill=True)
        return truth if (codes < 0).any() else truth.astype(bool)
    return np.array([*levels, None], dtype=object)[codes]  # the code of an undefined value, -1, is the last


def _numbers(values: list[Any], labels: pd.Index, name: str, place: Place, decimal: str | None) -> list[float]:
    texts = [value for value in values if isinstance(value, str)]
    comma = decimal == "," or (decimal is None and _has_decimal_commas(texts))
    found = []
    for label, value in zip(labels, values, strict=True):
        number = _number(value, comma)
        if number is None:
            advice = "; decimal commas need the key decimal: ','" if "," in str(value) else ""
            raise InputError(
                f"{place(label)}: feature '{name}' is declared numeric but its value is '{_shown(value)}'{advice}; "
                f"correct the value or declare the feature categorical."
            )
        if abs(number) > _LARGEST:
            raise InputError(
                f"{place(label)}: feature '{name}' is {_shown(value)}, and numbers must be finite and at most 1e150; "
                f"correct the value, or leave it empty where it is undefined."
            )
        found.append(number)
    return found


def _has_decimal_commas(texts: list[str]) -> bool:
    with_comma = [text for text in texts if "," in text]
    return (
        bool(with_comma)
        and all(_COMMA_NUMBER.fullmatch(text) for text in texts)
        and not all(_THOUSANDS.fullmatch(text) for text in with_comma)
    )


def _number(value: Any, comma: bool) -> float | None:
    """Return the value as a number, NaN where it is undefined, None where it is not a number."""
    if value is None:
        return math.nan
    if isinstance(value, str):
        if comma:
            return float(value.replace(",", ".")) if _COMMA_NUMBER.fullmatch(value) else None
        if _NUMBER.fullmatch(value):
            return float(value)
        return math.inf if value.lower().lstrip("+-") in ("inf", "infinity") else None
    if isinstance(value, bool | np.bool_):
        return None
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, datetime.date):
        return (pd.Timestamp(value).tz_localize(None) - pd.Timestamp(0)).total_seconds()
    if isinstance(value, numbers.Number) or hasattr(value, "__float__"):
        try:
            return float(value)
        except OverflowError:
            return math.inf
    return None
