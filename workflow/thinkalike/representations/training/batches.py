"""Encoded sentences, in batches of one length: nothing is padded, so nothing depends on what padding does."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from thinkalike.errors import InputError
from thinkalike.representations.training.tokenizer import MASK, WordEncoder

Ids = NDArray[np.int64]


class EncodedCorpus:
    """Sentences as sub-tokens with their start and end, grouped by length.

    Parameters
    ----------
    sentences
        Words of each sentence.
    encoder
        Gives the sub-tokens of a word.
    positions
        Longest sentence the model can read.

    Attributes
    ----------
    groups
        One int64 array (sentences, tokens) for each length, shortest first, sentences in their order.
    members
        Positions of the sentences of each group in the list given.

    Raises
    ------
    InputError
        If there is no sentence, one is too long, or a word cannot be written with the encoder's sub-words.
    """

    def __init__(self, sentences: Sequence[Sequence[str]], encoder: WordEncoder, positions: int) -> None:
        encoded = [encoder.sentence(words) for words in sentences]
        if not encoded:
            raise InputError("The corpus holds no sentence: both splits, 'train' and 'heldout', need some.")
        lengths = np.array([len(ids) for ids in encoded])
        if lengths.max() > positions:
            longest = " ".join(sentences[int(lengths.argmax())])
            raise InputError(
                f"The sentence '{longest}' has {lengths.max()} sub-tokens but the model reads {positions}: "
                "shorten it or give a larger 'positions'."
            )
        self.members = [np.flatnonzero(lengths == length) for length in np.unique(lengths)]
        self.groups: list[Ids] = [np.array([encoded[index] for index in group]) for group in self.members]

    def ordered(self, batch_size: int) -> Iterator[Ids]:
        """Give every sentence once, shortest first."""
        for group in self.groups:
            for start in range(0, len(group), batch_size):
                yield group[start : start + batch_size]

    def shuffled(self, batch_size: int, rng: np.random.Generator) -> Iterator[Ids]:
        """Give batches without end: every pass over the corpus in a new random order."""
        while True:
            batches = []
            for group in self.groups:
                order = rng.permutation(len(group))
                batches += [group[order[start : start + batch_size]] for start in range(0, len(group), batch_size)]
            for index in rng.permutation(len(batches)):
                yield batches[index]


def hide(ids: Ids, rate: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Choose sub-tokens to hide: each with probability `rate`, at least one a sentence, never its start or end.

    Parameters
    ----------
    ids
        Sub-tokens with start and end, (sentences, tokens).
    rate
        Share to hide.
    rng
        Source of randomness.

    Returns
    -------
    ndarray of bool, shape of `ids`
    """
    scores = rng.random((len(ids), ids.shape[1] - 2))
    hidden = (scores < rate) | (scores == scores.min(axis=1, keepdims=True))
    return np.pad(hidden, ((0, 0), (1, 1)))


def with_masks(ids: Ids, hidden: NDArray[np.bool_]) -> Ids:
    """Return the sub-tokens with [MASK] at the hidden ones.

    All of them: what is scored is then the grammar's posterior of a hidden sub-token, for which there is an exact
    reference. The usual mixture with kept and random tokens has another optimum, and nothing here is fine-tuned later.
    """
    return np.where(hidden, MASK, ids)
