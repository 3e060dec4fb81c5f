"""From the files of a model to a transformers model: with its weights, or as its configuration alone describes it."""

import contextlib
import importlib.util
import json
import logging
from collections.abc import Iterator
from typing import Any

import torch
import transformers
from transformers import AutoConfig, AutoModel

from thinkalike.errors import InputError
from thinkalike.representations import adapters, gguf_files
from thinkalike.representations.checkpoint import check_configuration, check_files, stored_names
from thinkalike.representations.hub import Location
from thinkalike.representations.quantisation import package_refusal, read_quantisation
from thinkalike.representations.weights import check_stored_numbers, wrapper_mapping

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16, "int8": torch.float16}
# Many checkpoints of encoders have no weights for the pooler; Mamba multiplies with this weight outside its layer.
_NOT_QUANTISED = ["pooler", "dt_proj"]
_logger = logging.getLogger(__name__)


def load_weights(location: Location, trust: tuple[str, ...], dtype: str, device_map: Any) -> tuple[Any, Any, Any]:
    """Return the model, the loading info of `from_pretrained`, and what is recorded of quantisation and adapters.

    Raises
    ------
    InputError
        When the files are not those of a model that can be loaded.
    """
    name, folder = location.name, location.folder
    if location.gguf is not None:
        return gguf_files.load(location, DTYPES[dtype], device_map)
    shards = check_files(folder, name, trust)
    quantisation = stored_quantisation(location)
    if quantisation is None:
        check_stored_numbers(shards, name)
    adapter = adapters.read_adapter(folder, name, trust) if adapters.has_adapter(folder) else None
    if adapter is not None and (quantisation is not None or dtype == "int8"):
        raise InputError(
            f"Model '{name}': an adapter lies beside its weights, which cannot be merged into quantised ones; merge it "
            "into the unquantised weights, or move adapter_config.json away for the model without it."
        )
    known: dict[str, Any] = {"quantisation": quantisation, "adapter": adapter}
    options: dict[str, Any] = {
        "dtype": DTYPES[dtype],
        "trust_remote_code": "remote_code" in trust,
        "use_safetensors": bool(shards),
        "output_loading_info": True,
    }
    mapping = wrapper_mapping(stored_names(shards))
    if mapping:
        _logger.info("%s: names of weights are read without the wrapper's prefix", name)
        options["key_mapping"] = mapping
    if device_map is not None:
        _require("accelerate", f"device_map and int8 need the package accelerate for model '{name}'")
        options["device_map"] = device_map
    if dtype == "int8":
        known["quantisation"] = _add_int8(options, quantisation, name)
    try:
        config = AutoConfig.from_pretrained(folder, trust_remote_code="remote_code" in trust)
        options["config"] = config
        if adapter is None:
            model, info = AutoModel.from_pretrained(folder, **options)
        else:
            with adapters.without_adapter(folder) as bare:
                model, info = adapters.merge_adapter(folder, bare, name, options)
    except (InputError, MemoryError, torch.OutOfMemoryError):
        raise
    except ImportError as error:
        raise InputError(package_refusal(name, quantisation, _flat(error))) from error
    except Exception as error:  # transformers, a quantiser or a model's own code may raise anything
        raise InputError(_loading_refusal(location, trust, quantisation, error)) from error
    return model, info, {key: value for key, value in known.items() if value is not None}


def build_untrained(location: Location, trust: tuple[str, ...], dtype: str, seed: int) -> tuple[Any, Any, Any]:
    """Return a model with the random weights that training of its configuration would start with.

    Raises
    ------
    InputError
        When the configuration cannot be read, or dtype is int8.
    """
    if dtype == "int8":
        raise InputError(f"dtype is int8 but model '{location.name}' is untrained; use float32, bfloat16 or float16.")
    remote_code = "remote_code" in trust
    try:
        config = read_configuration(location, remote_code)
        # Those of the trained weights, which are not loaded.
        config.quantization_config = None
        del config.quantization_config
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = AutoModel.from_config(config, trust_remote_code=remote_code, dtype=torch.float32)
    except InputError:
        raise
    except ImportError as error:
        raise InputError(package_refusal(location.name, None, _flat(error))) from error
    except Exception as error:  # a model's own code may raise anything
        raise InputError(_loading_refusal(location, trust, None, error)) from error
    return model.to(DTYPES[dtype]), {}, {"untrained": True, "seed": seed}


def read_configuration(location: Location, remote_code: bool = False) -> Any:
    """Return the configuration of a model, from its folder or from a file in the format GGUF.

    Raises
    ------
    InputError
        When there is none. Other exceptions of transformers pass.
    """
    if location.gguf is not None:
        return gguf_files.gguf_configuration(location)
    check_configuration(location.folder, location.name)
    return AutoConfig.from_pretrained(location.folder, trust_remote_code=remote_code)


def stored_quantisation(location: Location) -> dict[str, Any] | None:
    """Return the method and bits that config.json states, or None; see `read_quantisation` for what is refused."""
    if location.gguf is not None:
        return gguf_files.gguf_quantisation(location)
    try:
        content = json.loads((location.folder / "config.json").read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(
            f"Model '{location.name}' cannot be loaded: its config.json is not readable ({error}); download or save "
            "the model again."
        ) from error
    return read_quantisation(content, location.name) if isinstance(content, dict) else None


def _add_int8(options: dict[str, Any], quantisation: dict[str, Any] | None, name: str) -> dict[str, Any]:
    if quantisation is not None:
        raise InputError(
            f"dtype is int8 but the weights of model '{name}' are already quantised by {quantisation['method']}; use "
            "float32, bfloat16 or float16."
        )
    _require("bitsandbytes", f"int8 needs the package bitsandbytes for model '{name}'")
    options["quantization_config"] = transformers.BitsAndBytesConfig(
        load_in_8bit=True, llm_int8_skip_modules=_NOT_QUANTISED
    )
    return {"method": "bitsandbytes_8bit", "bits": 8}


def _loading_refusal(location: Location, trust: tuple[str, ...], quantisation: Any, error: Exception) -> str:
    text = _flat(error)
    if "trust_remote_code" in text and "remote_code" not in trust:
        return (
            f"Model '{location.name}' needs Python code that comes with it, which could do anything; read the code and "
            "allow it for this model by 'trust: [remote_code]'."
        )
    if "size mismatch" in text or "mismatched" in text:
        return f"Model '{location.name}': the weights do not have the shapes that config.json states ({text[:300]})."
    if quantisation is not None:
        return package_refusal(location.name, quantisation, text)
    return f"Model '{location.name}' cannot be loaded from {location.folder}: {text[:300]}"


def _flat(error: Exception) -> str:
    return " ".join(str(error).split())


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
