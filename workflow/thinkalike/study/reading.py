"""Read a study from its configuration, and refuse what cannot be run before anything runs."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from thinkalike.catalogue import FIGURES, MEASURE_OPTIONS, MODEL_SOURCES, STIMULUS_SOURCES, TRAINED_ARCHITECTURES
from thinkalike.errors import InputError
from thinkalike.study import checks, model_checks
from thinkalike.study.model_metadata import check_properties
from thinkalike.study.one_wording import dataset_in_one_wording, model_in_one_wording, sorted_keys, with_dates_as_text
from thinkalike.study.problems import Problems
from thinkalike.study.reference import check_reference
from thinkalike.study.schema import read_schema, validate
from thinkalike.study.source_files import check_source_file, refuse_odd_path
from thinkalike.study.study import ONLY_FOR, Model, Study, entry_of, paths_of

# Keys that a Model has as attributes of its own.
_OWN = ("layers", "final", "seeds", "family", "control", "metadata")


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
    StudyError
        If keys, values, combinations of them or files are wrong; nothing has run by then. An InputError whose
        `sentences` name everything that was found.
    """
    content = validate(with_dates_as_text(config), read_schema())
    base, problems = Path(base), Problems()
    datasets = _datasets(content["datasets"], base, problems)
    models = _models(content["models"], content["representations"], content["seed"], base, problems)
    similarity = dict(content["similarity"])
    with problems.gathered():
        similarity["feature_agnostic"] = checks.spelled_out(similarity["feature_agnostic"])
    measures = [*similarity["feature_based"], *similarity["feature_agnostic"]]
    study = Study(
        name=content["study"],
        seed=content["seed"],
        datasets=datasets,
        models=models,
        representations=content["representations"],
        mlem=sorted_keys(content["mlem"]),
        similarity={**similarity, "options": _options(similarity["options"])},
        figures=sorted_keys(content["figures"]),
        reference=content.get("reference", {}),
    )
    problems.sentences += [
        *checks.check_names(study.name, datasets, {name: model.layers for name, model in models.items()}),
        *_check_corpora(datasets, models),
        *checks.check_features(datasets, study.mlem, base),
        *checks.check_analysis(datasets, study.mlem),
        *checks.check_similarity(study.similarity, measures),
        *checks.check_resamples(study.similarity, study.mlem),
        *check_properties(study.similarity["model_mlem"], models),
        *check_reference(study),
        *checks.unknown("figures", sorted(set(study.figures) - {"formats"}), FIGURES, "the figures are"),
    ]
    for dataset, entry in datasets.items():
        for name, model in models.items():
            unit = study.extraction_settings(dataset, name).get("unit")
            problems.sentences += model_checks.check_units(model, dataset, entry, unit)
    problems.raise_if_any()
    return study


def _datasets(entries: Mapping[str, Any], base: Path, problems: Problems) -> dict[str, dict[str, Any]]:
    datasets = {}
    for name, entry in entries.items():
        with problems.gathered():
            datasets[name] = _dataset(name, entry, base)
            problems.sentences += checks.check_dataset(name, datasets[name], base)
    return datasets


def _dataset(name: str, entry: dict[str, Any], base: Path) -> dict[str, Any]:
    sources = [key for key in STIMULUS_SOURCES if key in entry]
    if len(sources) != 1:
        found = " and ".join(sources) or "none"
        raise InputError(
            f"Configuration: datasets.{name} needs exactly one of {', '.join(STIMULUS_SOURCES)}, but has {found}."
        )
    entry = dataset_in_one_wording(entry, base)
    for path in paths_of(entry[sources[0]]):
        check_source_file(f"datasets.{name}.{sources[0]}", path, base)
    if "corpus" in entry:
        check_source_file(f"datasets.{name}.corpus.grammar", entry["corpus"]["grammar"], base)
    return entry


def _models(
    entries: Mapping[str, Any], defaults: Mapping[str, Any], seed: int, base: Path, problems: Problems
) -> dict[str, Model]:
    models: dict[str, Model] = {}
    for name, entry in entries.items():
        with problems.gathered():
            for source in ("hub", "activations"):
                if source in entry:
                    refuse_odd_path(f"models.{name}.{source}", entry[source])
            entry = model_in_one_wording(entry, base)
            found = _expand(name, entry, defaults, seed)
            for model in found:
                if model.name in models:
                    raise InputError(f"Configuration: two models are called '{model.name}'; rename models.{name}.")
                models[model.name] = model
            if "activations" in entry:
                check_source_file(f"models.{name}.activations", entry["activations"], base)
            problems.sentences += model_checks.check_model(found[0], name, base)
    return models


def _options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of measures with every number as its option has it: 10.0 is the integer 10."""
    return {
        name: {key: _number(name, key, each[key]) for key in sorted(each)} for name, each in sorted(options.items())
    }


def _number(measure: str, key: str, value: Any) -> Any:
    option = MEASURE_OPTIONS.get(measure.partition(".")[0], {}).get(key)
    if option is not None and option.kind == "integer" and isinstance(value, float) and value.is_integer():
        return int(value)
    if option is not None and option.kind == "number" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value


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
            metadata=dict(entry.get("metadata", {})),
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


def _check_corpora(datasets: Mapping[str, Any], models: Mapping[str, Model]) -> Iterator[str]:
    trained = [name for name, model in models.items() if model.kind == "train"]
    for name, entry in datasets.items():
        if trained and "corpus" not in entry:
            yield (
                f"Configuration: the model '{trained[0]}' is trained here but datasets.{name} has no corpus; "
                f"add datasets.{name}.corpus.grammar."
            )
