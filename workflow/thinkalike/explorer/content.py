"""What the page holds, taken from the study's tables: layers, measures, profiles, words."""

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.colors import to_hex

from thinkalike.errors import InputError
from thinkalike.explorer.packing import pack, pack_places, pack_scaled
from thinkalike.figures.parts.feature_styles import feature_styles
from thinkalike.figures.parts.layer_axis import readable_layer, sort_layers
from thinkalike.figures.parts.levels import level_styles
from thinkalike.figures.parts.measure_labels import colour_scale, measure_label, measures_in_order, short_label
from thinkalike.figures.parts.model_styles import ModelStyle, model_styles
from thinkalike.similarity.drawn_profiles import ProfileKind, profile_column
from thinkalike.similarity.layer_pairs import larger_is_more_similar, layer_matrix, unresolved_pairs
from thinkalike.similarity.measures.measure import MEASURES
from thinkalike.tables import first_coding, other_codings, require

Layers = Sequence[tuple[str, str]]
_PAIR = ("model_a", "layer_a", "model_b", "layer_b")
# A page is to stay below 10 MB: of more pairs of layers it holds the values alone, and the parts of so many of them.
MOST_WITH_INTERVALS = 200_000
MOST_EXPLAINED = 2_500


def layer_content(similarity: pd.DataFrame, models: pd.DataFrame | None) -> tuple[dict[str, Any], Layers]:
    """Return models and layers in the order of the figures, and the layers' keys."""
    require(similarity, (*_PAIR, "measure", "value"), "similarity")
    styles = model_styles(similarity, models)
    keys = _layers_of(similarity, styles)
    place = {name: index for index, name in enumerate(styles)}
    counts = {name: sum(model == name for model, _ in keys) for name in styles}
    seen = dict.fromkeys(styles, 0)
    layers = []
    for model, layer in keys:
        depth = seen[model] / max(counts[model] - 1, 1)
        layers.append({"model": place[model], "layer": layer, "label": readable_layer(layer), "depth": depth})
        seen[model] += 1
    described = [
        {
            "name": style.name,
            "label": style.label,
            "entry": style.entry,
            "family": style.family,
            "familyLabel": style.family_label,
            "control": style.control,
            "colour": style.family_colour,
        }
        for style in styles.values()
    ]
    return {"models": described, "layers": layers}, keys


def _layers_of(similarity: pd.DataFrame, styles: dict[str, ModelStyle]) -> Layers:
    present: dict[str, set[str]] = {name: set() for name in styles}
    for side in "ab":
        rows = similarity[[f"model_{side}", f"layer_{side}"]].drop_duplicates().astype(str)
        for model, layer in rows.itertuples(index=False):
            present[model].add(layer)
    return [(model, layer) for model in styles for layer in sort_layers(present[model])]


def measure_content(similarity: pd.DataFrame, keys: Layers) -> list[dict[str, Any]]:
    """Return each measure with the values of all pairs of layers: the upper triangle, row by row.

    A measure that is not symmetric counts with the mean of its two directions, as in the figures.
    """
    names = list(dict.fromkeys(model for model, _ in keys))
    upper = np.triu_indices(len(keys))
    measures = []
    for measure in _measures_of(similarity):
        rows = similarity[similarity["measure"] == measure]
        index = pd.MultiIndex.from_tuples(keys)
        blocks = {}
        more = ("low", "high", "p", "calibrated") if len(upper[0]) <= MOST_WITH_INTERVALS else ()
        for column in ("value", *more):
            if column in rows and rows[column].notna().any():
                matrix = layer_matrix(rows.assign(value=rows[column]), measure, names)
                values = matrix.reindex(index=index, columns=index).to_numpy()
                blocks[column] = ((values + values.T) / 2)[upper]
        if "value" not in blocks:
            continue
        scale = colour_scale(measure, blocks["value"])
        known = MEASURES.get(measure.partition(".")[0])
        measures.append(
            {
                "name": measure,
                "label": measure_label(measure),
                "short": short_label(measure),
                "larger": larger_is_more_similar(measure),
                "chance": known.chance if known else "",
                "formula": known.formula if known else "",
                "low": scale.low,
                "high": scale.high,
                "colours": [to_hex(colour) for colour in mpl.colormaps[scale.colours](np.linspace(0, 1, 64))],
                "blocks": {name: pack_scaled(values) for name, values in blocks.items()},
                "unresolved": _unresolved_layers(similarity, measure, names, keys),
                "brief": len(upper[0]) > MOST_WITH_INTERVALS,
            }
        )
    if not measures:
        raise InputError("The similarity table has no value that is defined, so there is nothing to explore.")
    return measures


def with_explained_intervals(similarity: pd.DataFrame, explained: pd.DataFrame | None) -> pd.DataFrame:
    """Return the similarities with the intervals that explained similarity has of them, where they have none."""
    if explained is None or "similarity_low" not in explained:
        return similarity
    key = [*_PAIR, "measure"]
    ends = explained.astype(dict.fromkeys(key, str)).drop_duplicates(key)
    ends = ends.rename(columns={f"similarity_{end}": f"{end}_of_parts" for end in ("low", "high")})
    result = similarity.astype(dict.fromkeys(key, str)).merge(
        ends[[*key, "low_of_parts", "high_of_parts"]], "left", key
    )
    for end in ("low", "high"):
        own = result[end] if end in result else pd.Series(np.nan, index=result.index)
        result[end] = own.fillna(result.pop(f"{end}_of_parts"))
    return result


def _measures_of(similarity: pd.DataFrame) -> list[str]:
    """Return the measures in the order of the figures, each beside its other conventions."""
    ordered = measures_in_order(map(str, similarity["measure"].unique()))
    bases = measures_in_order(name.partition(".")[0] for name in ordered)
    return sorted(ordered, key=lambda name: bases.index(name.partition(".")[0]))


def _unresolved_layers(similarity: pd.DataFrame, measure: str, names: list[str], keys: Layers) -> list[int]:
    """Return the places of the layers of whose profile the stimuli resolve too little."""
    found = unresolved_pairs(similarity, measure, names)
    return [place for place, key in enumerate(keys) if key in found.index and found.at[key, key]]


def profile_content(
    importance: pd.DataFrame, inference: pd.DataFrame | None, keys: Layers, profile: ProfileKind = "importance"
) -> dict[str, Any]:
    """Return every layer's importance (or weight) of each feature, by every coding, the study's own first.

    Intervals are of the inference or of the table, both of the study's own coding, else a standard deviation over
    folds.
    """
    column = profile_column(profile)
    require(importance, ("model", "layer", "feature", column), "importance")
    # The inference chooses the penalties anew in each resample; it has no intervals of relative weights.
    inference = inference if profile == "importance" else None
    own, other = first_coding(importance), other_codings(importance)
    table = own.assign(role=own.get("role", "feature"))
    styles = feature_styles(dict(zip(table["feature"], table["role"], strict=True)))
    features = [
        {"name": name, "label": style.label, "colour": style.colour, "control": style.control}
        for name, style in styles.items()
    ]
    codings = [_coding_content(own, column, inference, keys, list(styles))]
    if len(other):
        codings.append(_coding_content(other, column, None, keys, list(styles)))
    return {"features": features, "noun": profile, "codings": codings}


def _coding_content(
    table: pd.DataFrame, column: str, inference: pd.DataFrame | None, keys: Layers, features: Sequence[str]
) -> dict[str, Any]:
    values = _by_layer(table, column, keys, features)
    low, high, interval = values, values, ""
    if f"{column}_low" in table and table[f"{column}_low"].notna().any():
        low, high = (_by_layer(table, f"{column}_{end}", keys, features) for end in ("low", "high"))
        interval = "95 % interval"
    if inference is not None and "quantity" in inference:
        rows = inference[inference["quantity"] == "importance"]
        if len(rows):
            # Several claims (new sentences, new words) have several rows; the widest is shown.
            low = _by_layer(rows, "low", keys, features, "min")
            high = _by_layer(rows, "high", keys, features, "max")
            interval = "95 % interval"
    if not interval and f"{column}_sd" in table:
        deviations = _by_layer(table, f"{column}_sd", keys, features)
        low, high, interval = values - deviations, values + deviations, "one standard deviation over folds"
    packed = {name: pack(array) for name, array in (("value", values), ("low", low), ("high", high))}
    name = str(table["coding"].iloc[0]) if "coding" in table else ""
    return {"name": name, "interval": interval, "blocks": packed}


def _by_layer(table: pd.DataFrame, value: str, keys: Layers, features: Sequence[str], how: str = "mean") -> np.ndarray:
    table = table.astype({"model": str, "layer": str})
    wide = table.pivot_table(index=["model", "layer"], columns="feature", values=value, aggfunc=how)  # type: ignore[arg-type]
    return wide.reindex(index=pd.MultiIndex.from_tuples(keys), columns=list(features)).to_numpy(dtype=np.float64)


def word_content(
    stimuli: pd.DataFrame,
    sentences: pd.DataFrame | None,
    word_maps: pd.DataFrame | None,
    features: Sequence[str],
    keys: Layers,
) -> dict[str, Any] | None:
    """Return the words of the maps, their sentences and levels, and every layer's map; None without maps."""
    if word_maps is None or word_maps.empty:
        return None
    require(word_maps, ("model", "layer", "stimulus_id", "x", "y", "share"), "word_maps")
    require(stimuli, ("stimulus_id", "word"), "stimuli")
    maps = word_maps.astype({"model": str, "layer": str})
    ids = sorted(maps["stimulus_id"].astype(str).unique())
    rows = stimuli.assign(stimulus_id=stimuli["stimulus_id"].astype(str)).set_index("stimulus_id").reindex(ids)
    index = pd.MultiIndex.from_product([["x", "y"], ids])
    wide = maps.pivot_table(index=["model", "layer"], columns="stimulus_id", values=["x", "y"])
    places = wide.reindex(index=pd.MultiIndex.from_tuples(keys), columns=index).to_numpy(dtype=np.float64)
    known = np.isfinite(places).all(axis=1)
    points = np.stack(np.split(np.nan_to_num(places), 2, axis=1), axis=2)
    shares = maps.groupby(["model", "layer"])["share"].first().reindex(pd.MultiIndex.from_tuples(keys))
    texts, numbers = _sentences(rows, sentences)
    return {
        "words": rows["word"].astype(str).tolist(),
        "positions": [None if pd.isna(one) else int(one) for one in rows.get("position", pd.Series(index=ids))],
        "sentences": texts,
        "sentence": numbers,
        "total": len(stimuli),
        "known": known.tolist(),
        "shares": shares.tolist(),
        "levels": {name: _levels(rows[name]) for name in features if name in rows},
        "places": pack_places(points),
    }


def _sentences(rows: pd.DataFrame, sentences: pd.DataFrame | None) -> tuple[list[list[str]], list[int | None]]:
    if sentences is None or "sentence_id" not in rows:
        return [], [None] * len(rows)
    words = dict(zip(sentences["sentence_id"], sentences["words"], strict=True))
    used = [one for one in dict.fromkeys(rows["sentence_id"]) if one in words]
    place = {one: number for number, one in enumerate(used)}
    return [list(map(str, words[one])) for one in used], [place.get(one) for one in rows["sentence_id"]]


def _levels(values: pd.Series) -> dict[str, Any]:
    """Return the levels of a feature as the figures draw them, and each word's level."""
    levels = level_styles(values)
    codes = np.zeros(len(values), dtype=np.uint16)
    for number, level in enumerate(levels):
        codes[level.rows] = number
    described = []
    for number, level in enumerate(levels):
        undefined = number == 0 and bool(values.isna().any())
        look = {"label": level.label, "colour": to_hex(level.colour), "shown": level.in_legend, "hollow": undefined}
        described.append(look)
    return {"levels": described, "codes": pack(codes)}


def explained_content(explained: pd.DataFrame | None, keys: Layers) -> list[dict[str, Any]]:
    """Return explained similarity: for each measure (and way of explaining) the parts of the pairs that have them.

    Where these are very many, those of the most alike layers of every two models and of the most alike pairs.
    """
    if explained is None or explained.empty:
        return []
    require(explained, (*_PAIR, "measure", "part", "role", "value"), "explained")
    place = {key: number for number, key in enumerate(keys)}
    kinds = [column for column in ("measure", "by") if column in explained]
    found = []
    # What is explained by the features' values says more, and stands first.
    for kind, rows in sorted(explained.groupby(kinds), key=lambda group: ("values" not in group[0], group[0])):
        parts = sorted(set(zip(rows["part"].astype(str), rows["role"].astype(str), strict=True)))
        wide = _wide(rows, parts, "value")
        ends = {end: _wide(rows, parts, end).to_numpy(dtype=np.float64) for end in ("low", "high") if end in rows}
        pairs = np.array([[place.get((a, b), -1), place.get((c, d), -1)] for a, b, c, d in wide.index], dtype=np.int32)
        kept = (pairs >= 0).all(axis=1) & _most_alike(wide.sum(axis=1))
        found.append(
            {
                **dict(zip(kinds, kind, strict=True)),
                "parts": [{"name": part, "role": role} for part, role in parts],
                "pairs": pack(pairs[kept]),
                "values": pack(wide.to_numpy(dtype=np.float32)[kept]),
                **{end: pack_scaled(numbers[kept]) for end, numbers in ends.items()},
                "held": int(kept.sum()),
                "of": len(pairs),
                "over": str(rows["over"].iloc[0]) if ends and "over" in rows else None,
            }
        )
    return found


def _most_alike(totals: pd.Series) -> np.ndarray:
    """Return which pairs of layers a page has the parts of: by row of `totals`, what they sum to."""
    if len(totals) <= MOST_EXPLAINED:
        return np.ones(len(totals), dtype=bool)
    table = totals.rename("total").reset_index()
    table["total"] = table["total"].round(12)
    table["within"] = table["model_a"] == table["model_b"]
    order = table.sort_values(["total", *_PAIR], ascending=[False, *[True] * 4], kind="stable")
    first = ~order.duplicated(["model_a", "model_b"]) & ~order["within"]
    chosen = np.zeros(len(table), dtype=bool)
    chosen[pd.concat([order[first], order[~first]]).index[:MOST_EXPLAINED]] = True
    return chosen


def _wide(rows: pd.DataFrame, parts: list[tuple[str, str]], column: str) -> pd.DataFrame:
    """Return a column of the table of explained similarity by pair of layers and part."""
    named = rows.astype({"part": str, "role": str, **dict.fromkeys(_PAIR, str)})
    # Not a pivot table: one that keeps undefined ends has a row for every combination of models and layers.
    wide = named.set_index([*_PAIR, "part", "role"])[column].unstack(["part", "role"])
    return wide.reindex(columns=pd.MultiIndex.from_tuples(parts))
