"""Blocks are found by running the model: each reads what the one before gave, and rows are tokens."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import transformers
from small_models import TOKENIZERS, random_sentences

from thinkalike.errors import InputError
from thinkalike.representations.describe import describe_model
from thinkalike.representations.extraction import extract_to_folder
from thinkalike.representations.storage import layer_path, read_representation

_HF: dict[str, Any] = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 64}
_TWO_STACKS: dict[str, Any] = {
    "d_model": 32, "encoder_layers": 3, "decoder_layers": 2, "encoder_attention_heads": 4, "decoder_attention_heads": 4,
    "encoder_ffn_dim": 64, "decoder_ffn_dim": 64, "max_position_embeddings": 64,
}  # fmt: skip
_TOWER = {**_HF, "max_position_embeddings": 32, "vocab_size": 400, "projection_dim": 32}


def made(folder: Path, kind: str, **settings: Any) -> Path:
    """Save a random model of a class of transformers with a tokenizer."""
    config = getattr(transformers, kind.replace("Model", "Config"))(**{"vocab_size": 400, **settings})
    torch.manual_seed(0)
    model = getattr(transformers, kind)(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    model.save_pretrained(folder)
    TOKENIZERS["byte_level"]().save_pretrained(folder)
    return folder


RIGHT: dict[str, tuple[dict[str, Any], str]] = {
    # time comes first
    "XLNetModel": ({"d_model": 32, "n_layer": 3, "n_head": 4, "d_inner": 64}, "0 1 2 3"),
    "FSMTModel": ({**_TWO_STACKS, "langs": ["en", "de"], "src_vocab_size": 400, "tgt_vocab_size": 400}, "0 1 2 3"),
    # two groups of shared blocks
    "AlbertModel": ({**_HF, "embedding_size": 16, "num_hidden_layers": 4, "num_hidden_groups": 2}, "0 1 2 3 4"),
    # rows of its own in front of the tokens
    "CpmAntModel": (
        {**_HF, "dim_head": 8, "dim_ff": 64, "prompt_length": 5},
        "0 1 2 final",
    ),
    "XmodModel": ({**_HF, "languages": ["en_XX"], "default_language": "en_XX"}, "0 1 2 3"),
    "CLIPModel": ({"text_config": _TOWER, "vision_config": {**_HF, "image_size": 16, "patch_size": 8}}, "0 1 2 3"),
}  # fmt: skip


@pytest.mark.parametrize("kind", list(RIGHT))
def test_unusual_models_are_right(kind: str, tmp_path: Path) -> None:
    settings, meaning = RIGHT[kind]
    folder = made(tmp_path / "model", kind, **settings)
    described = describe_model(str(folder))
    sentences, _ = random_sentences(5)
    ids = sentences["sentence_id"]
    stimuli = pd.DataFrame({"stimulus_id": ids, "sentence_id": ids})
    labels = [str(label) for label in range(described["layers"] + 1)] + (["final"] if described["final"] else [])
    source = {"hub": str(folder), "blocks_declared": described["layers"]}
    extract_to_folder(source, sentences, stimuli, layers=labels, folder=tmp_path / "r", device="cpu", unit="final")
    found = {label: read_representation(layer_path(tmp_path / "r", label)) for label in labels}
    assert found["0"].metadata["layers"] == labels
    expected = _last_tokens(folder, sentences)
    names = []
    for state in expected:
        errors = {label: np.abs(one.vectors - state).max() / np.abs(state).max() for label, one in found.items()}
        names.append(min(errors, key=lambda label: errors[label]))
        assert errors[names[-1]] < 1e-5
    assert " ".join(names) == meaning


def _last_tokens(folder: Path, sentences: pd.DataFrame) -> list[np.ndarray]:
    model = transformers.AutoModel.from_pretrained(folder).eval()
    network = model.get_encoder() if model.config.is_encoder_decoder else getattr(model, "text_model", model)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    rows = []
    for words in sentences["words"]:
        ids = tokenizer(" ".join(words), return_tensors="pt")["input_ids"]
        with torch.inference_mode():
            states = network(input_ids=ids, output_hidden_states=True).hidden_states
        rows.append([state[0, -1].numpy() for state in states])
    return [np.stack(layer) for layer in zip(*rows, strict=True)]


_XLM: dict[str, Any] = {"emb_dim": 32, "n_layers": 3, "n_heads": 4, "max_position_embeddings": 64}
_WHISPER = {
    "d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 4, "decoder_attention_heads": 4,
    "encoder_ffn_dim": 64, "decoder_ffn_dim": 64, "num_mel_bins": 8, "pad_token_id": 0, "bos_token_id": 0,
    "eos_token_id": 0, "decoder_start_token_id": 0,
}  # fmt: skip
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "XLMModel": (_XLM, r"'attentions': block 2 does not read what block 1 gave.*'numbering: hidden_states'"),
    "FlaubertModel": (_XLM, r"'attentions': block 2 does not read what block 1 gave.*'numbering: hidden_states'"),
    "SqueezeBertModel": (
        {**_HF, "embedding_size": 32, "q_groups": 2, "k_groups": 2, "v_groups": 2, "intermediate_groups": 2,
         "output_groups": 2},
        r"its blocks never run by themselves.*'numbering: hidden_states'",
    ),
    "XmodModel": ({**_HF, "languages": ["en_XX"]}, r"does not run on token ids alone.*default_language"),
    "WhisperModel": (_WHISPER, r"WhisperModel: its part 'encoder' reads sound \(input_features\), not text"),
    "ViTModel": ({**_HF, "image_size": 16, "patch_size": 8}, r"ViTModel: it reads images \(pixel_values\), not text"),
}  # fmt: skip


@pytest.mark.parametrize("kind", list(REFUSED))
def test_models_whose_blocks_cannot_be_read_are_refused(kind: str, tmp_path: Path) -> None:
    settings, message = REFUSED[kind]
    folder = made(tmp_path / "model", kind, **settings)
    sentences, stimuli = random_sentences(3)
    with pytest.raises(InputError, match=message):
        extract_to_folder({"hub": str(folder)}, sentences, stimuli, layers=["1"], folder=tmp_path / "r", device="cpu")
    with pytest.raises(InputError, match=message):
        describe_model(str(folder))
    if "hidden_states" in message:  # the way out that the sentence names is one
        extract_to_folder({"hub": str(folder)}, sentences, stimuli, layers=["1"], folder=tmp_path / "r", device="cpu",
                          numbering="hidden_states")  # fmt: skip


def test_halved_states_are_no_other_list(tmp_path: Path) -> None:
    """RWKV halves its states every few blocks, so that a block reads half of what the one before gave."""
    folder = made(tmp_path / "model", "RwkvModel", hidden_size=32, num_hidden_layers=3, rescale_every=2)
    found = describe_model(str(folder))
    assert (found["blocks"], found["layers"], found["final"]) == ("blocks", 3, True)
    sentences, stimuli = random_sentences(3)
    source = {"hub": str(folder), "blocks_declared": 3}
    extract_to_folder(source, sentences, stimuli, layers=["final"], folder=tmp_path / "r", device="cpu")


def test_wrong_list_named_by_the_user_is_refused(tmp_path: Path) -> None:
    folder = made(tmp_path / "model", "XLMModel", **_XLM)
    sentences, stimuli = random_sentences(3)
    with pytest.raises(InputError, match=r"'layer_norm2': block 2 does not read what block 1 gave"):
        extract_to_folder({"hub": str(folder), "blocks": "layer_norm2"}, sentences, stimuli, layers=["1"],
                          folder=tmp_path / "r", device="cpu")  # fmt: skip


@pytest.mark.parametrize("kind", ["LongformerModel", "LEDModel"])
def test_rows_behind_the_tokens_are_left_out(kind: str, tmp_path: Path) -> None:
    """Longformer pads a sentence to its window; how many rows that adds depends on the sentence."""
    window: dict[str, Any] = {"attention_window": [8, 8, 8], "max_position_embeddings": 66}
    two: dict[str, Any] = {key: value for key, value in _TWO_STACKS.items() if key != "max_position_embeddings"}
    settings = {**_HF, **window} if kind == "LongformerModel" else {**two, "attention_window": [8, 8, 8]}
    folder = made(tmp_path / "model", kind, **settings)
    sentences, _ = random_sentences(6)
    ids = sentences["sentence_id"]
    stimuli = pd.DataFrame({"stimulus_id": ids, "sentence_id": ids})
    labels = ["0", "1", "2", "3"]
    extract_to_folder({"hub": str(folder), "blocks_declared": 3}, sentences, stimuli, layers=labels,
                      folder=tmp_path / "r", device="cpu", unit="final", tokens_per_batch=1)  # fmt: skip
    assert describe_model(str(folder))["final"] is False
    for label, state in zip(labels, _last_tokens(folder, sentences), strict=True):
        found = read_representation(layer_path(tmp_path / "r", label)).vectors
        assert np.abs(found - state).max() / np.abs(state).max() < 1e-5
