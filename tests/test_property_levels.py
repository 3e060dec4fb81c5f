"""The level of a feature that nobody declared is the coarsest at which it is constant."""

import numpy as np
import pandas as pd
import pytest

from thinkalike.errors import InputError
from thinkalike.features import Feature
from thinkalike.property_levels import find_level, level_units, with_levels

WORDS = ["dog", "runs", "Dogs", "run", "cat", "runs", "cats", "run"]
STIMULI = pd.DataFrame(
    {
        "sentence_id": np.repeat(["s0", "s1", "s2", "s3"], 2),
        "word": WORDS,
        "lemma": ["dog", "run", "Dog", None, "cat", "run", "cat", None],
        "by_sentence": [1.5, 1.5, None, None, 1.5, 1.5, 0.0, 0.0],
        "by_lemma": ["a", "b", "a", "b", "c", "b", "c", "b"],
        "by_word": ["sg", "sg", "pl", "pl", "sg", "sg", "pl", "pl"],
        "by_stimulus": [0, 0, 1, 1, 1, 0, 0, 0],
        "constant": "x",
    }
)


@pytest.mark.parametrize(
    ("name", "level"), [("by_sentence", "sentence"), ("by_lemma", "lemma"), ("by_stimulus", "stimulus")]
)
def test_the_coarsest_level_is_found(name, level):
    assert find_level(STIMULI[name], level_units(STIMULI)).level == level
    assert not find_level(STIMULI[name], level_units(STIMULI)).others


def test_ambiguity_is_said():
    found = find_level(STIMULI["by_word"], level_units(STIMULI))  # each sentence has one number, and so has each word
    assert (found.level, found.others) == ("sentence", ("word",))
    assert "the stimuli cannot tell of which it is a property" in found.sentence("number")
    assert not find_level(STIMULI["constant"], level_units(STIMULI)).others


def test_units_that_are_single_stimuli_are_not_coarse():
    alone = STIMULI.assign(sentence_id=np.arange(8))  # a list of words, each a sentence of its own
    assert find_level(alone["by_lemma"], level_units(alone)).level == "lemma"
    assert find_level(alone["by_word"], level_units(alone)).level == "word"


def test_items_are_coarser_than_their_sentences():
    items = STIMULI.assign(item_id=["i0"] * 4 + ["i1"] * 4, topic=["x"] * 4 + ["y"] * 4)
    found = find_level(items["topic"], level_units(items))
    assert found.level == "item" and not found.others


def test_declared_levels_stay_and_are_checked():
    features = {"by_word": Feature("by_word", level="word"), "by_lemma": Feature("by_lemma")}
    settled, sentences = with_levels(STIMULI, features)
    assert [feature.level for feature in settled.values()] == ["word", "lemma"]
    assert len(sentences) == 1 and sentences[0].startswith("by_lemma is taken as a property of the lemma")
    with pytest.raises(InputError, match="level 'lemma' but lemma 'dog' has 2 values; declare level 'sentence'"):
        with_levels(STIMULI, {"by_word": Feature("by_word", level="lemma")})
    with pytest.raises(InputError, match="no column 'item_id'"):
        with_levels(STIMULI, {"by_word": Feature("by_word", level="item")})
