"""What a model needs and how its entry in a study reads, from its configuration alone: no weights are downloaded."""

from collections.abc import Collection
from typing import Any

import torch
from transformers import AutoConfig, AutoModel

from thinkalike.errors import InputError
from thinkalike.representations import lstm
from thinkalike.representations.blocks import find_blocks, longest_input, text_encoder
from thinkalike.representations.hub import locate
from thinkalike.representations.loading import quiet_transformers
from thinkalike.representations.state_space import suitable_kernels

_STIMULI = 1000
# Measured with zstd and byte-stream-split on activations of a Transformer.
_COMPRESSION = 0.85


def describe_model(
    name: str, revision: str | None = None, trust: Collection[str] = (), entry: str | None = None
) -> dict[str, Any]:
    """Tell what a model is and needs, and give its line for a study.

    Parameters
    ----------
    name
        Hub id or local folder.
    revision
        Branch, tag or commit on the hub.
    trust
        `remote_code`, to read the configuration of a model that comes with Python code.
    entry
        The model's name in the study; made from its id when left out.

    Returns
    -------
    dict
        `model`, `revision`, `architecture`, `layers` (blocks), `final` (None where it cannot be told without running
        the model), `width`, `longest_input` (tokens, or None), `parameters`, `memory_gb` (weights in float32) and
        `memory_bfloat16_gb`, `disk_mb` (all layers of 1000 stimuli), `weights` (`safetensors`, `pickle` or `none`),
        `yaml` (the line).

    Raises
    ------
    InputError
        When the configuration cannot be had or understood.
    """
    location = locate(name, revision, trust, weights=False)
    lstm.register()
    with quiet_transformers():
        network = _skeleton(name, location.folder, "remote_code" in trust)
    blocks_name, blocks = find_blocks(network)
    calls, final = _depth(network, blocks)
    width = int(network.get_input_embeddings().weight.shape[1])
    width = int(getattr(network.config, "hidden_size", width))
    parameters = sum(parameter.numel() for parameter in network.parameters())
    layers = calls + 1 + bool(final)
    found = {
        "model": name,
        "revision": location.revision,
        "architecture": type(network).__name__,
        "blocks": blocks_name,
        "layers": calls,
        "final": final,
        "width": width,
        "longest_input": longest_input(network),
        "parameters": parameters,
        "memory_gb": round(4 * parameters / 1e9, 3),
        "memory_bfloat16_gb": round(2 * parameters / 1e9, 3),
        "disk_mb": round(_COMPRESSION * 4 * layers * width * _STIMULI / 1e6, 1),
        "weights": _kind_of_weights(location.files),
    }
    return {**found, "yaml": _line(entry or _entry_name(name), found)}


def _skeleton(name: str, folder: Any, remote_code: bool) -> Any:
    """Return the part that reads text, without weights."""
    try:
        config = AutoConfig.from_pretrained(folder, trust_remote_code=remote_code)
        with torch.device("meta"):
            return text_encoder(AutoModel.from_config(config, trust_remote_code=remote_code)).eval()
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
        raise InputError(
            f"Model '{name}': its configuration cannot be understood ({' '.join(str(error).split())[:200]}); give a "
            "text model of transformers, with 'remote_code' among its trust where it comes with Python code."
        ) from error


def _depth(network: Any, blocks: torch.nn.ModuleList) -> tuple[int, bool | None]:
    """Return how often blocks run, and whether something comes after the last one: a pass without numbers."""
    outputs: list[Any] = []

    def keep(block: Any, arguments: Any, output: Any) -> None:
        outputs.append(output if isinstance(output, torch.Tensor) else output[0])

    handles = [block.register_forward_hook(keep) for block in blocks]
    ids = torch.zeros(1, 4, dtype=torch.long, device="meta")
    mask = torch.ones_like(ids)
    try:
        # Architectures look into positions or masks, which cannot be done without numbers, in one case or another.
        for options in ({}, {"attention_mask": mask}, {"use_cache": False}, {"position_ids": ids}):
            outputs.clear()
            try:
                with torch.inference_mode(), suitable_kernels(network, torch.device("meta")):
                    result = network(input_ids=ids, **options)
                return len(outputs), result[0] is not outputs[-1]
            except (RuntimeError, NotImplementedError, TypeError):
                continue
    finally:
        for handle in handles:
            handle.remove()
    return len(blocks), None


def _kind_of_weights(files: Collection[str]) -> str:
    if any(name.endswith(".safetensors") for name in files):
        return "safetensors"
    return "pickle" if any(name.endswith((".bin", ".pt", ".pth")) for name in files) else "none"


def _entry_name(name: str) -> str:
    return name.rstrip("/").rsplit("/", 1)[-1].lower()


def _line(entry: str, found: dict[str, Any]) -> str:
    parts = [f"hub: {found['model']}"]
    if found["revision"]:
        parts.append(f"revision: {found['revision']}")
    parts.append(f"layers: {found['layers']}")
    if found["final"]:
        parts.append("final: true")
    return f"{entry}: {{{', '.join(parts)}}}"
