"""Minimal pairs on a language in which the verb agrees with the noun: "the boy laughs .", "the boys laugh ."."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoModelForMaskedLM, AutoTokenizer

from thinkalike.errors import InputError
from thinkalike.representations.training import evaluate_agreement, grammar_floor, train_model

NOUNS, VERBS = ["boy", "girl", "queen", "waiter"], ["laugh", "sing", "fall", "jump"]


def sentence(noun: str, verb: str, plural: bool, agrees: bool = True) -> list[str]:
    return ["the", noun + "s" * plural, verb + "s" * (plural != agrees), "."]


@pytest.fixture(scope="module")
def corpus() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    words = [sentence(rng.choice(NOUNS), rng.choice(VERBS), bool(rng.integers(2))) for _ in range(600)]
    split = ["train"] * 500 + ["heldout"] * 100
    return pd.DataFrame({"split": split, "words": words, "log_probability": -math.log(32)})


@pytest.fixture(scope="module")
def pairs() -> pd.DataFrame:
    rows = [
        ("plural" if plural else "singular", sentence(noun, verb, plural), sentence(noun, verb, plural, False))
        for noun in NOUNS
        for verb in VERBS
        for plural in (True, False)
    ]
    return pd.DataFrame(rows, columns=["phenomenon", "grammatical", "ungrammatical"])


def train(corpus: pd.DataFrame, folder: Path, architecture: str, steps: int) -> Path:
    rate = {"bert": 5e-3, "lstm": 2e-2}.get(architecture, 1e-2)
    sizes = {"layers": 2, "width": 32, "vocabulary": 45, "batch_size": 16}
    train_model(
        architecture, corpus, seed=0, steps=steps, learning_rate=rate, folder=folder, name=architecture, **sizes
    )
    return folder


@pytest.mark.parametrize(
    ("architecture", "steps"),
    [("gpt2", 80), ("mamba", 80), ("lstm", 200), pytest.param("bert", 400, marks=pytest.mark.slow)],
)
def test_trained_models_judge_well_and_their_controls_do_not(corpus, pairs, tmp_path, architecture, steps) -> None:
    trained = evaluate_agreement(train(corpus, tmp_path / "a", architecture, steps), pairs)
    control = evaluate_agreement(train(corpus, tmp_path / "b", architecture, 0), pairs)
    assert trained["phenomenon"].tolist() == ["plural", "singular"] and trained["n"].tolist() == [16, 16]
    assert trained["accuracy"].mean() > 0.85
    # Without training the shorter word wins in both numbers, or a coin's toss does.
    assert 0.2 < control["accuracy"].mean() < 0.8


def test_causal_score_is_the_sum_over_the_sentence(corpus, pairs, tmp_path) -> None:
    folder = train(corpus, tmp_path / "a", "gpt2", 10)
    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)

    def score(words: list[str]) -> float:
        ids = [*tokenizer(words, is_split_into_words=True)["input_ids"], tokenizer.eos_token_id]
        assert ids[0] == tokenizer.bos_token_id
        with torch.no_grad():
            steps = [
                model(torch.tensor([ids[:place]])).logits[0, -1].log_softmax(-1)[ids[place]]
                for place in range(1, len(ids))
            ]
        return float(sum(steps))

    expected = [score(row.grammatical) > score(row.ungrammatical) for row in pairs.itertuples()]
    assert 0 < sum(expected) < len(expected)
    table = evaluate_agreement(folder, pairs.assign(phenomenon=[f"p{index}" for index in range(len(pairs))]))
    assert (table["accuracy"] == 1).tolist() == expected


def test_masked_score_hides_the_rest_of_the_word(corpus, pairs, tmp_path) -> None:
    folder = train(corpus, tmp_path / "a", "bert", 10)
    model = AutoModelForMaskedLM.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)

    def score(words: list[str]) -> float:
        pieces = [tokenizer(word, add_special_tokens=False)["input_ids"] for word in words]
        total = 0.0
        for index, word in enumerate(pieces):
            before = [tokenizer.cls_token_id, *(piece for other in pieces[:index] for piece in other)]
            after = [*(piece for other in pieces[index + 1 :] for piece in other), tokenizer.sep_token_id]
            for known in range(len(word)):
                shown = before + word[:known] + [tokenizer.mask_token_id] * (len(word) - known) + after
                with torch.no_grad():
                    logits = model(torch.tensor([shown])).logits[0, len(before) + known]
                total += float(logits.log_softmax(-1)[word[known]])
        return total

    expected = [score(row.grammatical) > score(row.ungrammatical) for row in pairs.itertuples()]
    assert 0 < sum(expected) < len(expected)
    table = evaluate_agreement(folder, pairs.assign(phenomenon=[f"p{index}" for index in range(len(pairs))]))
    assert (table["accuracy"] == 1).tolist() == expected


def test_what_cannot_be_judged_is_named(pairs, tmp_path) -> None:
    with pytest.raises(InputError, match="no column 'ungrammatical'"):
        evaluate_agreement(tmp_path, pairs.drop(columns="ungrammatical"))
    assert evaluate_agreement(tmp_path, pairs.head(0)).empty
    with pytest.raises(InputError, match="holds no model"):
        evaluate_agreement(tmp_path / "nowhere", pairs)


def test_grammar_floor_is_the_exact_posterior(tmp_path) -> None:
    grammar = tmp_path / "toy.fcfg"
    grammar.write_text("% start S\nS -> 'the' N 'laughs'\nN -> 'boy' | 'girl' | 'queen' | 'waiter'\n")
    floor = grammar_floor(grammar, [["the", "waiter", "laughs"]])
    numbers = {"the": [5], "laughs": [6, 7], "boy": [8], "girl": [9], "queen": [10], "waiter": [11, 12]}
    sentences = [["the", "boy", "laughs"], ["the", "girl", "laughs"]]
    # Three nouns are left where the noun is hidden; nothing is open where a piece of the verb is.
    assert floor(sentences, [[1], [2]], lambda word: numbers[word]) == pytest.approx(math.log(3) / 2)
