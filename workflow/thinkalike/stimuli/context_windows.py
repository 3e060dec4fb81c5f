"""Windows of context for texts that are longer than what a model reads: stories, reading times.

A text is cut into overlapping windows of words. Each window gives vectors to the words after those that it shares with
the one before, so that every word but those of the first window has at least `words - stride` words before it, in every
model alike.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from thinkalike.errors import InputError


def window_size(source: Mapping[str, Any], name: str) -> tuple[int, int] | None:
    """Return the number of words of a window and the stride, None where no windows are asked for."""
    value = source.get("context_window")
    if value is None:
        return None
    is_pair = isinstance(value, Mapping) and set(value) == {"words", "stride"}
    if not is_pair or not all(isinstance(n, int) and not isinstance(n, bool) for n in value.values()):
        raise InputError(
            f"Dataset '{name}', context_window: the value is {value!r} but must be two numbers of words, such as "
            f"{{words: 200, stride: 100}}."
        )
    words, stride = value["words"], value["stride"]
    if not 1 <= stride <= words:
        raise InputError(
            f"Dataset '{name}', context_window: the stride is {stride} but must be 1 to {words}, the window's words."
        )
    return words, stride


def cut_windows(
    stimuli: pd.DataFrame, sentences: pd.DataFrame, words: int, stride: int
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, int]]:
    """Cut sentences of more than `words` words into windows, and put every stimulus into its window.

    Parameters
    ----------
    stimuli
        With `sentence_id` and `position`; features stay as they are (`word_position` is the one in the text).
    sentences
        The table of sentences: `sentence_id`, `words`, `text`.
    words, stride
        A window begins `stride` words after the one before it and has at most `words` words.

    Returns
    -------
    stimuli
        With `sentence_id` of the window and `position` in it; `stimulus_id` unchanged. `item_id` is the text's id, so
        that folds never split one.
    sentences
        A row per window, `{sentence_id}@{first word}`; texts that fit stay as they are.
    counts
        The number of sentences that were cut, and that of the windows.
    """
    rows, starts = [], {}
    for identifier, tokens, text in zip(sentences["sentence_id"], sentences["words"], sentences["text"], strict=True):
        if len(tokens) <= words:
            rows.append((identifier, tokens, text))
            continue
        starts[identifier] = _starts(len(tokens), words, stride)
        spans = _spans(tokens, text)
        for start in starts[identifier]:
            cut = tokens[start : start + words]
            part = text[spans[start][0] : spans[start + len(cut) - 1][1]] if isinstance(text, str) else None
            rows.append((f"{identifier}@{start}", cut, part))
    long = stimuli["sentence_id"].isin(starts)
    identifiers, positions = stimuli["sentence_id"].tolist(), stimuli["position"].tolist()
    for row in long.to_numpy().nonzero()[0]:
        start = _window(positions[row], words, stride)
        start = min(start, starts[identifiers[row]][-1])
        identifiers[row], positions[row] = f"{identifiers[row]}@{start}", positions[row] - start
    moved = stimuli.assign(sentence_id=identifiers, position=positions)
    if "item_id" not in moved:
        moved.insert(2, "item_id", stimuli["sentence_id"])
    windows = pd.DataFrame(rows, columns=["sentence_id", "words", "text"])
    counts = {"texts_cut": len(starts), "context_windows": sum(map(len, starts.values()))}
    return moved, windows, counts


def _starts(length: int, words: int, stride: int) -> list[int]:
    """Return the first word of every window, as many as reach the end."""
    last = -(-(length - words) // stride)
    return [index * stride for index in range(last + 1)]


def _window(position: int, words: int, stride: int) -> int:
    """Return the first word of the first window that holds the position: the one that has the most before it."""
    return max(0, -(-(position - words + 1) // stride)) * stride


def _spans(words: list[str], text: Any) -> list[tuple[int, int]]:
    """Return where each word begins and ends in the text; empty without a text."""
    if not isinstance(text, str):
        return []
    spans, end = [], 0
    for word in words:
        start = text.index(word, end)
        end = start + len(word)
        spans.append((start, end))
    return spans
