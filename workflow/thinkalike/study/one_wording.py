"""One wording for one study: the order of keys, the spelling of paths and what is written though it is the default."""

import datetime
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from thinkalike.catalogue import STIMULUS_SOURCES
from thinkalike.study.study import paths_of

# What the jobs do when the key is left out.
_DATASET_DEFAULTS = {"deduplicate": True, "punctuation": False, "sentences": "all", "multiword": "surface"}
_TRAINING_DEFAULTS = {"width": 128}


def dataset_in_one_wording(entry: Mapping[str, Any], base: Path) -> dict[str, Any]:
    """Return a dataset's entry as every file that means the same would have it.

    The order of `features` stays, because tables and figures follow it.
    """
    kept = {key: value for key, value in entry.items() if _DATASET_DEFAULTS.get(key) != value}
    for key in STIMULUS_SOURCES:
        if key in kept:
            paths = [one_path(path, base) for path in paths_of(kept[key])]
            kept[key] = paths if isinstance(kept[key], list) and len(paths) > 1 else paths[0]
    if "corpus" in kept:
        kept["corpus"] = {**kept["corpus"], "grammar": one_path(kept["corpus"]["grammar"], base)}
    if isinstance(kept.get("features"), Mapping):
        features = {name: sorted_keys(entry or {}) or None for name, entry in kept["features"].items()}
        return {**sorted_keys(kept), "features": features}
    return sorted_keys(kept)


def model_in_one_wording(entry: Mapping[str, Any], base: Path) -> dict[str, Any]:
    """Return a model's entry as every file that means the same would have it."""
    kept = {key: value for key, value in entry.items() if _TRAINING_DEFAULTS.get(key) != value}
    if "activations" in kept:
        kept["activations"] = one_path(kept["activations"], base)
    if "hub" in kept and (base / Path(kept["hub"]).expanduser()).is_dir():
        kept["hub"] = one_path(kept["hub"], base)
    if kept.get("trust"):
        kept["trust"] = sorted(kept["trust"])
    return sorted_keys(kept)


def with_dates_as_text(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a study's configuration with the dates of models' metadata as text: YAML reads 2024-06-18 as a date."""
    models = config.get("models")
    if not isinstance(models, Mapping):
        return config
    return {**config, "models": {name: _with_text(entry) for name, entry in models.items()}}


def _with_text(entry: Any) -> Any:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("metadata"), Mapping):
        return entry
    values = {
        key: value.isoformat() if isinstance(value, datetime.date) else value
        for key, value in entry["metadata"].items()
    }
    return {**entry, "metadata": values}


def one_path(path: str, base: Path) -> str:
    """Return a path without `./` and `..`, relative to `base` if it lies there."""
    expanded = Path(os.path.normpath(Path(path).expanduser()))
    for root in (base.absolute(), base.resolve()):
        if expanded.is_absolute() and expanded.is_relative_to(root):
            return str(expanded.relative_to(root))
    return str(expanded)


def sorted_keys(value: Any) -> Any:
    """Return a value with the keys of every mapping in it in alphabetical order."""
    if isinstance(value, Mapping):
        return {key: sorted_keys(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [sorted_keys(item) for item in value]
    return value
