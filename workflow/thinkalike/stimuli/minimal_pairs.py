"""Minimal pairs: has a model learnt the agreement of the language it was trained on?

A pair is a sentence of the language and the same sentence with one word in another form that the grammar forbids
after the words before it. The grammar itself is the judge: no list of good and bad sentences is kept.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from thinkalike.stimuli.automaton import AnnotatedSentence, Automaton
from thinkalike.stimuli.feature_grammar import GroundGrammar

Marks = Mapping[str, Any]
_logger = logging.getLogger(__name__)


def _is_number_agreement(marks: Marks, position: int) -> bool:
    # At position 0 ("do ..."), nothing before the word decides its form.
    return position > 0 and marks.get("tense") == "present" and "number" in marks


def _is_question_form(marks: Marks, position: int) -> bool:
    return bool(marks.get("question")) and marks.get("part_of_speech") == "Verb" and "number" not in marks


def _is_reflexive(marks: Marks, position: int) -> bool:
    return marks.get("lemma") == "self" and "gender" in marks


PHENOMENA: dict[str, Callable[[Marks, int], bool]] = {
    "number agreement": _is_number_agreement,
    "number agreement across an attractor": _is_number_agreement,
    "question form": _is_question_form,
    "reflexive gender": _is_reflexive,
}
"""Which word of a sentence is critical, by its annotations and position."""

_ATTEMPTS_PER_PAIR = 400


def minimal_pairs(grammar: GroundGrammar, n: int, seed: int, *, exclude: Iterable[Sequence[str]] = ()) -> pd.DataFrame:
    """Draw minimal pairs for every phenomenon that the grammar has.

    Parameters
    ----------
    grammar
        From `read_grammar`; words are paired by the annotation `lemma`.
    n
        Number of pairs of each phenomenon.
    seed
        Seed of the draws.
    exclude
        Sentences not to use, such as those of the training corpus.

    Returns
    -------
    pandas.DataFrame
        `phenomenon`, `grammatical` and `ungrammatical` (lists of words), `position` (of the critical word),
        `attractor` (bool: the last noun before the word differs in number from the first). A phenomenon for which
        fewer pairs exist has fewer rows; one that the grammar lacks has none.
    """
    automaton = Automaton(grammar)
    forms = _forms(automaton)
    rng = np.random.default_rng(seed)
    seen = {tuple(words) for words in exclude}
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in PHENOMENA}
    for _ in range(_ATTEMPTS_PER_PAIR * n):
        sentence = automaton.sample(rng)
        wanting = [name for name, found in rows.items() if len(found) < n]
        if not wanting:
            break
        if sentence.words in seen:
            continue
        for name in wanting:
            pair = _pair(automaton, sentence, name, forms, rng)
            if pair and (pair["attractor"] or "attractor" not in name):
                rows[name].append(pair)
                seen.add(sentence.words)
                break
    if not any(rows.values()):
        _logger.warning(
            "%s: the grammar has no minimal pairs, so nothing tells what a model has learnt; its words need the "
            "annotations lemma, tense, number, question or gender.",
            grammar.source,
        )
    columns = ["phenomenon", "grammatical", "ungrammatical", "position", "attractor"]
    return pd.DataFrame([row for name in PHENOMENA for row in rows[name]], columns=columns)


def _forms(automaton: Automaton) -> dict[str, list[str]]:
    """Return the words of each lemma."""
    forms: dict[str, set[str]] = {}
    for arcs in automaton.arcs:
        for arc in arcs:
            if "lemma" in arc.annotations:
                forms.setdefault(str(arc.annotations["lemma"]), set()).add(arc.word)
    return {lemma: sorted(words) for lemma, words in forms.items()}


def _pair(
    automaton: Automaton,
    sentence: AnnotatedSentence,
    name: str,
    forms: Mapping[str, list[str]],
    rng: np.random.Generator,
) -> dict[str, Any] | None:
    """Return the pair that the sentence gives for a phenomenon, if it gives one."""
    for position, (word, marks) in enumerate(zip(sentence.words, sentence.annotations, strict=True)):
        if not PHENOMENA[name](marks, position):
            continue
        before = sentence.words[:position]
        possible = automaton.following(before)
        wrong = [other for other in forms.get(str(marks.get("lemma")), []) if other not in possible and other != word]
        if not wrong:
            continue
        other = wrong[int(rng.integers(len(wrong)))]
        return {
            "phenomenon": name,
            "grammatical": list(sentence.words),
            "ungrammatical": [*before, other, *sentence.words[position + 1 :]],
            "position": position,
            "attractor": _has_attractor(sentence, position),
        }
    return None


def _has_attractor(sentence: AnnotatedSentence, position: int) -> bool:
    """Return whether the last noun before the critical word has another number than the first."""
    numbers = [
        marks["number"]
        for marks in sentence.annotations[:position]
        if marks.get("part_of_speech") == "Noun" and "number" in marks
    ]
    return len(numbers) > 1 and numbers[0] != numbers[-1]
