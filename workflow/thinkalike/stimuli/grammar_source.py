"""Stimuli from a feature grammar: the words of generated sentences, marked by the derivation."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from thinkalike.errors import InputError
from thinkalike.stimuli.automaton import AnnotatedSentence, Automaton
from thinkalike.stimuli.dataset import IDENTIFIERS
from thinkalike.stimuli.distinct_draws import DistinctDraws, derivations_of
from thinkalike.stimuli.feature_grammar import Atom, read_grammar
from thinkalike.stimuli.row_files import own_name
from thinkalike.stimuli.sources import RawStimuli, check_keys, sentence_number, source_path

_KEYS = ("grammar", "sentences", "balance")
_ENUMERABLE = 200_000
_DRAWS_PER_SENTENCE = 50


def read_grammar_source(source: Mapping[str, Any], *, name: str, seed: int, base: Any) -> RawStimuli:
    """Generate the sentences of a dataset whose key is `grammar`.

    Keys: `grammar` (path), `sentences` (a number, or `all`), `balance` (annotations whose combinations should be
    equally frequent among the sentences).
    """
    check_keys(source, _KEYS, name=name)
    path = source_path(source, "grammar", name=name, base=base)
    automaton = Automaton(read_grammar(path))
    balance = list(source.get("balance") or [])
    wanted = sentence_number(source, name)
    known = automaton.grammar.annotations
    for feature in balance:
        if feature not in known:
            raise InputError(
                f"Dataset '{name}', balance: '{feature}' is not an annotation of {source['grammar']}, which has "
                f"{', '.join(known)}."
            )
    rng = np.random.default_rng(seed)
    if automaton.count_derivations() <= _ENUMERABLE:
        chosen, strata = _choose(_listed(automaton, name=name), wanted, balance, rng, name=name)
    elif wanted is None:
        raise InputError(
            f"Dataset '{name}', sentences: the grammar has {automaton.count_derivations():,} sentences, too many for "
            f"'all'; give a number."
        )
    elif balance:
        chosen, strata = _choose(_drawn(automaton, wanted, rng, name=name), wanted, balance, rng, name=name)
    else:
        drawn = _distinct(automaton, {}, wanted, rng, name=name)
        chosen, strata = [drawn[words] for words in sorted(drawn)], {}
    counts = {
        "derivations": automaton.count_derivations(),
        "language": automaton.count_sentences(),
        "sentences": len(chosen),
        "strata": strata,
    }
    return _tables(chosen, automaton.grammar.annotations, counts)


Language = dict[tuple[str, ...], AnnotatedSentence]


def _listed(automaton: Automaton, *, name: str) -> Language:
    """Return all sentences, each with the sum of its derivations' probabilities."""
    sentences: Language = {}
    for sentence in automaton.enumerate():
        other = sentences.setdefault(sentence.words, sentence)
        if other is not sentence:
            _check_alike(other, sentence, name)
            sentences[sentence.words] = replace(other, probability=other.probability + sentence.probability)
    return sentences


def _distinct(automaton: Automaton, found: Language, wanted: int, rng: np.random.Generator, *, name: str) -> Language:
    """Return `found` with distinct sentences drawn by their probability, until there are as many as wanted."""
    draws = DistinctDraws(automaton)
    sentences = dict(found)
    while len(sentences) < wanted:
        drawn = draws.draw(rng)
        if drawn is None:
            raise InputError(_too_few(name, wanted, len(sentences)))
        first, *others = derivations_of(automaton, *drawn)
        for other in others:
            _check_alike(first, other, name)
        sentences.setdefault(first.words, first)
    return sentences


def _drawn(automaton: Automaton, wanted: int, rng: np.random.Generator, *, name: str) -> Language:
    """Return many distinct sentences to balance: what many draws give, and further ones where these are too few."""
    sentences: Language = {}
    for _ in range(_DRAWS_PER_SENTENCE * wanted):
        # A draw is as probable as it should be already; it must not be weighed again.
        sentence = replace(automaton.sample(rng), probability=1.0)
        other = sentences.setdefault(sentence.words, sentence)
        if other is not sentence:
            _check_alike(other, sentence, name)
    more = _distinct(automaton, sentences, wanted, rng, name=name)
    return {words: replace(sentence, probability=1.0) for words, sentence in more.items()}


def _check_alike(first: AnnotatedSentence, second: AnnotatedSentence, name: str) -> None:
    if _labels(first) != _labels(second):
        raise InputError(
            f"Dataset '{name}': the grammar is ambiguous, it marks '{' '.join(first.words)}' in two ways; bind the "
            f"features that differ."
        )


def _too_few(name: str, wanted: int, found: int) -> str:
    return (
        f"Dataset '{name}', sentences: {wanted} were asked for but the grammar yields only {found} (distinct); lower "
        f"the number or widen the grammar."
    )


def _labels(sentence: AnnotatedSentence) -> list[dict[str, Atom]]:
    return [{key: value for key, value in marks.items() if key != "tree_depth"} for marks in sentence.annotations]


def _choose(
    language: Mapping[tuple[str, ...], AnnotatedSentence],
    wanted: int | None,
    balance: Sequence[str],
    rng: np.random.Generator,
    *,
    name: str,
) -> tuple[list[AnnotatedSentence], dict[str, int]]:
    """Choose sentences in proportion to their probability, equally often from each stratum where asked.

    A stratum is one combination of what occurs in a sentence, per balanced annotation: with `balance: [tense]`,
    sentences in the present, in the past, and without tense.
    """
    sentences = [language[words] for words in sorted(language)]
    number = len(sentences) if wanted is None else wanted
    if number > len(sentences):
        raise InputError(_too_few(name, number, len(sentences)))
    strata: dict[str, list[int]] = defaultdict(list)
    for index, sentence in enumerate(sentences):
        strata[_stratum(sentence, balance)].append(index)
    if balance and len(strata) == 1:
        raise InputError(
            f"Dataset '{name}', balance: all sentences of the grammar are alike in {', '.join(balance)}, so there is "
            f"nothing to balance; remove the key or widen the grammar."
        )
    # The largest of log p + Gumbel noise are a draw without replacement in proportion to p.
    keys = np.log([sentence.probability for sentence in sentences]) + rng.gumbel(size=len(sentences))
    quota = _quotas({key: len(members) for key, members in sorted(strata.items())}, number, rng)
    chosen: list[int] = []
    for key, size in quota.items():
        members = np.array(strata[key])
        chosen.extend(members[np.argsort(-keys[members], kind="stable")[:size]].tolist())
    return [sentences[index] for index in sorted(chosen)], quota if balance else {}


def _stratum(sentence: AnnotatedSentence, balance: Sequence[str]) -> str:
    values = [sorted({str(marks[name]) for marks in sentence.annotations if name in marks}) for name in balance]
    return ", ".join(f"{name}={'+'.join(found) or 'none'}" for name, found in zip(balance, values, strict=True))


def _quotas(sizes: Mapping[str, int], number: int, rng: np.random.Generator) -> dict[str, int]:
    """Share `number` among the strata as equally as their sizes allow; who gets the remainder is drawn."""
    quota = dict.fromkeys(sizes, 0)
    open_strata = list(sizes)
    left = number
    while left:
        share = max(1, left // len(open_strata))
        if left < len(open_strata):
            open_strata = [open_strata[index] for index in sorted(rng.permutation(len(open_strata))[:left])]
        for key in open_strata:
            given = min(share, sizes[key] - quota[key])
            quota[key] += given
            left -= given
        open_strata = [key for key in open_strata if quota[key] < sizes[key]] or [
            key for key in sizes if quota[key] < sizes[key]
        ]
    return quota


def _tables(chosen: Sequence[AnnotatedSentence], annotations: Sequence[str], counts: dict[str, Any]) -> RawStimuli:
    identifiers = [f"s{index:05d}" for index in range(len(chosen))]
    sentences = pd.DataFrame(
        {"sentence_id": identifiers, "words": [list(sentence.words) for sentence in chosen], "text": None}
    )
    columns = {key: own_name("annotation", key) if key in IDENTIFIERS else key for key in [*annotations, "tree_depth"]}
    lengths = [len(sentence.words) for sentence in chosen]
    marks = [annotation for sentence in chosen for annotation in sentence.annotations]
    frame = pd.DataFrame(
        {
            "sentence_id": np.repeat(np.array(identifiers, dtype=object), lengths),
            "position": np.concatenate([np.arange(length) for length in lengths]),
            "word": [word for sentence in chosen for word in sentence.words],
            **{
                column: pd.Series([annotation.get(key) for annotation in marks], dtype=object)
                for key, column in columns.items()
            },
        }
    )
    counts["lengths"] = {str(length): number for length, number in sorted(Counter(lengths).items())}
    default = [columns[name] for name in annotations if name != "lemma"]
    notes = tuple(
        f"the annotation '{key}' is kept as '{column}', because '{key}' is a name of the package."
        for key, column in columns.items()
        if key != column
    )
    return RawStimuli(sentences, frame, default, counts, notes=notes)
