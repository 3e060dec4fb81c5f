"""What models that are alike have in common: distances between models explained by the models' properties.

The models are the stimuli of a metric-learning encoding model, their properties its features. There are few of them,
so nothing is held out: the fit is scored on the pairs that it was made on, and what that score means is told by the
scores of fits to properties that were dealt to the models at random.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from thinkalike.errors import InputError
from thinkalike.features import INSEPARABLE, Kind, as_numbers
from thinkalike.mlem.estimator import MLEM
from thinkalike.mlem.fold_fit import FoldFit
from thinkalike.mlem.held_out import held_out_pairs
from thinkalike.mlem.rank_tables import Scoring, rounded
from thinkalike.numerics.false_discovery import with_q
from thinkalike.similarity.property_null import PropertyNull

FEWEST_MODELS = 4
FEW_ENTRIES = 20
SAME_ENTRY = "entry"

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ExplainedModels:
    """Result of `explain_models`.

    Attributes
    ----------
    score, ceiling
        Rank correlation of predicted and true distances on the pairs that the model was fitted to, and the largest that
        any function of the differences has on them.
    score_chance, score_p
        Mean score of fits to properties dealt to the entries at random, and the share of these fits that reach `score`.
    properties
        One row per property, index `property`: `role` (property, or control: whether two models are of one entry),
        `kind`, `levels` (distinct values), `exchanged` (what its values were dealt to), `units` (how many of these),
        `arrangements` (in how many distinct ways), `weight`, `importance`, `chance` (mean importance of the dealt
        values), `p` (share of deals that reach the importance), `q` (Benjamini and Hochberg, over the properties),
        `smallest_p` (what p would be if no other deal did) and
        `tied_to` (other properties that cannot be told from it: those that differ on just the same pairs have no row of
        their own).
    models, entries
        How many models and entries there were.
    left_out
        Properties that do not differ between any two models.
    warning
        What the numbers are too few for, in a sentence; empty where they are not.
    """

    score: float
    ceiling: float
    score_chance: float
    score_p: float
    properties: pd.DataFrame
    models: int
    entries: int
    left_out: tuple[str, ...]
    warning: str


def explain_models(
    distances: pd.DataFrame,
    properties: pd.DataFrame,
    *,
    entries: Mapping[str, str] | None = None,
    kinds: Mapping[str, Kind] | None = None,
    exchanged: Mapping[str, str] | None = None,
    alpha: float = 1.0,
    scoring: Scoring = "rho_a",
    permutations: int = 1000,
    seed: int = 0,
) -> ExplainedModels:
    """Explain distances between models by the models' properties, with the metric-learning encoding model.

    Parameters
    ----------
    distances
        Square and symmetric, model by model, finite.
    properties
        One row per model (index), one column per property; null where it is not known: it then differs from nothing.
    entries
        Entry by model: models of one entry (seeds) have the same properties and are never told apart by them. Whether
        two models are of one entry is in the model as a control. By default every model is its own.
    kinds
        `numeric` by name, for properties that differ by |a - b|; the others differ or do not.
    exchanged
        The property between whose values another one is exchanged under the null, by name, or `entry`. By default
        `architecture` for a property that all models of one architecture share, where that property is there and has
        fewer values than there are entries: it was assigned with the architecture. Else entries exchange their values.
    alpha
        Penalty of the fit.
    scoring
        As in `MLEM`.
    permutations
        Of the null; where fewer distinct arrangements exist all of them are taken and p is exact. 0 for none.
    seed
        Draws the permutations.

    Raises
    ------
    InputError
        When there are fewer than 4 models, no property differs, or the tables are not of the same models.
    """
    names = _checked_models(distances, properties)
    table = properties.loc[names]
    left_out = tuple(str(name) for name in table if table[name].nunique() < 2)
    table = table.drop(columns=list(left_out))
    if table.empty or not table.shape[1]:
        raise InputError("No property differs between two of the models: there is nothing to explain distances by.")
    kinds = {name: kind for name, kind in (kinds or {}).items() if name not in left_out}
    table, twins = _without_twins(table, kinds)
    kinds = {name: kind for name, kind in kinds.items() if name in table}
    entry = pd.Series({name: (entries or {}).get(name, name) for name in names}, dtype=object)
    _refuse_differences_within(table, entry)
    with_control = table if entry.nunique() in (1, len(names)) else table.assign(**{SAME_ENTRY: entry.to_numpy()})
    model = MLEM(alpha, distance="precomputed", kinds=kinds, coding="difference", scoring=scoring)
    fit = _fitted(model, with_control, distances.loc[names, names])
    null = PropertyNull(fit, entry.to_numpy(), permutations, seed)
    head_of = {twin: name for name, others in twins.items() for twin in others}
    exchanged = {name: head_of.get(between, between) for name, between in (exchanged or {}).items()}
    rows = [_row(null, table, str(name), with_control, kinds, exchanged) for name in with_control]
    score_chance, score_p = null.of_score(list(range(table.shape[1])))
    frame = pd.DataFrame(rows).set_index("property")
    frame = with_q(frame, [], frame["role"] == "property")
    tied = _tied(null.design, list(map(str, with_control)))
    frame["tied_to"] = [
        ", ".join([*twins.get(name, ()), *others]) for name, others in zip(frame.index, tied, strict=True)
    ]
    warning = _warning(frame, entry)
    if warning:
        _logger.warning("%s", warning)
    return ExplainedModels(
        float(rounded(np.array(fit.held_out_score))), float(fit.ceiling), score_chance, score_p, frame, len(names),
        int(entry.nunique()), left_out, warning,
    )  # fmt: skip


def _checked_models(distances: pd.DataFrame, properties: pd.DataFrame) -> list[str]:
    names = list(distances.index)
    if list(distances.columns) != names:
        raise InputError("The distances between models must have the same models as rows and as columns.")
    absent = [name for name in names if name not in properties.index]
    if absent:
        raise InputError(f"The table of properties has no row for the model '{absent[0]}'; add one.")
    if len(names) < FEWEST_MODELS:
        raise InputError(f"There are {len(names)} models; to explain their distances takes at least {FEWEST_MODELS}.")
    return names


def _refuse_differences_within(table: pd.DataFrame, entry: pd.Series) -> None:
    for name in table:
        values = table[name].groupby(entry, sort=False).nunique(dropna=False)
        if (values > 1).any():
            raise InputError(
                f"The models of entry '{values.idxmax()}' differ in the property '{name}'; give them names that "
                "differ in more than -seed0, -seed1."
            )


def _fitted(model: MLEM, features: pd.DataFrame, distances: pd.DataFrame) -> FoldFit:
    """Return the fit to all pairs of models, scored on them."""
    problem = model.problem(features.reset_index(drop=True), distances.to_numpy())
    everything = np.arange(len(features))
    pairs = held_out_pairs(problem.coding, problem.distances, everything)
    low, high = float(pairs.distances.min()), float(pairs.distances.max())
    if high - low <= 1e-12 * abs(high):
        raise InputError(f"All models are equally far apart ({high:g}): there is nothing to explain.")
    ranges = problem.coding.ranges()
    moments = problem.scaled(problem.moment_source().without([[]])[0], ranges, low, high)
    fit = FoldFit(problem, ranges, low, high, model.alpha, moments, np.zeros(problem.design.n_columns), pairs)
    return replace(fit, parameters=fit.refit(moments))


def _row(
    null: PropertyNull,
    table: pd.DataFrame,
    name: str,
    everything: pd.DataFrame,
    kinds: Mapping[str, Kind],
    exchanged: Mapping[str, str],
) -> dict[str, object]:
    place = list(everything).index(name)
    own: dict[str, object] = {
        "property": name,
        "role": "control" if name not in table else "property",
        "kind": kinds.get(name, "categorical"),
        "levels": int(everything[name].nunique()),
        "weight": float(null.weights[place]),
        "importance": float(null.importances[place]),
    }
    if name not in table:
        nothing = dict.fromkeys(("chance", "p", "smallest_p"), float("nan"))
        return {**own, "exchanged": None, "units": 0, "arrangements": 0.0, **nothing}
    between = exchanged.get(name) or _unit_of(name, table, null.entries)
    if between not in (SAME_ENTRY, *table):
        raise InputError(
            f"The property '{name}' is to be exchanged between '{between}', which is no property that differs; those "
            f"are {', '.join(map(str, table))}."
        )
    units = null.entries if between == SAME_ENTRY else table[between].astype(object).fillna("").to_numpy()
    return {**own, "exchanged": between, **null.of_property(place, units, between)}


def _unit_of(name: str, table: pd.DataFrame, entries: NDArray) -> str:
    """Return what a property is assigned to: an architecture, if all its models share it, else an entry."""
    if name == "architecture" or "architecture" not in table:
        return SAME_ENTRY
    groups = table[name].groupby(table["architecture"].fillna("").to_numpy(), sort=False)
    shared = groups.nunique(dropna=False).max() == 1
    fewer = table["architecture"].nunique(dropna=False) < len(set(entries))
    return "architecture" if shared and fewer else SAME_ENTRY


def _without_twins(table: pd.DataFrame, kinds: Mapping[str, Kind]) -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """Return the properties without those that differ exactly as an earlier one does, and the names of these by it.

    An architecture is never left out: what its models share is exchanged between architectures.
    """
    differences: dict[str, NDArray[np.float64]] = {}
    twins: dict[str, list[str]] = {}
    for name in sorted(map(str, table), key=lambda name: name != "architecture"):
        own = _differences(table[name], kinds.get(name, "categorical"))
        first = next((other for other, known in differences.items() if np.allclose(own, known)), None)
        if first is None:
            differences[name] = own
        else:
            twins.setdefault(first, []).append(name)
    return table[[name for name in table if name in differences]], twins


def _differences(values: pd.Series, kind: Kind) -> NDArray[np.float64]:
    if kind == "numeric":
        numbers = as_numbers(values)
        gaps = np.nan_to_num(np.abs(numbers[:, None] - numbers[None, :]))
        return gaps / gaps.max()
    codes = pd.factorize(values)[0]
    return ((codes[:, None] != codes) & (codes[:, None] >= 0) & (codes >= 0)).astype(float)


def _tied(differences: NDArray[np.float64], names: list[str]) -> list[list[str]]:
    """Return for each property the others whose differences can hardly be told from its own."""
    deviations = differences - differences.mean(axis=0)
    norms = np.linalg.norm(deviations, axis=0)
    norms[norms == 0] = np.inf
    correlations = (deviations / norms).T @ (deviations / norms)
    return [
        [name for g, name in enumerate(names) if g != f and correlations[f, g] >= INSEPARABLE]
        for f in range(len(names))
    ]


def _warning(rows: pd.DataFrame, entry: pd.Series) -> str:
    entries = int(entry.nunique())
    blind = [str(name) for name, least in rows["smallest_p"].items() if least > 0.05]
    few = f"{len(entry)} models of {entries} entries are few" if entries < FEW_ENTRIES else ""
    never = f"{', '.join(blind)} cannot reach p = .05 with so few to exchange" if blind else ""
    return ": ".join(part for part in (few, never) if part) + ("." if few or never else "")
