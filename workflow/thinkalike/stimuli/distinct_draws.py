"""Draw distinct sentences of a language that is too large to list, each in proportion to its probability.

A draw goes from word to word. What can follow a prefix weighs as much as all sentences that begin so, less those that
were drawn before: nothing is drawn twice, and no draw is thrown away, however skewed the language. A sentence's
probability is the sum over its derivations.
"""

import itertools
from collections import defaultdict

import numpy as np

from thinkalike.stimuli.automaton import END, AnnotatedSentence, Automaton

_LEFT = 1e-12  # what is left of a sum of probabilities after rounding


class DistinctDraws:
    """Draws without replacement.

    Parameters
    ----------
    automaton
        The language.
    """

    def __init__(self, automaton: Automaton) -> None:
        self._automaton = automaton
        self._drawn: dict[tuple[str, ...], float] = defaultdict(float)
        self._ended: set[tuple[str, ...]] = set()

    def draw(self, rng: np.random.Generator) -> tuple[tuple[str, ...], float] | None:
        """Return a sentence that was not drawn before, with its probability; None if there is none left."""
        states = {self._automaton.start: 1.0}
        words: tuple[str, ...] = ()
        while True:
            following = self._following(states)
            left = {word: sum(targets.values()) - self._drawn[(*words, word)] for word, targets in following.items()}
            left = {word: mass for word, mass in left.items() if mass > _LEFT * sum(following[word].values())}
            end = 0.0 if words in self._ended else states.get(END, 0.0)
            total = end + sum(left.values())
            if total <= 0.0:
                return None  # only before the first word: a prefix is entered where something is left
            chosen = rng.random() * total
            if chosen < end or not left:
                self._remember(words, states[END])
                return words, states[END]
            bounds = list(itertools.accumulate(left.values(), initial=end))
            index = min(int(np.searchsorted(bounds, chosen, side="right")) - 1, len(left) - 1)
            word = list(left)[index]
            words, states = (*words, word), following[word]

    def _following(self, states: dict[int, float]) -> dict[str, dict[int, float]]:
        """Return, for each word that can follow, the mass of every state that it leads to."""
        found: dict[str, dict[int, float]] = {}
        for state, mass in states.items():
            for word, targets in self._automaton.transitions(state).items():
                reached = found.setdefault(word, {})
                for target, probability in targets:
                    reached[target] = reached.get(target, 0.0) + mass * probability
        return found

    def _remember(self, words: tuple[str, ...], probability: float) -> None:
        self._ended.add(words)
        for length in range(1, len(words) + 1):
            self._drawn[words[:length]] += probability


def derivations_of(automaton: Automaton, words: tuple[str, ...], probability: float) -> list[AnnotatedSentence]:
    """Return one entry per way to mark the words of a sentence, each with the probability of the whole sentence."""
    paths: list[tuple[int, tuple]] = [(automaton.start, ())]
    for word in words:
        paths = [
            (arc.target, (*marks, arc.annotations))
            for state, marks in paths
            for arc in automaton.arcs[state]
            if arc.word == word
        ]
    return [AnnotatedSentence(words, marks, probability) for state, marks in paths if state == END]
