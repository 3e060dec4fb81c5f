"""Refuse a checkpoint that is unsafe or broken, before it is loaded and after."""

import json
import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from thinkalike.errors import InputError

_INDEX = "model.safetensors.index.json"
# Parts that saved checkpoints often lack and that no layer depends on.
_NEEDLESS = ("pooler",)


def check_files(folder: Path, name: str, trust: Collection[str]) -> None:
    """Refuse a folder without a configuration, with unsafe weights only, or with truncated ones.

    Raises
    ------
    InputError
        The sentence says how to allow what was refused.
    """
    if not (folder / "config.json").is_file():
        raise InputError(f"Model '{name}': {folder} holds no config.json; give a folder saved by save_pretrained.")
    shards = _shards(folder, name)
    if not shards:
        _check_pickle(folder, name, trust)
    for shard in shards:
        _check_shard(shard, name)


def has_safetensors(folder: Path) -> bool:
    """Return whether the folder holds weights as safetensors."""
    return (folder / _INDEX).is_file() or (folder / "model.safetensors").is_file()


def check_loaded(model: torch.nn.Module, name: str, info: Any, blocks: str, depth: int) -> None:
    """Refuse a model of which weights are missing, left over from further blocks, or not finite.

    Parameters
    ----------
    info
        The loading info of `from_pretrained`.
    blocks
        Name of the list of blocks.
    depth
        Its length.
    """
    missing = sorted(key for key in _keys(info, "missing_keys") if not any(part in key for part in _NEEDLESS))
    if missing:
        raise InputError(
            f"Model '{name}': {len(missing)} weights are not in the checkpoint, for example {missing[0]}, and would be "
            f"random; the configuration states {depth} blocks: correct config.json or the checkpoint."
        )
    numbers = [_block_number(key, blocks) for key in _keys(info, "unexpected_keys")]
    surplus = [number for number in numbers if number is not None and number >= depth]
    if surplus:
        raise InputError(
            f"Model '{name}': the checkpoint has {max(surplus) + 1} blocks but config.json states {depth}; correct "
            "config.json."
        )
    _check_finite(model, name)


def _keys(info: Any, kind: str) -> Iterable[str]:
    return info.get(kind, ()) if isinstance(info, dict) else getattr(info, kind, ())


def _block_number(key: str, blocks: str) -> int | None:
    found = re.search(rf"(?:^|\.){re.escape(blocks)}\.(\d+)\.", key)
    return int(found.group(1)) if found else None


def _check_finite(model: torch.nn.Module, name: str) -> None:
    for key, weight in model.named_parameters():
        if weight.device.type != "meta" and weight.is_floating_point() and not torch.isfinite(weight).all():
            raise InputError(
                f"Model '{name}': the weight {key} holds values that are not finite; train or download it again."
            )


def _shards(folder: Path, name: str) -> list[Path]:
    if (folder / _INDEX).is_file():
        try:
            names = sorted(set(json.loads((folder / _INDEX).read_text())["weight_map"].values()))
        except (ValueError, KeyError, AttributeError) as error:
            raise InputError(f"Model '{name}': {_INDEX} is not readable; download it again.") from error
        return [folder / shard for shard in names]
    single = folder / "model.safetensors"
    return [single] if single.is_file() else []


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
    pickles = sorted(path.name for path in folder.glob("*.bin") if path.name != "training_args.bin")
    if not pickles:
        raise InputError(f"Model '{name}': {folder} holds no model.safetensors; give a folder with weights.")
    if "pickle" not in trust:
        raise InputError(
            f"Model '{name}': its weights ({pickles[0]}) are pickled, and loading them can run any code; convert them "
            "to safetensors, or allow it for this model by 'trust: [pickle]'."
        )
