"""Load a model and its tokenizer, from the hub, a folder, or a training of this workflow: one path for all."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
import transformers
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_MASKED_LM_MAPPING_NAMES,
)

from thinkalike.errors import InputError
from thinkalike.representations import lstm
from thinkalike.representations.hub import locate
from thinkalike.representations.model_files import DTYPES, build_untrained, load_weights, quiet_transformers
from thinkalike.representations.model_properties import model_properties
from thinkalike.representations.probing import candidate_lists
from thinkalike.representations.text_part import TextPart, text_part
from thinkalike.representations.tokenizer_files import load_tokenizer
from thinkalike.representations.weights import check_loaded

_TRUST = ("pickle", "remote_code", "unused_weights")
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LoadedModel:
    """A model that is ready to run.

    Attributes
    ----------
    name
        The model's name as the user gave it.
    part
        What reads text: the model, the encoder of an encoder-decoder, or a text tower.
    named_blocks
        The list of blocks that the user named, if any.
    tokenizer
        Its tokenizer, one of transformers.
    device
        The device to which token ids go.
    metadata
        source, revision, architecture, dtype, quantisation, adapter.
    """

    name: str
    part: TextPart
    named_blocks: str | None
    tokenizer: Any
    device: torch.device
    metadata: dict[str, Any]

    @property
    def is_decoder(self) -> bool:
        """Whether it was made to predict the next word (and is not the encoder of something else)."""
        kind = getattr(self.part.config, "model_type", "")
        return (
            not self.part.path
            and kind in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
            and (kind not in MODEL_FOR_MASKED_LM_MAPPING_NAMES)
        )

    @property
    def network(self) -> Any:
        """The module that runs."""
        return self.part.network


def load_model(source: Mapping[str, Any], dtype: str = "float32", device: str = "auto") -> LoadedModel:
    """Load what a model's entry names.

    Parameters
    ----------
    source
        `checkpoint` (a folder) or `hub` (an id or a folder), with the optional keys `revision`, `trust` (a list of
        `pickle`, `remote_code`, `unused_weights`), `blocks` (name of the list of blocks), `device_map`, `part`
        (`decoder` or the name of a module that reads text), `untrained` (random weights by the configuration) with
        `seed`.
    dtype
        float32, bfloat16, float16, or int8 (bitsandbytes; slow on a CPU).
    device
        `auto` is the first CUDA device where there is one, else the CPU.

    Raises
    ------
    InputError
        When the model cannot be found, is unsafe, broken, or does not fit its configuration.
    """
    if dtype not in DTYPES:
        raise InputError(f"dtype is '{dtype}' but must be one of {', '.join(DTYPES)}.")
    trust = _trusted(source.get("trust") or ())
    untrained = bool(source.get("untrained"))
    where = str(source.get("checkpoint") or source.get("hub"))
    location = locate(where, source.get("revision"), trust, "tokenizer" if untrained else "all")
    lstm.register()
    device_map = source.get("device_map")
    if device_map is None and dtype == "int8":  # quantised while loading, where it will run
        device_map = {"": str(choose_device(device))}
    with quiet_transformers():
        if untrained:
            model, info, known = build_untrained(location, trust, dtype, int(source.get("seed", 0)))
            device_map = None
        else:
            model, info, known = load_weights(location, trust, dtype, device_map)
        tokenizer = load_tokenizer(location.folder, location.name, "remote_code" in trust, location.gguf)
    model.eval()
    part = text_part(model, location.name, source.get("part"))
    lists = candidate_lists(part, source.get("blocks"))
    unused = check_loaded(part, model, location.name, info, lists, "unused_weights" in trust)
    metadata = {
        "source": location.name,
        "revision": location.revision,
        "architecture": type(part.network).__name__,
        "properties": model_properties({**part.config.to_dict(), "architectures": model.config.architectures}),
        "dtype": dtype,
        **known,
        **({"unused_weights": unused} if unused else {}),
        **({"part": part.path} if part.path else {}),
    }
    place = _place(part, device, device_map)
    return LoadedModel(location.name, part, source.get("blocks"), tokenizer, place, metadata)


def choose_device(device: str) -> torch.device:
    """Return the named device; `auto` is CUDA where there is one, else the CPU."""
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise InputError(f"device is '{device}' but torch finds no CUDA device; use 'auto' or 'cpu'.")
    return torch.device(device)


def _place(part: TextPart, device: str, device_map: Any) -> torch.device:
    """Move the network where it runs, unless it was placed while loading; return where token ids go."""
    network = part.network
    if device_map is None:
        place = choose_device(device)
        network.to(place)
        return place
    if any(str(where) in ("cpu", "disk") for where in (getattr(network, "hf_device_map", None) or {}).values()):
        _logger.warning("%s: parts of the model stay outside the GPU, which is slow", type(network).__name__)
    embeddings = part.embeddings
    # Offloaded weights lie on no device; accelerate brings them to this one when they are needed.
    hook = getattr(embeddings, "_hf_hook", None)
    if embeddings.weight.device.type == "meta" and hook is not None:
        return torch.device(hook.execution_device)
    return embeddings.weight.device


def _trusted(trust: Any) -> tuple[str, ...]:
    names = tuple(key for key, allowed in trust.items() if allowed) if isinstance(trust, Mapping) else tuple(trust)
    for name in names:
        if name not in _TRUST:
            raise InputError(f"trust names '{name}' but only {', '.join(_TRUST[:-1])} and {_TRUST[-1]} can be allowed.")
    return names


def versions() -> dict[str, str]:
    """Return the versions that vectors depend on, for their metadata."""
    return {"torch": torch.__version__, "transformers": transformers.__version__}
