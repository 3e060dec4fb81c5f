"""How much a model can read."""

from typing import Any

from torch import nn


def longest_input(network: Any) -> int | None:
    """Return the most tokens that the model reads, or None for a model without a limit (Mamba, T5, BLOOM)."""
    for name, module in network.named_modules():
        # RoBERTa's positions start after the padding index, so its table is longer than what it reads.
        if name.endswith("position_embeddings") and isinstance(module, nn.Embedding):
            return module.num_embeddings - (0 if module.padding_idx is None else module.padding_idx + 1)
    config = network.config
    config = config.get_text_config() if hasattr(config, "get_text_config") else config
    limits = [getattr(config, key, None) for key in ("max_position_embeddings", "max_seq_len")]
    return next((limit for limit in limits if isinstance(limit, int) and limit > 0), None)


def vocabulary_size(network: Any) -> int:
    """Return the number of input embeddings."""
    return network.get_input_embeddings().weight.shape[0]
