"""Check a table before it is drawn."""

from collections.abc import Iterable, Sequence

import pandas as pd

from thinkalike.errors import InputError


def require(table: pd.DataFrame, columns: Iterable[str], name: str) -> None:
    """Raise `InputError` where the table called `name` is empty or lacks one of `columns`."""
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise InputError(
            f"The {name} table has no column {_listed(missing)}; it has {_listed(list(map(str, table.columns)))}."
        )
    if table.empty:
        raise InputError(f"The {name} table has no rows, so there is nothing to draw: run the stage that makes it.")


def select_measure(similarity: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return the rows of `similarity` of one measure; `InputError` names the measures there are."""
    require(similarity, ("model_a", "layer_a", "model_b", "layer_b", "measure", "value"), "similarity")
    rows = similarity[similarity["measure"] == measure]
    if rows.empty:
        known = sorted(similarity["measure"].astype(str).unique())
        raise InputError(f"The similarity table has no measure '{measure}'; choose one of {', '.join(known)}.")
    return rows


def only_measure(similarity: pd.DataFrame, name: str) -> str:
    """Return the one measure of a table; `InputError` where it holds several."""
    require(similarity, ("measure",), name)
    measures = sorted(similarity["measure"].astype(str).unique())
    if len(measures) > 1:
        raise InputError(f"The {name} table holds the measures {', '.join(measures)}; keep the rows of one of them.")
    return measures[0]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names) or "no columns"
