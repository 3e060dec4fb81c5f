"""An LSTM language model as an ordinary transformers model; the library has none of its own."""

from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, PreTrainedConfig, PreTrainedModel, initialization
from transformers.modeling_outputs import BaseModelOutput, CausalLMOutput

from thinkalike.errors import InputError


class LSTMConfig(PreTrainedConfig):
    """Sizes of an LSTM language model.

    Parameters
    ----------
    vocab_size
        Number of entries of the tokenizer.
    hidden_size
        Width of the embeddings and of every layer.
    num_hidden_layers
        Number of stacked LSTM layers.
    initializer_range
        Standard deviation of the embeddings at the start. The recurrent weights start uniform within
        1/sqrt(hidden_size), the usual choice for LSTMs, with the forget gate open (its bias 1).
    **kwargs
        Everything else that transformers keeps in a configuration (special tokens, for example).
    """

    model_type = "lstm"

    def __init__(
        self,
        vocab_size: int = 1000,
        hidden_size: int = 128,
        num_hidden_layers: int = 2,
        initializer_range: float = 0.05,
        **kwargs: Any,
    ) -> None:
        self.vocab_size = vocab_size
        self.hidden_size = hidden_size
        self.num_hidden_layers = num_hidden_layers
        self.initializer_range = initializer_range
        super().__init__(**kwargs)


class LSTMLayer(nn.LSTM):
    """One LSTM layer that starts at zero and returns its output alone, as a Transformer's block does."""

    def forward(self, states: Tensor) -> Tensor:  # type: ignore[override]
        """Map states (batch, tokens, width) to outputs of the same shape."""
        return super().forward(states)[0]


class LSTMPreTrainedModel(PreTrainedModel):
    """Initialisation, saving and loading."""

    config_class = LSTMConfig
    base_model_prefix = "lstm"

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        # transformers' own functions leave alone what a checkpoint has filled already.
        if isinstance(module, nn.Embedding | nn.Linear):
            initialization.normal_(module.weight, std=self.config.initializer_range)
        elif isinstance(module, nn.LSTM):
            width = module.hidden_size
            weights = dict(module.named_parameters())
            for weight in (weights["weight_ih_l0"], weights["weight_hh_l0"]):
                initialization.uniform_(weight, -(width**-0.5), width**-0.5)
            # PyTorch orders the gates input, forget, cell, output and adds two biases.
            open_forget_gate = torch.zeros(4 * width)
            open_forget_gate[width : 2 * width] = 1.0
            initialization.copy_(weights["bias_ih_l0"], open_forget_gate)
            initialization.zeros_(weights["bias_hh_l0"])


class LSTMModel(LSTMPreTrainedModel):
    """Stacked unidirectional LSTM layers; layer 0 is the embeddings, layer i the output of `layers[i - 1]`."""

    def __init__(self, config: LSTMConfig) -> None:
        super().__init__(config)
        self.embeddings: nn.Module = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(
            LSTMLayer(config.hidden_size, config.hidden_size, batch_first=True) for _ in range(config.num_hidden_layers)
        )
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        """Return the embedding of the sub-tokens."""
        return self.embeddings

    def set_input_embeddings(self, value: nn.Module) -> None:
        """Replace the embedding of the sub-tokens."""
        self.embeddings = value

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        output_hidden_states: bool | None = None,
        **_: Any,
    ) -> BaseModelOutput:
        """Return the states of the last layer and, where asked, of all of them.

        Parameters
        ----------
        input_ids
            Sub-tokens, int64 (batch, tokens), padded on the right or not at all.
        attention_mask
            1 for a sub-token, 0 for padding, (batch, tokens). Padding on the right cannot reach the states
            before it, so the mask is only checked.
        output_hidden_states
            Also return the embeddings and the output of every layer, `num_hidden_layers + 1` tensors.
        **_
            What other models take (`use_cache`, for example).

        Raises
        ------
        InputError
            If the mask says that padding precedes a sub-token.
        """
        if attention_mask is not None and (attention_mask[:, 1:] > attention_mask[:, :-1]).any():
            raise InputError("The LSTM reads from left to right: pad its input on the right (padding_side='right').")
        states = self.embeddings(input_ids)
        collected = [states]
        for layer in self.layers:
            states = layer(states)
            collected.append(states)
        if output_hidden_states is None:
            output_hidden_states = self.config.output_hidden_states
        return BaseModelOutput(
            last_hidden_state=states,
            hidden_states=tuple(collected) if output_hidden_states else None,
        )


class LSTMForCausalLM(LSTMPreTrainedModel):
    """The LSTM with a head that predicts the next sub-token."""

    def __init__(self, config: LSTMConfig) -> None:
        super().__init__(config)
        self.lstm = LSTMModel(config)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        self.post_init()

    def get_output_embeddings(self) -> nn.Module:
        """Return the linear layer that predicts the next token."""
        return self.lm_head

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None, **kwargs: Any) -> CausalLMOutput:
        """Return `logits` (batch, tokens, vocabulary) for the sub-token after each; parameters as `LSTMModel`."""
        output = self.lstm(input_ids, attention_mask, **kwargs)
        return CausalLMOutput(
            logits=self.lm_head(output.last_hidden_state),
            hidden_states=output.hidden_states,
        )


def register() -> None:
    """Tell transformers' Auto classes about the LSTM; calling it again changes nothing."""
    AutoConfig.register(LSTMConfig.model_type, LSTMConfig, exist_ok=True)
    AutoModel.register(LSTMConfig, LSTMModel, exist_ok=True)
    AutoModelForCausalLM.register(LSTMConfig, LSTMForCausalLM, exist_ok=True)
