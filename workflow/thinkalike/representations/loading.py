"""Load a model and its tokenizer, from the hub, a folder, or a training of this workflow: one path for all."""

import contextlib
import importlib.util
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
import transformers
from transformers import AutoConfig, AutoModel, AutoTokenizer

from thinkalike.errors import InputError
from thinkalike.representations import lstm
from thinkalike.representations.blocks import find_blocks, text_encoder
from thinkalike.representations.checkpoint import check_files, check_loaded, has_safetensors
from thinkalike.representations.hub import Location, locate

_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16, "int8": torch.float16}
# Many checkpoints of encoders have no weights for the pooler; Mamba multiplies with this weight outside its layer.
_NOT_QUANTISED = ["pooler", "dt_proj"]
_TOKENIZER_FILES = ("tokenizer.json", "*.model", "vocab*", "*.tiktoken", "tekken.json")
_TRUST = ("pickle", "remote_code")
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LoadedModel:
    """A model that is ready to run.

    Attributes
    ----------
    name
        As the user gave it.
    network
        What reads text: the model, or the encoder of an encoder-decoder.
    blocks_name, blocks
        The list of blocks and its name inside `network`.
    tokenizer
        A tokenizer of transformers.
    device
        Where token ids go.
    metadata
        source, revision, architecture, dtype.
    """

    name: str
    network: torch.nn.Module
    blocks_name: str
    blocks: torch.nn.ModuleList
    tokenizer: Any
    device: torch.device
    metadata: dict[str, Any]


def load_model(source: Mapping[str, Any], dtype: str = "float32", device: str = "auto") -> LoadedModel:
    """Load what a model's entry names.

    Parameters
    ----------
    source
        `checkpoint` (a folder) or `hub` (an id or a folder), with the optional keys `revision`, `trust` (a list of
        `pickle`, `remote_code`), `blocks` (name of the list of blocks), `device_map`.
    dtype
        float32, bfloat16, float16, or int8 (bitsandbytes; slow on a CPU).
    device
        `auto` is the first CUDA device where there is one, else the CPU.

    Raises
    ------
    InputError
        When the model cannot be found, is unsafe, broken, or does not fit its configuration.
    """
    if dtype not in _DTYPES:
        raise InputError(f"dtype is '{dtype}' but must be one of {', '.join(_DTYPES)}.")
    trust = _trusted(source.get("trust") or ())
    location = locate(str(source.get("checkpoint") or source.get("hub")), source.get("revision"), trust)
    check_files(location.folder, location.name, trust)
    lstm.register()
    device_map = source.get("device_map")
    if device_map is None and dtype == "int8":  # quantised while loading, where it will run
        device_map = {"": str(choose_device(device))}
    with quiet_transformers():
        model, info = _load_weights(location, trust, dtype, device_map)
        tokenizer = _load_tokenizer(location, trust)
    model.eval()
    network = text_encoder(model)
    blocks_name, blocks = find_blocks(network, source.get("blocks"))
    check_loaded(network, location.name, info, blocks_name, len(blocks))
    metadata = {
        "source": location.name,
        "revision": location.revision,
        "architecture": type(network).__name__,
        "blocks": blocks_name,
        "dtype": dtype,
    }
    place = _place(network, device, device_map)
    return LoadedModel(location.name, network, blocks_name, blocks, tokenizer, place, metadata)


def choose_device(device: str) -> torch.device:
    """Return the named device; `auto` is CUDA where there is one, else the CPU."""
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise InputError(f"device is '{device}' but torch finds no CUDA device; use 'auto' or 'cpu'.")
    return torch.device(device)


def _place(network: Any, device: str, device_map: Any) -> torch.device:
    """Move the network where it runs, unless it was placed while loading; return where token ids go."""
    if device_map is None:
        place = choose_device(device)
        network.to(place)
        return place
    if any(str(part) in ("cpu", "disk") for part in (getattr(network, "hf_device_map", None) or {}).values()):
        _logger.warning("%s: parts of the model stay outside the GPU, which is slow", type(network).__name__)
    embeddings = network.get_input_embeddings()
    # Offloaded weights lie on no device; accelerate brings them to this one when they are needed.
    hook = getattr(embeddings, "_hf_hook", None)
    if embeddings.weight.device.type == "meta" and hook is not None:
        return torch.device(hook.execution_device)
    return embeddings.weight.device


def _trusted(trust: Any) -> tuple[str, ...]:
    names = tuple(key for key, allowed in trust.items() if allowed) if isinstance(trust, Mapping) else tuple(trust)
    for name in names:
        if name not in _TRUST:
            raise InputError(f"trust names '{name}' but only {' and '.join(_TRUST)} can be allowed.")
    return names


def _load_weights(location: Location, trust: tuple[str, ...], dtype: str, device_map: Any) -> tuple[Any, Any]:
    options: dict[str, Any] = {
        "dtype": _DTYPES[dtype],
        "trust_remote_code": "remote_code" in trust,
        "use_safetensors": has_safetensors(location.folder),
        "output_loading_info": True,
    }
    if device_map is not None:
        _require("accelerate", f"device_map and int8 need the package accelerate for model '{location.name}'")
        options["device_map"] = device_map
    if dtype == "int8":
        _require("bitsandbytes", f"int8 needs the package bitsandbytes for model '{location.name}'")
        options["quantization_config"] = transformers.BitsAndBytesConfig(
            load_in_8bit=True, llm_int8_skip_modules=_NOT_QUANTISED
        )
    try:
        config = AutoConfig.from_pretrained(location.folder, trust_remote_code="remote_code" in trust)
        return AutoModel.from_pretrained(location.folder, config=config, **options)
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError) as error:
        raise InputError(_loading_refusal(location, trust, error)) from error


def _loading_refusal(location: Location, trust: tuple[str, ...], error: Exception) -> str:
    text = " ".join(str(error).split())
    if "trust_remote_code" in text and "remote_code" not in trust:
        return (
            f"Model '{location.name}' needs Python code that comes with it, which could do anything; read the code and "
            "allow it for this model by 'trust: [remote_code]'."
        )
    if "size mismatch" in text or "mismatched" in text:
        return f"Model '{location.name}': the weights do not have the shapes that config.json states ({text[:300]})."
    return f"Model '{location.name}' cannot be loaded from {location.folder}: {text[:300]}"


def _load_tokenizer(location: Location, trust: tuple[str, ...]) -> Any:
    # Without any file, transformers makes an empty tokenizer of the class that goes with the model.
    if not any(found for pattern in _TOKENIZER_FILES for found in location.folder.glob(pattern)):
        raise InputError(
            f"Model '{location.name}': {location.folder} holds no tokenizer; save the model's tokenizer beside it "
            "(tokenizer.json)."
        )
    try:
        return AutoTokenizer.from_pretrained(location.folder, trust_remote_code="remote_code" in trust, use_fast=True)
    except Exception as error:  # tokenizers raises plain Exception
        raise InputError(
            f"Model '{location.name}': its tokenizer cannot be loaded from {location.folder} "
            f"({' '.join(str(error).split())[:200]}); save the tokenizer beside the model."
        ) from error


def _require(package: str, why: str) -> None:
    if importlib.util.find_spec(package) is None:
        raise InputError(f"{why}, which is not installed; run `pip install {package}`.")


@contextlib.contextmanager
def quiet_transformers() -> Iterator[None]:
    """Keep transformers from printing configurations and progress bars for every small model."""
    log = transformers.logging
    verbosity, bars = log.get_verbosity(), log.is_progress_bar_enabled()
    log.set_verbosity_error()
    log.disable_progress_bar()
    try:
        yield
    finally:
        log.set_verbosity(verbosity)
        if bars:
            log.enable_progress_bar()


def versions() -> dict[str, str]:
    """Return the versions that vectors depend on, for their metadata."""
    return {"torch": torch.__version__, "transformers": transformers.__version__}
