"""The part of a model that reads text: the model itself, the encoder of an encoder-decoder, the text tower of CLIP."""

import inspect
from dataclasses import dataclass
from typing import Any

from torch import nn

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
    """

    network: Any
    path: str
    config: Any

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

    def depth(self) -> int | None:
        """Return the number of blocks that the configuration states, or None where it does not."""
        keys = ["encoder_layers", "num_encoder_layers", "num_layers"] if self.path else []
        for key in [*keys, "num_hidden_layers", "n_layer", "n_layers", "num_layers"]:
            value = getattr(self.config, key, None)
            if isinstance(value, int) and not isinstance(value, bool):
                return value
        return None


def text_part(model: Any, name: str) -> TextPart:
    """Return the part of a loaded model that reads text.

    Parameters
    ----------
    model
        A model of transformers.
    name
        For messages.

    Raises
    ------
    InputError
        When no part takes token ids alone (a model of sounds or images).
    """
    network, path = _choose(model)
    parameters = inspect.signature(network.forward).parameters
    senses = [key for key in parameters if key in _SENSES]
    open_ended = any(one.kind is one.VAR_KEYWORD for one in parameters.values())
    config = getattr(network, "config", None) or model.config
    config = config.get_text_config() if hasattr(config, "get_text_config") and not path else config
    found = TextPart(network, path, config)
    if ("input_ids" not in parameters and (senses or not open_ended)) or not hasattr(found.embeddings, "weight"):
        taken = senses[0] if senses else next(iter(parameters), "other input")
        what = _SENSES.get(taken, "something else")
        part = f"its part '{path}'" if path else "it"
        raise InputError(
            f"Model '{name}' is a {type(model).__name__}: {part} reads {what} ({taken}), not text; give a model that "
            "reads token ids, or compute its responses elsewhere and give them as 'activations'."
        )
    return found


def _choose(model: Any) -> tuple[Any, str]:
    parameters = inspect.signature(model.forward).parameters
    two_stacks = hasattr(model, "encoder") and hasattr(model, "decoder") and "decoder_input_ids" in parameters
    if getattr(model.config, "is_encoder_decoder", False) or two_stacks:
        encoder = model.get_encoder()
        return encoder, next((key for key, module in model.named_modules() if module is encoder), "encoder")
    for tower in _TOWERS:
        found = getattr(model, tower, None)
        if isinstance(found, nn.Module) and "input_ids" in inspect.signature(found.forward).parameters:
            return found, tower
    return model, ""
