"""From tables to tokens: which sub-tokens stand for which stimulus."""

import logging
from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from thinkalike.errors import InputError
from thinkalike.representations.alignment import AlignedSentence, Sentence, align_sentences, find_words, join_words
from thinkalike.representations.conflicts import refuse_conflicts
from thinkalike.representations.token_plan import TokenPlan

Unit = Literal["last", "first", "mean", "final", "cls"]
Bos = Literal["tokenizer", "always", "never"]
_logger = logging.getLogger(__name__)


def choose_unit(unit: str | None, stimuli: pd.DataFrame) -> str:
    """Return the unit; where none is given, a word's last sub-token (the paper's) or a prompt's final token."""
    if unit is None:
        return "last" if _have_positions(stimuli) else "final"
    check_unit(unit)
    return unit


def check_unit(unit: str) -> None:
    """Refuse anything but the known units."""
    if unit not in get_args(Unit):
        raise InputError(f"unit is '{unit}' but must be one of {', '.join(get_args(Unit))}.")


def plan_tokens(
    tokenizer: Any, sentences: pd.DataFrame, stimuli: pd.DataFrame, unit: str, bos: str = "tokenizer"
) -> TokenPlan:
    """Tokenise the sentences and find every stimulus's sub-tokens.

    Parameters
    ----------
    tokenizer
        A fast tokenizer of transformers.
    sentences
        Columns `sentence_id`, `words` (list) and, for running text and prompts, `text`.
    stimuli
        Columns `stimulus_id`, `sentence_id` and, unless stimuli are whole sentences, `position` and `word`.
    unit
        For words `last` (the paper's), `first` or `mean` of their sub-tokens; for whole sentences `final` (the text's
        last token), `mean` of the text's tokens, or `cls`, the special token in front. `mean` is the word's where
        stimuli have a position.
    bos
        Whether the beginning-of-sequence token comes first: as the `tokenizer` does it, `always` or `never`. GPT-2's
        first token has huge activations whatever it is; with `always` that is not the first word.

    Raises
    ------
    InputError
        For a unit that does not fit, and for everything that `align_sentences` refuses. Stimuli without a sub-token of
        their own are `conflicts` of the plan, which `check_plan` refuses.
    """
    check_unit(unit)
    whole = _stimuli_are_sentences(stimuli, unit)
    used = sentences[sentences["sentence_id"].isin(set(stimuli["sentence_id"]))]
    _check_sentences(sentences, stimuli)
    aligned = align_sentences(tokenizer, _texts(used, whole))
    index = {name: number for number, name in enumerate(used["sentence_id"])}
    sentence_of = stimuli["sentence_id"].map(index).to_numpy(dtype=np.int64)
    if whole:
        ranges = np.array([_sentence_range(tokenizer, sentence, unit) for sentence in aligned])[sentence_of]
    else:
        ranges = _word_ranges(aligned, used, stimuli, sentence_of, unit)
    ids = [np.array(sentence.ids, dtype=np.int64) for sentence in aligned]
    unknown = _count_unknown(tokenizer, ids, used)
    if bos not in get_args(Bos):
        raise InputError(f"bos is '{bos}' but must be one of {', '.join(get_args(Bos))}.")
    if bos != "tokenizer":
        ids, shifts = _prepend(tokenizer, ids) if bos == "always" else _strip(tokenizer, ids, aligned, unit)
        ranges = ranges + shifts[sentence_of][:, None]
    conflicts = {} if whole else _conflicts(aligned, stimuli, sentence_of)
    return TokenPlan(ids, sentence_of, ranges.astype(np.int64).reshape(-1, 2), unknown, conflicts)


def check_plan(plan: TokenPlan, stimuli: pd.DataFrame, model: str, limit: int | None, vocabulary: int) -> None:
    """Refuse stimuli without a sub-token of their own, sentences that the model would truncate, and unknown token ids.

    Parameters
    ----------
    limit
        The most tokens that the model reads; None for no limit.
    vocabulary
        Number of the model's input embeddings.
    """
    highest = max(int(ids.max()) for ids in plan.ids)
    if highest >= vocabulary:
        raise InputError(
            f"Model '{model}': its tokenizer gives the token id {highest} but the model has {vocabulary} embeddings; "
            "put the tokenizer of this very model beside it."
        )
    refuse_conflicts(plan, stimuli, model, limit)


def _stimuli_are_sentences(stimuli: pd.DataFrame, unit: str) -> bool:
    has_position = _have_positions(stimuli)
    if unit in ("last", "first") and not has_position:
        raise InputError(
            f"unit is '{unit}' but the stimuli are whole sentences without a position; use final, mean or cls."
        )
    return unit in ("final", "cls") or not has_position


def _have_positions(stimuli: pd.DataFrame) -> bool:
    return "position" in stimuli and bool(stimuli["position"].notna().all())


def _check_sentences(sentences: pd.DataFrame, stimuli: pd.DataFrame) -> None:
    if len(stimuli) == 0:
        raise InputError("There are no stimuli; check the dataset.")
    absent = ~stimuli["sentence_id"].isin(set(sentences["sentence_id"]))
    if absent.any():
        row = stimuli[absent].iloc[0]
        raise InputError(
            f"Stimulus '{row['stimulus_id']}' belongs to sentence '{row['sentence_id']}', which is not in the table of "
            "sentences; make both tables anew."
        )
    if sentences["sentence_id"].duplicated().any():
        name = sentences.loc[sentences["sentence_id"].duplicated(), "sentence_id"].iloc[0]
        raise InputError(f"The table of sentences holds '{name}' twice; give every sentence an id of its own.")


def _texts(sentences: pd.DataFrame, whole: bool) -> list[Sentence]:
    texts = sentences["text"] if "text" in sentences else pd.Series(None, index=sentences.index, dtype=object)
    words = sentences["words"] if "words" in sentences else pd.Series(None, index=sentences.index, dtype=object)
    return [
        _text(name, row_words, row_text, whole)
        for name, row_words, row_text in zip(sentences["sentence_id"], words, texts, strict=True)
    ]


def _text(name: str, words: Sequence[str] | None, text: str | None, whole: bool) -> Sentence:
    has_words = words is not None and not np.isscalar(words) and len(words) > 0
    if isinstance(text, str):
        return find_words(name, list(words or []), text) if has_words and not whole else Sentence(name, text, ())
    if not has_words or words is None:
        raise InputError(f"Sentence '{name}' has neither words nor a text; remove it.")
    for position, word in enumerate(words):
        if not isinstance(word, str) or not word:
            raise InputError(f"Sentence '{name}': word {position} is {word!r}; give every word at least a character.")
    return join_words(name, list(words))


def _word_ranges(
    aligned: list[AlignedSentence], sentences: pd.DataFrame, stimuli: pd.DataFrame, sentence_of: np.ndarray, unit: str
) -> np.ndarray:
    positions = stimuli["position"].to_numpy(dtype=np.int64)
    ranges = np.empty((len(stimuli), 2), dtype=np.int64)
    for row, (sentence, position) in enumerate(zip(sentence_of, positions, strict=True)):
        words = aligned[sentence].words
        if not 0 <= position < len(words):
            raise InputError(
                f"Stimulus '{stimuli['stimulus_id'].iloc[row]}' has position {position} but its sentence "
                f"'{stimuli['sentence_id'].iloc[row]}' has {len(words)} words; positions start at 0."
            )
        ranges[row] = words[position]
    _check_words(stimuli, sentences, sentence_of, positions)
    some = ranges[:, 0] < ranges[:, 1]  # none where the plan has a conflict
    if unit == "last":
        ranges[some, 0] = ranges[some, 1] - 1
    elif unit == "first":
        ranges[some, 1] = ranges[some, 0] + 1
    return ranges


def _check_words(
    stimuli: pd.DataFrame, sentences: pd.DataFrame, sentence_of: np.ndarray, positions: np.ndarray
) -> None:
    """Refuse two tables that do not belong together."""
    if "word" not in stimuli:
        return
    words = sentences["words"].to_list()
    for row, word in enumerate(stimuli["word"]):
        found = words[sentence_of[row]][positions[row]]
        if isinstance(word, str) and word != found:
            raise InputError(
                f"Stimulus '{stimuli['stimulus_id'].iloc[row]}' is the word '{word}' but word {positions[row]} of its "
                f"sentence is '{found}'; the stimuli and the sentences are not of one dataset."
            )


def _conflicts(aligned: list[AlignedSentence], stimuli: pd.DataFrame, sentence_of: np.ndarray) -> dict[int, str]:
    """Return why stimuli have no sub-token of their own, by their rows."""
    if not any(sentence.conflicts for sentence in aligned):
        return {}
    positions = stimuli["position"].to_numpy(dtype=np.int64)
    found = ((row, aligned[s].conflicts.get(p)) for row, (s, p) in enumerate(zip(sentence_of, positions, strict=True)))
    return {row: reason for row, reason in found if reason is not None}


def _sentence_range(tokenizer: Any, sentence: AlignedSentence, unit: str) -> tuple[int, int]:
    first, end = sentence.body
    if unit == "final":
        return end - 1, end
    if unit == "mean":
        return first, end
    if not sentence.first_is_special or sentence.ids[0] != tokenizer.cls_token_id:
        raise InputError(
            f"unit is 'cls' but {type(tokenizer).__name__} puts no [CLS] token in front of a sentence; use final or "
            "mean."
        )
    return 0, 1


def _prepend(tokenizer: Any, ids: list[np.ndarray]) -> tuple[list[np.ndarray], np.ndarray]:
    """Return the ids with the token in front where it was not, and by how much each sentence moved."""
    token = tokenizer.bos_token_id
    if token is None:
        raise InputError(
            f"bos is always but {type(tokenizer).__name__} has no beginning-of-sequence token; set it to tokenizer."
        )
    shifts = np.array([int(sentence[0] != token) for sentence in ids])
    moved = [np.append(token, sentence) if shift else sentence for sentence, shift in zip(ids, shifts, strict=True)]
    return moved, shifts


def _strip(
    tokenizer: Any, ids: list[np.ndarray], aligned: list[AlignedSentence], unit: str
) -> tuple[list[np.ndarray], np.ndarray]:
    """Return the ids without the token that the tokenizer put in front, and by how much each sentence moved."""
    token = tokenizer.bos_token_id
    if unit == "cls" and token is not None and token == tokenizer.cls_token_id:
        raise InputError("bos is never but unit is 'cls', which is the token in front; use final or mean.")
    shifts = np.array(
        [-int(one.first_is_special and sentence[0] == token) for one, sentence in zip(aligned, ids, strict=True)]
    )
    return [sentence[-shift:] if shift else sentence for shift, sentence in zip(shifts, ids, strict=True)], shifts


def lacks_bos(tokenizer: Any, plan: TokenPlan) -> bool:
    """Return whether the tokenizer has a beginning-of-sequence token with which no sentence begins."""
    token = getattr(tokenizer, "bos_token_id", None)
    return token is not None and not any(int(sentence[0]) == token for sentence in plan.ids)


def _count_unknown(tokenizer: Any, ids: list[np.ndarray], sentences: pd.DataFrame) -> int:
    token = getattr(tokenizer, "unk_token_id", None)
    if token is None:
        return 0
    counts = np.array([int((sentence == token).sum()) for sentence in ids])
    if counts.any():
        _logger.warning(
            "%d of %d sub-tokens are unknown to the tokenizer, for example in sentence '%s'",
            counts.sum(), sum(map(len, ids)), sentences["sentence_id"].iloc[int(np.argmax(counts > 0))],
        )  # fmt: skip
    return int(counts.sum())
