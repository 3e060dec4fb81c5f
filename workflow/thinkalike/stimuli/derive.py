"""Features that follow from the words themselves: nobody has to type them, in any source."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd


def is_punctuation(word: str) -> bool:
    """Return whether the word has no letter and no digit."""
    return not any(character.isalnum() for character in word)


def left_contexts(rows: pd.DataFrame, sentences: pd.DataFrame) -> list[int]:
    """Return, for each row, a number that it shares with exactly those that have the same words before them."""
    numbers: dict[tuple[int, str], int] = {}
    before: dict[Any, list[int]] = {}
    for sentence, words in zip(sentences["sentence_id"], sentences["words"], strict=True):
        found, context = [], 0
        for word in words:
            found.append(context)
            context = numbers.setdefault((context, word), len(numbers) + 1)
        before[sentence] = found
    return [
        before[sentence][position] for sentence, position in zip(rows["sentence_id"], rows["position"], strict=True)
    ]


def _word_length(rows: pd.DataFrame, sentences: pd.DataFrame) -> pd.Series:
    return rows["word"].map(lambda word: sum(character.isalnum() for character in word))


def _sentence_length(rows: pd.DataFrame, sentences: pd.DataFrame) -> pd.Series:
    lengths = [sum(not is_punctuation(word) for word in words) for words in sentences["words"]]
    return rows["sentence_id"].map(dict(zip(sentences["sentence_id"], lengths, strict=True)))


def _lemma_identity(rows: pd.DataFrame, sentences: pd.DataFrame) -> pd.Series:
    lemmas = rows["lemma"] if "lemma" in rows else rows["word"]
    return lemmas.fillna(rows["word"]).str.lower()


def _context_group(rows: pd.DataFrame, sentences: pd.DataFrame) -> pd.Series:
    codes, _ = pd.factorize(np.array(left_contexts(rows, sentences), dtype=np.int64))
    return pd.Series([f"c{code:05d}" for code in codes], index=rows.index)


DERIVED: dict[str, Callable[[pd.DataFrame, pd.DataFrame], Any]] = {
    "word_length": _word_length,
    "word_position": lambda rows, sentences: rows["position"],
    "sentence_length": _sentence_length,
    "word_identity": lambda rows, sentences: rows["word"].str.lower(),
    "lemma_identity": _lemma_identity,
    "context_group": _context_group,
}
"""Name of a derivable column to the function of (rows, sentences) that makes it."""
