"""What a table of stimuli says beside the vectors, as the comparison of two models takes it."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from thinkalike.errors import InputError
from thinkalike.features import Feature, choose_features, fold_groups


def known_of_stimuli(
    stimuli: pd.DataFrame,
    declared: Mapping[str, Feature],
    *,
    same_word_pairs: str = "keep",
    same_lemma_pairs: str = "keep",
    **settings: Any,
) -> dict[str, Any]:
    """Return the arguments of `compare_models` that come from the stimuli, and the other settings.

    Parameters
    ----------
    stimuli
        The stimulus table, one row per stimulus.
    declared
        Its features.
    same_word_pairs, same_lemma_pairs
        `exclude` leaves pairs of the same word (in any case of its letters) or lemma out; `keep` keeps them.
    **settings
        The rest; `controls` among them are names (None for the declared ones) of what is held constant.

    Returns
    -------
    dict
        `groups`, `sentences` and `positions`; `exclude`, `controls` and `kinds` where they are asked for; the rest of
        the settings.

    Raises
    ------
    InputError
        When there is no column of lemmas to leave pairs out by, or no control to hold constant.
    """
    known: dict[str, Any] = {
        "groups": list(fold_groups(stimuli)),
        "sentences": list(stimuli["sentence_id"]),
        "positions": list(stimuli["position"]),
    }
    exclude = left_out_pairs(stimuli, same_word_pairs, same_lemma_pairs)
    if exclude is not None:
        known["exclude"] = exclude
    if "controls" in settings:
        known |= _controls(stimuli, declared, settings.pop("controls"))
    return {**known, **settings}


def left_out_pairs(
    stimuli: pd.DataFrame, same_word_pairs: str = "keep", same_lemma_pairs: str = "keep"
) -> pd.DataFrame | None:
    """Return the words and lemmas whose pairs are left out, one row per stimulus; None where all pairs are kept.

    `InputError` where the stimuli have no lemmas and they are asked for.
    """
    asked = {"word": same_word_pairs, "lemma": same_lemma_pairs}
    columns = [column for column, what in asked.items() if what == "exclude"]
    for column in columns:
        if column not in stimuli.columns:
            raise InputError(
                f"similarity.same_{column}_pairs is 'exclude', but the stimuli have no column '{column}'; leave it out."
            )
    if not columns:
        return None
    labels = {column: stimuli[column].astype("string").str.lower().tolist() for column in columns}
    return pd.DataFrame(labels, index=_ids(stimuli))


def _controls(stimuli: pd.DataFrame, declared: Mapping[str, Feature], names: Sequence[str] | None) -> dict[str, Any]:
    chosen = choose_features(declared, [], names)
    if not chosen:
        raise InputError("partial_rsa holds controls constant, but there are none; declare mlem.controls or use rsa.")
    values = {name: _values(stimuli[name], feature) for name, feature in chosen.items()}
    table = pd.DataFrame(values, index=_ids(stimuli))
    return {"controls": table, "kinds": {name: "numeric" for name, one in chosen.items() if one.kind == "numeric"}}


def _ids(stimuli: pd.DataFrame) -> pd.Index | None:
    """Return the labels by which representations are matched; None for those without."""
    return pd.Index(stimuli["stimulus_id"].astype(object)) if "stimulus_id" in stimuli.columns else None


def _values(column: pd.Series, feature: Feature) -> list[Any]:
    """Return a control's values; where "undefined" is a value of its own, it gets one."""
    if feature.missing == "category" and feature.kind != "numeric":
        return [
            "undefined" if undefined else str(value) for value, undefined in zip(column, column.isna(), strict=True)
        ]
    return column.tolist()
