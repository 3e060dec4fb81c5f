"""Models in the format GGUF (llama.cpp's): configuration, tokenizer and quantised weights, dequantised, in one file."""

import importlib.util
from collections import Counter
from typing import Any

from transformers import AutoConfig, AutoModel, GgufConfig

from thinkalike.errors import InputError
from thinkalike.representations.hub import Location


def load(location: Location, dtype: Any, device_map: Any = None) -> tuple[Any, Any, Any]:
    """Return the model with its weights dequantised, the loading info, and what is recorded of its quantisation.

    Parameters
    ----------
    location
        Where the model lies, with the name of the file.
    dtype
        The dtype (of torch) of the dequantised weights.
    device_map
        The argument of that name of transformers, or None.

    Raises
    ------
    InputError
        When a package is missing, the file is broken, or transformers does not know the architecture.
    """
    quantisation = gguf_quantisation(location)
    options: dict[str, Any] = {} if device_map is None else {"device_map": device_map}
    try:
        model, info = AutoModel.from_pretrained(
            location.folder, gguf_file=location.gguf, dtype=dtype, output_loading_info=True, trust_remote_code=False,
            quantization_config=GgufConfig(dequantize=True), **options,
        )  # fmt: skip
    except Exception as error:  # transformers, or its reader of the format, may raise anything
        raise InputError(_refusal(location, error)) from error
    return model, info, {"quantisation": quantisation}


def gguf_configuration(location: Location) -> Any:
    """Return the configuration that the file holds.

    Raises
    ------
    InputError
        When a package is missing, the file is broken, or transformers does not know the architecture.
    """
    _require(location)
    try:
        return AutoConfig.from_pretrained(location.folder, gguf_file=location.gguf, trust_remote_code=False)
    except Exception as error:  # transformers, or its reader of the format, may raise anything
        raise InputError(_refusal(location, error)) from error


def gguf_quantisation(location: Location) -> dict[str, Any]:
    """Return `method` gguf and `types`: how many tensors are stored in each of the format's types.

    Raises
    ------
    InputError
        When a package is missing or the file is broken.
    """
    _require(location)
    import gguf

    try:
        reader = gguf.GGUFReader(location.folder / str(location.gguf))
    except Exception as error:  # numpy and the reader raise what they like on a damaged file
        raise InputError(_refusal(location, error)) from error
    return {"method": "gguf", "types": dict(sorted(Counter(one.tensor_type.name for one in reader.tensors).items()))}


def _require(location: Location) -> None:
    for package in ("gguf", "accelerate"):
        if importlib.util.find_spec(package) is None:
            raise InputError(
                f"Model '{location.name}' is a file in the format GGUF, which needs the package {package}; run `pip "
                'install "thinkalike[gguf]"`.'
            )


def _refusal(location: Location, error: Exception) -> str:
    text = " ".join(str(error).split())[:250]
    return (
        f"Model '{location.name}': the file in the format GGUF cannot be loaded ({text}); download it again, or give "
        "the model's safetensors where transformers does not read this architecture from GGUF."
    )
