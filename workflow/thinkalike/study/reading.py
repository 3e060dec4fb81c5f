"""Read a study from its configuration, and refuse what cannot be run before anything runs."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from thinkalike.catalogue import FIGURES, MEASURE_SETS, MODEL_SOURCES, STIMULUS_SOURCES, TRAINED_ARCHITECTURES
from thinkalike.errors import InputError
from thinkalike.study.offered_columns import DERIVED_COLUMNS, offered_columns
from thinkalike.study.schema import read_schema, validate
from thinkalike.study.study import ONLY_FOR, Model, Study, entry_of, paths_of

# Keys that a Model has as attributes of its own.
_OWN = ("layers", "final", "seeds", "family", "control")


def load_study(config: Mapping[str, Any], base: str | Path = ".") -> Study:
    """Build a study from its configuration.

    Parameters
    ----------
    config
        What the study's YAML file holds.
    base
        Folder that the paths in the configuration are relative to.

    Raises
    ------
    InputError
        If a key, a value, a combination of them or a file is wrong; nothing has run by then.
    """
    content = validate(config, read_schema())
    datasets = {name: _dataset(name, entry, Path(base)) for name, entry in content["datasets"].items()}
    models = _models(content["models"], content["representations"], content["seed"], Path(base))
    _check_corpora(datasets, models)
    _check_features(datasets, content["mlem"], Path(base))
    _refuse_unknown("figures", set(content["figures"]) - {"formats"}, FIGURES, "the figures are")
    return Study(
        name=content["study"],
        seed=content["seed"],
        datasets=datasets,
        models=models,
        representations=content["representations"],
        mlem=content["mlem"],
        similarity={**content["similarity"], "feature_agnostic": _measures(content["similarity"]["feature_agnostic"])},
        figures=content["figures"],
    )


def _dataset(name: str, entry: dict[str, Any], base: Path) -> dict[str, Any]:
    sources = [key for key in STIMULUS_SOURCES if key in entry]
    if len(sources) != 1:
        found = " and ".join(sources) or "none"
        raise InputError(
            f"Configuration: datasets.{name} needs exactly one of {', '.join(STIMULUS_SOURCES)}, but has {found}."
        )
    for path in paths_of(entry[sources[0]]):
        _check_file(f"datasets.{name}.{sources[0]}", path, base)
    if "corpus" in entry:
        _check_file(f"datasets.{name}.corpus.grammar", entry["corpus"]["grammar"], base)
        return {**entry, "corpus": {"sentences": 50_000, "heldout": 2_000, **entry["corpus"]}}
    return entry


def _check_file(key: str, path: str, base: Path) -> None:
    # What lies under results/ is made by a rule, perhaps in this very run.
    if not (base / path).is_file() and Path(path).parts[0] != "results":
        raise InputError(f"Configuration: {key} names the file '{path}', which does not exist; correct the path.")


def _models(entries: Mapping[str, Any], defaults: Mapping[str, Any], seed: int, base: Path) -> dict[str, Model]:
    models: dict[str, Model] = {}
    for name, entry in entries.items():
        for model in _expand(name, {**entry}, defaults, seed):
            if model.name in models:
                raise InputError(f"Configuration: two models are called '{model.name}'; rename models.{name}.")
            models[model.name] = model
        if "activations" in entry:
            _check_file(f"models.{name}.activations", entry["activations"], base)
    return models


def _expand(name: str, entry: dict[str, Any], defaults: Mapping[str, Any], seed: int) -> list[Model]:
    """Return the entry's models: one, or one per seed."""
    kinds = [kind for kind in MODEL_SOURCES if kind in entry]
    if len(kinds) != 1:
        found = " and ".join(kinds) or "none"
        known = ", ".join(MODEL_SOURCES)
        raise InputError(f"Configuration: models.{name} needs exactly one of {known}, but has {found}.")
    kind: Any = kinds[0]
    _refuse_foreign_keys(name, entry, kind)
    blocks, layers = _layers(name, entry, kind, entry.get("numbering", defaults["numbering"]))
    seeds = entry.get("seeds", [seed])
    family = entry.get("family", entry["train"] if kind == "train" else name)
    settings = {key: value for key, value in entry.items() if key not in _OWN}
    return [
        Model(
            name=name if len(seeds) == 1 else f"{name}-seed{number}",
            entry=entry_of(name),
            family=family,
            control=entry.get("control", "untrained" in entry or (kind == "train" and entry.get("steps") == 0)),
            kind=kind,
            blocks=blocks,
            layers=layers,
            seed=number,
            settings=settings,
        )
        for number in seeds
    ]


def _refuse_foreign_keys(name: str, entry: Mapping[str, Any], kind: str) -> None:
    for owner, keys in ONLY_FOR.items():
        for key in keys:
            if key == "seeds" and "untrained" in entry and kind == "hub":
                continue
            if key in entry and kind != owner:
                raise InputError(
                    f"Configuration: models.{name}.{key} goes with '{owner}', not with '{kind}'; remove it."
                )


def _layers(name: str, entry: Mapping[str, Any], kind: str, numbering: str) -> tuple[int | None, tuple[str, ...]]:
    """Return the number of blocks (None where unknown) and the labels of the layers."""
    layers = entry.get("layers")
    if layers is None:
        if kind == "activations":
            return None, ("0",)
        raise InputError(f"Configuration: models.{name} lacks the key 'layers'; add the model's number of layers.")
    if kind == "activations":
        labels = tuple(map(str, range(layers))) if isinstance(layers, int) else _listed(layers)
        return None, labels
    if kind == "train" and not isinstance(layers, int):
        raise InputError(
            f"Configuration: models.{name}.layers is {layers!r} but a model trained here needs a number of layers."
        )
    if not isinstance(layers, int):
        return None, _listed(layers)
    final = entry.get("final", kind == "train" and TRAINED_ARCHITECTURES[entry["train"]].final_norm)
    if final and kind == "train" and not TRAINED_ARCHITECTURES[entry["train"]].final_norm:
        raise InputError(
            f"Configuration: models.{name}.final is true but a {entry['train']} has no final norm; remove it."
        )
    labels = tuple(map(str, range(layers + 1)))
    # transformers' list already ends in the normed output where there is one.
    return layers, (*labels, "final") if final and numbering == "blocks" else labels


def _listed(layers: Any) -> tuple[str, ...]:
    labels = ("last",) if layers == "last" else tuple(str(layer) for layer in layers)
    if len(set(labels)) < len(labels):
        raise InputError(f"Configuration: the layers {list(labels)} hold one twice; remove it.")
    return labels


def _measures(names: list[str]) -> list[str]:
    """Return the measures with those of published sets spelled out, such as `procrustes.ot+is`."""
    measures: list[str] = []
    for name in names:
        measures += [f"{member}.{name}" for member in MEASURE_SETS[name]] if name in MEASURE_SETS else [name]
    for name in measures:
        base, _, published = name.partition(".")
        if published and base not in MEASURE_SETS[published]:
            known = ", ".join(MEASURE_SETS[published])
            raise InputError(f"Configuration: similarity.feature_agnostic names '{name}', but {published} has {known}.")
    return list(dict.fromkeys(measures))


def _check_corpora(datasets: Mapping[str, Any], models: Mapping[str, Model]) -> None:
    trained = [name for name, model in models.items() if model.kind == "train"]
    for name, entry in datasets.items():
        if trained and "corpus" not in entry:
            raise InputError(
                f"Configuration: the model '{trained[0]}' is trained here but datasets.{name} has no corpus; "
                f"add datasets.{name}.corpus.grammar."
            )


def _check_features(datasets: Mapping[str, Any], mlem: Mapping[str, Any], base: Path) -> None:
    """Refuse features that a dataset's source does not offer, and features of the analysis that it does not declare.

    Where only reading the source would tell what it offers, the dataset's own job checks.
    """
    for name, entry in datasets.items():
        source = ", ".join(next(paths_of(entry[key]) for key in STIMULUS_SOURCES if key in entry))
        offered = offered_columns(entry, base)
        if offered is not None:
            offered = list(dict.fromkeys([*offered, *DERIVED_COLUMNS]))
            for key in ("features", "controls"):
                _refuse_unknown(f"datasets.{name}.{key}", entry.get(key, []), offered, f"{source} offers")
        declared = [*entry["features"], *entry.get("controls", [])] if "features" in entry else offered
        for key in ("features", "controls"):
            if declared is not None and not (key == "controls" and "controls" not in entry):
                origin = f"datasets.{name} declares" if "features" in entry else f"{source} offers"
                _refuse_unknown(f"mlem.{key}", mlem.get(key, []), declared, origin)


def _refuse_unknown(key: str, names: Iterable[str], known: Sequence[str], origin: str) -> None:
    for name in names:
        if name not in known:
            raise InputError(
                f"Configuration: {key} names '{name}', but {origin} {', '.join(known)}; correct one of them."
            )
