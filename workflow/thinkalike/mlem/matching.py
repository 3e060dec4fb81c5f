"""Tables that say which stimulus each of their rows is are put into one order by that, never by position."""

from typing import Any

import pandas as pd

from thinkalike.errors import InputError


def matched(values: Any, index: pd.Index, what: str) -> Any:
    """Return `values` in the order of `index`.

    Parameters
    ----------
    values
        A pandas object is put into the order of `index` by its own index, which must hold the same labels. Anything
        else has no labels and is returned as it is.
    index
        Labels of the stimuli: the index of the table of features.
    what
        What to call `values` in a message.

    Raises
    ------
    InputError
        For a pandas object with other labels, or with labels that are not unique in another order.
    """
    if not isinstance(values, (pd.Series, pd.DataFrame)) or values.index.equals(index):
        return values
    advice = f"give {what} the index of the features, or an array in their order"
    if len(values) != len(index):
        raise InputError(f"{what} has {len(values)} rows but there are {len(index)} rows of features; {advice}.")
    if not values.index.is_unique or not index.is_unique:
        raise InputError(f"{what} and the features have different indices in which labels repeat; {advice}.")
    places = values.index.get_indexer(index)
    if (places < 0).any():
        missing = index[int((places < 0).argmax())]
        raise InputError(f"{what} has no row labelled {missing!r}, which the table of features has; {advice}.")
    return values.iloc[places]


def matched_representations(values: Any, index: pd.Index) -> Any:
    """Return representations in the order of `index`; a table whose columns are its stimuli, a matrix, both ways.

    An object with an attribute `vectors` (a `Representation`) stands for these.
    """
    values = getattr(values, "vectors", values)
    rows = matched(values, index, "representations")
    if not isinstance(values, pd.DataFrame) or not set(values.columns) == set(values.index) == set(index):
        return rows
    return matched(rows.T, index, "representations").T
