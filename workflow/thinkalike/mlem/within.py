"""The analysis of a layer within a part of the stimuli: nouns alone, questions alone.

What moves the distances between all stimuli is mostly what parts them into kinds. Which features matter among nouns is
another question, and a feature that differs on few pairs of all stimuli may differ on half of those.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from thinkalike.errors import InputError
from thinkalike.features import Feature, fold_groups
from thinkalike.mlem.analysis import analyse_layer

logger = logging.getLogger(__name__)

Values = Mapping[str, Any]

# Of fewer stimuli, or fewer sentences for each fold, nothing is analysed.
FEWEST_STIMULI = 20
FEWEST_SENTENCES = 2

_NAMES = ("stimulus_id", "sentence_id")  # name stimuli and parts them into nothing
TABLES = ("importance", "scores")
# Settings of a layer's analysis whose tables are of all stimuli alone.
OF_ALL_STIMULI = ("resamples", "halvings", "over", "inference")


def analyse_within(
    stimuli: pd.DataFrame,
    features: Mapping[str, Feature],
    representations: ArrayLike,
    within: Values | Sequence[Values],
    *,
    folds: int = 5,
    inner_folds: int = 5,
    **settings: Any,
) -> dict[str, pd.DataFrame]:
    """Return the tables of one layer within one or several parts of the stimuli.

    Parameters
    ----------
    stimuli, features, representations
        As for `analyse_layer`, of all stimuli.
    within
        Value by column of `stimuli`, such as `{"part_of_speech": "Noun"}`: the stimuli that have it, or all of several
        values. A list of such mappings makes an analysis of each. Features and controls that have a single value among
        them (undefined aside) are left out, and the log and the table `scores` say so.
    folds, inner_folds, **settings
        As for `analyse_layer`; folds are made anew from the sentences of each part.

    Returns
    -------
    dict
        `importance` and `scores` of `analyse_layer`, with a column `within` behind `layer` (`part_of_speech: Noun`); in
        `scores` also `stimuli`, their number, and `left_out`, the features that do not vary, joined by commas.

    Raises
    ------
    InputError
        For a column or a value that no stimulus has, and for parts of too few stimuli or sentences.
    """
    vectors = np.asarray(representations)
    if len(vectors) != len(stimuli):
        raise InputError(f"There are {len(stimuli)} stimuli, but representations of {len(vectors)}; give one for each.")
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in TABLES}
    for values in parts_of(within):
        name = label_of(values)
        chosen = _chosen(stimuli, values)
        part = stimuli[chosen]
        _refuse_few(part, name, max(folds, inner_folds))
        varying = {key: each for key, each in features.items() if part[key].nunique() > 1}
        left_out = ", ".join(key for key in features if key not in varying)
        if not any(feature.role == "feature" for feature in varying.values()):
            raise InputError(
                f"mlem.within, {name}: no feature varies among these {len(part)} stimuli; leave this part out."
            )
        if left_out:
            logger.info("Within %s: these do not vary and are left out: %s.", name, left_out)
        found = analyse_layer(part, varying, vectors[chosen], folds=folds, inner_folds=inner_folds, **settings)
        for table in TABLES:
            rows = found[table].assign(within=name)
            if table == "scores":
                rows = rows.assign(stimuli=len(part), left_out=left_out)
            rows.insert(2, "within", rows.pop("within"))
            parts[table].append(rows)
    return {name: pd.concat(tables, ignore_index=True) for name, tables in parts.items()}


def parts_of(within: Values | Sequence[Values]) -> list[Values]:
    """Return the parts as a list, however many were given."""
    return [within] if isinstance(within, Mapping) else list(within)


def label_of(values: Values) -> str:
    """Return a part's name in tables, `part_of_speech: Noun`."""
    return ", ".join(f"{column}: {_text(value)}" for column, value in values.items())


def _text(value: Any) -> str:
    """Return a value as it is written in a configuration: `true`, and 3 whatever type of number it was."""
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value)).lower()
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value)


def _chosen(stimuli: pd.DataFrame, values: Values) -> NDArray[np.bool_]:
    chosen = np.ones(len(stimuli), dtype=bool)
    offered = [str(column) for column in stimuli if column not in _NAMES]
    for column, value in values.items():
        if column not in offered:
            raise InputError(f"mlem.within names '{column}', but the stimuli have {', '.join(offered)}; correct it.")
        texts = stimuli[column].astype(object).where(stimuli[column].notna(), None)
        own = np.array([None if each is None else _text(each) for each in texts], dtype=object)
        if _text(value) not in own:
            known = sorted({each for each in own if each is not None})
            more = f" and {len(known) - 20} more" if len(known) > 20 else ""
            raise InputError(
                f"mlem.within: no stimulus has {column}: {_text(value)}; its values are {', '.join(known[:20])}{more}."
            )
        chosen &= own == _text(value)
    return chosen


def _refuse_few(part: pd.DataFrame, name: str, folds: int) -> None:
    sentences = fold_groups(part).nunique() if len(part) else 0
    if len(part) < FEWEST_STIMULI or sentences < FEWEST_SENTENCES * folds:
        raise InputError(
            f"mlem.within, {name}: {len(part)} stimuli of {sentences} sentences are too few for {folds} folds; "
            f"it takes {FEWEST_STIMULI} stimuli of {FEWEST_SENTENCES * folds} sentences: leave this part out."
        )
