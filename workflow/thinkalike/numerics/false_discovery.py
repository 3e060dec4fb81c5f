"""q beside p: which of many small p-values are to be believed."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd


def q_values(p: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the q-values of Benjamini and Hochberg (1995): of all results with q <= .05, at most .05 are false.

    On average, and where tests are independent or depend positively on each other (features and layers do).

    Parameters
    ----------
    p
        Any shape; nan is no test, and has no q.
    """
    from scipy.stats import false_discovery_control

    p = np.asarray(p, dtype=np.float64)
    q, tested = np.full(p.shape, np.nan), ~np.isnan(p)
    if tested.any():
        q[tested] = false_discovery_control(p[tested])
    return q


def with_q(table: pd.DataFrame, by: Sequence[str], tested: pd.Series | None = None) -> pd.DataFrame:
    """Return a table with the column `q` after `p`, over all rows that share the values of `by`; as it is without p.

    Parameters
    ----------
    tested
        Which rows are hypotheses, by the table's index; others (controls) have no q and do not count. None: all.
    """
    if "p" not in table:
        return table
    keys = [column for column in by if column in table]
    p = table["p"] if tested is None else table["p"].where(tested)
    q = p.groupby([table[key] for key in keys], sort=False, dropna=False).transform(q_values) if keys else q_values(p)
    table = table.drop(columns="q", errors="ignore")
    table.insert(list(table.columns).index("p") + 1, "q", q)
    return table
