"""Stimuli from a feature grammar: the words of generated sentences, marked by the derivation."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from thinkalike.errors import InputError
from thinkalike.stimuli.automaton import AnnotatedSentence, Automaton
from thinkalike.stimuli.feature_grammar import Atom, read_grammar
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
    language = _language(automaton, wanted, rng, name=name)
    chosen, strata = _choose(language, wanted, balance, rng, name=name)
    counts = {
        "derivations": automaton.count_derivations(),
        "language": automaton.count_sentences(),
        "sentences": len(chosen),
        "strata": strata,
    }
    return _tables(chosen, automaton.grammar.annotations, counts)


def _language(
    automaton: Automaton, wanted: int | None, rng: np.random.Generator, *, name: str
) -> dict[tuple[str, ...], AnnotatedSentence]:
    """Return the distinct sentences to choose from: all, or many draws where the language is too large for that."""
    total = automaton.count_derivations()
    found: Iterable[AnnotatedSentence]
    if total <= _ENUMERABLE:
        found = automaton.enumerate()
    elif wanted is not None:
        # A draw is as probable as it should be already; it must not be weighed again.
        draws = (automaton.sample(rng) for _ in range(_DRAWS_PER_SENTENCE * wanted))
        found = (replace(sentence, probability=1.0) for sentence in draws)
    else:
        raise InputError(
            f"Dataset '{name}', sentences: the grammar has {total:,} sentences, too many for 'all'; give a number."
        )
    sentences: dict[tuple[str, ...], AnnotatedSentence] = {}
    for sentence in found:
        other = sentences.setdefault(sentence.words, sentence)
        if other is not sentence and _labels(other) != _labels(sentence):
            raise InputError(
                f"Dataset '{name}': the grammar is ambiguous, it marks '{' '.join(sentence.words)}' in two ways; "
                f" bind the features that differ."
            )
    return sentences


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
        raise InputError(
            f"Dataset '{name}', sentences: {number} were asked for but the grammar yields only {len(sentences)} "
            f"(distinct); lower the number or widen the grammar."
        )
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
    columns = [*annotations, "tree_depth"]
    lengths = [len(sentence.words) for sentence in chosen]
    marks = [annotation for sentence in chosen for annotation in sentence.annotations]
    frame = pd.DataFrame(
        {
            "sentence_id": np.repeat(np.array(identifiers, dtype=object), lengths),
            "position": np.concatenate([np.arange(length) for length in lengths]),
            "word": [word for sentence in chosen for word in sentence.words],
            **{key: pd.Series([annotation.get(key) for annotation in marks], dtype=object) for key in columns},
        }
    )
    counts["lengths"] = {str(length): number for length, number in sorted(Counter(lengths).items())}
    default = [name for name in annotations if name != "lemma"]
    return RawStimuli(sentences, frame, default, counts)
