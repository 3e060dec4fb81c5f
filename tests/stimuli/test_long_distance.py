"""The grammars of relative clauses and of long-range agreement: sizes, annotations, grammaticality."""

from pathlib import Path

import pytest

from thinkalike.stimuli import build_dataset
from thinkalike.stimuli.automaton import Automaton
from thinkalike.stimuli.dataset import Dataset
from thinkalike.stimuli.feature_grammar import read_grammar

ROOT = Path(__file__).parents[2]
SIZES = {"relative_clauses": 13_824, "long_range_agreement": 43_272}


@pytest.fixture(scope="module")
def automata() -> dict[str, Automaton]:
    paths = {name: ROOT / f"config/grammars/{name}.fcfg" for name in SIZES}
    return {name: Automaton(read_grammar(path), annotate=False) for name, path in paths.items()}


@pytest.fixture(scope="module")
def relative() -> Dataset:
    source = {"grammar": "config/grammars/relative_clauses.fcfg", "deduplicate": False}
    return build_dataset(source, name="relative", seed=0, base=ROOT)


@pytest.mark.parametrize("name", SIZES)
def test_sizes(automata: dict[str, Automaton], name: str) -> None:
    # Relative clauses: 2 kinds x 4 numbers x 6 x 6 nouns x 3 verbs x 2 tenses x 4 verbs x 2 tenses. Long range:
    # 2 numbers x 6 nouns x (3 verbs x 2 tenses), times (2 prepositions x 12 nouns) for each phrase.
    by_hand = {
        "relative_clauses": 2 * 4 * 6 * 6 * (3 * 2) * (4 * 2),
        "long_range_agreement": 12 * 6 * (1 + 2 * 12 + (2 * 12) ** 2),
    }
    assert automata[name].count_sentences() == automata[name].count_derivations() == by_hand[name] == SIZES[name]


@pytest.mark.parametrize(
    ("name", "text", "grammatical"),
    [
        ("relative_clauses", "the actor that greets the women sings .", True),
        ("relative_clauses", "the actor that the women greet sings .", True),
        ("relative_clauses", "the actor that the women greet sing .", False),
        ("relative_clauses", "the actor that the women greets sings .", False),
        ("relative_clauses", "the actors that greet the woman sing .", True),
        ("relative_clauses", "the actors that greets the woman sing .", False),
        ("relative_clauses", "the actors that saw the woman sang .", True),
        ("long_range_agreement", "the actor sings .", True),
        ("long_range_agreement", "the actor near the kings sings .", True),
        ("long_range_agreement", "the actor near the kings sing .", False),
        ("long_range_agreement", "the actors near the king behind the queen sing .", True),
        ("long_range_agreement", "the actors near the kings behind the queen sings .", False),
    ],
)
def test_grammaticality(automata: dict[str, Automaton], name: str, text: str, grammatical: bool) -> None:
    assert (automata[name].probability(text.split()) > 0.0) == grammatical


def test_annotations_of_relative_clauses(relative: Dataset) -> None:
    texts = relative.sentences.set_index(relative.sentences["words"].map(" ".join))["sentence_id"]
    rows = relative.stimuli[relative.stimuli["sentence_id"] == texts["the actor that the women greet sings ."]]
    assert rows["embedded"].tolist() == [False, False, True, True, True, True, False]
    assert rows["number"].tolist() == [None, "singular", None, None, "plural", "plural", "singular"]
    assert rows["clause_type"].unique().tolist() == ["object"] and rows["congruent"].unique().tolist() == [False]
    assert relative.features["clause_type"].level == "sentence" and relative.features["embedded"].level == "stimulus"


def test_annotations_and_balance_of_long_range_agreement() -> None:
    source = {
        "grammar": "config/grammars/long_range_agreement.fcfg",
        "sentences": 100,
        "balance": ["distance", "congruent"],
    }
    dataset = build_dataset({**source, "deduplicate": False}, name="long", seed=0, base=ROOT)
    by_sentence = dataset.stimuli.groupby("sentence_id")
    assert by_sentence["distance"].first().value_counts().to_dict() == {0: 20, 1: 40, 2: 40}
    for _, rows in by_sentence:
        nouns = rows[rows["part_of_speech"] == "Noun"]["number"].tolist()
        assert rows["distance"].iloc[0] == len(nouns) - 1
        assert (
            rows["congruent"].isna().all() if len(nouns) == 1 else rows["congruent"].iloc[0] == (nouns[0] == nouns[-1])
        )
