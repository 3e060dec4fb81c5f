"""What a model needs and how its entry in a study reads, from its configuration alone: no weights are downloaded."""

import contextlib
import importlib.util
from collections.abc import Collection
from dataclasses import replace
from typing import Any

import torch
from transformers import AutoModel

from thinkalike.errors import InputError
from thinkalike.representations import lstm
from thinkalike.representations.checkpoint import check_configuration, check_files, holds_weights
from thinkalike.representations.hub import Location, locate
from thinkalike.representations.model_files import (
    load_weights,
    quiet_transformers,
    read_configuration,
    stored_quantisation,
)
from thinkalike.representations.probing import candidate_lists, find_blocks
from thinkalike.representations.provenance import Provenance
from thinkalike.representations.state_space import suitable_kernels
from thinkalike.representations.text_part import TextPart, text_part
from thinkalike.representations.token_run import probe_ids
from thinkalike.representations.tokenizer_files import load_tokenizer
from thinkalike.representations.weights import check_loaded

_STIMULI = 1000
# Measured with zstd and byte-stream-split on activations of a Transformer.
_COMPRESSION = 0.85
# Parameters of a model that is built with random weights where it does not run without any.
_SMALL = 200_000_000


def describe_model(
    name: str,
    revision: str | None = None,
    trust: Collection[str] = (),
    entry: str | None = None,
    part: str | None = None,
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
    part
        `decoder` of an encoder-decoder, or the name of a module inside the model; the part that reads text when left
        out.

    Returns
    -------
    dict
        `model`, `revision`, `architecture`, `layers` (blocks), `final` (None where it cannot be told without running
        the model), `width`, `longest_input` (tokens, or None), `parameters`, `memory_gb` (weights in float32) and
        `memory_bfloat16_gb`, `disk_mb` (all layers of 1000 stimuli), `weights` (`safetensors`, `pickle` or `none`),
        `quantisation` (method and bits, or None),
        `yaml` (the line).

    Raises
    ------
    InputError
        When the configuration cannot be had or understood.
    """
    location = locate(name, revision, trust, "configuration")
    lstm.register()
    with quiet_transformers():
        if location.gguf is None:
            check_configuration(location.folder, name)
        quantisation = stored_quantisation(location)
        if location.local and location.gguf is None and holds_weights(location.folder):
            _check_weights(location, (*trust, "pickle"), part)
        reader, calls, blocks, final = _inspect(location, "remote_code" in trust, part)
    network = reader.network
    width = int(getattr(reader.config, "hidden_size", None) or reader.embeddings.weight.shape[1])
    parameters = sum(parameter.numel() for parameter in network.parameters())
    layers = calls + 1 + bool(final)
    found = {
        "model": name,
        "revision": location.revision,
        "architecture": type(network).__name__,
        **({"part": part} if part else {}),
        "blocks": blocks,
        "layers": calls,
        "final": final,
        "width": width,
        "longest_input": reader.longest_input(),
        "parameters": parameters,
        "memory_gb": round(4 * parameters / 1e9, 3),
        "memory_bfloat16_gb": round(2 * parameters / 1e9, 3),
        "disk_mb": round(_COMPRESSION * 4 * layers * width * _STIMULI / 1e6, 1),
        "quantisation": quantisation,
        "weights": _kind_of_weights(location.files),
    }
    return {**found, "yaml": _line(entry or _entry_name(name), found)}


def _check_weights(location: Location, trust: tuple[str, ...], wanted: str | None) -> None:
    """Refuse what the extraction would refuse of weights that lie here, from their names and headers alone."""
    shards = check_files(location.folder, location.name, trust)
    load_tokenizer(location.folder, location.name, "remote_code" in trust)
    if not shards or importlib.util.find_spec("accelerate") is None or stored_quantisation(location):
        return
    model, info, _ = load_weights(location, trust, "float32", {"": "meta"})
    part = text_part(model, location.name, wanted)
    check_loaded(part, model, location.name, info, candidate_lists(part, None), "unused_weights" in trust)


def _inspect(location: Location, remote_code: bool, wanted: str | None) -> tuple[TextPart, int, str, bool | None]:
    """Return the part that reads text, how often blocks run, their list, and whether something comes after them.

    The model runs without numbers where it can (architectures look into positions or masks, in one case or another);
    a small one that cannot runs with random ones.
    """
    part = _skeleton(location, remote_code, "meta", wanted)
    candidates = candidate_lists(part, None)
    # Some look into what they then take as given.
    ids = torch.zeros(2, 7, dtype=torch.long, device="meta")
    for extra in ({}, {"position_ids": ids}, {"attention_mask": torch.ones_like(ids)}):
        with contextlib.suppress(InputError):
            return part, *_probe(replace(part, extra=extra), location.name)
    if sum(parameter.numel() for parameter in part.network.parameters()) > _SMALL:
        key, modules = next(iter(candidates.items()))
        return part, part.depth() or len(modules), key, None
    small = _skeleton(location, remote_code, "cpu", wanted)
    return part, *_probe(small, location.name)


def _probe(part: TextPart, name: str) -> tuple[int, str, bool]:
    device = part.embeddings.weight.device
    with Provenance(), suitable_kernels(part.network, device):
        found = find_blocks(part, name, probe_ids(part.vocabulary_size(), part.special_ids(), device))
    return found.calls, found.name, found.has_final


def _skeleton(location: Location, remote_code: bool, device: str, wanted: str | None) -> TextPart:
    """Return the part that reads text, with random weights or none."""
    try:
        config = read_configuration(location, remote_code)
        with torch.device(device), torch.random.fork_rng(devices=[]):
            model = AutoModel.from_config(config, trust_remote_code=remote_code).eval()
    except InputError:
        raise
    except Exception as error:  # whatever a configuration or a model's own code raises
        raise InputError(
            f"Model '{location.name}': its configuration cannot be understood ({' '.join(str(error).split())[:200]}); "
            "give a text model of transformers, with 'remote_code' among its trust where it comes with Python code."
        ) from error
    return text_part(model, location.name, wanted)


def _kind_of_weights(files: Collection[str]) -> str:
    if len(files) == 1 and next(iter(files)).endswith(".gguf"):
        return "gguf"
    if any(name.endswith(".safetensors") for name in files):
        return "safetensors"
    return "pickle" if any(name.endswith((".bin", ".pt", ".pth")) for name in files) else "none"


def _entry_name(name: str) -> str:
    return name.rstrip("/").rsplit("/", 1)[-1].lower()


def _line(entry: str, found: dict[str, Any]) -> str:
    parts = [f"hub: {found['model']}"]
    if found["revision"]:
        parts.append(f"revision: {found['revision']}")
    if found.get("part"):
        parts.append(f"part: {found['part']}")
    parts.append(f"layers: {found['layers']}")
    if found["final"]:
        parts.append("final: true")
    if found["weights"] == "pickle":
        parts.append("trust: [pickle]")
    return f"{entry}: {{{', '.join(parts)}}}"
