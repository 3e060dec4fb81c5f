"""Refuse a folder that holds no model, unsafe weights or broken ones, before anything is loaded."""

import json
from collections.abc import Collection
from pathlib import Path

from safetensors import SafetensorError, safe_open

from thinkalike.errors import InputError
from thinkalike.representations.adapters import has_adapter, refuse_adapter_alone

_INDEX = "model.safetensors.index.json"
_SINGLE = "model.safetensors"
# Weights in formats that are not read, and what to do about them.
_FOREIGN = {
    ".gguf": "name the file itself, '{folder}/{file}'",
    ".onnx": "give the PyTorch weights that it was exported from, as safetensors",
    ".h5": "convert it by TFAutoModel and save_pretrained of a version of transformers that has both",
    ".msgpack": "give the PyTorch weights of the same model",
    ".nemo": "convert it to the format of transformers",
    ".ckpt": "save the model by save_pretrained",
    ".pth": "save the model by save_pretrained",
    ".pt": "save the model by save_pretrained",
    ".tflite": "give the PyTorch weights of the same model",
    ".mlmodel": "give the PyTorch weights of the same model",
    ".npz": "convert it to the format of transformers",
}


def check_files(folder: Path, name: str, trust: Collection[str]) -> list[Path]:
    """Refuse a folder without a configuration, with unsafe weights only, with truncated or ambiguous ones.

    Returns
    -------
    list
        The files of safetensors to load; empty for pickled weights, which were allowed.

    Raises
    ------
    InputError
        The sentence says how to allow what was refused, or what to give.
    """
    check_configuration(folder, name)
    shards = _shards(folder, name)
    if not shards:
        _check_pickle(folder, name, trust)
    for shard in shards:
        _check_shard(shard, name)
    return shards


def check_configuration(folder: Path, name: str) -> None:
    """Refuse a folder without config.json, and tell what it is instead."""
    if (folder / "config.json").is_file():
        return
    if has_adapter(folder):
        refuse_adapter_alone(folder, name)
    foreign = _foreign(folder)
    if foreign:
        raise InputError(f"Model '{name}': {folder} holds no config.json but {foreign}")
    inside = sorted(path.parent.name for path in folder.glob("*/config.json"))
    if inside:
        raise InputError(
            f"Model '{name}': {folder} holds no config.json, but its folder {inside[0]} does; give {name}/{inside[0]}."
        )
    if (folder / "params.json").is_file():
        raise InputError(
            f"Model '{name}': {folder} holds weights in the format of their authors (params.json); give the version "
            "for transformers, with a config.json."
        )
    raise InputError(f"Model '{name}': {folder} holds no config.json; give a folder saved by save_pretrained.")


def holds_weights(folder: Path) -> bool:
    """Return whether a folder holds anything beside configuration and tokenizer, weights most likely."""
    light = (".json", ".txt", ".model", ".md", ".py", ".jinja", ".tiktoken", ".vocab", ".codes", ".yaml", ".lock")
    return any(path.is_file() and path.suffix not in light and path.name[0] != "." for path in folder.rglob("*"))


def stored_names(shards: list[Path]) -> set[str]:
    """Return the names of all weights in files of safetensors."""
    names: set[str] = set()
    for shard in shards:
        with safe_open(shard, framework="pt") as handle:
            names.update(handle.keys())
    return names


def _shards(folder: Path, name: str) -> list[Path]:
    index, single = folder / _INDEX, folder / _SINGLE
    if not index.is_file():
        return [single] if single.is_file() else []
    try:
        names = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
    except (ValueError, KeyError, AttributeError) as error:
        raise InputError(f"Model '{name}': {_INDEX} is not readable; download it again.") from error
    if single.is_file() and names != [_SINGLE]:
        raise InputError(
            f"Model '{name}': {folder} holds both {_SINGLE} and {_INDEX}, which lists {len(names)} other files; one of "
            "the two is left over from another save: remove the wrong one."
        )
    return [folder / shard for shard in names]


def _check_shard(shard: Path, name: str) -> None:
    if not shard.is_file():
        raise InputError(f"Model '{name}': the weights {shard.name} are missing; download the model again.")
    try:
        with safe_open(shard, framework="pt") as handle:
            handle.keys()
    except (SafetensorError, OSError, ValueError) as error:
        raise InputError(
            f"Model '{name}': the weights {shard.name} are truncated or damaged ({error}); download or train the "
            "model again."
        ) from error


def _check_pickle(folder: Path, name: str, trust: Collection[str]) -> None:
    usual = [folder / "pytorch_model.bin", folder / "pytorch_model.bin.index.json"]
    if not any(path.is_file() for path in usual):
        raise InputError(f"Model '{name}': {_no_weights(folder)}")
    if "pickle" not in trust:
        raise InputError(
            f"Model '{name}': its weights ({'pytorch_model.bin' if usual[0].is_file() else _first_pickle(folder)}) are "
            "pickled, and loading them can run any code; convert them to safetensors, or allow it for this model by "
            "'trust: [pickle]'."
        )


def _first_pickle(folder: Path) -> str:
    return min((path.name for path in folder.glob("pytorch_model*.bin")), default="pytorch_model.bin")


def _no_weights(folder: Path) -> str:
    """Say what a folder holds in place of weights under the usual name."""
    for kind, usual in (("*.safetensors", _SINGLE), ("*.bin", "pytorch_model.bin")):
        others = sorted(path.name for path in folder.glob(kind) if not path.name.startswith(("adapter_", "training_")))
        if others:
            return (
                f"{folder} holds no {_SINGLE} but {others[0]}; if these are the whole model's weights, rename the file "
                f"to {usual} (with several files, save the model again by save_pretrained)."
            )
    foreign = _foreign(folder)
    return f"{folder} holds no {_SINGLE}" + (f" but {foreign}" if foreign else "; give a folder with weights.")


def _foreign(folder: Path) -> str | None:
    for suffix, advice in _FOREIGN.items():
        files = sorted(path for path in folder.rglob(f"*{suffix}") if path.is_file())
        if files:
            file = files[0].relative_to(folder)
            return f"{file}, which is not the format of transformers; {advice.format(folder=folder, file=file)}."
    return None
