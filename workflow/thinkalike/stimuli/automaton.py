"""A ground grammar as a weighted automaton: count, enumerate, sample, and the exact probability of a sentence.

The grammar has no recursion, so its language is finite and every derivation can be laid out from left to right. A
state stands for "what is still to come"; a path from the start to the end is one derivation, and the product of its
arcs is the derivation's probability. The forward sum over paths is the inside algorithm for such grammars: a string
with several derivations gets their sum.
"""

import bisect
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from thinkalike.errors import InputError
from thinkalike.stimuli.feature_grammar import Atom, GroundGrammar, Symbol

END = 0
_MAX_ARCS = 5_000_000


class Arc(NamedTuple):
    """One word, how likely it is here, what it is marked with, and the state after it."""

    probability: float
    word: str
    annotations: Mapping[str, Atom]
    target: int


@dataclass(frozen=True)
class AnnotatedSentence:
    """A sentence of the language with what the grammar says of each word."""

    words: tuple[str, ...]
    annotations: tuple[Mapping[str, Atom], ...]
    probability: float


class Automaton:
    """The language of a grammar.

    Parameters
    ----------
    grammar
        What `read_grammar` returned.
    annotate
        Whether arcs carry annotations and `tree_depth`, the number of branching nodes above the word. Without them
        more states are shared: the right choice for a corpus.
    """

    def __init__(self, grammar: GroundGrammar, *, annotate: bool = True) -> None:
        self.grammar = grammar
        self.arcs: list[list[Arc]] = [[]]
        self._annotate = annotate
        self._own_depth = "tree_depth" in grammar.annotations  # the grammar's own is not replaced
        self._states: dict[tuple, int] = {}
        self._marks: dict[tuple, Mapping[str, Atom]] = {}
        self._size = 0
        self.start = self._state(grammar.start, END, (), 0)
        self._transitions: list[dict[str, list[tuple[int, float]]] | None] = [None] * len(self.arcs)
        self._choices: list[tuple[list[float], list[Arc]] | None] = [None] * len(self.arcs)

    def _state(self, symbol: Symbol, target: int, inherited: tuple, depth: int) -> int:
        """Return the state from which `symbol` leads to `target`, made once for each context."""
        key = (symbol, target, inherited, depth)
        if key not in self._states:
            arcs = self._expand(symbol, target, inherited, depth)
            self._size += len(arcs)
            if self._size > _MAX_ARCS:
                raise InputError(
                    f"{self.grammar.source}: the grammar is too large to lay out (more than {_MAX_ARCS:,} arcs); "
                    f"remove optional constituents or split it."
                )
            self.arcs.append(arcs)
            self._states[key] = len(self.arcs) - 1
        return self._states[key]

    def _expand(self, symbol: Symbol, target: int, inherited: tuple, depth: int) -> list[Arc]:
        if isinstance(symbol, str):
            return [Arc(1.0, symbol, self._mark(inherited, depth), target)]
        arcs: list[Arc] = []
        for production in self.grammar.productions[symbol]:
            marks, level = inherited, depth
            if self._annotate:
                marks = tuple({**dict(inherited), **production.annotations}.items())
                level = depth + (len(production.right) > 1)
            after = target
            for part in reversed(production.right[1:]):
                after = self._state(part, after, marks, level)
            first = self._expand(production.right[0], after, marks, level)
            arcs.extend(arc._replace(probability=arc.probability * production.probability) for arc in first)
        return arcs

    def _mark(self, inherited: tuple, depth: int) -> Mapping[str, Atom]:
        if not self._annotate:
            return {}
        derived = {} if self._own_depth else {"tree_depth": depth}
        return self._marks.setdefault((inherited, depth), {**dict(inherited), **derived})

    def transitions(self, state: int) -> dict[str, list[tuple[int, float]]]:
        """Return, for each word that can follow, the states it leads to with the summed probability of each."""
        found = self._transitions[state]
        if found is None:
            summed: dict[str, dict[int, float]] = {}
            for arc in self.arcs[state]:
                targets = summed.setdefault(arc.word, {})
                targets[arc.target] = targets.get(arc.target, 0.0) + arc.probability
            found = {word: list(targets.items()) for word, targets in summed.items()}
            self._transitions[state] = found
        return found

    def words(self) -> list[str]:
        """Return the vocabulary, sorted."""
        return sorted({arc.word for arcs in self.arcs for arc in arcs})

    def probability(self, words: Sequence[str]) -> float:
        """Return the exact probability of the whole sentence, in [0, 1]; 0 if it is not in the language."""
        forward = {self.start: 1.0}
        for word in words:
            following: dict[int, float] = {}
            for state, mass in forward.items():
                for target, probability in self.transitions(state).get(word, ()):
                    following[target] = following.get(target, 0.0) + mass * probability
            forward = following
        return forward.get(END, 0.0)

    def following(self, prefix: Sequence[str]) -> set[str]:
        """Return the words that can follow a prefix; empty if the prefix is not one of the language."""
        states = {self.start}
        for word in prefix:
            states = {target for state in states for target, _ in self.transitions(state).get(word, ())}
        return {word for state in states for word in self.transitions(state)}

    def log_probabilities(self, sentences: Sequence[Sequence[str]]) -> np.ndarray:
        """Return the log-probability (nats, float64) of each sentence; -inf outside the language."""
        probabilities = np.array([self.probability(words) for words in sentences], dtype=np.float64)
        with np.errstate(divide="ignore"):
            return np.log(probabilities)

    def count_derivations(self) -> int:
        """Return the number of derivations; it exceeds the number of sentences where the grammar is ambiguous."""
        counts = [1] + [0] * (len(self.arcs) - 1)
        for state in range(1, len(self.arcs)):  # an arc always leads to a state made earlier
            counts[state] = sum(counts[arc.target] for arc in self.arcs[state])
        return counts[self.start]

    def count_sentences(self) -> int:
        """Return the number of distinct strings, by counting paths of the determinised automaton."""
        known: dict[frozenset[int], int] = {}

        def count(states: frozenset[int]) -> int:
            if states not in known:
                followers: dict[str, set[int]] = {}
                for state in states:
                    for word, targets in self.transitions(state).items():
                        followers.setdefault(word, set()).update(target for target, _ in targets)
                known[states] = (END in states) + sum(count(frozenset(targets)) for targets in followers.values())
            return known[states]

        return count(frozenset([self.start]))

    def enumerate(self) -> Iterator[AnnotatedSentence]:
        """Yield every derivation, in the grammar's order."""
        yield from self._paths(self.start, (), (), 1.0)

    def _paths(self, state: int, words: tuple, marks: tuple, probability: float) -> Iterator[AnnotatedSentence]:
        if state == END:
            yield AnnotatedSentence(words, marks, probability)
        for arc in self.arcs[state]:
            yield from self._paths(
                arc.target, (*words, arc.word), (*marks, arc.annotations), probability * arc.probability
            )

    def sample(self, rng: np.random.Generator) -> AnnotatedSentence:
        """Draw one derivation with its probability."""
        state, path, probability = self.start, [], 1.0
        while state != END:
            chosen = self._choices[state]
            if chosen is None:
                arcs = self.arcs[state]
                chosen = list(itertools.accumulate(arc.probability for arc in arcs)), arcs
                self._choices[state] = chosen
            bounds, arcs = chosen
            # The bounds sum to one only up to rounding, hence the scaling by the last of them.
            arc = arcs[min(bisect.bisect_right(bounds, rng.random() * bounds[-1]), len(arcs) - 1)]
            path.append(arc)
            probability *= arc.probability
            state = arc.target
        return AnnotatedSentence(tuple(arc.word for arc in path), tuple(arc.annotations for arc in path), probability)
