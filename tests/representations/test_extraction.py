"""Units, subsets, limits, and what happens when memory does not suffice."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from thinkalike.errors import InputError
from thinkalike.representations import forward
from thinkalike.representations.extraction import extract_to_folder
from thinkalike.representations.storage import layer_path, read_representation

Dataset = tuple[pd.DataFrame, pd.DataFrame]
SavedModel = Callable[[str], Path]


def vectors(folder: Path, source: Any, dataset: Dataset, layer: str = "2", **options: Any) -> np.ndarray:
    """Extract one layer."""
    extract_to_folder({"hub": str(source)}, *dataset, layers=[layer], folder=folder, device="cpu", **options)
    return read_representation(layer_path(folder, layer)).vectors


def all_tokens(model_folder: Path, text: str, layer: int, begin: list[int] | None = None) -> np.ndarray:
    """Return transformers' own hidden states of a text."""
    ids = (begin or []) + AutoTokenizer.from_pretrained(model_folder)(text)["input_ids"]
    with torch.inference_mode():
        output = AutoModel.from_pretrained(model_folder).eval()(torch.tensor([ids]), output_hidden_states=True)
    return output.hidden_states[layer][0].numpy()


WORDS = ["unbelievable", "dogs", "didn't", "chase"]
SENTENCES = pd.DataFrame({"sentence_id": ["s"], "words": [WORDS]})
STIMULI = pd.DataFrame(
    {"stimulus_id": list("abcd"), "sentence_id": "s", "position": range(4), "word": WORDS},
)
PROMPTS = (
    pd.DataFrame({"sentence_id": ["p", "q"], "words": None, "text": ["the dog\n  sees the woman.", "dogs chase"]}),
    pd.DataFrame({"stimulus_id": ["q", "p"], "sentence_id": ["q", "p"]}),
)


@pytest.mark.parametrize("unit", ["last", "first", "mean"])
def test_choice_of_sub_token(unit: str, saved_model: SavedModel, tmp_path: Path) -> None:
    model = saved_model("bert")
    tokenizer = AutoTokenizer.from_pretrained(model)
    states = all_tokens(model, " ".join(WORDS), 2)
    start, expected = 1, []
    for word in WORDS:
        count = len(tokenizer(word, add_special_tokens=False)["input_ids"])
        part = states[start : start + count]
        expected.append({"last": part[-1], "first": part[0], "mean": part.mean(axis=0)}[unit])
        start += count
    assert start == len(states) - 1
    found = vectors(tmp_path / "r", model, (SENTENCES, STIMULI), unit=unit)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("architecture", "unit", "pick"),
    [
        ("bert", "cls", lambda states: states[0]),
        ("bert", "final", lambda states: states[-2]),
        ("bert", "mean", lambda states: states[1:-1].mean(axis=0)),
        ("gpt2", "final", lambda states: states[-1]),
        ("llama", "mean", lambda states: states[1:].mean(axis=0)),
    ],
)
def test_prompts(
    architecture: str, unit: str, pick: Callable[[np.ndarray], np.ndarray], saved_model: SavedModel, tmp_path: Path
) -> None:
    model = saved_model(architecture)
    texts = dict(zip(PROMPTS[0]["sentence_id"], PROMPTS[0]["text"], strict=True))
    expected = [pick(all_tokens(model, texts[name], 2)) for name in PROMPTS[1]["sentence_id"]]
    found = vectors(tmp_path / "r", model, PROMPTS, unit=unit)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_default_unit_follows_the_stimuli(saved_model: SavedModel, tmp_path: Path) -> None:
    model = saved_model("gpt2")
    for tables, unit in ((PROMPTS, "final"), ((SENTENCES, STIMULI), "last")):
        found = vectors(tmp_path / "a", model, tables)
        np.testing.assert_array_equal(found, vectors(tmp_path / "b", model, tables, unit=unit))
        assert read_representation(layer_path(tmp_path / "a", "2")).metadata["subtoken"] == unit


def test_beginning_of_sequence_is_put_in_front_once(saved_model: SavedModel, tmp_path: Path) -> None:
    for architecture in ("gpt2", "llama"):
        model = saved_model(architecture)
        begin = [AutoTokenizer.from_pretrained(model).bos_token_id] if architecture == "gpt2" else []
        states = all_tokens(model, " ".join(WORDS), 2, begin)
        found = vectors(tmp_path / architecture, model, (SENTENCES, STIMULI), bos="always")
        np.testing.assert_allclose(found[-1], states[-1], rtol=0, atol=1e-5)
    plain = vectors(tmp_path / "plain", saved_model("gpt2"), (SENTENCES, STIMULI))
    assert np.abs(plain - vectors(tmp_path / "gpt2", saved_model("gpt2"), (SENTENCES, STIMULI), bos="always")).max()
    with pytest.raises(InputError, match="no beginning-of-sequence token"):
        vectors(tmp_path / "r", saved_model("bert"), (SENTENCES, STIMULI), bos="always")


@pytest.mark.parametrize(
    ("architecture", "layer", "numbering", "message"),
    [
        ("gpt2", "4", "blocks", r"no layer '4': it has 3 blocks.*'layers: 3' and 'final: true'"),
        ("bert", "final", "blocks", r"no layer 'final': nothing comes after its last block.*'final: false'"),
        ("gpt2", "final", "hidden_states", "'final' is a layer of the numbering 'blocks' only"),
        ("mamba", "9", "hidden_states", r"no layer '9'.*its layers are 0 to 3"),
    ],
)
def test_layer_that_the_model_does_not_have(
    architecture: str, layer: str, numbering: str, message: str, saved_model: SavedModel, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=message):
        vectors(tmp_path / "r", saved_model(architecture), (SENTENCES, STIMULI), layer, numbering=numbering)
    assert list(tmp_path.iterdir()) == []


def test_declared_number_of_layers(saved_model: SavedModel, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has 3 layers but 2 are declared"):
        extract_to_folder(
            {"hub": str(saved_model("gpt2")), "blocks_declared": 2},
            SENTENCES, STIMULI, layers=["0"], folder=tmp_path / "r", device="cpu",
        )  # fmt: skip


@pytest.mark.parametrize(("architecture", "last"), [("gpt2", "final"), ("lstm", "3")])
def test_last_is_the_last_layer(architecture: str, last: str, saved_model: SavedModel, tmp_path: Path) -> None:
    model = saved_model(architecture)
    found = vectors(tmp_path / "a", model, (SENTENCES, STIMULI), "last")
    np.testing.assert_array_equal(found, vectors(tmp_path / "b", model, (SENTENCES, STIMULI), last))
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["layer-last.parquet"]


def test_metadata_says_what_made_a_file(saved_model: SavedModel, tmp_path: Path) -> None:
    extract_to_folder(
        {"hub": str(saved_model("mamba"))}, SENTENCES, STIMULI, layers=["1"], folder=tmp_path / "r", device="cpu",
        metadata={"dataset": "d", "model": "m"},
    )  # fmt: skip
    found = read_representation(tmp_path / "r" / "layer-1.parquet").metadata
    expected = {
        "dataset": "d", "model": "m", "layer": "1", "numbering": "blocks", "subtoken": "last", "dtype": "float32",
        "revision": None, "architecture": "MambaModel", "blocks": "layers", "layers": ["0", "1", "2", "3", "final"],
        "state_space_path": "torch", "unknown_subtokens": 0, "device": "cpu", "bos": "tokenizer",
    }  # fmt: skip
    assert {key: found[key] for key in expected} == expected
    assert {"source", "torch", "transformers", "version"} <= set(found)


def test_out_of_memory_halves_and_goes_on(
    saved_model: SavedModel, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    model = saved_model("gpt2")
    expected = vectors(tmp_path / "a", model, dataset, tokens_per_batch=400)
    sizes: list[int] = []
    call = forward._call

    def cramped(loaded: Any, ids: torch.Tensor, hidden_states: bool) -> Any:
        sizes.append(ids.numel())
        if ids.numel() > 30:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return call(loaded, ids, hidden_states)

    monkeypatch.setattr(forward, "_call", cramped)
    with caplog.at_level(logging.WARNING):
        found = vectors(tmp_path / "b", model, dataset, tokens_per_batch=400)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
    failures = [size for size in sizes if size > 30]
    assert 0 < len(failures) <= 4
    assert "did not fit into memory" in caplog.text
    successes = sum(size for size in sizes if size <= 30)
    everything = sum(
        len(ids)
        for ids in AutoTokenizer.from_pretrained(model)([" ".join(w) for w in dataset[0]["words"]])["input_ids"]
    )
    # Each sentence ran once, beside the one that is run to learn the layers.
    assert 0 <= successes - everything <= 30


def test_one_sentence_that_never_fits(saved_model: SavedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cramped(*arguments: Any) -> Any:
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")

    monkeypatch.setattr(forward, "_call", cramped)
    with pytest.raises(InputError, match=r"one sentence of .* tokens does not fit into memory"):
        vectors(tmp_path / "r", saved_model("gpt2"), (SENTENCES, STIMULI))


@pytest.mark.parametrize(
    ("architecture", "limit"), [("bert", 64), ("roberta", 64), ("gpt2", 64), ("llama", 64), ("mpt", 64)]
)
def test_no_sentence_is_truncated(architecture: str, limit: int, saved_model: SavedModel, tmp_path: Path) -> None:
    words = ["dogs"] * 70
    sentences = pd.DataFrame({"sentence_id": ["long"], "words": [words]})
    stimuli = pd.DataFrame({"stimulus_id": ["x"], "sentence_id": ["long"], "position": [69], "word": ["dogs"]})
    with pytest.raises(
        InputError, match=rf"sentence 'long' has \d+ tokens .* reads at most {limit}.*'dogs' would be cut"
    ):
        vectors(tmp_path / "r", saved_model(architecture), (sentences, stimuli))


def test_longest_sentence_that_fits(saved_model: SavedModel, tmp_path: Path) -> None:
    for architecture in ("bert", "roberta", "gpt2", "opt"):
        tokenizer = AutoTokenizer.from_pretrained(saved_model(architecture))
        words = ["a"]
        while len(tokenizer(" ".join([*words, "a"]))["input_ids"]) <= 64:
            words.append("a")
        assert len(tokenizer(" ".join(words))["input_ids"]) in (63, 64)
        sentences = pd.DataFrame({"sentence_id": ["s"], "words": [words]})
        stimuli = pd.DataFrame({"stimulus_id": ["x"], "sentence_id": ["s"], "position": [len(words) - 1]})
        assert vectors(tmp_path / architecture, saved_model(architecture), (sentences, stimuli)).shape == (1, 32)


def test_models_without_a_limit_read_on(saved_model: SavedModel, tmp_path: Path) -> None:
    words = ["dogs"] * 150
    sentences = pd.DataFrame({"sentence_id": ["s"], "words": [words]})
    stimuli = pd.DataFrame({"stimulus_id": ["x"], "sentence_id": ["s"], "position": [149]})
    for architecture in ("mamba", "lstm", "t5", "bloom"):
        assert vectors(tmp_path / architecture, saved_model(architecture), (sentences, stimuli)).shape == (1, 32)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"position": 7}, "has position 7 but its sentence 's' has 4 words"),
        ({"word": "cat"}, "is the word 'cat' but word 0 of its sentence is 'unbelievable'"),
        ({"sentence_id": "t"}, "belongs to sentence 't', which is not in the table"),
    ],
)
def test_tables_that_do_not_belong_together(
    change: dict[str, Any], message: str, saved_model: SavedModel, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=message):
        vectors(tmp_path / "r", saved_model("gpt2"), (SENTENCES, STIMULI[:1].assign(**change)))


@pytest.mark.parametrize(
    ("unit", "tables", "message"),
    [
        ("middle", (SENTENCES, STIMULI), "must be one of last, first, mean, final, cls"),
        ("last", PROMPTS, "whole sentences without a position; use final"),
        ("cls", PROMPTS, r"puts no \[CLS\] token"),
    ],
)
def test_units_that_do_not_fit(
    unit: str, tables: Dataset, message: str, saved_model: SavedModel, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=message):
        vectors(tmp_path / "r", saved_model("gpt2"), tables, unit=unit)


def test_unknown_words_are_reported(saved_model: SavedModel, tmp_path: Path, caplog: Any) -> None:
    sentences = pd.DataFrame({"sentence_id": ["s", "t"], "words": [["the"], ["日本", "dog"]]})
    stimuli = pd.DataFrame({"stimulus_id": ["x", "y"], "sentence_id": ["s", "t"], "position": [0, 1]})
    vectors(tmp_path / "r", saved_model("bert"), (sentences, stimuli))
    assert read_representation(tmp_path / "r" / "layer-2.parquet").metadata["unknown_subtokens"] == 2
    assert "unknown to the tokenizer, for example in sentence 't'" in caplog.text


def test_lower_precision_is_recorded_and_close(saved_model: SavedModel, dataset: Dataset, tmp_path: Path) -> None:
    exact = vectors(tmp_path / "a", saved_model("llama"), dataset)
    rough = vectors(tmp_path / "b", saved_model("llama"), dataset, dtype="bfloat16")
    assert 0 < np.abs(exact - rough).max() / np.abs(exact).max() < 0.05
    assert read_representation(tmp_path / "b" / "layer-2.parquet").metadata["dtype"] == "bfloat16"
    with pytest.raises(InputError, match="dtype is 'float8' but must be one of"):
        vectors(tmp_path / "c", saved_model("llama"), dataset, dtype="float8")
