"""The sentence of a treebank as running text: as it is given, or rebuilt from what is said about spaces."""

from collections.abc import Sequence
from typing import Any

Token = Any  # of the library conllu: a mapping of fields


def given_text(text: str | None, words: Sequence[str]) -> str | None:
    """Return the text if it is the words in their order with nothing but spaces between them, else None."""
    if not text:
        return None
    start = 0
    for word in words:
        found = text.find(word, start)
        if found < 0 or text[start:found].strip():
            return None
        start = found + len(word)
    return None if text[start:].strip() else text


def rebuilt_text(tokens: Sequence[Token], *, split: bool) -> str:
    """Return the text of a sentence by its words and their `SpaceAfter=No`.

    Parameters
    ----------
    tokens
        All tokens of the sentence, without empty nodes.
    split
        Whether the words of a multiword token stand in the text instead of it. They are joined as it is written where
        they spell it out (do + n't), and separated where they do not (de + le for du).
    """
    pieces: list[str] = []
    covered, joined, space = 0, False, True
    for token in tokens:
        identifier = token["id"]
        if isinstance(identifier, tuple):
            covered, space = identifier[2], _space_after(token)
            words = [
                word["form"]
                for word in tokens
                if isinstance(word["id"], int) and identifier[0] <= word["id"] <= covered
            ]
            joined = "".join(words) == token["form"]
            if not split:
                pieces += [token["form"], " " if space else ""]
        elif identifier > covered:
            pieces += [token["form"], " " if _space_after(token) else ""]
        elif split:
            last = identifier == covered
            pieces += [token["form"], (" " if space else "") if last else ("" if joined else " ")]
    return "".join(pieces).strip()


def _space_after(token: Token) -> bool:
    return (token["misc"] or {}).get("SpaceAfter") != "No"
