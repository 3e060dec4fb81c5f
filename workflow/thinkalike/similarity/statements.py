"""Published values and statements, each worked out from a study's own tables.

A statement is a mapping with one of the keys of `KINDS`; what each may say stands in the schema of a study. Every one
gives rows with what was found: a number, whether it holds, and a sentence.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from thinkalike.errors import InputError
from thinkalike.numerics.ranks import settled
from thinkalike.similarity.explain_pairs import extreme_pairs
from thinkalike.similarity.layer_pairs import distinct_pairs, larger_is_more_similar, layer_matrix, select_measure
from thinkalike.tables import first_coding

_SURE = 0.95
_WITHIN = 2


@dataclass(frozen=True)
class Found:
    """What a study says of one statement, of one model where a statement is of several.

    Attributes
    ----------
    value
        The study's own number, NaN where there is none.
    holds
        Whether the statement holds in the study; None where it says a number alone and the study has no interval.
    sentence
        What was found, in words.
    model
        The model that it is of; None for all.
    low, high
        95 % interval of the value, NaN where there is none.
    """

    value: float
    holds: bool | None
    sentence: str
    model: str | None = None
    low: float = field(default=float("nan"))
    high: float = field(default=float("nan"))


Tables = Mapping[str, pd.DataFrame]


def find(statement: Mapping[str, Any], tables: Tables) -> list[Found]:
    """Return what a study's tables say of one statement.

    Parameters
    ----------
    statement
        Its kind (`value`, `largest`, `smallest`, `first`, `rises` or `falls`) with what it is about, and `published`.
    tables
        The study's tables by name: `models`, `importance` and `similarity`, and those that a `value` names;
        `resamples` adds intervals where it is there.

    Raises
    ------
    InputError
        For a table, column, row, model, layer or feature that is not there.
    """
    kind = next(name for name in KINDS if name in statement)
    return list(KINDS[kind](statement[kind], statement.get("published"), tables))


def _value(about: Mapping[str, Any], published: float | None, tables: Tables) -> Iterator[Found]:
    name, column = about["table"], about["column"]
    if name not in tables:
        raise InputError(f"A statement is about the table '{name}', which this study does not have.")
    table = tables[name]
    chosen = np.ones(len(table), dtype=bool)
    for key, wanted in about.get("rows", {}).items():
        if key not in table:
            raise InputError(
                f"A statement is about the column '{key}' of {name}, which has {', '.join(map(str, table))}."
            )
        chosen &= (table[key].astype(str) == str(wanted)).to_numpy()
    if column not in table or chosen.sum() != 1:
        raise InputError(
            f"A statement is about one value of the column '{column}' of {name}, but {chosen.sum()} rows are of "
            f"{dict(about.get('rows', {}))}; the columns are {', '.join(map(str, table))}."
        )
    row = table[chosen].iloc[0]
    value = float(row[column])
    bounds = [float(row[side]) if column == "value" and side in table else float("nan") for side in ("low", "high")]
    holds = None if published is None or np.isnan(bounds).any() else bool(bounds[0] <= published <= bounds[1])
    yield Found(value, holds, f"{column} of {name}: {_number(value)}", None, *bounds)


def _extreme(end: str) -> Callable[..., Iterator[Found]]:
    def found(about: Mapping[str, Any], published: float | None, tables: Tables) -> Iterator[Found]:
        measure, models = about["measure"], tables["models"]
        entries = _entries(models)
        controls = set(models.loc[models["control"].astype(bool), "model"].astype(str))
        rows = select_measure(tables["similarity"], measure)
        alike = (end == "largest") == larger_is_more_similar(measure)
        extreme = extreme_pairs(rows, measure, groups=entries, exclude=controls)["most" if alike else "least"]
        kept = [name for name in entries if name not in controls]
        pairs = distinct_pairs(layer_matrix(rows, measure, kept))
        pairs = pairs[pairs["model_a"].map(entries) != pairs["model_b"].map(entries)]
        own = _pair_value(pairs, extreme)
        sentence = f"the {end} is {_number(own)}, of {_named(extreme)}"
        if "layers" not in about:
            yield Found(own, None, sentence)
            return
        for one in _models(about["layers"][0][0], tables):
            for other in _models(about["layers"][1][0], tables):
                pair = ((one, str(about["layers"][0][1])), (other, str(about["layers"][1][1])))
                value = _pair_value(pairs, pair)
                before = int((pairs["value"] > value).sum() if end == "largest" else (pairs["value"] < value).sum())
                yield Found(
                    value,
                    before == 0,
                    f"{_named(pair)}: {_number(value)}, the {end} but {before} of {len(pairs)}; {sentence}",
                    f"{one}, {other}",
                )

    return found


def _first(about: Mapping[str, Any], published: float | None, tables: Tables) -> Iterator[Found]:
    feature = about["feature"]
    for model in _models_of(about, tables):
        wide = _profiles(tables["importance"], model, feature)
        ranked = settled(wide.to_numpy(dtype=float))
        place = list(wide.columns).index(feature)
        others = np.delete(ranked, place, axis=1).max(axis=1, initial=-np.inf)
        leads = pd.Series(ranked[:, place] > others, index=wide.index)
        asked = _asked(about.get("layers", "all"), list(wide.index), model)
        elsewhere = [layer for layer in wide.index if leads[layer] and layer not in asked]
        holds = bool(leads[asked].all()) and not (about.get("only") and elsewhere)
        failing = [f"{layer} ({wide.loc[layer].idxmax()})" for layer in asked if not leads[layer]]
        text = f"first in {int(leads[asked].sum())} of {len(asked)} layers"
        text += f", not in {_listed(failing)}" if failing else ""
        if about.get("only"):
            text += f"; and in {len(elsewhere)} of the other {len(wide) - len(asked)}"
            text += f" ({_listed(elsewhere)})" if elsewhere else ""
        sure = _sure_layers(tables, model, feature, asked)
        text += "" if sure is None else f"; first in 95 % of resamples in {sure}"
        yield Found(float(leads[asked].mean()), holds, text, model)


def _trend(sign: int) -> Callable[..., Iterator[Found]]:
    def found(about: Mapping[str, Any], published: float | None, tables: Tables) -> Iterator[Found]:
        feature = about["feature"]
        for model in _models_of(about, tables):
            values = _profiles(tables["importance"], model, feature)[feature]
            trend = _correlation(values.to_numpy(dtype=float))
            low, high = _drawn_trend(tables, model, feature, list(values.index), trend)
            holds = bool(trend * sign > 0) if not np.isnan(trend) else None
            ends = f"from {_number(values.iloc[0])} to {_number(values.iloc[-1])}, largest {_number(values.max())}"
            text = f"importance {ends} in layer {values.idxmax()}; its correlation with depth is {_number(trend)}"
            if "near" in about:
                step = _step(values.to_numpy(dtype=float), sign)
                near = str(about["near"])
                if near not in values.index:
                    raise InputError(f"A statement is about layer '{near}' of '{model}', which has no such layer.")
                gap = abs(list(values.index).index(near) - step)
                holds = holds and gap <= int(about.get("within", _WITHIN))
                text += f"; the clearest step is before layer {values.index[step]}"
            yield Found(trend, holds, text, model, low, high)

    return found


KINDS: dict[str, Callable[..., Iterator[Found]]] = {
    "value": _value,
    "largest": _extreme("largest"),
    "smallest": _extreme("smallest"),
    "first": _first,
    "rises": _trend(1),
    "falls": _trend(-1),
}


def _entries(models: pd.DataFrame) -> dict[str, str]:
    return dict(zip(models["model"].astype(str), models["entry"].astype(str), strict=True))


def _models_of(about: Mapping[str, Any], tables: Tables) -> list[str]:
    return [model for name in about["models"] for model in _models(name, tables)]


def _models(name: str, tables: Tables) -> list[str]:
    """Return the models of an entry, or the one of that name."""
    entries = _entries(tables["models"])
    found = [model for model, entry in entries.items() if name in (model, entry)]
    if not found:
        raise InputError(f"A statement is about the model '{name}', but the models are {', '.join(entries)}.")
    return found


def _profiles(importance: pd.DataFrame, model: str, feature: str) -> pd.DataFrame:
    """Return the importance of the features of a model, one row per layer in their order, one column per feature."""
    rows = first_coding(importance)
    rows = rows[(rows["model"].astype(str) == model) & (rows["role"] == "feature")]
    wide = rows.pivot(index="layer_index", columns="feature", values="importance")
    wide.index = pd.Index(rows.drop_duplicates("layer_index").set_index("layer_index")["layer"].reindex(wide.index))
    wide.index = wide.index.astype(str)
    if feature not in wide.columns:
        raise InputError(
            f"A statement is about the feature '{feature}', but the features are {', '.join(map(str, wide))}."
        )
    return wide


def _asked(layers: Any, there: list[str], model: str) -> list[str]:
    if layers == "all":
        return there
    ends = {"first": there[0], "last": there[-1]}
    asked = [ends.get(str(layer), str(layer)) for layer in layers]
    for layer in asked:
        if layer not in there:
            raise InputError(f"A statement is about layer '{layer}' of '{model}', which has {', '.join(there)}.")
    return list(dict.fromkeys(asked))


def _pair_value(pairs: pd.DataFrame, pair: tuple[tuple[str, str], tuple[str, str]]) -> float:
    for (model_a, layer_a), (model_b, layer_b) in (pair, pair[::-1]):
        chosen = (pairs["model_a"] == model_a) & (pairs["layer_a"] == layer_a)
        chosen &= (pairs["model_b"] == model_b) & (pairs["layer_b"] == layer_b)
        if chosen.any():
            return float(pairs.loc[chosen, "value"].iloc[0])
    raise InputError(f"A statement is about {_named(pair)}, but the study has no similarity of these layers.")


def _named(pair: tuple[tuple[str, str], tuple[str, str]]) -> str:
    return " and ".join(f"{model} {layer}" for model, layer in pair)


def _listed(names: list[str], most: int = 4) -> str:
    return ", ".join(names) if len(names) <= most else f"{', '.join(names[:most])} and {len(names) - most} more"


def _correlation(values: np.ndarray) -> float:
    from scipy.stats import spearmanr

    values = settled(values)
    if len(values) < 3 or np.isnan(values).any() or np.ptp(values) == 0:
        return float("nan")
    return float(np.round(spearmanr(values, np.arange(len(values))).statistic, 12))


def _step(values: np.ndarray, sign: int) -> int:
    """Return before which layer a single step in the asked direction fits best: least squares of two means."""
    gains = [_gain(values[:place], values[place:], sign) for place in range(1, len(values))]
    return 1 + int(np.argmax(gains)) if gains else 0


def _gain(before: np.ndarray, after: np.ndarray, sign: int) -> float:
    """Return by how much two means explain more than one, 0 for a step in the other direction."""
    step = max(0.0, sign * float(after.mean() - before.mean()))
    return len(before) * len(after) * step**2


def _draws(tables: Tables, model: str) -> pd.DataFrame | None:
    if "resamples" not in tables:
        return None
    rows = tables["resamples"]
    rows = rows[(rows["model"].astype(str) == model) & (rows["kind"] == "resample")]
    rows = rows[rows["role"] == "feature"] if "role" in rows else rows
    return rows if len(rows) else None


def _sure_layers(tables: Tables, model: str, feature: str, asked: list[str]) -> int | None:
    """Return in how many layers the feature is first in 95 % of resamples; None without resamples."""
    draws = _draws(tables, model)
    if draws is None:
        return None
    wide = draws.pivot(index=["layer", "draw"], columns="feature", values="importance").dropna()
    leads = wide[feature] > wide.drop(columns=feature).max(axis=1)
    shares = leads.groupby(level="layer").mean()
    return int((shares.reindex(asked).fillna(0.0) >= _SURE).sum())


def _drawn_trend(tables: Tables, model: str, feature: str, layers: list[str], trend: float) -> tuple[float, float]:
    """Return the 95 % interval of a correlation with depth, from resamples moved so that their mean is the value."""
    draws = _draws(tables, model)
    if draws is None or np.isnan(trend):
        return float("nan"), float("nan")
    wide = draws[draws["feature"] == feature].pivot(index="draw", columns="layer", values="importance")[layers]
    found = np.array([_correlation(row) for row in wide.to_numpy(dtype=float)])
    found = found[~np.isnan(found)]
    if len(found) < 20:
        return float("nan"), float("nan")
    low, high = np.clip(np.quantile(found, [0.025, 0.975]) - found.mean() + trend, -1, 1)
    return float(low), float(high)


def _number(value: float) -> str:
    return f"{value:.2f}".replace("-0.", "−.").removeprefix("0") if abs(value) < 1 else f"{value:.2f}".replace("-", "−")
