"""Leave out sentences that some model cannot be asked about, for all models alike."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from thinkalike.errors import InputError
from thinkalike.representations.conflicts import conflicting_sentences
from thinkalike.representations.loading import load_model
from thinkalike.representations.units import choose_unit, plan_tokens


def leave_out(
    stimuli: pd.DataFrame,
    sentences: pd.DataFrame,
    models: Mapping[str, Mapping[str, Any]],
    kinds: Sequence[str],
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """Leave out the sentences that any of the models cannot be asked about.

    Parameters
    ----------
    stimuli, sentences
        The dataset's tables.
    models
        By name, `source` of `load_model` and the `settings` of `plan_tokens` (unit, beginning of the sequence).
    kinds
        Which conflicts: `shared_tokens`, `too_long`.

    Returns
    -------
    stimuli, sentences
        The rest.
    counts
        `left_out`: number of sentences by model and kind; `sentences_left_out` and `stimuli_left_out` in all.

    Raises
    ------
    InputError
        If nothing is left.
    """
    gone: set[str] = set()
    counts: dict[str, dict[str, int]] = {}
    for name, entry in models.items():
        loaded = load_model(entry["source"])
        settings = {**entry["settings"], "unit": choose_unit(entry["settings"].get("unit"), stimuli)}
        plan = plan_tokens(loaded.tokenizer, sentences, stimuli, **settings)
        found = conflicting_sentences(plan, stimuli, loaded.part.longest_input())
        counts[name] = {kind: len(found[kind]) for kind in kinds}
        gone.update(sentence for kind in kinds for sentence in found[kind])
    kept = stimuli[~stimuli["sentence_id"].isin(gone)].reset_index(drop=True)
    if not len(kept):
        raise InputError(
            f"leave_out: every sentence is in conflict with one of the models {', '.join(models)}; mend them."
        )
    rest = sentences[~sentences["sentence_id"].isin(gone)].reset_index(drop=True)
    total = {"sentences_left_out": len(sentences) - len(rest), "stimuli_left_out": len(stimuli) - len(kept)}
    return kept, rest, {"left_out": counts, **total}
