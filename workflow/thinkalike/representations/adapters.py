"""Adapters (LoRA and its kin) that lie beside a model's weights: merged into them by peft, and recorded."""

import importlib.util
import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import transformers
from transformers import AutoModel

from thinkalike.errors import InputError

ADAPTER = "adapter_config.json"
# Kinds that change weights; the others put tokens of their own into the sequence.
_MERGED = ("LORA", "ADALORA", "LOHA", "LOKR", "OFT", "BOFT", "IA3", "VERA", "FOURIERFT", "HRA", "BONE", "MISS", "SHIRA",
           "RANDLORA")  # fmt: skip


def has_adapter(folder: Path) -> bool:
    """Return whether an adapter lies in the folder."""
    return (folder / ADAPTER).is_file()


def read_adapter(folder: Path, name: str, trust: Collection[str] = ()) -> dict[str, Any]:
    """Return what is recorded of an adapter: kind, rank and the base model that it was made for.

    Raises
    ------
    InputError
        When it cannot be merged: its kind does not change weights, or peft is not installed; or when its weights are
        pickled and `trust` does not hold `pickle`.
    """
    try:
        settings = json.loads((folder / ADAPTER).read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"Model '{name}': {ADAPTER} is not readable; save the adapter again.") from error
    kind = str(settings.get("peft_type"))
    if kind not in _MERGED:
        raise InputError(
            f"Model '{name}': an adapter of the kind {kind} lies beside its weights, which cannot be merged into them; "
            f"move {ADAPTER} away for the model without it."
        )
    if "pickle" not in trust and not (folder / "adapter_model.safetensors").is_file():
        raise InputError(
            f"Model '{name}': an adapter ({kind}) lies beside its weights without adapter_model.safetensors; pickled "
            "weights are not loaded: save it as safetensors, or allow them for this model by 'trust: [pickle]'."
        )
    if importlib.util.find_spec("peft") is None:
        raise InputError(
            f"Model '{name}': an adapter ({kind}) lies beside its weights, and merging it needs the package peft, "
            f"which is not installed; run `pip install peft`, or move {ADAPTER} away for the model without it."
        )
    return {"kind": kind, "rank": settings.get("r"), "base": settings.get("base_model_name_or_path")}


def refuse_adapter_alone(folder: Path, name: str) -> None:
    """Refuse a folder that holds an adapter but not the model it adapts."""
    try:
        base = json.loads((folder / ADAPTER).read_text(encoding="utf-8")).get("base_model_name_or_path")
    except ValueError:
        base = None
    raise InputError(
        f"Model '{name}': {folder} holds an adapter alone, to the model {base or 'that it was made for'}; load both by "
        "peft, call merge_and_unload(), and give the folder that save_pretrained then makes, or put config.json and "
        "weights of that model beside the adapter."
    )


@contextmanager
def without_adapter(folder: Path) -> Iterator[Path]:
    """Give a folder of links to all files but the adapter's, which transformers would apply without a word."""
    with TemporaryDirectory() as temporary:
        for path in folder.iterdir():
            if not path.name.startswith("adapter_"):
                (Path(temporary) / path.name).symlink_to(path.resolve())
        yield Path(temporary)


def merge_adapter(folder: Path, bare: Path, name: str, options: dict[str, Any]) -> tuple[Any, Any]:
    """Load a model and merge the adapter beside it.

    Parameters
    ----------
    folder
        The folder with the adapter.
    bare
        The same folder without it, as `without_adapter` gives it.
    name
        The model's name, for messages.
    options
        Further arguments of `from_pretrained`.

    Returns
    -------
    model, info
        The model without a head, and the loading info of its own weights.

    Raises
    ------
    InputError
        When the adapter's weights do not fit the model.
    """
    import peft

    for kind in _classes(options["config"]):
        model, info = kind.from_pretrained(bare, **options)
        try:
            adapted = peft.PeftModel.from_pretrained(model, folder)
        except (ValueError, RuntimeError, KeyError) as error:
            reason = " ".join(str(error).split())[:200]
            continue
        if _fits(adapted, folder):
            merged = adapted.merge_and_unload()
            return getattr(merged, merged.base_model_prefix, merged), _relative(info, merged)
        reason = "their names do not belong to this model"
    raise InputError(
        f"Model '{name}': the weights of the adapter beside it cannot be applied ({reason}); give a model into which "
        "the adapter was merged."
    )


def _classes(config: Any) -> list[Any]:
    # An adapter's names of weights are those of the class that it was trained with.
    stated = [getattr(transformers, architecture, None) for architecture in config.architectures or ()]
    return [kind for kind in (*stated, AutoModel) if kind is not None]


def _fits(adapted: Any, folder: Path) -> bool:
    import peft
    from peft.utils import load_peft_weights

    stored = set(load_peft_weights(str(folder), device="cpu"))
    return stored == set(peft.get_peft_model_state_dict(adapted))


def _relative(info: dict[str, Any], model: Any) -> dict[str, Any]:
    """Return the loading info with the names that the model without a head has."""
    prefix = f"{model.base_model_prefix}."
    if not hasattr(model, model.base_model_prefix):
        return info
    missing = [key.removeprefix(prefix) for key in info["missing_keys"] if key.startswith(prefix)]
    return {**info, "missing_keys": missing}
