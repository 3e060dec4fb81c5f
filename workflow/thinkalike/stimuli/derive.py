"""Features that follow from the words themselves: nobody has to type them, in any source."""

from collections.abc import Callable
from typing import Any

import pandas as pd


def is_punctuation(word: str) -> bool:
    """Return whether the word has no letter and no digit."""
    return not any(character.isalnum() for character in word)


def left_contexts(rows: pd.DataFrame, sentences: pd.DataFrame) -> list[tuple[str, ...]]:
    """Return, for each row, the words before it in its sentence."""
    words = dict(zip(sentences["sentence_id"], sentences["words"], strict=True))
    return [
        tuple(words[sentence][:position])
        for sentence, position in zip(rows["sentence_id"], rows["position"], strict=True)
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
    codes, _ = pd.factorize(pd.Series([" ".join(context) for context in left_contexts(rows, sentences)]))
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
