"""Explain the similarity of two layers by features of their stimuli."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from thinkalike.errors import InputError
from thinkalike.features import Kind, Missing
from thinkalike.mlem.cells import label_codes
from thinkalike.numerics.parallel import single_threaded
from thinkalike.similarity.chance import half_samples
from thinkalike.similarity.explained.by_differences import parts_by_differences
from thinkalike.similarity.explained.by_values import parts_by_values
from thinkalike.similarity.explained.feature_levels import Levels, read_levels
from thinkalike.similarity.explained.halves import HALVINGS, make_halvings
from thinkalike.similarity.explained.layer_sums import check_measure, layer_sums, pair_numbers
from thinkalike.similarity.explained.pair_cells import pair_cells
from thinkalike.similarity.explained.parts import Parts
from thinkalike.similarity.explained.result import ExplainedSimilarity
from thinkalike.similarity.inputs import read_inputs
from thinkalike.similarity.measures.measure import find_measure
from thinkalike.similarity.measures.pair_vectors import inner_products

By = Literal["differences", "values"]
PARTS = {"values": parts_by_values, "differences": parts_by_differences}
DECIMALS = 12


def explain_similarity(
    features: pd.DataFrame,
    X: Any,
    Y: Any,
    *,
    measure: str = "rsa",
    by: By = "differences",
    controls: Sequence[str] = (),
    kinds: Mapping[str, Kind] | None = None,
    missing: Missing | Mapping[str, Missing] = "same",
    exclude: Sequence[Any] | pd.DataFrame | None = None,
    groups: Sequence[Any] | None = None,
    n_resamples: int = 0,
    seed: int = 0,
) -> ExplainedSimilarity:
    """Divide the similarity of two layers into what each feature carries, and the rest.

    Parameters
    ----------
    features
        One row per stimulus, in the order of the rows of `X`; one column per feature or control. Null is undefined.
    X, Y
        Arrays of shape (n_stimuli, n_units), or two `Representation`, as in `compare`.
    measure
        `rsa`, or linear CKA: `cka`, `cka_debiased`. No other measure divides exactly.
    by
        `differences`: what any function of which features differ between two stimuli carries; exact, over all subsets
        of the features. `values`: what an additive function of which values the two stimuli have carries, estimated
        on half of the groups and tried on the others.
    controls
        Columns that are not of interest (word identity, say). They are credited like features, with the role
        `control`; what their single values carry beyond everything else is `lexical`.
    kinds
        `categorical`, `ordinal` (both differ or not) or `numeric` by name; `categorical` where it is not named. A
        numeric feature of more than 10 values is divided into ten bins of equally many stimuli.
    missing
        `same`, an undefined value never differs; or `category`; for all or by name. By values, undefined is a level
        of its own.
    exclude
        A label per stimulus, or a table with a column of each kind of label: pairs of stimuli of one label (a word,
        say) are left out before ranking.
    groups
        The sentence of every stimulus. Halves and resamples are of groups; of stimuli, where there are none.
    n_resamples
        Number of random halves of the groups for 95 % intervals; 0 for none.
    seed
        Decides halves, resamples and, for more than 12 features, orders.

    Returns
    -------
    ExplainedSimilarity
        value = explained + form + lexical + unexplained, exactly.

    Raises
    ------
    InputError
        When the input does not fit together, or the measure does not divide.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> noun = rng.integers(2, size=200)
    >>> X, Y = (noun[:, None] * 4 + rng.normal(size=(200, 3)) for _ in range(2))
    >>> e = explain_similarity(pd.DataFrame({"noun": noun}), X, Y)
    >>> round(e.value, 2), round(e.explained, 2)
    (0.75, 0.75)
    """
    check_measure(measure, exclude)
    if by not in PARTS:
        raise InputError(f"by is '{by}' but must be one of {', '.join(PARTS)}.")
    if n_resamples < 0:
        raise InputError(f"n_resamples is {n_resamples} but must be 0 (no intervals) or more.")
    inputs = read_inputs({"X": X, "Y": Y}, find_measure(measure), seed=seed)
    levels = read_levels(features, controls, kinds, missing)
    if len(levels.codes) != inputs.total:
        raise InputError(
            f"The table of features has {len(levels.codes)} rows for {inputs.total} stimuli; give one row per stimulus."
        )
    excluded = None if exclude is None else excluded_labels(exclude, features.index)[inputs.kept]
    own = np.arange(inputs.total) if groups is None else label_codes(groups, features.index, "groups")
    own = np.unique(own[inputs.kept], return_inverse=True)[1].reshape(-1)
    levels = levels.of_stimuli(inputs.kept)
    matrices = [matrix.astype(np.float64, copy=False) for matrix in inputs.matrices.values()]

    def explain_rows(rows: NDArray[np.intp]) -> tuple[float, Parts]:
        left_out = None if excluded is None else excluded[rows]
        chosen = [matrix[rows] for matrix in matrices]
        return _explain(levels.of_stimuli(rows), chosen, measure, by, left_out, own[rows], seed)

    value, parts = explain_rows(np.arange(len(own)))
    result = _result(measure, by, levels, value, parts)
    if not n_resamples:
        return result
    draws = [_numbers(*explain_rows(rows)) for rows in half_samples(len(own), n_resamples, seed, own.tolist())]
    return _with_intervals(result, np.array(draws), "stimuli" if groups is None else "groups")


def excluded_labels(exclude: Sequence[Any] | pd.DataFrame, index: pd.Index) -> NDArray[np.int64]:
    """Return integer codes of the labels whose pairs are left out, shape (n_stimuli, n_labels)."""
    columns = exclude.items() if isinstance(exclude, pd.DataFrame) else [("exclude", exclude)]
    return np.column_stack([label_codes(labels, index, str(name)) for name, labels in columns])


def _explain(
    levels: Levels,
    matrices: list[NDArray[np.float64]],
    measure: str,
    by: By,
    exclude: NDArray[np.int64] | None,
    groups: NDArray[np.int64],
    seed: int,
) -> tuple[float, Parts]:
    cells = pair_cells(levels, exclude)
    halvings = make_halvings(cells, np.unique(groups, return_inverse=True)[1].reshape(-1), HALVINGS, seed)
    vectors = [pair_numbers(matrix, measure, cells) for matrix in matrices]
    norms = vectors[0].norm * vectors[1].norm
    product = inner_products([vectors[0].values], [vectors[1].values]).item()
    value = round(product / norms, DECIMALS) if norms > 0 else float("nan")
    left, right = ([layer_sums(vector, cells, halvings)] for vector in vectors)
    with single_threaded():
        return value, PARTS[by](left, right, cells, halvings, seed)


def _result(measure: str, by: By, levels: Levels, value: float, parts: Parts) -> ExplainedSimilarity:
    def series(values: NDArray[np.float64]) -> pd.Series:
        return pd.Series(values[:, 0, 0], index=list(levels.names))

    errors = parts.division.standard_errors
    return ExplainedSimilarity(
        measure=measure,
        by=by,
        value=value,
        contributions=series(parts.division.values),
        last=series(parts.division.last),
        roles=pd.Series(np.where(levels.controls, "control", "feature"), index=list(levels.names)),
        form=parts.form.item(),
        lexical=parts.lexical.item(),
        covered=parts.covered,
        standard_errors=None if errors is None else series(errors),
        bins=dict(levels.bins),
    )


def _numbers(value: float, parts: Parts) -> NDArray[np.float64]:
    """Return all parts in the order of a result's table."""
    form, lexical = parts.form.item(), parts.lexical.item()
    explained = float(parts.division.together.item())
    return np.array([*parts.division.values[:, 0, 0], form, lexical, value - explained - form - lexical])


def _with_intervals(result: ExplainedSimilarity, draws: NDArray[np.float64], over: str) -> ExplainedSimilarity:
    table = result.table()[["part", "role", "value"]]
    # Centring takes out what a part owes to the number of stimuli alone.
    low, high = np.quantile(draws - draws.mean(axis=0), [0.025, 0.975], axis=0)
    intervals = table[["part", "role"]].assign(low=table["value"] + low, high=table["value"] + high)
    return replace(result, intervals=intervals, over=over)
