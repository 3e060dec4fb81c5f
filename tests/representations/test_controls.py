"""Untrained controls of pretrained models, decoders of encoder-decoders, and the token at the beginning."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from small_models import save_model
from transformers import AutoConfig, AutoModel, AutoTokenizer

from thinkalike.errors import InputError
from thinkalike.representations.describe import describe_model
from thinkalike.representations.extraction import extract_to_folder
from thinkalike.representations.loading import load_model
from thinkalike.representations.storage import layer_path, read_representation
from thinkalike.study.reading import load_study

SavedModel = Callable[[str], Path]
SENTENCES = pd.DataFrame({"sentence_id": ["s"], "words": [["dogs", "chase", "a", "woman"]]})
STIMULI = pd.DataFrame({"stimulus_id": list("abcd"), "sentence_id": "s", "position": range(4)})


def vectors(folder: Path, source: dict[str, Any], label: str = "2", **settings: Any) -> Any:
    """Extract one layer of the sentence's words."""
    extract_to_folder(source, SENTENCES, STIMULI, layers=[label], folder=folder, device="cpu", **settings)
    return read_representation(layer_path(folder, label))


@pytest.mark.parametrize("architecture", ["bert", "gpt2", "mamba", "t5"])
def test_untrained_control_is_what_training_starts_from(
    architecture: str, saved_model: SavedModel, tmp_path: Path
) -> None:
    folder = saved_model(architecture)
    source = {"hub": str(folder), "untrained": True, "seed": 3}
    first, again = (load_model(source, device="cpu").network.state_dict() for _ in range(2))
    other = load_model({**source, "seed": 4}, device="cpu").network.state_dict()
    trained = load_model({"hub": str(folder)}, device="cpu").network.state_dict()
    assert first.keys() == trained.keys()
    assert all(torch.equal(first[key], again[key]) for key in first)
    matrices = [key for key in first if first[key].ndim == 2]
    assert not any(torch.equal(first[key], trained[key]) for key in matrices)
    # Some matrices are not drawn at random (Mamba's A).
    assert sum(torch.equal(first[key], other[key]) for key in matrices) < len(matrices) / 2
    config = AutoConfig.from_pretrained(folder)
    torch.manual_seed(3)
    expected = AutoModel.from_config(config).state_dict()
    prefix = "encoder." if architecture == "t5" else ""
    assert all(torch.equal(first[key], expected[prefix + key]) for key in first)


def test_untrained_control_needs_no_weights_and_is_recorded(tmp_path: Path) -> None:
    folder = save_model(tmp_path / "model", "gpt2")
    (folder / "model.safetensors").unlink()
    before = torch.random.get_rng_state()
    found = vectors(tmp_path / "r", {"hub": str(folder), "untrained": True, "seed": 1})
    assert torch.equal(before, torch.random.get_rng_state())
    assert (found.metadata["untrained"], found.metadata["seed"]) == (True, 1)
    known = found.metadata["properties"]
    assert (known["architecture"], known["positions"], known["objective"]) == ("gpt2", "learned", "causal")
    with pytest.raises(InputError, match=r"dtype is int8 but model .* is untrained"):
        load_model({"hub": str(folder), "untrained": True}, dtype="int8", device="cpu")


def study_of(models: dict[str, Any], base: Path) -> Any:
    """Read a study of some models."""
    (base / "words.csv").write_text("sentence_id,position,word,number\ns,0,dogs,plural\n")
    text = {"study": "s", "datasets": {"d": {"table": "words.csv", "features": ["number"]}}, "models": models}
    return load_study(yaml.safe_load(yaml.safe_dump(text)), base)


def test_study_spells_out_untrained_seeds(tmp_path: Path) -> None:
    study = study_of({"x": {"hub": "some/model", "layers": 2, "untrained": True, "seeds": [0, 5]}}, tmp_path)
    assert set(study.models) == {"x-seed0", "x-seed5"}
    assert all(model.control for model in study.models.values())
    assert study.source("x-seed5") == {"hub": "some/model", "untrained": True, "seed": 5, "blocks_declared": 2}
    with pytest.raises(InputError, match="seeds goes with 'train', not with 'hub'"):
        study_of({"x": {"hub": "some/model", "layers": 2, "seeds": [0, 1]}}, tmp_path)


def test_file_in_the_format_gguf_is_not_on_the_hub(tmp_path: Path) -> None:
    (tmp_path / "m.gguf").touch()
    study = study_of({"x": {"hub": str(tmp_path / "m.gguf"), "layers": 2}}, tmp_path)
    assert (study.on_hub, study.source_files("x")) == ([], [str(tmp_path / "m.gguf")])


@pytest.mark.parametrize("label", ["0", "1", "2", "final"])
def test_decoder_reads_the_sentence_that_its_encoder_has_read(
    label: str, saved_model: SavedModel, tmp_path: Path
) -> None:
    folder = saved_model("t5")
    found = vectors(tmp_path / "r", {"hub": str(folder), "part": "decoder", "blocks_declared": 2}, label)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    encoding = tokenizer(" ".join(SENTENCES["words"][0]), return_tensors="pt")
    ids = encoding["input_ids"]
    with torch.inference_mode():
        states = AutoModel.from_pretrained(folder).eval()(
            input_ids=ids, decoder_input_ids=torch.cat([torch.zeros(1, 1, dtype=torch.long), ids], dim=1),
            output_hidden_states=True,
        ).decoder_hidden_states  # fmt: skip
    assert found.metadata["part"] == "decoder"
    if label == "2":  # the raw output of the last block is not in transformers' list
        assert found.vectors.shape == (4, 32)
        return
    expected = states[-1 if label == "final" else int(label)][0, 1:]
    last = {encoding.token_to_word(token): token for token in range(ids.shape[1] - 1)}
    np.testing.assert_allclose(found.vectors, expected[[last[word] for word in range(4)]], rtol=0, atol=1e-5)


def test_decoder_is_described(saved_model: SavedModel) -> None:
    found = describe_model(str(saved_model("t5")), entry="t5", part="decoder")
    assert (found["layers"], found["final"]) == (2, True)
    assert "part: decoder" in found["yaml"]
    with pytest.raises(InputError, match=r"has no part 'tower'; its parts are encoder, decoder"):
        describe_model(str(saved_model("t5")), part="tower")


def test_token_in_front_can_be_left_out(saved_model: SavedModel, tmp_path: Path) -> None:
    source = {"hub": str(saved_model("llama"))}
    usual, never = (vectors(tmp_path / bos, source, bos=bos) for bos in ("tokenizer", "never"))
    assert (usual.metadata["begins_with_bos"], never.metadata["begins_with_bos"]) == (True, False)
    tokenizer = AutoTokenizer.from_pretrained(saved_model("llama"))
    ids = tokenizer(" ".join(SENTENCES["words"][0]), return_tensors="pt", add_special_tokens=False)["input_ids"]
    with torch.inference_mode():
        states = AutoModel.from_pretrained(saved_model("llama"))(ids, output_hidden_states=True).hidden_states[2]
    np.testing.assert_allclose(never.vectors[-1], states[0, -1], rtol=0, atol=1e-5)
    assert np.abs(usual.vectors - never.vectors).max() > 1e-3
    with pytest.raises(InputError, match="bos is 'sometimes' but must be one of tokenizer, always, never"):
        vectors(tmp_path / "r", source, bos="sometimes")


@pytest.mark.parametrize(("architecture", "warned"), [("gpt2", True), ("llama", False), ("bert", False), ("t5", False)])
def test_decoder_without_its_token_in_front_is_warned_of(
    architecture: str, warned: bool, saved_model: SavedModel, tmp_path: Path, caplog: Any
) -> None:
    source = {"hub": str(saved_model(architecture))}
    with caplog.at_level(logging.WARNING):
        vectors(tmp_path / "a", source)
    assert ("does not put in front" in caplog.text) == warned
    caplog.clear()
    if architecture == "gpt2":
        with caplog.at_level(logging.WARNING):
            vectors(tmp_path / "b", source, bos="never")
            vectors(tmp_path / "c", source, bos="always")
        assert "does not put in front" not in caplog.text
