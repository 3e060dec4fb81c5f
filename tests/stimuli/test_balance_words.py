"""Words chosen so that the values of every feature are about equally frequent."""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from thinkalike.errors import InputError
from thinkalike.features import Feature
from thinkalike.stimuli import build_dataset
from thinkalike.stimuli.balance_words import balance_words

FEATURES = {name: Feature(name) for name in ("kind", "number", "case")}


def skewed(n: int = 3000, seed: int = 0) -> pd.DataFrame:
    """Return stimuli most of which are of one value of each feature; adverbs are few and have no number."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(["noun", "verb", "adverb"], n, p=[0.75, 0.2, 0.05])
    number = np.where(kind == "adverb", None, rng.choice(["singular", "plural"], n, p=[0.9, 0.1]).astype(object))
    case = rng.choice(["a", "b", "rare"], n, p=[0.8, 0.197, 0.003])
    word = [f"{each}{rng.integers(8)}" for each in kind]
    return pd.DataFrame({"kind": kind, "number": number, "case": case, "word": word})


def test_values_are_about_equally_frequent_and_rare_ones_left_out() -> None:
    stimuli = skewed()
    rows, left_out = balance_words(stimuli, FEATURES, 300, 20, seed=0)
    chosen = stimuli.iloc[rows]
    assert len(rows) == 300 and (np.diff(rows) > 0).all()
    assert left_out == {"case rare": int((stimuli["case"] == "rare").sum())} and left_out["case rare"] < 20
    for name in ("kind", "number"):
        shares = chosen[name].value_counts(dropna=False, normalize=True)
        assert len(shares) == 3 and shares.min() > 0.27  # adverbs and their undefined number are 5 % of all
    assert chosen["case"].value_counts().max() <= 152
    assert chosen["word"].nunique() == stimuli["word"].nunique()


def test_where_every_combination_is_there_all_are_equal() -> None:
    grid = pd.DataFrame(list(product("ab", "xyz", range(40))), columns=["kind", "number", "copy"])
    grid = pd.concat([grid, grid[grid["kind"] == "a"]], ignore_index=True).assign(word="w")
    features = {name: Feature(name) for name in ("kind", "number")}
    rows, left_out = balance_words(grid, features, 60, 1, seed=3)
    assert grid.iloc[rows].groupby(["kind", "number"]).size().tolist() == [10] * 6
    assert not left_out
    again, other = (balance_words(grid, features, 60, 1, seed=seed)[0] for seed in (3, 4))
    assert rows.tolist() == again.tolist() != other.tolist()


def test_what_becomes_rare_when_others_go_is_left_out_too() -> None:
    stimuli = pd.DataFrame({"kind": ["a"] * 30 + ["b"] * 30 + ["c"] * 3, "number": [*"xy"] * 30 + ["z"] * 3})
    stimuli.loc[30:40, "number"] = "z"
    features = {name: Feature(name) for name in ("kind", "number")}
    rows, left_out = balance_words(stimuli.assign(word="w"), features, 40, 12, seed=0)
    assert left_out == {"kind c": 3, "number z": 11}
    assert set(stimuli["number"].iloc[rows]) == {"x", "y"}


@pytest.mark.parametrize(
    ("number", "fewest", "message"),
    [
        (3001, 1, "balance_words: 3001 stimuli were asked for but there are 3000; make more"),
        (2999, 20, r"but there are 29\d\d without case rare"),
    ],
)
def test_too_few_are_said(number: int, fewest: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        balance_words(skewed(), FEATURES, number, fewest, seed=0)


def test_numbers_and_words_are_not_balanced() -> None:
    stimuli = skewed()
    features = {"word": Feature("word"), "kind": Feature("kind", kind="numeric")}
    with pytest.raises(InputError, match="no feature has 2 to 20 values"):
        balance_words(stimuli, features, 20, 1, seed=0)


def entry(folder: Path, **keys: object) -> dict[str, object]:
    stimuli = skewed(400)
    stimuli.insert(0, "sentence_id", [f"s{place // 2:03d}" for place in range(400)])
    stimuli.insert(1, "position", np.arange(400) % 2)
    stimuli["word"] = [f"{word}{place % 5}" for place, word in enumerate(stimuli["word"])]
    stimuli.to_csv(folder / "words.csv", index=False)
    return {"table": "words.csv", "features": ["kind", "number", "case"], "deduplicate": False, **keys}


def test_a_dataset_says_what_was_left_out_and_keeps_the_sentences_of_its_stimuli(tmp_path: Path) -> None:
    source = entry(tmp_path, balance_words={"stimuli": 60, "fewest": 40})
    dataset = build_dataset(source, name="words", seed=0, base=tmp_path)
    assert len(dataset.stimuli) == 60
    assert set(dataset.sentences["sentence_id"]) == set(dataset.stimuli["sentence_id"])
    assert dataset.sentences["words"].map(len).tolist() == [2] * len(dataset.sentences)
    counts = dataset.metadata["counts"]
    assert counts["unbalanced_left_out"] == 340 and counts["duplicates_left_out"] == 0 and counts["words"] == 400
    assert "fewer than 40 stimuli were left out with these: kind adverb (" in " ".join(dataset.metadata["notes"])


@pytest.mark.parametrize("wrong", [60, {"fewest": 3}, {"stimuli": 0}, {"stimuli": 60, "most": 3}])
def test_a_wrong_value_is_named(tmp_path: Path, wrong: object) -> None:
    with pytest.raises(
        InputError, match=r"Dataset 'words', balance_words: the value is .* but must be a mapping such as"
    ):
        build_dataset(entry(tmp_path, balance_words=wrong), name="words", seed=0, base=tmp_path)
