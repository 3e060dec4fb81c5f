import hashlib
import json
import logging
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from transformers import AutoModel, AutoModelForCausalLM, AutoModelForMaskedLM, AutoTokenizer

from thinkalike.errors import InputError
from thinkalike.representations.training import SETTINGS, train_model

ARCHITECTURES = list(SETTINGS)
SUBJECTS, VERBS = ["boy", "girl", "queen", "waiter"], ["laughs", "sings", "falls", "jumps", "runs"]


def sentences(count: int, seed: int) -> list[list[str]]:
    """Draw subject, verb and full stop, all with equal probability: log p = -log 20."""
    rng = np.random.default_rng(seed)
    return [["the", rng.choice(SUBJECTS), rng.choice(VERBS), "."] for _ in range(count)]


@pytest.fixture(scope="module")
def corpus() -> pd.DataFrame:
    words = sentences(400, 0) + sentences(100, 1)
    return pd.DataFrame(
        {"split": ["train"] * 400 + ["heldout"] * 100, "words": words, "log_probability": -math.log(20.0)}
    )


def train(corpus: pd.DataFrame, folder: Path, architecture: str = "gpt2", **changes) -> pd.DataFrame:
    arguments = {"seed": 0, "layers": 2, "width": 32, "steps": 3, "vocabulary": 60, "batch_size": 16, "name": "small"}
    return train_model(architecture, corpus, folder=folder, **{**arguments, **changes})


def digest(folder: Path) -> str:
    return hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_same_seed_gives_the_same_bytes_and_another_seed_others(corpus, tmp_path, architecture) -> None:
    tables = [train(corpus, tmp_path / name, architecture, seed=seed) for name, seed in (("a", 0), ("b", 0), ("c", 1))]
    assert digest(tmp_path / "a") == digest(tmp_path / "b") != digest(tmp_path / "c")
    tokenizers = {(tmp_path / name / "tokenizer.json").read_bytes() for name in "abc"}
    assert len(tokenizers) == 1
    pd.testing.assert_frame_equal(tables[0], tables[1])


def test_the_global_generators_are_left_alone(corpus, tmp_path) -> None:
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    threads = torch.get_num_threads()
    train(corpus, tmp_path / "a")
    assert torch.equal(torch.rand(1), expected)
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_checkpoint_is_an_ordinary_one(corpus, tmp_path, architecture) -> None:
    table = train(corpus, tmp_path / "a", architecture)
    assert list(table.columns) == ["model", "architecture", "seed", "step", "split", "loss", "floor"]
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    names = {path.name for path in (tmp_path / "a").iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"} <= names
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "a")
    loader = AutoModelForMaskedLM if architecture == "bert" else AutoModelForCausalLM
    model = loader.from_pretrained(tmp_path / "a").eval()
    assert AutoModel.from_pretrained(tmp_path / "a").config.num_hidden_layers == 2
    encoded = tokenizer([["the", "queen", "sings", "."]], is_split_into_words=True, return_tensors="pt")
    assert set(encoded) == {"input_ids", "attention_mask"}
    assert tokenizer.model_max_length == 64 and tokenizer.padding_side == "right"
    assert model(**encoded).logits.shape == (1, encoded["input_ids"].shape[1], len(tokenizer))
    state = json.loads((tmp_path / "a" / "config.json").read_text())
    assert state["vocab_size"] == len(tokenizer)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_untrained_control_knows_nothing(corpus, tmp_path, architecture) -> None:
    table = train(corpus, tmp_path / "a", architecture, steps=0)
    assert len(table) == 1 and table["step"][0] == 0 and table["split"][0] == "heldout"
    size = len(AutoTokenizer.from_pretrained(tmp_path / "a"))
    assert abs(table["loss"][0] - math.log(size)) < 0.5
    # It is what a trained model starts from.
    trained = train(corpus, tmp_path / "b", architecture, steps=1)
    assert trained["loss"][0] == table["loss"][0]


@pytest.mark.parametrize(("architecture", "steps"), [("gpt2", 60), ("mamba", 60), ("lstm", 200)])
def test_causal_loss_approaches_the_known_entropy_from_above(corpus, tmp_path, architecture, steps) -> None:
    table = train(
        corpus, tmp_path / "a", architecture, steps=steps, learning_rate=2e-2 if architecture == "lstm" else 1e-2
    )
    last = table.iloc[-1]
    assert last["split"] == "heldout" and last["step"] == steps
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "a")
    pieces = [len(tokenizer(words, is_split_into_words=True)["input_ids"]) for words in sentences(100, 1)]
    # A start is read, an end is predicted: as many predicted sub-tokens as read ones.
    assert last["floor"] == pytest.approx(100 * math.log(20) / sum(pieces))
    assert 0.98 * last["floor"] < last["loss"] < 1.3 * last["floor"]
    losses = table[table["split"] == "heldout"]["loss"]
    assert len(losses) == 11 and losses.iloc[0] > 3 * losses.iloc[-1]
    assert table.loc[table["split"] == "train", "floor"].isna().all()


@pytest.mark.slow
def test_masked_loss_approaches_the_exact_posterior(corpus, tmp_path) -> None:
    seen = {}

    def floor(words, places, encoder) -> float:
        """Return the exact loss: a fully hidden word costs log 4 or log 5, its pieces given others nothing."""
        seen["share"] = sum(map(len, places)) / sum(len(encoder(word)) for words_ in words for word in words_)
        for words_, hidden in zip(words, places, strict=True):
            assert len(hidden) >= 1 and max(hidden) < sum(len(encoder(word)) for word in words_)
        costs = [_posterior_costs(words_, hidden, encoder) for words_, hidden in zip(words, places, strict=True)]
        return float(np.mean(np.concatenate(costs)))

    table = train(
        corpus, tmp_path / "a", "bert", steps=250, learning_rate=5e-3, vocabulary=60, width=64, masked_floor=floor
    )
    last = table.iloc[-1]
    assert 0.15 <= seen["share"] < 0.4
    assert 0.98 * last["floor"] < last["loss"] < last["floor"] + 0.3


def _posterior_costs(words, hidden, encoder) -> list[float]:
    """Enumerate all 20 sentences: -log p(hidden piece | visible pieces and their number)."""
    pieces = [piece for word in words for piece in encoder(word)]
    fitting = []
    for subject in SUBJECTS:
        for verb in VERBS:
            other = [piece for word in ("the", subject, verb, ".") for piece in encoder(word)]
            if len(other) == len(pieces) and all(
                place in hidden or other[place] == piece for place, piece in enumerate(pieces)
            ):
                fitting.append(other)
    return [-math.log(np.mean([other[place] == pieces[place] for other in fitting])) for place in hidden]


def test_a_model_that_learnt_nothing_is_reported(corpus, tmp_path, caplog) -> None:
    with caplog.at_level(logging.WARNING):
        train(corpus, tmp_path / "a", "bert", steps=2, learning_rate=1e-6)
    assert "learnt nothing but word frequencies" in caplog.text
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        train(corpus, tmp_path / "b", "bert", steps=0)
        train(corpus, tmp_path / "c", "lstm", steps=150, learning_rate=1e-2)
    assert "word frequencies" not in caplog.text


def test_divergence_is_an_error_and_leaves_nothing(corpus, tmp_path) -> None:
    with pytest.raises(InputError, match="not finite"):
        train(corpus, tmp_path / "a", "gpt2", steps=20, learning_rate=1e30)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"architecture": "transformer-xl"}, "bert, gpt2, mamba, lstm"),
        ({"layers": 0}, "'layers' must be at least 1"),
        ({"width": 40}, "multiple of 32"),
        ({"steps": -1}, "'steps' is -1"),
        ({"learning_rate": 0.0}, "'learning_rate'"),
        ({"batch_size": 0}, "'batch_size'"),
        ({"vocabulary": 5}, "cannot hold every letter"),
        ({"positions": 4}, "sub-tokens but the model reads 4"),
    ],
)
def test_impossible_settings_are_named(corpus, tmp_path, changes, message) -> None:
    with pytest.raises(InputError, match=message):
        train(corpus, tmp_path / "a", **changes)
    assert not (tmp_path / "a").exists()


def test_unusable_corpora_are_named(corpus, tmp_path) -> None:
    for split in ("train", "heldout"):
        with pytest.raises(InputError, match=split):
            train(corpus[corpus["split"] != split], tmp_path / "a")
    strange = pd.DataFrame({"split": ["heldout"], "words": [["Ünique"]], "log_probability": [-1.0]})
    with pytest.raises(InputError, match="Ünique"):
        train(pd.concat([corpus[corpus["split"] == "train"], strange]), tmp_path / "a")
