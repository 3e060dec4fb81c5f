"""Sentences of a dataset that a model cannot be asked about: which, how many, and why."""

import numpy as np
import pandas as pd

from thinkalike.errors import InputError
from thinkalike.representations.token_plan import TokenPlan

_EXAMPLES = 5


def conflicting_sentences(plan: TokenPlan, stimuli: pd.DataFrame, limit: int | None) -> dict[str, list[str]]:
    """Return the sentences that a model cannot be asked about.

    Parameters
    ----------
    plan
        What `plan_tokens` returned.
    stimuli
        The stimuli of the plan.
    limit
        The most tokens that the model reads; None for no limit.

    Returns
    -------
    dict
        `shared_tokens`: ids of sentences with a stimulus that has no sub-token of its own; `too_long`: ids of those
        with more tokens than the model reads. In the order of the stimuli.
    """
    sentences = stimuli["sentence_id"].tolist()
    long = () if limit is None else np.flatnonzero(plan.lengths[plan.sentence_of] > limit)
    return {
        "shared_tokens": list(dict.fromkeys(sentences[row] for row in sorted(plan.conflicts))),
        "too_long": list(dict.fromkeys(sentences[row] for row in long)),
    }


def refuse_conflicts(plan: TokenPlan, stimuli: pd.DataFrame, model: str, limit: int | None) -> None:
    """Raise one InputError that counts all conflicts of a dataset and a model, with examples.

    Parameters
    ----------
    plan, stimuli, limit
        The arguments of `conflicting_sentences`.
    model
        The model's name, for the message.
    """
    found = conflicting_sentences(plan, stimuli, limit)
    kinds = [kind for kind, sentences in found.items() if sentences]
    if not kinds:
        return
    total = len(plan.ids)
    parts = []
    if found["shared_tokens"]:
        examples = "; ".join(_examples(plan, stimuli))
        parts.append(
            f"{len(plan.conflicts)} of {len(stimuli)} stimuli, in {len(found['shared_tokens'])} of {total} sentences, "
            f"have no sub-token of their own ({examples})"
        )
    if found["too_long"]:
        parts.append(_too_long(plan, stimuli, limit or 0, len(found["too_long"]), total))
    raise InputError(
        f"Model '{model}': {'; and '.join(parts)}. Set leave_out: [{', '.join(kinds)}] in the dataset's entry, which "
        f"leaves such sentences out for all models, or mend them (context_window cuts long texts)."
    )


def _examples(plan: TokenPlan, stimuli: pd.DataFrame) -> list[str]:
    rows: dict[str, int] = {}
    for row, reason in sorted(plan.conflicts.items()):
        rows.setdefault(reason, row)
    texts = [f"in sentence '{stimuli['sentence_id'].iloc[row]}' {reason}" for reason, row in rows.items()]
    return texts[:_EXAMPLES] + (["and so on"] if len(texts) > _EXAMPLES else [])


def _too_long(plan: TokenPlan, stimuli: pd.DataFrame, limit: int, count: int, total: int) -> str:
    lengths = plan.lengths[plan.sentence_of]
    row = int(lengths.argmax())
    cut = np.flatnonzero((plan.sentence_of == plan.sentence_of[row]) & (plan.ranges[:, 1] > limit))
    stimulus = stimuli.iloc[int(cut[0]) if len(cut) else row]
    word = f", so that the word '{stimulus['word']}' would be cut off" if "word" in stimuli and len(cut) else ""
    return (
        f"{count} of {total} sentences are longer than the model reads: sentence '{stimulus['sentence_id']}' has "
        f"{lengths[row]} tokens but the model reads at most {limit}{word}"
    )
