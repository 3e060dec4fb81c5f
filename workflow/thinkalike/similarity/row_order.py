"""The same stimuli (or features) in the same order: matched by their labels, or refused, never by position in silence.

Labels are the stimulus ids of a `Representation` and the index of a pandas object. A bare array has none.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from thinkalike.errors import InputError
from thinkalike.representations.storage import Representation

_KEYS = {"stimuli": "stimulus_id", "features": "feature"}  # what a label of a row is called in messages


def align(representations: Mapping[str, Any]) -> dict[str, Any]:
    """Bring the rows of all representations into the order of the first.

    Parameters
    ----------
    representations
        Name to `Representation`, or to a pandas DataFrame with one row per stimulus.

    Returns
    -------
    dict
        The same names and kinds of objects, rows in the order of the first.

    Raises
    ------
    InputError
        When one is a bare array, when a label occurs twice, or when they do not hold the same stimuli.
    """
    for name, value in representations.items():
        if row_labels(value) is None:
            raise InputError(
                f"{name}: this is a bare array, whose rows have no labels, so they cannot be matched; give a "
                "Representation or a DataFrame."
            )
    return matched_rows(representations)[0]


def matched_rows(values: Mapping[str, Any], of: str = "stimuli") -> tuple[dict[str, Any], pd.Index | None]:
    """Return representations (or profiles, `of` features) with their rows in the order of the first that has labels.

    The second part of the answer are these labels, None where there are none.

    Bare arrays are taken as they are, among pandas objects of one index; beside anything whose rows had to be matched,
    and beside stimulus ids, they are refused.
    """
    labelled = {name: labels for name, value in values.items() if (labels := row_labels(value)) is not None}
    if not labelled:
        return dict(values), None
    first, *others = labelled
    reference = labelled[first]
    with_ids = any(isinstance(value, Representation) for value in values.values())
    if with_ids:
        _check_unique(first, reference, of)
    matched = dict(values)
    for name in others:
        if not labelled[name].equals(reference):
            matched[name] = _in_order(name, values[name], labelled[name], first, reference, of)
    moved = any(matched[name] is not values[name] for name in others)
    bare = [name for name in values if name not in labelled]
    if bare and (with_ids or moved):
        what = "stimulus ids" if with_ids else "different indices"
        raise InputError(
            f"{bare[0]}: this is a bare array among representations with {what}, so its rows cannot be matched; "
            "give all with labels or all without."
        )
    return matched, reference


def row_labels(value: Any) -> pd.Index | None:
    """Return the labels of the rows of a representation or profile; None for a bare array."""
    if isinstance(value, Representation):
        return pd.Index(np.asarray(value.stimulus_ids, dtype=object))
    return value.index if isinstance(value, pd.Series | pd.DataFrame) else None


def in_order_of(values: Any, index: pd.Index, name: str, first: str) -> Any:
    """Return a pandas object with its rows in the order of `index`; refuse other labels."""
    return values if values.index.equals(index) else _in_order(name, values, values.index, first, index, "stimuli")


def _in_order(name: str, value: Any, labels: pd.Index, first: str, reference: pd.Index, of: str) -> Any:
    _check_unique(first, reference, of)
    _check_unique(name, labels, of)
    places = labels.get_indexer(reference)
    if len(labels) != len(reference) or (places < 0).any():
        only_there = reference[places < 0]
        example = only_there[0] if len(only_there) else labels[reference.get_indexer(labels) < 0][0]
        raise InputError(
            f"{first} has {len(reference)} {of} and {name} has {len(labels)}, and they are not the same "
            f"({_KEYS[of]} '{example}' is in {first if len(only_there) else name} alone); take both from the same "
            f"{of}, or give bare arrays in one order."
        )
    if isinstance(value, Representation):
        return replace(value, stimulus_ids=value.stimulus_ids[places], vectors=value.vectors[places])
    return value.iloc[places]


def _check_unique(name: str, labels: pd.Index, of: str) -> None:
    if not labels.is_unique:
        raise InputError(
            f"{name}: a {_KEYS[of]} occurs twice among its {len(labels)} rows ('{labels[labels.duplicated()][0]}'); "
            f"give all {of} labels of their own."
        )
