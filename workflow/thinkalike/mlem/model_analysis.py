"""The workflow's tables of all layers of some models, from vectors in memory."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from thinkalike.collect import layer_table, model_table
from thinkalike.errors import InputError
from thinkalike.features import Feature, Kind, Missing
from thinkalike.mlem.analysis import analyse_layer
from thinkalike.mlem.matching import matched
from thinkalike.mlem.within import OF_ALL_STIMULI, Values, analyse_within
from thinkalike.study.study import entry_of

_RESERVED = ("sentence_id", "model", "layer")


def analyse_layers(
    layers: Mapping[str, Any],
    features: pd.DataFrame,
    *,
    groups: ArrayLike | None = None,
    controls: Sequence[str] = (),
    kinds: Mapping[str, Kind] | None = None,
    missing: Missing | Mapping[str, Missing] = "same",
    model: str = "model",
    families: Mapping[str, str] | None = None,
    untrained: Collection[str] = (),
    within: Values | Sequence[Values] = (),
    **settings: Any,
) -> dict[str, pd.DataFrame]:
    """Analyse every layer of one model or of several, and return the tables from which figures are drawn.

    Parameters
    ----------
    layers
        Layer label to array of shape (n_stimuli, n_units), from the first layer to the last; what
        `thinkalike.extract` returns is one. For several models, model name to such a mapping.
    features
        Shape (n_stimuli, n_features): one row per stimulus in the order of the arrays' rows, and every column is a
        feature or a control. Labels in the index are matched with the ids of what `thinkalike.extract` returned, or
        with the index of layers that are tables.
    groups
        The sentence of every stimulus: a sentence is never split between folds. By default the sentences of what
        `thinkalike.extract` returned; for plain arrays, every stimulus is its own.
    controls
        Columns of `features` that are fitted as covariates, such as the word itself.
    kinds, missing
        What kind each feature is and what an undefined value means, as in `MLEM`.
    model
        Name of the model where `layers` is of one model.
    families
        Family by model name: models of one family share a colour. By default its name without the seed, as models
        whose names differ by `-seed0`, `-seed1` alone count as one that was trained several times.
    untrained
        Names of models that are untrained controls.
    within
        Parts of the stimuli in which the layers are analysed as well, value by feature: `{"part_of_speech": "Noun"}`.
    **settings
        The other settings of `thinkalike.mlem.analyse_layer`, such as `folds`, `seed`, `inference`.

    Returns
    -------
    dict
        Table name to table, as the workflow writes them: `importance`, one row per model, layer and feature; `scores`,
        one row per model and layer; `models`, what is known of each layer; with `interactions` or `inference` in the
        settings, those too; with `within`, `importance_within` and `scores_within`.

    Raises
    ------
    InputError
        When the features, the groups and the arrays are not of the same stimuli, and for all that `analyse_layer`
        refuses.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> features = pd.DataFrame({"number": rng.choice(["singular", "plural"], 60)})
    >>> vectors = rng.normal(size=(60, 8)) + 3 * (features == "plural").to_numpy()
    >>> tables = analyse_layers({"0": vectors}, features)
    >>> tables["importance"][["layer", "feature"]].values.tolist()
    [['0', 'number']]
    """
    models = _by_model(layers, model)
    for name in [*(families or {}), *untrained]:
        if name not in models:
            raise InputError(f"There is no model '{name}'; the models are {', '.join(models)}.")
    declared = _declare(features, controls, kinds, missing)
    rows: dict[str, list[pd.DataFrame]] = {}
    for name, of_model in models.items():
        stimuli = _stimuli(of_model, features, groups, name)
        for layer, vectors in of_model.items():
            tables = analyse_layer(stimuli, declared, vectors, model=name, layer=str(layer), **settings)
            if within:
                arguments = {key: value for key, value in settings.items() if key not in OF_ALL_STIMULI}
                parts = analyse_within(stimuli, declared, vectors, within, model=name, layer=str(layer), **arguments)
                tables |= {f"{kind}_within": table for kind, table in parts.items()}
            for kind, table in tables.items():
                rows.setdefault(kind, []).append(table)
    known = model_table(
        [
            {
                "model": name,
                "entry": entry_of(name),
                "family": (families or {}).get(name, entry_of(name)),
                "control": name in untrained,
                "seed": None,
                "layers": list(map(str, of_model)),
            }
            for name, of_model in models.items()
        ]
    )
    parts = {kind: pd.concat(tables, ignore_index=True) for kind, tables in rows.items()}
    draws = parts.get("resamples")
    return {"models": known, **{kind: layer_table(kind, table, known, draws) for kind, table in parts.items()}}


def _by_model(layers: Mapping[str, Any], model: str) -> dict[str, Mapping[str, Any]]:
    if not isinstance(layers, Mapping) or not layers:
        raise InputError('There are no layers; give a mapping such as {"0": vectors}.')
    nested = [isinstance(value, Mapping) for value in layers.values()]
    if any(nested) and not all(nested):
        raise InputError(
            f"'{list(layers)[nested.index(False)]}' is an array and '{list(layers)[nested.index(True)]}' a mapping of "
            "layers; give the layers of one model, or by name those of several."
        )
    models = dict(layers) if all(nested) else {model: layers}
    for name, of_model in models.items():
        if not of_model:
            raise InputError(f"Model '{name}' has no layers; give at least one.")
    return models


def _declare(
    features: pd.DataFrame,
    controls: Sequence[str],
    kinds: Mapping[str, Kind] | None,
    missing: Missing | Mapping[str, Missing],
) -> dict[str, Feature]:
    """Return what each column is, features before controls."""
    if not isinstance(features, pd.DataFrame):
        raise InputError(
            f"The features are given as {type(features).__name__}; give a pandas DataFrame with a named column each."
        )
    for key, names in (("controls", controls), ("kinds", kinds or {}), ("missing", _names(missing))):
        for name in [names] if isinstance(names, str) else names:
            if name not in features.columns:
                raise InputError(f"{key} names '{name}', but the features are {', '.join(map(str, features))}.")
    for name in features.columns:
        if name in _RESERVED:
            raise InputError(f"A feature is called '{name}'; give sentences as 'groups', and features another name.")
    controls = [controls] if isinstance(controls, str) else controls
    return {
        name: Feature(
            name,
            kind=(kinds or {}).get(name, "categorical"),
            missing=missing if isinstance(missing, str) else missing.get(name, "same"),
            role="control" if name in controls else "feature",
        )
        for name in sorted(features.columns, key=lambda name: name in controls)
    }


def _names(missing: Missing | Mapping[str, Missing]) -> Sequence[str]:
    return () if isinstance(missing, str) else list(missing)


def _stimuli(layers: Mapping[str, Any], features: pd.DataFrame, groups: ArrayLike | None, model: str) -> pd.DataFrame:
    """Return the features in the order of the vectors, with the sentence of each stimulus and, if known, its word."""
    sentences = None if groups is None else np.asarray(matched(groups, features.index, "groups"))
    if sentences is not None and sentences.shape != (len(features),):
        raise InputError(f"There are {len(features)} rows of features, but groups of shape {sentences.shape}.")
    known = getattr(layers, "stimuli", None)
    if known is None:
        return features.assign(sentence_id=np.arange(len(features)) if sentences is None else sentences)
    order = _order(features.index, known["stimulus_id"], model)
    stimuli = features.iloc[order].reset_index(drop=True)
    stimuli["sentence_id"] = known["sentence_id"].to_numpy() if sentences is None else sentences[order]
    for column in ("word", "lemma"):
        if column in known and column not in stimuli:
            stimuli[column] = known[column].to_numpy()
    return stimuli


def _order(index: pd.Index, ids: pd.Series, model: str) -> NDArray[np.intp]:
    """Return which row of the features each stimulus has: by place without labels, else by the stimuli's ids."""
    if len(index) != len(ids):
        raise InputError(
            f"There are {len(index)} rows of features, but model '{model}' has vectors of {len(ids)} stimuli; give one "
            "row per stimulus."
        )
    if index.equals(pd.RangeIndex(len(ids))):
        return np.arange(len(ids))
    places = pd.Index(index.astype(str)).get_indexer(pd.Index(ids.astype(str))) if index.is_unique else np.array([-1])
    if (places < 0).any():
        raise InputError(
            f"The features' index ({index[0]!r}, ...) is not that of the stimuli of model '{model}' "
            f"({ids.iloc[0]!r}, ...); call reset_index(drop=True) where the rows are in the stimuli's order."
        )
    return places
