"""Distinct sentences in proportion to their probability, which sums over derivations; annotations and their advice."""

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from thinkalike.errors import InputError
from thinkalike.stimuli import build_dataset
from thinkalike.stimuli.automaton import Automaton
from thinkalike.stimuli.distinct_draws import DistinctDraws
from thinkalike.stimuli.feature_grammar import read_grammar
from thinkalike.stimuli.grammar_source import _listed

# "a b" has two derivations, "a" is the beginning of it.
AMBIGUOUS = """S -> 'a'
# weight: 2
S -> 'a' 'b'
S -> X 'b'
# weight: 4
S -> 'c'
X -> 'a' | 'd'
"""
PROBABILITIES = {("a",): 1 / 8, ("a", "b"): 2.5 / 8, ("d", "b"): 0.5 / 8, ("c",): 4 / 8}
# Two sentences have nearly all the probability, 3 ** 12 have the rest.
SKEWED = (
    "% start S\n# weight: 1e6\nS -> 'x' 'y'\n# weight: 1e6\nS -> 'x' 'z'\nS -> "
    + "W " * 12
    + "\nW -> 'a' | 'b' | 'c'\n"
)


def automaton(folder: Path, text: str) -> Automaton:
    (folder / "g.fcfg").write_text(text)
    return Automaton(read_grammar(folder / "g.fcfg"))


def test_every_sentence_is_drawn_once_with_its_whole_probability(tmp_path: Path) -> None:
    draws = DistinctDraws(automaton(tmp_path, AMBIGUOUS))
    rng = np.random.default_rng(0)
    found = dict(draws.draw(rng) for _ in PROBABILITIES)  # type: ignore[misc]
    assert found == pytest.approx(PROBABILITIES) and draws.draw(rng) is None


def test_the_order_of_draws_has_the_probabilities_of_draws_without_replacement(tmp_path: Path) -> None:
    language = automaton(tmp_path, AMBIGUOUS)
    rng = np.random.default_rng(1)
    n = 3000
    counts: dict[tuple, int] = {}
    for _ in range(n):
        draws = DistinctDraws(language)
        pair = tuple(draws.draw(rng)[0] for _ in range(2))  # type: ignore[index]
        counts[pair] = counts.get(pair, 0) + 1
    for first, second in permutations(PROBABILITIES, 2):
        p = PROBABILITIES[first] * PROBABILITIES[second] / (1 - PROBABILITIES[first])
        assert counts.get((first, second), 0) / n == pytest.approx(p, abs=4 * np.sqrt(p * (1 - p) / n))


def test_a_listed_language_sums_over_derivations(tmp_path: Path) -> None:
    listed = _listed(automaton(tmp_path, AMBIGUOUS), name="g")
    assert {words: sentence.probability for words, sentence in listed.items()} == pytest.approx(PROBABILITIES)


def test_a_large_skewed_language_gives_as_many_sentences_as_asked_for(tmp_path: Path) -> None:
    (tmp_path / "g.fcfg").write_text(SKEWED)
    source = {"grammar": "g.fcfg", "sentences": 30}
    dataset = build_dataset(source, name="g", seed=0, base=tmp_path)
    words = [tuple(sentence) for sentence in dataset.sentences["words"]]
    assert len(set(words)) == 30 and {("x", "y"), ("x", "z")} <= set(words)
    assert dataset.stimuli.equals(build_dataset(source, name="g", seed=0, base=tmp_path).stimuli)


def test_two_ways_to_mark_a_drawn_sentence_are_refused(tmp_path: Path) -> None:
    text = SKEWED.replace("W -> 'a' | 'b' | 'c'", "W -> A | B | 'c'\nA[kind=one] -> 'a'\nB[kind=two] -> 'a'")
    (tmp_path / "g.fcfg").write_text(text)
    with pytest.raises(InputError, match="ambiguous, it marks"):
        build_dataset({"grammar": "g.fcfg", "sentences": 30}, name="g", seed=0, base=tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("S -> NP[num=?n] VP[num=?n]\nNP -> 'a'\nVP -> 'b'\n", r"line 1: 'num' .*must agree in capitals \('NUM'\)"),
        ("% start S\nS -> A B/A\nA -> 'a'\nB/A -> 'b'\n", "line 2: .*slash categories such as S/NP are not supported"),
        ("\nS -> A[AGR=[NUM=sg]]\nA -> 'a'\n", "line 2: feature AGR of A .*nested features"),
        ("S -> A\nA[AGR=<x.y>] -> 'a'\n", "line 2: this is not a production that NLTK reads"),
    ],
)
def test_what_a_grammar_cannot_say_is_refused_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "g.fcfg").write_text(text)
    with pytest.raises(InputError, match=message):
        build_dataset({"grammar": "g.fcfg"}, name="g", seed=0, base=tmp_path)


def test_a_grammars_own_depth_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "g.fcfg").write_text("S -> A 'b'\nA[tree_depth=7] -> 'a'\n")
    dataset = build_dataset({"grammar": "g.fcfg"}, name="g", seed=0, base=tmp_path)
    assert dataset.stimuli["tree_depth"].isna().tolist() == [False, True] and dataset.stimuli["tree_depth"][0] == 7


def test_annotations_never_replace_the_packages_columns(tmp_path: Path) -> None:
    (tmp_path / "g.fcfg").write_text("S -> A 'b'\nA[position=first, word=w] -> 'a'\n")
    dataset = build_dataset({"grammar": "g.fcfg"}, name="g", seed=0, base=tmp_path)
    assert dataset.stimuli["annotation_position"].tolist() == ["first", None]
    assert dataset.stimuli["position"].tolist() == [0, 1] and dataset.stimuli["word"].tolist() == ["a", "b"]
