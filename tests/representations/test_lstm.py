import pytest
import torch
from transformers import AutoModel, AutoModelForCausalLM

from thinkalike.errors import InputError
from thinkalike.representations.lstm import LSTMConfig, LSTMForCausalLM, LSTMModel, register


@pytest.fixture
def config() -> LSTMConfig:
    return LSTMConfig(vocab_size=11, hidden_size=6, num_hidden_layers=3, pad_token_id=0)


def test_states_are_those_of_torch_layer_by_layer(config: LSTMConfig) -> None:
    torch.manual_seed(0)
    model = LSTMModel(config).eval()
    whole = torch.nn.LSTM(6, 6, num_layers=3, batch_first=True)
    for index, layer in enumerate(model.layers):
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            getattr(whole, f"{name}_l{index}").data = getattr(layer, f"{name}_l0").data
    ids = torch.tensor([[3, 4, 5, 6]])
    output = model(ids, output_hidden_states=True)
    expected, _ = whole(model.embeddings(ids))
    torch.testing.assert_close(output.last_hidden_state, expected)
    assert len(output.hidden_states) == 4
    torch.testing.assert_close(output.hidden_states[0], model.embeddings(ids))
    torch.testing.assert_close(output.hidden_states[3], output.last_hidden_state)
    assert model(ids).hidden_states is None


def test_right_padding_changes_nothing_and_left_padding_is_refused(config: LSTMConfig) -> None:
    model = LSTMModel(config).eval()
    alone = model(torch.tensor([[3, 4, 5]])).last_hidden_state
    padded = model(torch.tensor([[3, 4, 5, 0, 0], [1, 2, 3, 4, 5]]), torch.tensor([[1, 1, 1, 0, 0], [1] * 5]))
    torch.testing.assert_close(padded.last_hidden_state[:1, :3], alone, rtol=0, atol=1e-6)
    with pytest.raises(InputError, match="right"):
        model(torch.tensor([[0, 3, 4]]), torch.tensor([[0, 1, 1]]))


def test_checkpoint_gives_the_same_bits_through_the_auto_classes(config: LSTMConfig, tmp_path) -> None:
    register()
    register()
    model = LSTMForCausalLM(config).eval()
    with torch.no_grad():  # what initialisation would set again must survive loading too
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter))
    model.save_pretrained(tmp_path)
    loaded = AutoModelForCausalLM.from_pretrained(tmp_path)
    assert isinstance(loaded, LSTMForCausalLM)
    for key, value in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[key], value), key
    base = AutoModel.from_pretrained(tmp_path)
    assert isinstance(base, LSTMModel)
    ids = torch.tensor([[3, 4, 5]])
    assert torch.equal(base(ids).last_hidden_state, model.lstm(ids).last_hidden_state)


def test_initialisation_opens_the_forget_gate(config: LSTMConfig) -> None:
    layer = LSTMModel(config).layers[0]
    assert torch.equal(layer.bias_ih_l0, torch.tensor([0.0] * 6 + [1.0] * 6 + [0.0] * 12))
    assert layer.weight_hh_l0.abs().max() <= 6**-0.5
    assert layer.weight_hh_l0.std() > 0.1
