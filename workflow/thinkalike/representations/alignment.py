"""Which sub-tokens belong to which word, by character offsets.

The tokenizer reads the sentence as running text, as it did when the model was trained, and says which characters
each sub-token covers. That is right for WordPiece, byte-level BPE, Metaspace and Unigram alike. Handing over split
words instead goes wrong silently: byte-level tokenizers without a prefix space then read "the woman" as "thewoman".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from thinkalike.errors import InputError

# Marks of a preceding space; a sub-token of nothing else stands for the space, not for the word.
_SPACE_MARKS = "▁Ġ "


@dataclass(frozen=True)
class Sentence:
    """A text and where its words are.

    Attributes
    ----------
    name
        The sentence_id, for messages.
    text
        What the tokenizer reads.
    spans
        Character range (start, end) of each word; empty for a prompt, which is one unit.
    """

    name: str
    text: str
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class AlignedSentence:
    """A tokenised sentence, and which of its tokens are whose.

    Attributes
    ----------
    ids
        Token ids, with the tokenizer's special tokens.
    words
        Range (first, last + 1) of each word's sub-tokens; (0, 0) for a word that has none of its own.
    conflicts
        For each of those words, by its position, why not.
    body
        Range of the text's sub-tokens, without special tokens around it.
    first_is_special
        Whether the tokenizer put a special token first.
    """

    ids: tuple[int, ...]
    words: tuple[tuple[int, int], ...]
    conflicts: Mapping[int, str]
    body: tuple[int, int]
    first_is_special: bool


def join_words(name: str, words: Sequence[str]) -> Sentence:
    """Return the sentence whose words are joined by single spaces."""
    spans, start = [], 0
    for word in words:
        spans.append((start, start + len(word)))
        start += len(word) + 1
    return Sentence(name, " ".join(words), tuple(spans))


def find_words(name: str, words: Sequence[str], text: str) -> Sentence:
    """Return the running text with the places of its words, found from left to right.

    Raises
    ------
    InputError
        When a word does not occur after its predecessor.
    """
    spans, start = [], 0
    for position, word in enumerate(words):
        found = text.find(word, start)
        if found < 0:
            raise InputError(
                f"Sentence '{name}': word {position}, '{word}', does not occur in the sentence's text after the word "
                "before it; correct the words or leave out the text."
            )
        start = found + len(word)
        spans.append((found, start))
    return Sentence(name, text, tuple(spans))


def align_sentences(tokenizer: Any, sentences: Sequence[Sentence]) -> list[AlignedSentence]:
    """Tokenise sentences and find the sub-tokens of every word.

    Parameters
    ----------
    tokenizer
        A fast tokenizer of transformers.
    sentences
        Made by `join_words` or `find_words`.

    Raises
    ------
    InputError
        When the tokenizer gives no offsets, or a sentence gets no token at all. A word that shares a sub-token with
        another one, or gets none, is a conflict of its sentence: it matters only where the word is a stimulus.
    """
    if not getattr(tokenizer, "is_fast", False):
        raise InputError(
            f"{type(tokenizer).__name__} is a slow tokenizer, which does not say which characters its tokens cover; "
            "use a model with a fast one (a tokenizer.json)."
        )
    if not sentences:
        return []
    encoded = tokenizer(
        [sentence.text for sentence in sentences], truncation=False, padding=False, return_attention_mask=False,
        verbose=False,
    )  # fmt: skip
    return [_align_one(encoding, sentence) for encoding, sentence in zip(encoded.encodings, sentences, strict=True)]


def _align_one(encoding: Any, sentence: Sentence) -> AlignedSentence:
    inside = np.array([sequence is not None for sequence in encoding.sequence_ids], dtype=bool)
    where = np.flatnonzero(inside)
    if not len(where):
        raise InputError(f"Sentence '{sentence.name}' ({sentence.text!r}) gets no token at all; remove the sentence.")
    words, conflicts = _word_ranges(encoding, inside, sentence)
    return AlignedSentence(
        ids=tuple(encoding.ids),
        words=words,
        conflicts=conflicts,
        body=(int(where[0]), int(where[-1]) + 1),
        first_is_special=not inside[0],
    )


def _word_ranges(
    encoding: Any, inside: np.ndarray, sentence: Sentence
) -> tuple[tuple[tuple[int, int], ...], dict[int, str]]:
    words = np.array(sentence.spans, dtype=np.int64).reshape(-1, 2)
    tokens = np.array(encoding.offsets, dtype=np.int64)
    # The words that a token covers are those from `first` to `last`.
    first = np.searchsorted(words[:, 1], tokens[:, 0], side="right")
    last = np.searchsorted(words[:, 0], tokens[:, 1], side="left") - 1
    covers = inside & (tokens[:, 0] < tokens[:, 1]) & (first <= last)
    conflicts: dict[int, str] = {}
    for token in np.flatnonzero(covers & (first < last)):
        shared = range(int(first[token]), int(last[token]) + 1)
        text = _two_words(encoding.tokens[token], (shared[0], shared[-1]), sentence)
        conflicts.update(dict.fromkeys(shared, text))
    owned = np.flatnonzero(covers)
    bounds = np.searchsorted(first[owned], np.arange(len(words) + 1))
    ranges = []
    for word, (start, end) in enumerate(pairwise(bounds)):
        if start == end and word not in conflicts:
            conflicts[word] = f"the word {_word(sentence, word)!r} gets no token"
        ranges.append((0, 0) if word in conflicts else _range(encoding, owned[start:end]))
    return tuple(ranges), conflicts


def _range(encoding: Any, indices: np.ndarray) -> tuple[int, int]:
    if len(indices) > 1 and not encoding.tokens[indices[0]].strip(_SPACE_MARKS):
        indices = indices[1:]
    return int(indices[0]), int(indices[-1]) + 1


def _two_words(token: str, found: tuple[int, int], sentence: Sentence) -> str:
    first, second = (_word(sentence, word) for word in found)
    return f"the token {token!r} covers both words {first!r} and {second!r}"


def _word(sentence: Sentence, word: int) -> str:
    return sentence.text[slice(*sentence.spans[word])]
