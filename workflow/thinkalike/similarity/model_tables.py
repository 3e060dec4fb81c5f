"""The tables of a study that compare its models with one another, and explain what alike ones have in common."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from thinkalike.errors import InputError
from thinkalike.features import Kind
from thinkalike.numerics.false_discovery import q_values
from thinkalike.similarity.explain_models import FEWEST_MODELS, ExplainedModels, explain_models
from thinkalike.similarity.maps import multidimensional_scaling, without_gaps
from thinkalike.similarity.model_distances import distance_rows, model_distances
from thinkalike.tables import require

_logger = logging.getLogger(__name__)
_PROPERTY_COLUMNS = (
    *("property", "role", "kind", "levels", "exchanged", "units", "arrangements", "weight", "importance", "chance"),
    *("p", "smallest_p", "tied_to"),
)
_COLUMNS = [
    "distance",
    "models",
    "entries",
    "score",
    "ceiling",
    "score_chance",
    "score_p",
    "score_q",
    *_PROPERTY_COLUMNS,
    "q",
]


def metadata_table(
    declared: Mapping[str, Mapping[str, Any]], configured: Mapping[str, Mapping[str, Any]]
) -> pd.DataFrame:
    """Return one row per property that is known of a model: `model, property, value, source`.

    Parameters
    ----------
    declared
        By model, what the study says of it; None makes a property unknown.
    configured
        By model, what its configuration says of it.

    Returns
    -------
    DataFrame
        `value` is text (yes and no for truth values); `source` is study or configuration.
    """
    rows = []
    for model, own in declared.items():
        merged = {**{name: (value, "configuration") for name, value in configured.get(model, {}).items()}}
        merged |= {name: (value, "study") for name, value in own.items()}
        rows += [
            (model, name, _text(value), source) for name, (value, source) in merged.items() if value not in (None, "")
        ]
    return pd.DataFrame(rows, columns=["model", "property", "value", "source"])


def property_values(
    metadata: pd.DataFrame, models: Sequence[str], kinds: Mapping[str, str], chosen: Sequence[str] | None = None
) -> pd.DataFrame:
    """Return the properties of models, one row per model and one column per property.

    Parameters
    ----------
    metadata
        What `metadata_table` returned.
    models
        The rows, in this order.
    kinds
        Values of `numeric` properties become numbers, dates days.
    chosen
        The columns; None for all in the order in which they appear.
    """
    require(metadata, ("model", "property", "value"), "model_metadata")
    names = list(dict.fromkeys(metadata["property"])) if chosen is None else list(chosen)
    wide = metadata.pivot(index="model", columns="property", values="value").reindex(index=list(models), columns=names)
    for name in names:
        if kinds.get(name) == "numeric":
            wide[name] = [_number(value, str(model), name) for model, value in wide[name].items()]
    return wide.astype(object).where(wide.notna(), None)


def model_tables(
    metadata: pd.DataFrame,
    similarity: pd.DataFrame,
    models: pd.DataFrame,
    trajectories: pd.DataFrame,
    *,
    measures: Sequence[str],
    kinds: Mapping[str, Kind],
    exchanged: Mapping[str, str],
    chosen: Sequence[str] | None = None,
    permutations: int = 1000,
    seed: int = 0,
) -> dict[str, pd.DataFrame]:
    """Return the distances between a study's models, what explains them, and maps of the models.

    Parameters
    ----------
    metadata
        What `metadata_table` returned.
    similarity, models, trajectories, measures
        As in `model_distances`; `models` also has `entry`.
    kinds, exchanged, permutations, seed
        As in `explain_models`.
    chosen
        Which properties; None for all that are known.

    Returns
    -------
    dict
        `model_distances`: one row per pair of models and distance. `model_mlem`: one row per distance and property;
        columns as in `ExplainedModels`, what is of the whole fit repeated in each row; `q` is p adjusted by Benjamini
        and Hochberg over the properties of all distances, `score_q` score_p over the distances. Without rows where
        nothing can be explained; the log says why. `model_maps`: a row per model and distance, `x, y, stress`.
    """
    require(models, ("model", "layer", "depth", "entry"), "models")
    distances = model_distances(similarity, models, measures, trajectories)
    entries = dict(zip(models["model"].astype(str), models["entry"].astype(str), strict=True))
    rows, maps = [], []
    for name, matrix in distances.items():
        kept = without_gaps(matrix)
        if len(kept) < len(matrix):
            _logger.warning("%s: left out are %s, whose distances are not defined", name, _others(matrix, kept))
        if len(kept) < FEWEST_MODELS:
            _logger.warning(
                "%s: there are only %d models with defined distances; nothing is explained", name, len(kept)
            )
            continue
        maps.append(_map(name, kept, seed))
        values = property_values(metadata, list(kept.index), kinds, chosen)
        if values.nunique().max() < 2 or np.ptp(kept.to_numpy()[~np.eye(len(kept), dtype=bool)]) == 0:
            _logger.warning(
                "%s: the models do not differ in any property, or not in distance; nothing is explained", name
            )
            continue
        known = set(values)
        result = explain_models(
            kept,
            values,
            entries=entries,
            kinds={key: kind for key, kind in kinds.items() if key in known},
            exchanged={key: between for key, between in exchanged.items() if key in known},
            permutations=permutations,
            seed=seed,
        )
        if result.left_out:
            _logger.info("%s: the models do not differ in %s", name, ", ".join(result.left_out))
        rows.append(_rows(name, result))
    table = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=_COLUMNS[:-1])
    return {
        "model_distances": distance_rows(distances),
        "model_mlem": table.assign(q=q_values(table["p"].astype(float)), score_q=_score_q(table))[_COLUMNS],
        "model_maps": pd.concat(maps, ignore_index=True)
        if maps
        else pd.DataFrame(columns=["distance", "model", "x", "y", "stress"]),
    }


def _rows(name: str, result: ExplainedModels) -> pd.DataFrame:
    frame = result.properties.reset_index()[list(_PROPERTY_COLUMNS)]
    whole = {
        "distance": name,
        **{key: getattr(result, key) for key in ("models", "entries", "score", "ceiling", "score_chance", "score_p")},
    }
    for place, (key, value) in enumerate(whole.items()):
        frame.insert(place, key, value)
    return frame


def _score_q(table: pd.DataFrame) -> pd.Series:
    """Return the q-values of the scores, one test for each distance."""
    scores = table.drop_duplicates("distance").set_index("distance")["score_p"].astype(float)
    return table["distance"].map(dict(zip(scores.index, q_values(scores), strict=True)))


def _map(name: str, matrix: pd.DataFrame, seed: int) -> pd.DataFrame:
    points, stress = multidimensional_scaling(matrix, larger_is_more_similar=False, seed=seed)
    points = points.rename_axis("model").reset_index()
    points.insert(0, "distance", name)
    return points.assign(stress=stress)


def _others(matrix: pd.DataFrame, kept: pd.DataFrame) -> str:
    return ", ".join(name for name in matrix.index if name not in kept.index)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _number(value: Any, model: str, name: str) -> float:
    """Return a number as it is, and a date as days since 1970."""
    if value is None or pd.isna(value):
        return float("nan")
    try:
        return float(value)
    except ValueError:
        pass
    try:
        return (pd.Timestamp(str(value)) - pd.Timestamp(0)).total_seconds() / 86_400
    except ValueError:
        raise InputError(
            f"The property '{name}' is numeric, but of model '{model}' it is '{value}', neither a number nor a date; "
            "correct its metadata, or declare the property categorical."
        ) from None
