"""The stimulus report in words: what a reader of the study has to know about its stimuli."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from thinkalike.features import ENTANGLED, INSEPARABLE, Feature

INFLATED = 10.0
RARE_PAIRS = 0.01
RARE_LEVEL = 5
NAMED = 5  # levels that a sentence names; the rest it counts

_COLUMNS = ["feature_a", "feature_b", "problem", "value", "warning"]


def find_warnings(
    tables: Mapping[str, pd.DataFrame],
    features: Mapping[str, Feature],
    words: pd.Series | None = None,
    notes: Iterable[str] = (),
    *,
    marks_can_be_split: bool = True,
) -> pd.DataFrame:
    """Return one row per problem of a dataset, the worst kinds first.

    Parameters
    ----------
    tables
        The other tables of `stimulus_report`.
    features
        The declared features; controls are only checked for varying at all.
    words
        The stimuli, where they are words.
    notes
        Sentences that say how the source was read.
    marks_can_be_split
        Whether the source has the key `attached_punctuation`, as tables do.
    """
    compared = [name for name, feature in features.items() if feature.role == "feature"]
    rows = [
        *_constant(tables["pairs"]),
        *_confounded(tables["difference_correlation"], compared),
        *_inflated(tables["variance_inflation"], compared),
        *_rare(tables["pairs"], tables["levels"], features, compared),
        *_duplicated(tables["duplicates"]),
        *([] if words is None else attached_marks(words, marks_can_be_split)),
        *((None, None, "note", np.nan, note) for note in notes),
    ]
    return pd.DataFrame(rows, columns=_COLUMNS).astype({"value": "float64"})


def _constant(pairs: pd.DataFrame) -> list[tuple]:
    return [
        (name, None, "constant", 0.0, f"{name} never varies in this set, so nothing can be said about it.")
        for name in pairs.loc[pairs["pairs_varying"] == 0, "feature"]
    ]


def _confounded(correlation: pd.DataFrame, compared: list[str]) -> list[tuple]:
    rows = []
    for a, b, value in zip(*(correlation[key] for key in ("feature_a", "feature_b", "correlation")), strict=True):
        if a not in compared or b not in compared or not abs(value) >= ENTANGLED:
            continue
        problem = "inseparable" if abs(value) >= INSEPARABLE else "entangled"
        finding = "cannot be told apart" if problem == "inseparable" else "are hard to tell apart"
        text = f"{a} and {b} {finding} in this set: their differences correlate at {value:.2f}."
        rows.append((a, b, problem, value, text))
    return sorted(rows, key=lambda row: -abs(row[3]))


def _inflated(inflation: pd.DataFrame, compared: list[str]) -> list[tuple]:
    rows = []
    for name, value in zip(inflation["feature"], inflation["variance_inflation"], strict=True):
        if name in compared and value > INFLATED:
            size = "infinite" if np.isinf(value) else f"{value:.0f}"
            text = f"{name} follows nearly from the other features together (variance inflation {size})."
            rows.append((name, None, "inflated", value, text))
    return rows


def _rare(
    pairs: pd.DataFrame, levels: pd.DataFrame, features: Mapping[str, Feature], compared: list[str]
) -> list[tuple]:
    rows = []
    for name, share in zip(pairs["feature"], pairs["share"], strict=True):
        if name in compared and 0 < share < RARE_PAIRS:
            size = f"only {share:.2%}" if share >= 0.0001 else "less than 0.01%"
            text = f"{name} varies on {size} of the pairs, too few to estimate its importance well."
            rows.append((name, None, "rare pairs", share, text))
    few = levels[levels["level"].notna() & (levels["stimuli"] < RARE_LEVEL)]
    for name in compared:
        rare = few[few["feature"] == name].sort_values("stimuli", kind="stable")
        if len(rare) and features[name].kind != "numeric":
            pairs_of = zip(rare["level"].head(NAMED), rare["stimuli"].head(NAMED), strict=True)
            named = ", ".join(f"'{level}' ({n})" for level, n in pairs_of)
            more = f" and {len(rare) - NAMED} more" if len(rare) > NAMED else ""
            text = (
                f"{name} has levels that fewer than {RARE_LEVEL} stimuli share and some folds will lack: {named}{more}."
            )
            rows.append((name, None, "rare level", len(rare), text))
    return rows


def attached_marks(words: pd.Series, can_be_split: bool) -> list[tuple]:
    """Return a row if words end or begin with punctuation, whose sub-token then stands for the word."""
    attached = words[words.map(_carries_marks)]
    if not len(attached):
        return []
    examples = " ".join(f"'{word}'" for word in list(dict.fromkeys(attached))[:3])
    remedy = (
        "set attached_punctuation: split, or separate them in the file"
        if can_be_split
        else "check that these marks belong to the words"
    )
    text = (
        f"{len(attached):,} of {len(words):,} words carry punctuation ({examples}), so that a mark's sub-token may "
        f"stand for the word; {remedy}."
    )
    return [(None, None, "attached punctuation", len(attached), text)]


def _carries_marks(word: str) -> bool:
    """Return whether a word with letters has a mark at an end that does not belong to words (unlike full stops)."""
    ends = (word[:1] in _OPENING, word[-1:] in _CLOSING)
    return any(ends) and any(character.isalnum() for character in word)


_OPENING, _CLOSING = set('"“„«([{'), set('"”»,;:!?)]}')


def _duplicated(duplicates: pd.DataFrame) -> list[tuple]:
    return [
        (
            None,
            None,
            "duplicates",
            row["duplicates"],
            f"{row['duplicates']} of {row['stimuli']} stimuli have the same vector as another one in a "
            f"{row['model_type']} model; set deduplicate: true.",
        )
        for row in duplicates.to_dict("records")
        if row["duplicates"]
    ]
