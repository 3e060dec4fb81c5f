"""Small models of the real classes of transformers, at random weights."""

from collections.abc import Callable
from typing import Any

import torch
from transformers import (
    BertConfig,
    BertForMaskedLM,
    GPT2Config,
    GPT2LMHeadModel,
    MambaConfig,
    MambaForCausalLM,
    PreTrainedModel,
)

from thinkalike.catalogue import HEAD_WIDTH, check_width
from thinkalike.errors import InputError
from thinkalike.representations.lstm import LSTMConfig, LSTMForCausalLM
from thinkalike.representations.training.settings import Settings
from thinkalike.representations.training.tokenizer import END, PAD, START

# Large models have 4. At these sizes 2 learnt better in the same number of updates, and a fifth faster.
_INNER = 2
_MAMBA_STATE = 8
_SPECIAL_IDS: dict[str, Any] = {"pad_token_id": PAD, "bos_token_id": START, "eos_token_id": END}
_Builder = Callable[[int, int, int, int, float], PreTrainedModel]
_BUILDERS: dict[str, _Builder] = {}

SETTINGS: dict[str, Settings] = {}
"""How each architecture is trained where a study does not say otherwise."""


def _trained_with(settings: Settings) -> Callable[[_Builder], _Builder]:
    """Register the function below, called `_` and its architecture's name, as what builds it."""

    def register(build: _Builder) -> _Builder:
        name = build.__name__.removeprefix("_")
        _BUILDERS[name], SETTINGS[name] = build, settings
        return build

    return register


def build_model(
    architecture: str,
    *,
    layers: int,
    width: int,
    vocabulary: int,
    positions: int,
    initial_scale: float,
    seed: int,
) -> PreTrainedModel:
    """Return a model with random weights, float32 on the CPU.

    Parameters
    ----------
    architecture
        `bert`, `gpt2`, `mamba` or `lstm`.
    layers, width
        Number of blocks and of units; the width a multiple of 32 (attention heads have 32 units each) or below it.
    vocabulary
        Entries of the tokenizer, the special ones included.
    positions
        Longest sentence in sub-tokens (BERT and GPT-2 learn a vector for each position).
    initial_scale
        Standard deviation of the random weights.
    seed
        Decides the random weights.

    Raises
    ------
    InputError
        If the architecture is unknown or a size is impossible.
    """
    settings_of(architecture)
    if layers < 1:
        raise InputError(f"A model of {layers} layers cannot be built: 'layers' must be at least 1.")
    check_width(width)
    # The library initialises from torch's global generator: it is given back as it was.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return _BUILDERS[architecture](layers, width, vocabulary, positions, initial_scale)


# The settings below were tuned on the default study's corpus with 4 (BERT, GPT-2, Mamba) and 2 (LSTM) layers of width
# 128; the outcome is in docs/training.md. Small batches: many updates an hour count more than exact gradients.
@_trained_with(Settings(steps=2600, batch_size=32, learning_rate=1e-3, mask_rate=0.3))
def _bert(layers: int, width: int, vocabulary: int, positions: int, scale: float) -> PreTrainedModel:
    config = BertConfig(
        vocab_size=vocabulary,
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=max(1, width // HEAD_WIDTH),
        intermediate_size=_INNER * width,
        max_position_embeddings=positions,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        initializer_range=scale,
        pad_token_id=PAD,
    )
    return BertForMaskedLM(config)


@_trained_with(Settings(steps=1200, batch_size=32, learning_rate=2e-3))
def _gpt2(layers: int, width: int, vocabulary: int, positions: int, scale: float) -> PreTrainedModel:
    config = GPT2Config(
        vocab_size=vocabulary,
        n_embd=width,
        n_layer=layers,
        n_head=max(1, width // HEAD_WIDTH),
        n_positions=positions,
        n_inner=_INNER * width,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        activation_function="gelu_pytorch_tanh",  # GPT-2's own function, in one operation
        initializer_range=scale,
        **_SPECIAL_IDS,
    )
    return GPT2LMHeadModel(config)


@_trained_with(Settings(steps=800, batch_size=32, learning_rate=3e-3))
def _mamba(layers: int, width: int, vocabulary: int, positions: int, scale: float) -> PreTrainedModel:
    config = MambaConfig(
        vocab_size=vocabulary,
        hidden_size=width,
        num_hidden_layers=layers,
        state_size=_MAMBA_STATE,
        initializer_range=scale,
        use_cache=False,
        **_SPECIAL_IDS,
    )
    return MambaForCausalLM(config)


@_trained_with(Settings(steps=1000, batch_size=32, learning_rate=8e-3, initial_scale=0.3))
def _lstm(layers: int, width: int, vocabulary: int, positions: int, scale: float) -> PreTrainedModel:
    config = LSTMConfig(
        vocab_size=vocabulary,
        hidden_size=width,
        num_hidden_layers=layers,
        initializer_range=scale,
        tie_word_embeddings=False,
        **_SPECIAL_IDS,
    )
    return LSTMForCausalLM(config)


def settings_of(architecture: str) -> Settings:
    """Return the default settings of an architecture.

    Raises
    ------
    InputError
        If no such architecture can be trained here.
    """
    if architecture not in SETTINGS:
        raise InputError(
            f"Architecture '{architecture}' cannot be trained here: write one of {', '.join(SETTINGS)} after 'train:'."
        )
    return SETTINGS[architecture]
