"""A study: which models are run on which datasets, and which pairs of models are compared.

Read once, at the border (the Snakefile, the commands); everything inside the package gets plain values.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any, Literal

from thinkalike.configuration import validate
from thinkalike.errors import InputError
from thinkalike.measure_sets import MEASURE_SETS

# Whether the architectures that are trained here end in a norm of their own, and hence have a layer `final`.
TRAINED_ARCHITECTURES = {"bert": False, "gpt2": True, "lstm": False, "mamba": True}
SOURCES = ("grammar", "table", "conllu", "prompts")
LABEL = r"[A-Za-z0-9][A-Za-z0-9_.]*"

Kind = Literal["train", "hub", "activations"]


@dataclass(frozen=True)
class Model:
    """One model of a study, after its seeds are spelled out.

    Attributes
    ----------
    name
        Name in tables, wildcards and paths: the entry's, with `-seed{n}` where the entry has several seeds.
    family
        Models of one family share a colour: an architecture's seeds and its untrained control.
    control
        Whether it is an untrained control.
    kind
        Where its vectors come from.
    blocks
        The number of its blocks, or None where only some layers are kept.
    layers
        Labels of its layers in their order: "0" to the number of blocks, and "final".
    seed
        Seed of its training.
    settings
        The rest of its entry.
    """

    name: str
    family: str
    control: bool
    kind: Kind
    blocks: int | None
    layers: tuple[str, ...]
    seed: int
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def location(self) -> str:
        """The architecture trained, the hub id, or the file of activations."""
        return self.settings[self.kind]

    def record(self) -> dict[str, Any]:
        """Return the model's row in the table of models."""
        return {
            "model": self.name,
            "family": self.family,
            "control": self.control,
            "source": self.kind,
            "location": self.location,
            "seed": self.seed,
            "layers": list(self.layers),
        }


@dataclass(frozen=True)
class Study:
    """A validated study."""

    name: str
    seed: int
    datasets: dict[str, dict[str, Any]]
    models: dict[str, Model]
    representations: dict[str, Any]
    mlem: dict[str, Any]
    similarity: dict[str, Any]
    figures: dict[str, Any]

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Unordered pairs of models, each with itself too; sorted, so that a new model renames no old pair."""
        return list(combinations_with_replacement(sorted(self.models), 2))

    @property
    def trained(self) -> list[str]:
        """Models that are trained in this study."""
        return [name for name, model in self.models.items() if model.kind == "train"]

    @property
    def on_hub(self) -> list[str]:
        """Models that have to be downloaded (or are in the hub's cache), unlike those in a local folder."""
        hub = {name: model.location for name, model in self.models.items() if model.kind == "hub"}
        return [name for name, location in hub.items() if not Path(location).expanduser().is_dir()]

    @property
    def measures(self) -> list[str]:
        """All measures, feature-based first."""
        return [*self.similarity["feature_based"], *self.similarity["feature_agnostic"]]

    @property
    def every_layer(self) -> dict[str, list[str]]:
        """All (model, layer) of the study as two lists of equal length, for paths."""
        layers = [(model.name, layer) for model in self.models.values() for layer in model.layers]
        return {"model": [model for model, _ in layers], "layer": [layer for _, layer in layers]}

    @property
    def figures_without_data(self) -> set[str]:
        """Figures that this study cannot have: nothing was trained, or there is nothing to compare."""
        absent: set[str] = set()
        if not self.trained:
            absent |= {"training", "grammaticality"}
        if len(self.every_layer["layer"]) < 2:
            absent |= {"similarity", "similarity_scatter", "measure_agreement", "pair_most", "pair_least"}
        groups = [(model.family, model.control) for model in self.models.values()]
        if len(set(groups)) == len(groups):
            absent.add("seed_agreement")
        return absent

    @property
    def tables(self) -> list[str]:
        """The collected tables that this study has."""
        names = ["models", "versions", "importance", "scores", "similarity"]
        if "inference" in self.mlem:
            names.append("inference")
        if self.trained:
            names += ["training", "grammaticality"]
        if len(self.every_layer["layer"]) > 1:
            names += ["agreement", "layer_maps", "pairs", "pair_words"]
        return names

    def stimulus_source(self, dataset: str) -> dict[str, Any]:
        """Return what makes a dataset's stimuli: its entry without what other stages read."""
        return {key: value for key, value in self.datasets[dataset].items() if key not in ("corpus", "unit")}

    def stimulus_files(self, dataset: str) -> list[str]:
        """Return the files that a dataset is made from."""
        return [self.datasets[dataset][key] for key in SOURCES if key in self.datasets[dataset]]

    def training_settings(self, model: str) -> dict[str, Any]:
        """Return the settings of a model's training that its entry gives."""
        settings = self.models[model].settings
        return {key: settings[key] for key in _ONLY_FOR["train"] if key in settings}

    def source(self, model: str) -> dict[str, Any]:
        """Return where a model's vectors come from, for extraction."""
        settings = self.models[model].settings
        return {key: settings[key] for key in ("hub", "activations", *_ONLY_FOR["hub"]) if key in settings}

    def source_files(self, model: str) -> list[str]:
        """Return the files outside results/ that a model's vectors come from: activations or a local checkpoint."""
        settings = self.models[model].settings
        if "activations" in settings:
            return [settings["activations"]]
        folder = Path(settings.get("hub", ""))
        if "hub" in settings and folder.is_dir():
            return sorted(str(path) for suffix in ("json", "safetensors") for path in folder.glob(f"*.{suffix}"))
        return []

    def extraction_settings(self, dataset: str, model: str) -> dict[str, Any]:
        """Return how vectors are taken: the model's own setting, else the dataset's, else the study's."""
        ranked = (self.models[model].settings, self.datasets[dataset], self.representations)
        found = {}
        for key in ("numbering", "unit", "prepend_bos", "dtype", "tokens_per_batch"):
            values = [settings[key] for settings in ranked if key in settings]
            if values:
                found[key] = values[0]
        return found

    def comparison_settings(self, measure: str) -> dict[str, Any]:
        """Return how a feature-agnostic measure is computed."""
        keys = ("preprocessing", "permutations", "resamples", "max_stimuli")
        shared = {key: self.similarity[key] for key in keys if key in self.similarity}
        return {**shared, "options": self.similarity["options"].get(measure, {})}


def load_study(config: Mapping[str, Any], schema: Mapping[str, Any], base: str | Path = ".") -> Study:
    """Build a study from its configuration.

    Parameters
    ----------
    config
        What the study's YAML file holds.
    schema
        JSON schema of a study.
    base
        Folder that the paths in the configuration are relative to.

    Raises
    ------
    InputError
        If a key, a value, a combination of them or a file is wrong; nothing has run by then.
    """
    content = validate(config, schema)
    datasets = {name: _dataset(name, entry, Path(base)) for name, entry in content["datasets"].items()}
    models = _models(content["models"], content["representations"], content["seed"], Path(base))
    _check_corpora(datasets, models)
    _check_features(datasets, content["mlem"])
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
    sources = [key for key in SOURCES if key in entry]
    if len(sources) != 1:
        found = " and ".join(sources) or "none"
        raise InputError(
            f"Configuration: datasets.{name} needs exactly one of grammar, table, conllu, prompts, but has {found}."
        )
    _check_file(f"datasets.{name}.{sources[0]}", entry[sources[0]], base)
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
    kinds = [kind for kind in ("train", "hub", "activations") if kind in entry]
    if len(kinds) != 1:
        found = " and ".join(kinds) or "none"
        raise InputError(f"Configuration: models.{name} needs exactly one of train, hub, activations, but has {found}.")
    kind: Any = kinds[0]
    _refuse_foreign_keys(name, entry, kind)
    blocks, layers = _layers(name, entry, kind, entry.get("numbering", defaults["numbering"]))
    seeds = entry.get("seeds", [seed])
    family = entry.get("family", entry["train"] if kind == "train" else name)
    settings = {key: value for key, value in entry.items() if key not in _OWN}
    return [
        Model(
            name=name if len(seeds) == 1 else f"{name}-seed{number}",
            family=family,
            control=entry.get("control", kind == "train" and entry.get("steps") == 0),
            kind=kind,
            blocks=blocks,
            layers=layers,
            seed=number,
            settings=settings,
        )
        for number in seeds
    ]


# Keys that a Model has as attributes of its own.
_OWN = ("layers", "final", "seeds", "family", "control")
_ONLY_FOR = {
    "train": ("seeds", "steps", "width", "learning_rate", "batch_size"),
    "hub": ("revision", "blocks", "trust", "device_map"),
}


def _refuse_foreign_keys(name: str, entry: Mapping[str, Any], kind: str) -> None:
    for owner, keys in _ONLY_FOR.items():
        for key in keys:
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
    final = entry.get("final", kind == "train" and TRAINED_ARCHITECTURES[entry["train"]])
    if final and kind == "train" and not TRAINED_ARCHITECTURES[entry["train"]]:
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


def _check_features(datasets: Mapping[str, Any], mlem: Mapping[str, Any]) -> None:
    """Refuse features of the analysis that no dataset declares; a dataset that declares none is checked when made."""
    for name, entry in datasets.items():
        declared = [*entry.get("features", []), *entry.get("controls", [])]
        for key in ("features", "controls") if "features" in entry else ():
            for wanted in mlem.get(key, []):
                if wanted not in declared and not (key == "controls" and "controls" not in entry):
                    raise InputError(
                        f"Configuration: mlem.{key} names '{wanted}', but datasets.{name} declares "
                        f"{', '.join(declared)}; correct one of them."
                    )


def name_pattern(names: list[str]) -> str:
    """Return a regular expression that matches exactly these names, for wildcards."""
    return "|".join(re.escape(name) for name in names) or "(?!)"
