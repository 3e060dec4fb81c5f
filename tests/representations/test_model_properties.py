"""What a model's configuration says of it."""

import pytest
from transformers import AutoConfig

from thinkalike.representations.model_properties import model_properties


@pytest.mark.parametrize(
    ("kind", "positions", "activation"),
    [
        ("bert", "learned", "gelu"),
        ("gpt2", "learned", "gelu_new"),
        ("mamba", "none", "silu"),
        ("t5", "relative", "relu"),
        ("gemma3_text", "rotary", "gelu_pytorch_tanh"),
        ("gptj", "rotary", "gelu_new"),
        ("bloom", "alibi", None),
        ("esm", "learned", None),
        ("jamba", None, "silu"),
    ],
)
def test_positions_and_activation(kind, positions, activation):
    found = model_properties(AutoConfig.for_model(kind).to_dict())
    assert found["architecture"] == kind
    assert (found.get("positions"), found.get("activation")) == (positions, activation)


def test_sizes_go_by_their_own_names_and_the_heads_tell_the_objective():
    config = {"model_type": "gpt2", "n_embd": 64, "n_layer": 3, "architectures": ["GPT2LMHeadModel"]}
    assert model_properties(config) == {
        **{"architecture": "gpt2", "objective": "causal", "positions": "learned"},
        **{"width": 64, "layers": 3},
    }
    assert model_properties({"model_type": "bert", "architectures": ["BertForMaskedLM"]})["objective"] == "masked"
    assert model_properties({"model_type": "falcon", "alibi": True, "rope_theta": 1e4})["positions"] == "alibi"
    assert model_properties({"model_type": "mpt", "attn_config": {"alibi": True}})["positions"] == "alibi"
    assert model_properties({"model_type": "lstm"})["activation"] == "tanh"
    assert model_properties({"architectures": None}) == {}
