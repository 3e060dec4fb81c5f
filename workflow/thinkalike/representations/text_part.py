"""The part of a model that reads text: the model itself, the encoder of an encoder-decoder, the text tower of CLIP."""

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from transformers.modeling_outputs import BaseModelOutput

from thinkalike.errors import InputError

_TOWERS = ("text_model", "text_encoder", "text_tower")
_SENSES = {
    "input_features": "sound",
    "input_values": "sound",
    "pixel_values": "images",
    "pixel_values_videos": "videos",
}


@dataclass(frozen=True)
class TextPart:
    """What runs when a sentence is read.

    Attributes
    ----------
    network
        The module whose forward pass takes token ids.
    path
        Its name inside the loaded model; empty for the model itself.
    config
        The configuration of this part.
    stack
        The module inside which the blocks are; the network itself when left out.
    extra
        What the forward pass is given beside token ids.
    """

    network: Any
    path: str
    config: Any
    stack: Any = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def where_blocks_are(self) -> nn.Module:
        """The module among whose lists the blocks are."""
        return self.network if self.stack is None else self.stack

    @property
    def prefix(self) -> str:
        """What the names of the weights that run begin with; a decoder needs its encoder's too."""
        return f"{self.path}." if self.path and self.stack is None else ""

    @property
    def embeddings(self) -> Any:
        """The table of input embeddings."""
        try:
            return self.network.get_input_embeddings()
        except (AttributeError, NotImplementedError):  # FSMT's encoder is a plain module
            tables = [module for module in self.network.modules() if isinstance(module, nn.Embedding)]
            return max(tables, key=lambda table: table.num_embeddings, default=None)

    def longest_input(self) -> int | None:
        """Return the most tokens that the model reads, or None for a model without a limit (Mamba, T5, BLOOM)."""
        for name, module in self.network.named_modules():
            # RoBERTa's positions start after the padding index, so its table is longer than what it reads.
            if name.endswith("position_embeddings") and isinstance(module, nn.Embedding):
                return module.num_embeddings - (0 if module.padding_idx is None else module.padding_idx + 1)
        limits = [getattr(self.config, key, None) for key in ("max_position_embeddings", "max_seq_len")]
        return next((limit for limit in limits if isinstance(limit, int) and limit > 0), None)

    def vocabulary_size(self) -> int:
        """Return the number of input embeddings."""
        return self.embeddings.weight.shape[0]

    def special_ids(self) -> set[int]:
        """Return the token ids that the configuration gives a meaning of their own."""
        keys = [key for key in vars(self.config) if key.endswith("token_id")]
        return {value for key in keys if isinstance(value := getattr(self.config, key), int)}

    def depth(self) -> int | None:
        """Return the number of blocks that the configuration states, or None where it does not."""
        if self.stack is not None:
            keys = ["decoder_layers", "num_decoder_layers"]
        else:
            keys = ["encoder_layers", "num_encoder_layers", "num_layers"] if self.path else []
        for key in [*keys, "num_hidden_layers", "n_layer", "n_layers", "num_layers"]:
            value = getattr(self.config, key, None)
            if isinstance(value, int) and not isinstance(value, bool):
                return value
        return None


def text_part(model: Any, name: str, wanted: str | None = None) -> TextPart:
    """Return the part of a loaded model that reads text.

    Parameters
    ----------
    model
        A model of transformers.
    name
        The model's name, for messages.
    wanted
        The part that the user named: `decoder` of an encoder-decoder, or the name of a module inside the model.

    Raises
    ------
    InputError
        When no part takes token ids alone (a model of sounds or images), or there is none of that name.
    """
    if wanted == "decoder" and _has_two_stacks(model):
        return _decoder(model, name)
    network, path = _choose(model) if wanted is None else (_named(model, name, wanted), wanted)
    parameters = inspect.signature(network.forward).parameters
    senses = [key for key in parameters if key in _SENSES]
    open_ended = any(one.kind is one.VAR_KEYWORD for one in parameters.values())
    config = getattr(network, "config", None) or model.config
    config = config.get_text_config() if hasattr(config, "get_text_config") and not path else config
    found = TextPart(network, path, config)
    if ("input_ids" not in parameters and (senses or not open_ended)) or not hasattr(found.embeddings, "weight"):
        taken = senses[0] if senses else next(iter(parameters), "other input")
        what = _SENSES.get(taken, "something else")
        if taken == "input_ids":
            what, taken = "something else", "it has no table of token embeddings"
        part = f"its part '{path}'" if path else "it"
        raise InputError(
            f"Model '{name}' is a {type(model).__name__}: {part} reads {what} ({taken}), not text; give a model that "
            "reads token ids, or compute its responses elsewhere and give them as 'activations'."
        )
    return found


def _has_two_stacks(model: Any) -> bool:
    parameters = inspect.signature(model.forward).parameters
    stacks = hasattr(model, "encoder") and hasattr(model, "decoder") and "decoder_input_ids" in parameters
    return bool(getattr(model.config, "is_encoder_decoder", False) or stacks)


def _decoder(model: Any, name: str) -> TextPart:
    text_part(model, name)  # refuses a model whose encoder reads no text
    return TextPart(DecoderReader(model, name), "decoder", model.config, model.get_decoder())


def _named(model: Any, name: str, wanted: str) -> Any:
    modules = dict(model.named_modules())
    if wanted not in modules:
        known = [key for key, module in model.named_children() if hasattr(module, "config")]
        raise InputError(
            f"Model '{name}' ({type(model).__name__}) has no part '{wanted}'"
            + (f"; its parts are {', '.join(known)}." if known else "; leave 'part' out.")
        )
    return modules[wanted]


def _choose(model: Any) -> tuple[Any, str]:
    if _has_two_stacks(model):
        encoder = model.get_encoder()
        return encoder, next((key for key, module in model.named_modules() if module is encoder), "encoder")
    for tower in _TOWERS:
        found = getattr(model, tower, None)
        if isinstance(found, nn.Module) and "input_ids" in inspect.signature(found.forward).parameters:
            return found, tower
    base = _without_head(model)
    if base is not model:
        return base, next(key for key, module in model.named_modules() if module is base)
    return model, ""


def _without_head(model: Any) -> Any:
    """Return what a head sits on: AutoModel gives some architectures with their head (Llama 4)."""
    while re.search(r"For[A-Z]|LMHead", type(model).__name__):
        inner = [getattr(model, "base_model", model), getattr(model, "model", model)]
        inner += [model.get_decoder()] if hasattr(model, "get_decoder") else []
        reads = [one for one in inner if one is not model and "input_ids" in inspect.signature(one.forward).parameters]
        if not reads:
            break
        model = reads[0]
    return model


class DecoderReader(nn.Module):
    """A decoder that reads the sentence which its encoder has read too.

    The decoder gets the token with which it starts and then the sentence's own tokens; a token's vector is the one at
    the place where the decoder has just read it.

    Parameters
    ----------
    model
        An encoder-decoder.
    name
        The model's name, for messages.
    """

    def __init__(self, model: Any, name: str) -> None:
        super().__init__()
        self.model = model
        starts = (
            getattr(model.config, key, None) for key in ("decoder_start_token_id", "bos_token_id", "pad_token_id")
        )
        self.start = next((token for token in starts if isinstance(token, int)), None)
        if self.start is None:
            raise InputError(f"Model '{name}': its config.json states no decoder_start_token_id; add it.")

    def get_input_embeddings(self) -> Any:
        """Return the table of input embeddings."""
        return self.model.get_input_embeddings()

    def forward(self, input_ids: torch.Tensor, output_hidden_states: bool = False) -> BaseModelOutput:
        """Return the decoder's states of the sentence's tokens, without the one it starts with."""
        start = input_ids.new_full((len(input_ids), 1), self.start or 0)
        found = self.model(
            input_ids=input_ids, decoder_input_ids=torch.cat([start, input_ids], dim=1), use_cache=False,
            output_hidden_states=output_hidden_states,
        )  # fmt: skip
        states = found.decoder_hidden_states if output_hidden_states else None
        shorter = tuple(state[:, 1:] for state in states) if states else None
        return BaseModelOutput(last_hidden_state=found[0][:, 1:], hidden_states=shorter)
