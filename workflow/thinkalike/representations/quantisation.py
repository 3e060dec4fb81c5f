"""What is known of a checkpoint's quantisation: read from its configuration, refused where nothing here can undo it."""

from collections.abc import Mapping
from typing import Any

from thinkalike.errors import InputError

# Where the packages that transformers asks for have another name in its messages, or none.
_PACKAGES = {
    "awq": "gptqmodel accelerate", "gptq": "gptqmodel optimum accelerate", "aqlm": "aqlm[cpu,gpu] accelerate",
    "bitsandbytes": "bitsandbytes accelerate", "bitsandbytes_4bit": "bitsandbytes accelerate",
    "bitsandbytes_8bit": "bitsandbytes accelerate", "compressed-tensors": "compressed-tensors accelerate",
    "fp8": "accelerate", "hqq": "hqq accelerate", "quanto": "optimum-quanto accelerate",
    "quark": "amd-quark accelerate", "torchao": "torchao accelerate", "vptq": "vptq accelerate",
    "spqr": "spqr_quant accelerate", "auto-round": "auto-round", "eetq": "kernels accelerate",
    "bitnet": "accelerate", "mxfp4": "kernels accelerate", "fbgemm_fp8": "fbgemm-gpu accelerate",
}  # fmt: skip
_KEYS = ("quantization_config", "compression_config")


def read_quantisation(config: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    """Return the method and the numbers of bits of a checkpoint's weights, or None where they are not quantised.

    Parameters
    ----------
    config
        What config.json holds.
    name
        The model's name in messages.

    Returns
    -------
    dict or None
        `method`, and `bits` where the configuration states them.

    Raises
    ------
    InputError
        For a method that transformers does not know: it would ignore it, and every vector would be wrong.
    """
    settings = _settings(config)
    if settings is None:
        return None
    from transformers.quantizers.auto import AUTO_QUANTIZATION_CONFIG_MAPPING

    method = _method(settings)
    if method is None or method not in {*AUTO_QUANTIZATION_CONFIG_MAPPING, "bitsandbytes"}:
        stated = f"the method '{method}'" if method else "no quant_method"
        raise InputError(
            f"Model '{name}': the quantization_config of its config.json states {stated}, which transformers cannot "
            "undo, so that every vector would be wrong; give the model's unquantised weights."
        )
    bits = settings.get("bits") or settings.get("w_bit") or (4 if "4bit" in method else 8 if "8bit" in method else None)
    return {"method": method, **({"bits": bits} if bits else {})}


def package_refusal(name: str, quantisation: Mapping[str, Any] | None, text: str) -> str:
    """Return the sentence for a model whose weights or code need a package that is not here."""
    if quantisation is None:
        return (
            f"Model '{name}' needs a package that is not installed ({text[:250]}); install it into the environment of "
            "the workflow."
        )
    packages = _PACKAGES.get(quantisation["method"])
    advice = f"run `pip install {packages}`" if packages else "install what this names"
    return (
        f"Model '{name}' is quantised by {quantisation['method']}, which needs something that is not here "
        f"({text[:250]}); {advice}, or give the model's unquantised weights."
    )


def _settings(config: Mapping[str, Any]) -> Mapping[str, Any] | None:
    places = [config, *(value for key, value in config.items() if key.endswith("_config") and isinstance(value, dict))]
    for place in places:
        for key in _KEYS:
            if isinstance(place.get(key), dict):
                return place[key]
    return None


def _method(settings: Mapping[str, Any]) -> str | None:
    if settings.get("load_in_4bit"):
        return "bitsandbytes_4bit"
    if settings.get("load_in_8bit"):
        return "bitsandbytes_8bit"
    return settings.get("quant_method")
