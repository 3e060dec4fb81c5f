"""The training corpus, its exact probabilities, the masked reference and the minimal pairs."""

import itertools
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from thinkalike.errors import InputError
from thinkalike.stimuli import build_dataset
from thinkalike.stimuli.automaton import Automaton
from thinkalike.stimuli.corpus import build_corpus, entropy_floor, load_automaton
from thinkalike.stimuli.feature_grammar import read_grammar
from thinkalike.stimuli.masked import MaskedReference, masked_reference
from thinkalike.stimuli.minimal_pairs import PHENOMENA, minimal_pairs

ROOT = Path(__file__).parents[2]
CORPUS = "config/grammars/corpus.fcfg"
SHORT = "config/grammars/short_sentences.fcfg"
SMALL = {"grammar": CORPUS, "sentences": 3000, "heldout": 500}


@pytest.fixture(scope="module")
def automaton() -> Automaton:
    return load_automaton(CORPUS, base=ROOT)


@pytest.fixture(scope="module")
def probes() -> pd.DataFrame:
    return build_dataset({"grammar": SHORT, "sentences": 300}, name="short", seed=0, base=ROOT).sentences


def split_word(word: str) -> list[str]:
    """Split a word in pieces of at most three letters, continuations marked as WordPiece does."""
    return [("##" if start else "") + word[start : start + 3] for start in range(0, len(word), 3)]


def test_every_probing_sentence_is_in_the_corpus_language(automaton: Automaton) -> None:
    short = Automaton(read_grammar(ROOT / SHORT), annotate=False)
    assert min(automaton.probability(sentence.words) for sentence in short.enumerate()) > 0.0


def test_corpus_language(automaton: Automaton) -> None:
    assert automaton.count_derivations() == automaton.count_sentences()  # unambiguous
    assert 200 <= len(automaton.words()) <= 300
    rng = np.random.default_rng(0)
    assert max(len(automaton.sample(rng).words) for _ in range(5000)) <= 12


def test_probing_sentences_are_in_neither_split_and_seeds_repeat(probes: pd.DataFrame) -> None:
    corpus, metadata = build_corpus(SMALL, dataset=probes, seed=0, base=ROOT)
    assert corpus["split"].value_counts().to_dict() == {"train": 3000, "heldout": 500}
    assert not set(map(tuple, probes["words"])) & set(map(tuple, corpus["words"]))
    again, _ = build_corpus(SMALL, dataset=probes, seed=0, base=ROOT)
    pd.testing.assert_frame_equal(corpus, again)
    other, _ = build_corpus(SMALL, dataset=probes, seed=1, base=ROOT)
    assert not other.equals(corpus)
    assert metadata["counts"]["excluded_sentences"] == 300 and 0 < metadata["counts"]["excluded_probability"] < 0.1


def test_log_probabilities_are_conditional_on_the_exclusion(tmp_path: Path) -> None:
    (tmp_path / "g.fcfg").write_text("# weight: 2\nS -> 'a'\nS -> 'b'\nS -> 'c'\n")
    held_out = pd.DataFrame({"words": [["b"]]})
    source = {"grammar": "g.fcfg", "sentences": 40, "heldout": 4000}
    corpus, _ = build_corpus(source, dataset=held_out, seed=0, base=tmp_path)
    found = {words[0]: p for words, p in zip(corpus["words"], corpus["log_probability"], strict=True)}
    assert found == pytest.approx({"a": math.log(2 / 3), "c": math.log(1 / 3)})
    entropy = -(2 / 3 * math.log(2 / 3) + 1 / 3 * math.log(1 / 3))
    assert entropy_floor(corpus) == pytest.approx(entropy, abs=0.03)


def test_floor_is_below_any_other_model(probes: pd.DataFrame) -> None:
    """A bigram model fitted on the training split cannot beat the entropy floor on the held-out one."""
    corpus, _ = build_corpus(SMALL, dataset=probes, seed=0, base=ROOT)
    train, heldout = (corpus.loc[corpus["split"] == split, "words"] for split in ("train", "heldout"))
    pairs = pd.Series([p for words in train for p in itertools.pairwise(["^", *words, "$"])]).value_counts()
    firsts: dict[str, int] = {}
    for (first, _), count in pairs.items():
        firsts[first] = firsts.get(first, 0) + count
    losses = [
        -sum(math.log((pairs.get(p, 0) + 0.1) / (firsts.get(p[0], 0) + 26)) for p in itertools.pairwise(["^", *w, "$"]))
        for w in heldout
    ]
    assert np.mean(losses) > entropy_floor(corpus)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"grammar": CORPUS, "sentence": 3}, "corpus: unknown key 'sentence'"),
        ({"grammar": CORPUS, "heldout": 0}, "corpus, heldout: the value is 0"),
        ({"grammar": SHORT, "sentences": 10}, "does not generate 1 of the probing sentences"),
        ({}, "grammar: the value is None"),
    ],
)
def test_wrong_corpora(source: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        build_corpus(source, dataset=pd.DataFrame({"words": [["the", "nun", "waits", "."]]}), seed=0, base=ROOT)


def test_masked_reference_equals_enumeration(tmp_path: Path) -> None:
    """All strings are listed, tokenised and compared with the visible pieces: Bayes' rule by hand."""
    (tmp_path / "g.fcfg").write_text(
        "S -> NP[N=?n] VP[N=?n] | VP[N=s] 'now'\nNP[N=?n] -> 'the' A[N=?n]\nNP[N=s] -> 'Lexington'\n"
        "A[N=s] -> 'actor' | 'actress'\nA[N=p] -> 'actors' | 'actresses'\n"
        "VP[N=s] -> 'sneezes' | 'snows'\n# weight: 2\nVP[N=p] -> 'sneeze' | 'now'\n"
    )
    automaton = load_automaton("g.fcfg", base=tmp_path)
    language = {s.words: automaton.probability(s.words) for s in automaton.enumerate()}
    excluded = [("the", "actors", "sneeze")]
    pieces = {words: [p for word in words for p in split_word(word)] for words in language}
    reference = MaskedReference(automaton, split_word, excluded)
    rng = np.random.default_rng(0)
    for words in language:
        if words in excluded:
            continue
        own = pieces[words]
        hidden = sorted(rng.choice(len(own), size=min(3, len(own)), replace=False).tolist())
        fitting = {
            other: p
            for other, p in language.items()
            if other not in excluded
            and len(pieces[other]) == len(own)
            and all(i in hidden or pieces[other][i] == own[i] for i in range(len(own)))
        }
        expected = [
            -math.log(sum(p for other, p in fitting.items() if pieces[other][i] == own[i]) / sum(fitting.values()))
            for i in hidden
        ]
        np.testing.assert_allclose(reference.losses(words, hidden), expected, atol=1e-12)


def test_masked_reference_over_a_corpus(automaton: Automaton, probes: pd.DataFrame) -> None:
    corpus, _ = build_corpus(SMALL, dataset=probes, seed=0, base=ROOT)
    sentences = corpus["words"].tolist()[:60]
    lengths = [sum(len(split_word(word)) for word in words) for words in sentences]
    rng = np.random.default_rng(0)
    masks = [np.flatnonzero(rng.random(length) < 0.15).tolist() for length in lengths]
    floor = masked_reference(automaton, sentences, masks, split_word, excluded=probes["words"].tolist())
    everything = [list(range(length)) for length in lengths]
    blind = masked_reference(automaton, sentences, everything, split_word, excluded=probes["words"].tolist())
    assert 0.0 < floor < blind
    with pytest.raises(InputError, match="at least one hidden"):
        masked_reference(automaton, sentences[:1], [[]], split_word)
    with pytest.raises(InputError, match="must lie in"):
        masked_reference(automaton, sentences[:1], [[99]], split_word)


def test_minimal_pairs_are_judged_by_the_grammar(automaton: Automaton) -> None:
    grammar = read_grammar(ROOT / CORPUS)
    pairs = minimal_pairs(grammar, 20, seed=0)
    assert pairs["phenomenon"].value_counts().to_dict() == dict.fromkeys(PHENOMENA, 20)
    for row in pairs.itertuples():
        good, bad = list(row.grammatical), list(row.ungrammatical)
        assert automaton.probability(good) > 0.0 and automaton.probability(bad) == 0.0
        assert [i for i, (a, b) in enumerate(zip(good, bad, strict=True)) if a != b] == [row.position]
        assert bad[row.position] not in automaton.following(good[: row.position])
    assert pairs.loc[pairs["phenomenon"].str.contains("attractor"), "attractor"].all()
    pd.testing.assert_frame_equal(pairs, minimal_pairs(grammar, 20, seed=0))
    seen = set(map(tuple, pairs["grammatical"]))
    fresh = minimal_pairs(grammar, 20, seed=0, exclude=seen)
    assert not seen & set(map(tuple, fresh["grammatical"]))


def test_grammar_without_minimal_pairs(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "g.fcfg").write_text("S -> 'a'\n")
    pairs = minimal_pairs(read_grammar(tmp_path / "g.fcfg"), 5, seed=0)
    assert pairs.empty and {"phenomenon", "grammatical", "ungrammatical"} <= set(pairs)
    assert "no minimal pairs" in caplog.text
