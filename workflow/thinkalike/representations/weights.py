"""Compare what a checkpoint holds with what its model uses: nothing may be missing, and nothing left over."""

import inspect
import re
import sys
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open

from thinkalike.errors import InputError
from thinkalike.representations.text_part import TextPart

# Parts that saved checkpoints often lack and that no layer depends on.
_NEEDLESS = re.compile(r"(^|\.)pooler\.")
# What wrappers put in front of names: torch.compile, data parallelism.
WRAPPERS = r"(?:_orig_mod|module|_fsdp_wrapped_module|_checkpoint_wrapped_module)\."
# Tables that older versions stored and that the model computes by itself.
_COMPUTED = re.compile(
    r"(^|\.)(position_ids|token_type_ids|inv_freq|masked_bias|causal_mask|embed_positions(\.weights?)?|"
    r"num_batches_tracked|_float_tensor|version)$"
)
_MASK = re.compile(r"(^|\.)(attn|attention|self_attn)\.bias$")
_HEAD = re.compile(
    r"head|^cls(\.|$)|classif|^score|^qa_|predict|^pred_|^pooler|^vocab_|^embed_out|^logit|^summary|^regress|^mlm|^nsp"
)
_SCALE = re.compile(r"scale|zero|qweight|g_idx|absmax|quant_map|SCB|lora_|base_layer|\.codes$")
_INTEGERS = ("I8", "U8", "I16", "I32", "F8_E4M3", "F8_E5M2", "F8_E8M0", "F4")


def check_loaded(
    part: TextPart, model: torch.nn.Module, name: str, info: Any, lists: Mapping[str, Any], unused: bool = False
) -> list[str]:
    """Refuse a model of which weights are missing, left over or not finite.

    Parameters
    ----------
    part
        What reads text; what else the model has does not matter.
    model
        The whole model.
    name
        The model's name, for messages.
    info
        The loading info of `from_pretrained`.
    lists
        The lists that may be the blocks, by name.
    unused
        Whether the user allowed weights that the model does not use.

    Returns
    -------
    list
        Names of the weights that were not used and are no heads; empty unless `unused`.

    Raises
    ------
    InputError
        The sentence names a weight.
    """
    lacking = sorted(
        key for key in _keys(info, "missing_keys") if key.startswith(part.prefix) and not _NEEDLESS.search(key)
    )
    extra = sorted(_keys(info, "unexpected_keys"))
    if lacking:
        raise InputError(_missing(name, lacking, extra, lists))
    left = [key for key in extra if not _is_harmless(key, part, model)]
    if left and not unused:
        raise InputError(_left_over(name, left, part, lists))
    _check_finite(part.network, name)
    return left


def check_stored_numbers(shards: Iterable[Path], name: str) -> None:
    """Refuse weights that are stored as small integers or eight-bit floats although nothing says how to scale them.

    Raises
    ------
    InputError
        The sentence names a weight.
    """
    for shard in shards:
        with safe_open(shard, framework="pt") as handle:
            for key in handle.keys():  # noqa: SIM118
                stored = handle.get_slice(key)
                if stored.get_dtype() in _INTEGERS and not _MASK.search(key) and not _COMPUTED.search(key):
                    raise InputError(
                        f"Model '{name}': the weight {key} in {shard.name} is stored as {stored.get_dtype()} but "
                        "config.json states no quantization_config, so that its scale is unknown; give the "
                        "configuration that belongs to these weights, or the model's unquantised weights."
                    )


def wrapper_mapping(keys: Iterable[str]) -> dict[str, str] | None:
    """Return how names of weights are to be changed where torch.compile or a parallel wrapper prefixed them."""
    if any(re.search(rf"(^|\.){WRAPPERS}", key) for key in keys):
        return {rf"(^|\.)(?:{WRAPPERS})+": r"\1"}
    return None


def _missing(name: str, lacking: list[str], extra: list[str], lists: Mapping[str, Any]) -> str:
    depth = next((len(modules) for modules in lists.values()), 0)
    first = f"Model '{name}': {len(lacking)} weights are not in the checkpoint, for example {lacking[0]}, and would be "
    prefix = next((key[: -len(lacking[0])] for key in extra if key.endswith("." + lacking[0])), None)
    if prefix:
        return (
            f"Model '{name}': the names of its weights begin with '{prefix}', for example {prefix}{lacking[0]}; save "
            "them without it, as save_pretrained of the model itself does."
        )
    marked = next((key for key in extra if _SCALE.search(key)), None)
    if marked:
        return (
            f"{first}random; it holds {marked} instead, weights of a quantised or adapted model that config.json does "
            "not describe: give the unquantised, merged weights."
        )
    return f"{first}random; the configuration states {depth} blocks: correct config.json or the checkpoint."


def _left_over(name: str, left: list[str], part: TextPart, lists: Mapping[str, Any]) -> str:
    for blocks, modules in lists.items():
        numbers = [_block_number(key, blocks) for key in left]
        surplus = [number for number in numbers if number is not None and number >= len(modules)]
        if surplus and len(modules) == part.depth():
            return (
                f"Model '{name}': the checkpoint has {max(surplus) + 1} blocks but config.json states {len(modules)}; "
                "correct config.json, or allow it by 'trust: [unused_weights]'."
            )
    scaled = any(_SCALE.search(key) for key in left)
    why = "as if they were of a quantised or adapted model" if scaled else "as if config.json were of another model"
    return (
        f"Model '{name}': the checkpoint holds {len(left)} weights that the model does not use, for example {left[0]}, "
        f"{why}, so that its vectors would be wrong; give the config.json that belongs to the weights (if they are "
        "certainly of no matter, allow it by 'trust: [unused_weights]')."
    )


def _is_harmless(key: str, part: TextPart, model: torch.nn.Module) -> bool:
    """Return whether a weight is a head's, another tower's, or a table that the model computes by itself."""
    if _COMPUTED.search(key) or _MASK.search(key):
        return True
    base = getattr(model, "base_model_prefix", "") or ""
    bare = key.removeprefix(f"{base}.")
    first = bare.split(".", 1)[0]
    children = {child for child, _ in model.named_children()}
    if bare == key and first not in children:  # outside the model: a head, or nothing of this architecture
        return bool(_HEAD.search(first)) or first in _attributes_of_heads(model)
    if _NEEDLESS.search(bare):
        return True
    if part.prefix and first in children:
        return not f"{bare}.".startswith(part.prefix.split(".", 1)[0] + ".")
    return False


def _attributes_of_heads(model: torch.nn.Module) -> set[str]:
    """Return what the classes with a head, in the module of the model's class, call their parts."""
    module = sys.modules[type(model).__module__]
    found: set[str] = set()
    for _, kind in inspect.getmembers(module, inspect.isclass):
        if kind.__module__ == module.__name__ and ("For" in kind.__name__ or "Head" in kind.__name__):
            try:
                found.update(re.findall(r"self\.(\w+)\s*=", inspect.getsource(kind.__init__)))
            except (OSError, TypeError):
                continue
    return found


def _keys(info: Any, kind: str) -> Collection[str]:
    return info.get(kind, ()) if isinstance(info, dict) else getattr(info, kind, ())


def _block_number(key: str, blocks: str) -> int | None:
    found = re.search(rf"(?:^|\.){re.escape(blocks)}\.(\d+)\.", key)
    return int(found.group(1)) if found else None


def _check_finite(network: torch.nn.Module, name: str) -> None:
    for key, weight in network.named_parameters():
        if weight.device.type != "meta" and weight.is_floating_point() and not torch.isfinite(weight).all():
            raise InputError(
                f"Model '{name}': the weight {key} holds values that are not finite; train or download it again."
            )
