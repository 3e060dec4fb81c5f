"""A study: which models are run on which datasets, and which pairs of models are compared.

Everything inside the package gets plain values; a study is known at the border alone (the Snakefile, the commands).
"""

import re
from dataclasses import dataclass, field
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any, Literal

from thinkalike.catalogue import STIMULUS_SOURCES

# Of a local checkpoint, what is read: weights, configuration, tokenizer, and Python code that comes with it.
_WEIGHTS = (".safetensors", ".bin", ".gguf")
_READ = (*_WEIGHTS, ".json", ".model", ".txt", ".py", ".tiktoken", ".vocab", ".codes", ".jinja")

LABEL = r"[A-Za-z0-9][A-Za-z0-9_.]*"

Kind = Literal["train", "hub", "activations"]
# Of fewer models nothing can be said that would hold for others.
FEWEST_COMPARED = 5
# Keys of a model's entry that go with one kind alone.
ONLY_FOR = {
    "train": ("seeds", "steps", "width", "learning_rate", "batch_size"),
    "hub": ("revision", "blocks", "trust", "device_map", "part", "untrained"),
}


@dataclass(frozen=True)
class Model:
    """One model of a study, after its seeds are spelled out.

    Attributes
    ----------
    name
        Name in tables, wildcards and paths: the entry's, with `-seed{n}` where the entry has several seeds.
    entry
        Its name without the seed: models of one entry differ in their seed alone.
    family
        Models of one family share a colour: an architecture's seeds and its untrained control.
    control
        Whether it is an untrained control.
    kind
        What its vectors come from: a training here, a pretrained model, or given activations.
    blocks
        The number of its blocks, or None where only some layers are kept.
    layers
        Labels of its layers in their order: "0" to the number of blocks, and "final".
    seed
        Seed of its training.
    settings
        The rest of its entry.
    metadata
        Properties by which models are compared: a text, a number, true or false by name, None for "not known".
    """

    name: str
    entry: str
    family: str
    control: bool
    kind: Kind
    blocks: int | None
    layers: tuple[str, ...]
    seed: int
    settings: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def location(self) -> str:
        """The architecture trained, the hub id, or the file of activations."""
        return self.settings[self.kind]

    def record(self) -> dict[str, Any]:
        """Return the model's row in the table of models."""
        return {
            "model": self.name,
            "entry": self.entry,
            "family": self.family,
            "control": self.control,
            "source": self.kind,
            "location": self.location,
            "seed": self.seed,
            "layers": list(self.layers),
        }

    def declared_properties(self) -> dict[str, Any]:
        """Return what the study says of the model: whether it is trained, and its metadata, which may overrule that."""
        return {"trained": not self.control, **self.metadata}


@dataclass(frozen=True)
class Study:
    """A study whose configuration was checked."""

    name: str
    seed: int
    datasets: dict[str, dict[str, Any]]
    models: dict[str, Model]
    representations: dict[str, Any]
    mlem: dict[str, Any]
    similarity: dict[str, Any]
    figures: dict[str, Any]
    reference: dict[str, Any] = field(default_factory=dict)

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
        return [
            name for name, location in hub.items() if not location.startswith("package:") and not _is_local(location)
        ]

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
    def has_two_seeds(self) -> bool:
        """Whether an entry has two trained models, which differ in their seed alone."""
        entries = [model.entry for model in self.models.values() if not model.control]
        return len(set(entries)) < len(entries)

    @property
    def layer_tables(self) -> list[str]:
        """The tables that the MLEM of each layer has."""
        names = ["importance", "scores"]
        if self.mlem["coding"] == "levels":
            names.append("level_weights")
        if self.mlem["interactions"]:
            names.append("interactions")
        if self.has_draws:
            names.append("resamples")
        if "inference" in self.mlem:
            names.append("inference")
        return names

    @property
    def has_draws(self) -> bool:
        """Whether profiles are computed in resamples or halves of the sentences too."""
        return bool(self.mlem["resamples"] or self.mlem["halvings"])

    @property
    def tables(self) -> list[str]:
        """The collected tables that this study has."""
        names = ["models", "versions", *self.layer_tables, "similarity", "diagnostics"]
        if "within" in self.mlem:
            names += ["importance_within", "scores_within"]
        if self.trained:
            names += ["training", "grammaticality"]
        if self.similarity["probes"]:
            names.append("probes")
        if len(self.models) > 1:
            names.append("trajectories")
        if len(self.models) > 2 and self.mlem["resamples"]:
            names.append("nearness")
        if self.mlem["halvings"]:
            names.append("reliability")
        if len(self.models) >= FEWEST_COMPARED:
            names += ["model_metadata", "model_distances", "model_mlem", "model_maps"]
        if len(self.every_layer["layer"]) > 1:
            names += ["agreement", "layer_maps", "pairs", "pair_words"]
            if self.similarity["feature_sets"]:
                names += ["feature_sets", "feature_set_profiles"]
            if self.reference:
                names += ["reproduction", "reproduction_setup", "layer_numbering"]
            if self.similarity["explained"]:
                names += ["explained", "explained_sentences"]
            names.append("summary")
        return names

    def stimulus_source(self, dataset: str) -> dict[str, Any]:
        """Return what makes a dataset's stimuli: its entry without what other stages read."""
        return {
            key: value for key, value in self.datasets[dataset].items() if key not in ("corpus", "unit", "leave_out")
        }

    def leaving_out(self, dataset: str) -> dict[str, Any]:
        """Return which conflicts with which models leave sentences out; empty where none do.

        Models that are trained here have a tokenizer of this very language, and activations have none.
        """
        if not (kinds := self.datasets[dataset].get("leave_out")):
            return {}
        models = {
            name: {"source": self.source(name), "settings": self.token_settings(dataset, name)}
            for name, model in self.models.items()
            if model.kind == "hub"
        }
        return {"kinds": list(kinds), "models": models}

    def token_settings(self, dataset: str, model: str) -> dict[str, Any]:
        """Return the settings of a model that decide which tokens stand for a stimulus."""
        settings = self.extraction_settings(dataset, model)
        return {key: settings[key] for key in ("unit", "prepend_bos", "bos") if key in settings}

    def stimulus_files(self, dataset: str) -> list[str]:
        """Return the files that a dataset is made from."""
        entry = self.datasets[dataset]
        return [path for key in STIMULUS_SOURCES if key in entry for path in paths_of(entry[key])]

    def corpus_files(self, dataset: str) -> list[str]:
        """Return the grammar of a dataset's training corpus."""
        return [self.datasets[dataset]["corpus"]["grammar"]]

    def training_settings(self, model: str) -> dict[str, Any]:
        """Return the settings of a model's training that its entry gives."""
        settings = self.models[model].settings
        return {key: settings[key] for key in ONLY_FOR["train"] if key in settings}

    def source(self, model: str) -> dict[str, Any]:
        """Return where a model's vectors come from, for extraction."""
        settings = self.models[model].settings
        source = {key: settings[key] for key in ("hub", "activations", *ONLY_FOR["hub"]) if key in settings}
        if "untrained" in source:
            source["seed"] = self.models[model].seed
        return {**source, "blocks_declared": self.models[model].blocks} if "hub" in source else source

    def source_files(self, model: str) -> list[str]:
        """Return the files outside results/ that a model's vectors come from: activations or a local checkpoint."""
        settings = self.models[model].settings
        if "activations" in settings:
            return [settings["activations"]]
        folder = Path(settings.get("hub", ""))
        if folder.suffix == ".gguf" and folder.is_file():
            return [str(folder)]
        if "hub" in settings and folder.is_dir():
            found = (path for path in folder.glob("[!.]*") if path.suffix in _READ and path.is_file())
            return sorted(map(str, found))
        return []

    def tokenizer_files(self, dataset: str) -> list[str]:
        """Return the files of local checkpoints that decide which sentences of a dataset are left out."""
        models = self.leaving_out(dataset).get("models", ())
        files = {path for model in models for path in self.source_files(model)}
        # A GGUF file holds the tokenizer too.
        return sorted(path for path in files if not path.endswith(_WEIGHTS[:2]))

    def extraction_settings(self, dataset: str, model: str) -> dict[str, Any]:
        """Return how vectors are taken: the model's own setting, else the dataset's, else the study's."""
        ranked = (self.models[model].settings, self.datasets[dataset], self.representations)
        found = {}
        for key in ("numbering", "unit", "bos", "dtype", "tokens_per_batch"):
            values = [settings[key] for settings in ranked if key in settings]
            if values:
                found[key] = values[0]
        return found

    @property
    def explanation_settings(self) -> dict[str, Any]:
        """How similarity is divided among features: what RSA shares with the other measures."""
        keys = ("preprocessing", "max_stimuli", "same_word_pairs", "same_lemma_pairs")
        shared = {key: self.similarity[key] for key in keys if key in self.similarity}
        return {**shared, "over": self.mlem["over"]}

    def comparison_settings(self, measure: str) -> dict[str, Any]:
        """Return how a feature-agnostic measure is computed."""
        keys = ("preprocessing", "permutations", "resamples", "max_stimuli", "same_word_pairs", "same_lemma_pairs")
        shared = {key: self.similarity[key] for key in keys if key in self.similarity}
        # Only this measure holds controls constant.
        controls = {"controls": self.mlem.get("controls")} if measure == "partial_rsa" else {}
        return {**shared, **controls, "options": self.similarity["options"].get(measure, {})}


def entry_of(name: str) -> str:
    """Return a model's name without its seed: `gpt2` for `gpt2-seed1`, whoever gave it that name."""
    return re.sub(r"-seed\d+$", "", name)


def paths_of(value: str | list[str]) -> list[str]:
    """Return the paths that a key names: one, or a list of them."""
    return [value] if isinstance(value, str) else list(value)


def _is_local(location: str) -> bool:
    return Path(location).suffix == ".gguf" or Path(location).expanduser().is_dir()


def name_pattern(names: list[str]) -> str:
    """Return a regular expression that matches exactly these names, for wildcards."""
    return "|".join(re.escape(name) for name in names) or "(?!)"
