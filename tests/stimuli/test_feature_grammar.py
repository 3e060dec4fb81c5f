"""Grounding keeps the language of the feature grammar: NLTK's own parser is the oracle."""

import itertools
import math
from pathlib import Path

import nltk
import numpy as np
import pytest

from thinkalike.errors import InputError
from thinkalike.stimuli.automaton import Automaton
from thinkalike.stimuli.feature_grammar import read_grammar

GRAMMARS = Path(__file__).parents[2] / "config" / "grammars"

AGREEMENT = """
% start S
S[-question] -> NP[NUM=?n] VP[NUM=?n]
# weight: 3
NP[NUM=?n] -> Det[NUM=?n] N[NUM=?n]
NP[NUM=singular] -> 'Mary'
Det -> 'the'
Det[NUM=singular] -> 'a'
N[NUM=singular, number=singular] -> 'dog'
N[NUM=plural, number=plural] -> 'dogs'
VP[NUM=singular, number=singular] -> 'barks'
VP[NUM=plural, number=plural] -> 'bark'
VP[tense=past] -> 'barked'
"""


def compile_text(tmp_path: Path, text: str) -> Automaton:
    path = tmp_path / "grammar.fcfg"
    path.write_text(text, encoding="utf-8")
    return Automaton(read_grammar(path))


def test_language_equals_that_of_nltks_parser(tmp_path: Path) -> None:
    automaton = compile_text(tmp_path, AGREEMENT)
    parser = nltk.FeatureEarleyChartParser(nltk.grammar.FeatureGrammar.fromstring(AGREEMENT))
    words = automaton.words()
    accepted = {
        string
        for length in (1, 2, 3)
        for string in itertools.product(words, repeat=length)
        if next(iter(parser.parse(string)), None) is not None
    }
    assert accepted == {sentence.words for sentence in automaton.enumerate()}
    assert automaton.count_sentences() == len(accepted) == 8


def test_probabilities_follow_the_weights_and_sum_to_one(tmp_path: Path) -> None:
    automaton = compile_text(tmp_path, AGREEMENT)
    # S has two instances (singular, plural), equally likely. In the singular the noun phrase is determined with
    # weight 3 against Mary with 1, two determiners are possible, one noun, and two verb forms.
    assert automaton.probability(["the", "dog", "barks"]) == pytest.approx(1 / 2 * 3 / 4 * 1 / 2 * 1 / 2)
    assert automaton.probability(["Mary", "barked"]) == pytest.approx(1 / 2 * 1 / 4 * 1 / 2)
    assert automaton.probability(["the", "dogs", "barks"]) == 0.0
    assert sum(sentence.probability for sentence in automaton.enumerate()) == pytest.approx(1.0)


def test_annotations_come_from_the_word_and_the_phrases_above(tmp_path: Path) -> None:
    automaton = compile_text(tmp_path, AGREEMENT)
    sentence = next(s for s in automaton.enumerate() if s.words == ("the", "dog", "barked"))
    assert dict(sentence.annotations[0]) == {"question": False, "tree_depth": 2}
    assert dict(sentence.annotations[1]) == {"question": False, "number": "singular", "tree_depth": 2}
    assert dict(sentence.annotations[2]) == {"question": False, "tense": "past", "tree_depth": 1}


def test_ambiguous_strings_get_the_sum_of_their_derivations(tmp_path: Path) -> None:
    automaton = compile_text(tmp_path, "S -> A | B\nA -> 'x' | 'y'\nB -> 'x'\n")
    assert (automaton.count_derivations(), automaton.count_sentences()) == (3, 2)
    assert automaton.probability(["x"]) == pytest.approx(0.75)
    assert automaton.log_probabilities([["x"], ["z"]])[0] == pytest.approx(math.log(0.75))
    assert automaton.log_probabilities([["z"]])[0] == -math.inf


def test_sampling_has_the_stated_distribution_and_is_seeded(tmp_path: Path) -> None:
    automaton = compile_text(tmp_path, AGREEMENT)
    draws = 20_000
    rng = np.random.default_rng(3)
    found: dict[tuple[str, ...], int] = {}
    for _ in range(draws):
        words = automaton.sample(rng).words
        found[words] = found.get(words, 0) + 1
    expected = {sentence.words: sentence.probability * draws for sentence in automaton.enumerate()}
    chi_square = sum((found.get(words, 0) - mean) ** 2 / mean for words, mean in expected.items())
    assert chi_square < 24.3  # 7 degrees of freedom, p = .001
    first, second = ([automaton.sample(r).words for _ in range(20)] for r in map(np.random.default_rng, (5, 5)))
    assert first == second


@pytest.mark.parametrize("name", sorted(path.stem for path in GRAMMARS.glob("*.fcfg")))
def test_shipped_grammars_are_plain_nltk_and_agree_with_its_parser(name: str) -> None:
    text = (GRAMMARS / f"{name}.fcfg").read_text(encoding="utf-8")
    parser = nltk.FeatureEarleyChartParser(nltk.grammar.FeatureGrammar.fromstring(text))
    automaton = Automaton(read_grammar(GRAMMARS / f"{name}.fcfg"), annotate=False)
    rng = np.random.default_rng(0)
    vocabulary = automaton.words()
    for _ in range(6):
        words = list(automaton.sample(rng).words)
        assert next(iter(parser.parse(words)), None) is not None, words
        words[int(rng.integers(len(words)))] = vocabulary[int(rng.integers(len(vocabulary)))]
        accepted = next(iter(parser.parse(words)), None) is not None
        assert accepted == (automaton.probability(words) > 0.0), words


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("# only a comment\n", "no production"),
        ("S -> NP[NUM=singular] 'x'\nNP[NUM=plural] -> 'they'\n", "yields no sentence.*NP\\[NUM=singular\\]"),
        ("S -> NP VP\nNP -> 'x'\n", "line 1: VP has no production"),
        ("% start T\nS -> 'x'\n", "start symbol T has no production"),
        ("S -> 'x' S | 'x'\n", "contains itself"),
        ("S -> 'x' |\n", "line 1"),
        ("S 'x'\n", "line 1: this is not a production"),
        ("S -> A\nA[X=[Y=z]] -> 'x'\n", "line 2: feature X of A"),
        ("S -> NP\nNP[num=?n] -> 'x'\n", r"line 2: 'num=\?n' is an annotation, but no feature in capitals.*NUM=\?n"),
        ("# weight: none\nS -> 'x'\n", "line 1: the weight is 'none'"),
    ],
)
def test_malformed_grammars_say_what_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        compile_text(tmp_path, text)
    assert "\n" not in str(caught.value)


def test_grammar_that_is_not_utf8_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "latin.fcfg"
    path.write_bytes("S -> 'caf\xe9'\n".encode("latin-1"))
    with pytest.raises(InputError, match="line 1: byte 10 is not UTF-8"):
        read_grammar(path)
    with pytest.raises(InputError, match="no such grammar file"):
        read_grammar(tmp_path / "absent.fcfg")
