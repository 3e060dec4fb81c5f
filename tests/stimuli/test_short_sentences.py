"""The probing language: Table S1 of the paper row by row, and sentences a speaker would accept or refuse."""

from pathlib import Path

import pytest

from thinkalike.stimuli import build_dataset
from thinkalike.stimuli.automaton import Automaton
from thinkalike.stimuli.dataset import Dataset
from thinkalike.stimuli.feature_grammar import read_grammar

ROOT = Path(__file__).parents[2]
SHORT = "config/grammars/short_sentences.fcfg"
COLUMNS = ["word_length", "gender", "number", "part_of_speech", "tense", "person", "word_position", "question"]

# Copied from the paper's Table S1, in its order; None is its NaN.
TABLE_S1 = {
    "the woman plays .": [
        ("the", 3, None, None, "Det", None, None, 0, False),
        ("woman", 5, "female", "singular", "Noun", None, 3, 1, False),
        ("plays", 5, None, "singular", "Verb", "present", 3, 2, False),
    ],
    "no prince sings .": [
        ("no", 2, None, None, "Det", None, None, 0, False),
        ("prince", 6, "male", "singular", "Noun", None, 3, 1, False),
        ("sings", 5, None, "singular", "Verb", "present", 3, 2, False),
    ],
    "Mary fell .": [
        ("Mary", 4, "female", "singular", "Noun", None, 3, 0, False),
        ("fell", 4, None, None, "Verb", "past", None, 1, False),
    ],
    "I vanished .": [
        ("I", 1, None, "singular", "Pronoun", None, 1, 0, False),
        ("vanished", 8, None, None, "Verb", "past", None, 1, False),
    ],
    "do you sing ?": [
        ("do", 2, None, "singular", "Auxiliary", "present", None, 0, True),
        ("you", 3, None, None, "Pronoun", None, 2, 1, True),
        ("sing", 4, None, None, "Verb", "present", None, 2, True),
    ],
    "which men sneezed ?": [
        ("which", 5, None, None, "Wh-word", None, None, 0, True),
        ("men", 3, "male", "plural", "Noun", None, 3, 1, True),
        ("sneezed", 7, None, None, "Verb", "past", None, 2, True),
    ],
}


@pytest.fixture(scope="module")
def everything() -> Dataset:
    return build_dataset({"grammar": SHORT, "deduplicate": False}, name="all", seed=0, base=ROOT)


@pytest.fixture(scope="module")
def automaton() -> Automaton:
    return Automaton(read_grammar(ROOT / SHORT), annotate=False)


@pytest.mark.slow
@pytest.mark.parametrize("text", TABLE_S1)
def test_table_s1(everything: Dataset, text: str) -> None:
    sentence = everything.sentences["words"].map(" ".join) == text
    assert sentence.sum() == 1
    identifier = everything.sentences.loc[sentence, "sentence_id"].item()
    rows = everything.stimuli[everything.stimuli["sentence_id"] == identifier]
    found = rows[["word", *COLUMNS]].astype(object)
    assert [tuple(row) for row in found.where(found.notna(), None).to_numpy()] == TABLE_S1[text]


def test_table_s1_has_sixteen_rows() -> None:
    assert sum(map(len, TABLE_S1.values())) == 16


def test_default_features_are_those_of_table_s1_and_the_word_as_a_control(everything: Dataset) -> None:
    assert [name for name, f in everything.features.items() if f.role == "feature"] == COLUMNS
    assert [name for name, f in everything.features.items() if f.role == "control"] == ["word_identity"]


def test_final_punctuation_is_input_but_no_stimulus(everything: Dataset) -> None:
    assert set(everything.sentences["words"].map(lambda words: words[-1])) == {".", "?"}
    assert not {".", "?"} & set(everything.stimuli["word"])
    source = {"grammar": SHORT, "sentences": 20, "punctuation": True}
    assert {".", "?"} & set(build_dataset(source, name="p", seed=0, base=ROOT).stimuli["word"])


@pytest.mark.parametrize(
    "text",
    ["the women do not play .", "does every prince help her ?", "who vanishes ?", "which men did we see ?",
     "they remember few actresses .", "did Lex sneeze ?", "who does not sing ?", "you see me ."],
)  # fmt: skip
def test_grammatical(automaton: Automaton, text: str) -> None:
    assert automaton.probability(text.split()) > 0.0


@pytest.mark.parametrize(
    "text",
    ["the women plays .", "the women does not play .", "do every prince help her ?", "who vanish ?", "I plays .",
     "which men did we saw ?", "every princes sing .", "did Lex sneezed ?", "him sings .", "you see you .",
     "the woman plays ?", "I remember me ."],
)  # fmt: skip
def test_ungrammatical(automaton: Automaton, text: str) -> None:
    assert automaton.probability(text.split()) == 0.0


def test_size_of_the_language(automaton: Automaton) -> None:
    assert automaton.count_sentences() == automaton.count_derivations() == 67_290
