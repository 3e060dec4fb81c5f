"""What an ideal masked model would lose: the exact posterior of hidden sub-tokens under the grammar.

A masked model sees how many sub-tokens there are and all that are not hidden; the reference is -log p(hidden one |
visible ones) under the distribution that the corpus was drawn from. It is exact: the automaton of the grammar is laid
out over sub-tokens (every word becomes the path of its pieces), hidden positions let every piece through, and one
forward and one backward sweep give the posterior of every hidden position.

The reference holds for positions that are known to be hidden (replaced by [MASK]). A model that is also scored where
the input was kept or replaced by a random piece has a different optimum.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np
from scipy import sparse

from thinkalike.errors import InputError
from thinkalike.stimuli.automaton import END, Automaton

Tokenise = Callable[[str], Sequence[str]]


class MaskedReference:
    """The posterior of hidden sub-tokens under a grammar.

    Parameters
    ----------
    automaton
        The corpus grammar (`load_automaton`).
    tokenise
        Gives the sub-tokens of a word, as the model's tokenizer splits it inside a sentence.
    excluded
        Sentences that the corpus was conditioned not to be (the probing sentences).
    """

    def __init__(self, automaton: Automaton, tokenise: Tokenise, excluded: Sequence[Sequence[str]] = ()) -> None:
        self._pieces = {word: tuple(tokenise(word)) for word in automaton.words()}
        for word, pieces in self._pieces.items():
            if not pieces:
                raise InputError(f"The tokenizer gives no sub-token for the word '{word}' of the grammar.")
        self._lay_out(automaton)
        self._excluded: dict[tuple[str, ...], float] = {}
        for words in {tuple(sentence) for sentence in excluded}:
            pieces = tuple(piece for word in words for piece in self._pieces.get(word, tokenise(word)))
            self._excluded[pieces] = self._excluded.get(pieces, 0.0) + automaton.probability(words)

    def _lay_out(self, automaton: Automaton) -> None:
        """Make one sparse matrix of transition probabilities per piece, and their sum."""
        inner: dict[tuple[tuple[str, ...], int], int] = {}
        entries: dict[str, list[tuple[int, int, float]]] = defaultdict(list)

        def before(rest: tuple[str, ...], target: int) -> int:
            """Return the state from which the pieces `rest` lead to `target`; words with a common end share it."""
            if not rest:
                return target
            if (rest, target) not in inner:
                after = before(rest[1:], target)
                inner[rest, target] = len(automaton.arcs) + len(inner)
                entries[rest[0]].append((inner[rest, target], after, 1.0))
            return inner[rest, target]

        for state in range(len(automaton.arcs)):
            for word, targets in automaton.transitions(state).items():
                first, *rest = self._pieces[word]
                for target, probability in targets:
                    entries[first].append((state, before(tuple(rest), target), probability))
        self._size = len(automaton.arcs) + len(inner)
        self._start = automaton.start
        self._matrices = {piece: self._matrix(rows) for piece, rows in entries.items()}
        self._any = self._matrix([entry for rows in entries.values() for entry in rows])

    def _matrix(self, entries: Sequence[tuple[int, int, float]]) -> sparse.csr_array:
        rows, columns, values = zip(*entries, strict=True)
        return sparse.csr_array((values, (rows, columns)), shape=(self._size, self._size))

    def losses(self, words: Sequence[str], hidden: Sequence[int]) -> np.ndarray:
        """Return -log p of each hidden sub-token given the visible ones.

        Parameters
        ----------
        words
            A sentence of the language (not an excluded one).
        hidden
            Positions among the sentence's sub-tokens, each in 0..n-1.

        Returns
        -------
        numpy.ndarray
            Shape (len(hidden),), float64, nats, at least 0.

        Raises
        ------
        InputError
            If the sentence is not in the language, or a position is not among its sub-tokens.
        """
        pieces = tuple(piece for word in words for piece in self._pieces.get(word, ()))
        hidden_set = set(hidden)
        if not hidden_set <= set(range(len(pieces))):
            raise InputError(
                f"'{' '.join(words)}' has {len(pieces)} sub-tokens of the grammar, so hidden positions must lie in "
                f"0..{len(pieces) - 1}; got {sorted(hidden_set)}."
            )
        steps = [self._any if index in hidden_set else self._matrices[piece] for index, piece in enumerate(pieces)]
        forward = [np.zeros(self._size)]
        forward[0][self._start] = 1.0
        for step in steps[:-1]:
            forward.append(forward[-1] @ step)
        backward = np.zeros(self._size)
        backward[END] = 1.0
        numerators: dict[int, float] = {}
        for index in range(len(pieces) - 1, -1, -1):
            if index in hidden_set:
                numerators[index] = float(forward[index] @ (self._matrices[pieces[index]] @ backward))
            backward = steps[index] @ backward
        total = float(backward[self._start])
        removed = self._excluded_matches(pieces, hidden_set)
        total -= sum(removed.values())
        masses = [
            numerators[index] - sum(mass for other, mass in removed.items() if other[index] == pieces[index])
            for index in hidden
        ]
        if total <= 0.0 or min(masses, default=1.0) <= 0.0:
            raise InputError(f"'{' '.join(words)}' is not a sentence of the corpus that the reference describes.")
        return np.log(total) - np.log(np.array(masses, dtype=np.float64))

    def _excluded_matches(self, pieces: tuple[str, ...], hidden: set[int]) -> dict[tuple[str, ...], float]:
        """Return the excluded sentences that look the same where nothing is hidden, with their probabilities."""
        return {
            other: mass
            for other, mass in self._excluded.items()
            if len(other) == len(pieces)
            and all(index in hidden or other[index] == piece for index, piece in enumerate(pieces))
        }


def masked_reference(
    automaton: Automaton,
    sentences: Sequence[Sequence[str]],
    masks: Sequence[Sequence[int]],
    tokenise: Tokenise,
    *,
    excluded: Sequence[Sequence[str]] = (),
) -> float:
    """Return the mean of -log p(hidden sub-token | visible sub-tokens), in nats: the floor of a masked loss.

    Parameters
    ----------
    automaton
        What `load_automaton` returned.
    sentences
        Sentences of the corpus, as words.
    masks
        For each sentence, the positions of its hidden sub-tokens, counted without special tokens.
    tokenise
        Gives the sub-tokens of one word.
    excluded
        The probing sentences.

    Returns
    -------
    float
        The mean over all hidden sub-tokens, so that it compares with a loss averaged the same way.

    Raises
    ------
    InputError
        If nothing is hidden, or see `MaskedReference`.
    """
    reference = MaskedReference(automaton, tokenise, excluded)
    losses = [reference.losses(words, hidden) for words, hidden in zip(sentences, masks, strict=True) if len(hidden)]
    if not losses:
        raise InputError("The masked reference needs at least one hidden sub-token; raise the share that is masked.")
    return float(np.concatenate(losses).mean())
