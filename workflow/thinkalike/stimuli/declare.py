"""Features are declared: what a column of the stimuli means, the same way for every source of stimuli."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, cast

import pandas as pd

from thinkalike.errors import InputError
from thinkalike.features import Feature, Level
from thinkalike.property_levels import contradiction, find_level, level_units

# What the columns that this package itself can make mean; a declaration overrides any part of it. Their order is the
# order of Table S1 of the paper, and of the columns of a stimulus table.
STANDARD: dict[str, Feature] = {
    feature.name: feature
    for feature in (
        Feature("word_length", "ordinal", level="word", description="number of letters"),
        Feature("gender", level="lemma", description="grammatical gender"),
        Feature("number", description="grammatical number"),
        Feature("part_of_speech", level="word", description="part of speech"),
        Feature("tense", description="tense of the verb or auxiliary"),
        Feature("person", "ordinal", description="grammatical person"),
        Feature("word_position", "ordinal", description="position in the sentence, from 0"),
        Feature("question", level="sentence", description="whether the sentence is a question"),
        Feature("tree_depth", "ordinal", description="depth in the syntactic tree"),
        Feature("sentence_length", "ordinal", level="sentence", description="number of words in the sentence"),
        Feature("word_identity", level="word", missing="category", description="the word itself, in small letters"),
        Feature("lemma_identity", level="lemma", missing="category", description="the lemma of the word"),
        Feature("clause_type", level="sentence", description="kind of relative clause in the sentence"),
        Feature("distance", "ordinal", level="sentence", description="nouns between subject and verb"),
        Feature("congruent", level="sentence", description="whether the attractor has the number of the subject"),
        Feature("embedded", description="whether the word stands in the embedded phrase"),
        Feature("mood", description="mood of the verb"),
        Feature("case", description="grammatical case"),
        Feature("dependency_relation", description="relation to the syntactic head"),
        Feature("dependency_depth", "ordinal", description="steps below the root of the dependency tree"),
        Feature("context_group", missing="category", description="stimuli with the same left context"),
        Feature("acceptable", description="whether the text is the acceptable one of its pair"),
    )
}

_KEYS = ("kind", "missing", "level", "role", "description")


def declare_features(
    declared: Sequence[str] | Mapping[str, Mapping[str, Any] | None], controls: Sequence[str], *, dataset: str
) -> tuple[dict[str, Feature], set[str]]:
    """Turn the configuration's declarations into features.

    Parameters
    ----------
    declared
        Names, or names with the keys `kind`, `missing`, `level`, `role`, `description` (all optional).
    controls
        Names of further columns that enter the models as covariates only.
    dataset
        Name of the dataset, for messages.

    Returns
    -------
    features
        The declared features by name, controls last.
    explicit
        Names of those whose level was declared and is therefore not adapted to the data.

    Raises
    ------
    InputError
        If a declaration is not a mapping, has an unknown key or value, or a name occurs twice.
    """
    entries: dict[str, Mapping[str, Any] | None] = {}
    pairs = declared.items() if isinstance(declared, Mapping) else [(name, None) for name in declared]
    for name, entry in (*pairs, *((name, {"role": "control"}) for name in controls)):
        if not isinstance(name, str):
            raise InputError(f"Dataset '{dataset}', features: {name!r} is not the name of a column; put it in quotes.")
        if name in entries and (entries[name] or {}).get("role") == (entry or {}).get("role"):
            raise InputError(f"Dataset '{dataset}': feature '{name}' is declared twice; remove one of the two.")
        entries[name] = {**(entries.get(name) or {}), **_checked(entry, name, dataset)}
    features = {name: _feature(name, entry or {}) for name, entry in entries.items()}
    ordered = dict(sorted(features.items(), key=lambda item: item[1].role == "control"))
    return ordered, {name for name, entry in entries.items() if "level" in (entry or {})}


def _checked(entry: Any, name: str, dataset: str) -> Mapping[str, Any]:
    if entry is None:
        return {}
    if not isinstance(entry, Mapping) or set(entry) - set(_KEYS):
        raise InputError(
            f"Dataset '{dataset}', feature '{name}': the declaration is {entry!r} but must be a mapping with keys "
            f"among {', '.join(_KEYS)}."
        )
    return entry


def _feature(name: str, entry: Mapping[str, Any]) -> Feature:
    default = STANDARD.get(name, Feature(name))
    return Feature(**{**asdict(default), **entry})


def order_names(names: Sequence[str]) -> list[str]:
    """Return the names with the standard ones first, in the order of Table S1."""
    rank = {name: index for index, name in enumerate(STANDARD)}
    return sorted(names, key=lambda name: rank.get(name, len(rank)))


def settle_levels(
    stimuli: pd.DataFrame, features: Mapping[str, Feature], explicit: set[str], *, source: str
) -> tuple[dict[str, Feature], list[str]]:
    """Return the features with the level at which each is assigned, and sentences on the user's own whose was found.

    A level that was not declared is that of the package for features it knows; where the data contradict it (a word
    with two parts of speech), or there is none, it is the coarsest level at which the values are constant.

    Raises
    ------
    InputError
        If a declared level is contradicted.
    """
    units = level_units(stimuli)
    settled, sentences = {}, []
    for name, feature in features.items():
        offender = "" if feature.level is None else contradiction(stimuli, feature, units)
        if offender and name in explicit:
            raise InputError(
                f"{source}: feature '{name}' is declared at level '{feature.level}' but {offender}; declare "
                f"level '{find_level(stimuli[name], units).level}' or leave the level out, or correct the values."
            )
        if offender or feature.level is None:
            found = find_level(stimuli[name], units)
            feature = replace(feature, level=cast(Level, found.level))
            if name not in STANDARD:
                sentences.append(found.sentence(name))
        settled[name] = feature
    return settled, sentences
