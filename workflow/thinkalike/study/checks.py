"""What can be told to fail from a study and the names and heads of its files alone, before anything runs."""

import importlib.util
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from thinkalike.catalogue import (
    FEWEST_RESAMPLES,
    MEASURE_OPTIONS,
    MEASURE_SETS,
    PAIR_MEASURES,
    RESAMPLE_MEASURES,
    STIMULUS_SOURCES,
    check_measure_options,
    check_preprocessing,
    measure_options,
)
from thinkalike.errors import InputError
from thinkalike.study.offered_columns import DERIVED_COLUMNS, offered_columns
from thinkalike.study.study import paths_of

# Files and folders that lie beside those of a study's datasets, and of a dataset's models.
_BESIDE_DATASETS = ("across_datasets", "benchmarks", "downloads", "logs", "report.html", "resources")
_BESIDE_MODELS = (
    *("corpus.parquet", "explorer.html", "figures", "minimal_pairs.parquet", "sentences.parquet", "similarity"),
    *("stimuli.parquet", "tables"),
)
# A pair's file is called by two models; with what a writer adds for a moment a name may have 255 bytes.
_LONGEST = 100
_IN_ROWS = ("table", "prompts", "pairs")
_ONLY_FOR_SOURCE = {
    **{"balance": ("grammar",), "multiword": ("conllu",), "text": ("prompts",), "id": ("prompts", "pairs")},
    **{"good": ("pairs",), "bad": ("pairs",), "attached_punctuation": ("table",), "encoding": (*_IN_ROWS, "conllu")},
    **dict.fromkeys(("columns", "separator", "quotes", "decimal"), _IN_ROWS),
}
# What a table of stimuli may have beside features and controls, to say which stimuli are meant.
_COLUMNS_BESIDE = ("position", "word", "lemma", "context_group")
_IDENTIFIERS = ("stimulus_id", "sentence_id", "position", "word")


def check_names(study: str, datasets: Iterable[str], models: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Say which names cannot be files beside one another.

    Parameters
    ----------
    study, datasets
        Their names.
    models
        Labels of the layers of each model, by its name.
    """
    if study.lower() == "examples":
        yield "Configuration: a study cannot be called 'examples', a folder of results/ with data; choose another name."
    for kind, names, reserved in (
        ("study", [study], ()),
        ("datasets", list(datasets), _BESIDE_DATASETS),
        ("models", list(models), _BESIDE_MODELS),
        *((f"models.{name}.layers", list(layers), ()) for name, layers in models.items()),
    ):
        yield from _check_names(kind, names, reserved)


def _check_names(kind: str, names: list[str], reserved: Sequence[str]) -> Iterator[str]:
    first: dict[str, str] = {}
    for name in names:
        if name.lower() in reserved:
            yield f"Configuration: {kind} has the name '{name}', which the results use themselves; choose another."
        if len(name) > _LONGEST:
            yield (
                f"Configuration: {kind} has a name of {len(name)} letters ('{name[:20]}...'); files are called by it: "
                f"at most {_LONGEST} are possible."
            )
        twin = first.setdefault(name.lower(), name)
        if twin != name:
            yield (
                f"Configuration: {kind} has the names '{twin}' and '{name}', which some disks do not tell apart; "
                "rename one."
            )


def check_dataset(name: str, entry: Mapping[str, Any], base: Path) -> Iterator[str]:
    """Say which keys of a dataset do not go with its source or with each other."""
    source = next(key for key in STIMULUS_SOURCES if key in entry)
    where = f"Configuration: datasets.{name}"
    for key, owners in _ONLY_FOR_SOURCE.items():
        if key in entry and source not in owners:
            yield f"{where}.{key} goes with '{' or '.join(owners)}', not with '{source}'; remove it."
    if source == "table" and not entry.get("features"):
        yield f"{where} lacks the key 'features': a table does not say which of its columns are features; add them."
    for key in ("features", "controls"):
        for column in entry.get(key, []):
            if column in _IDENTIFIERS:
                yield (
                    f"{where}.{key} names '{column}', which names stimuli and cannot be a feature; word_identity and "
                    "word_position can."
                )
    sentences = entry.get("sentences", "all")
    if sentences != "all" and entry.get("decorrelate", 0) > sentences:
        yield (
            f"{where}.decorrelate is {entry['decorrelate']}, more than the {sentences} sentences that there are; "
            "lower it."
        )
    if "decorrelate" in entry and len(entry.get("features", [1, 1])) < 2:
        yield f"{where}.decorrelate needs at least two features; declare more or remove it."
    if source == "prompts":
        yield from _check_prompts(where, entry, base)


def _check_prompts(where: str, entry: Mapping[str, Any], base: Path) -> Iterator[str]:
    offered = offered_columns(entry, base)
    if offered is None:
        return
    text = entry.get("text", "text")
    for key, columns in (
        ("text", re.findall(r"\{(\w+)\}", text) or [text]),
        ("id", [entry["id"]] if "id" in entry else []),
    ):
        for column in columns:
            if column not in offered:
                yield f"{where}.{key} names '{column}', but {entry['prompts']} has {', '.join(offered)}; correct it."


def check_features(datasets: Mapping[str, Any], mlem: Mapping[str, Any], base: Path) -> Iterator[str]:
    """Say which features a dataset's source does not offer, and which of the analysis it does not declare.

    Where only reading the source would tell what it offers, the dataset's own job checks.
    """
    for name, entry in datasets.items():
        source = ", ".join(next(paths_of(entry[key]) for key in STIMULUS_SOURCES if key in entry))
        offered = offered_columns(entry, base)
        if offered is not None:
            offered = list(dict.fromkeys([*offered, *DERIVED_COLUMNS]))
            for key in ("features", "controls"):
                yield from unknown(f"datasets.{name}.{key}", entry.get(key, []), offered, f"{source} offers")
            yield from unknown(f"datasets.{name}.balance", entry.get("balance", []), offered, f"{source} offers")
        declared = [*entry["features"], *entry.get("controls", [])] if "features" in entry else offered
        for key in ("features", "controls"):
            if declared is not None and not (key == "controls" and "controls" not in entry):
                origin = f"datasets.{name} declares" if "features" in entry else f"{source} offers"
                yield from unknown(f"mlem.{key}", mlem.get(key, []), declared, origin)
        if declared is not None:
            controls = entry.get("controls", ["word_identity"])
            columns = list(dict.fromkeys([*declared, *controls, *_COLUMNS_BESIDE]))
            parts = mlem.get("within", [])
            asked = [column for part in ([parts] if isinstance(parts, Mapping) else parts) for column in part]
            yield from unknown("mlem.within", dict.fromkeys(asked), columns, f"the stimuli of {name} have")
    both = set(mlem.get("features", [])) & set(mlem.get("controls", []))
    for name in sorted(both):
        yield f"Configuration: '{name}' stands in mlem.features and in mlem.controls; leave it out of one of them."


def unknown(key: str, names: Iterable[str], known: Sequence[str], origin: str) -> Iterator[str]:
    """Say which names are none of those that are known."""
    for name in names:
        if name not in known:
            yield f"Configuration: {key} names '{name}', but {origin} {', '.join(known)}; correct one of them."


def check_analysis(datasets: Mapping[str, Any], mlem: Mapping[str, Any]) -> Iterator[str]:
    """Say which settings do not go together, and where there are fewer sentences than folds."""
    if mlem["interactions"] and mlem["coding"] == "levels":
        yield "Configuration: mlem.interactions are of differences; set mlem.coding to difference, or leave them out."
    for name, entry in datasets.items():
        sentences = entry.get("decorrelate", entry.get("sentences", "all"))
        if sentences == "all":
            continue
        for key in ("folds", "inner_folds"):
            if mlem[key] > sentences:
                yield (
                    f"Configuration: mlem.{key} is {mlem[key]}, but datasets.{name} has {sentences} sentences to make "
                    "folds of; lower it."
                )


def check_similarity(similarity: Mapping[str, Any], measures: Sequence[str]) -> Iterator[str]:
    """Say which measures, options and values no comparison takes."""
    for key, check in (
        ("preprocessing", lambda: check_preprocessing(similarity["preprocessing"])),
        *((f"options.{name}", _checker(name, similarity["options"][name])) for name in similarity["options"]),
    ):
        try:
            check()
        except InputError as error:
            yield f"Configuration: similarity.{key}: {error}"
    for name, options in similarity["options"].items():
        if name not in measures and name.partition(".")[0] in MEASURE_OPTIONS:
            yield (
                f"Configuration: similarity.options names '{name}', but the study's measures are "
                f"{', '.join(measures)}; add it there."
            )
        if similarity["permutations"] and options.get("batch_size") is not None:
            yield (
                f"Configuration: similarity.options.{name}.batch_size: minibatch CKA has no permutation null; leave it "
                "out, or set similarity.permutations to 0."
            )
    for key in ("same_word_pairs", "same_lemma_pairs"):
        for name in similarity["feature_agnostic"] if similarity[key] == "exclude" else []:
            if name.partition(".")[0] not in PAIR_MEASURES:
                yield (
                    f"Configuration: similarity.{key} is 'exclude', but '{name}' is not a sum over pairs of stimuli; "
                    f"leave one of the two out (pairs can be left out of {', '.join(PAIR_MEASURES)})."
                )
    if similarity["options"].get("cka_debiased", {}).get("batch_size") is not None and "exclude" in (
        similarity["same_word_pairs"],
        similarity["same_lemma_pairs"],
    ):
        yield "Configuration: similarity.options.cka_debiased.batch_size: minibatch CKA leaves no pairs out; remove it."
    if "dsa" in measures and importlib.util.find_spec("DSA") is None:
        yield (
            "Configuration: similarity.feature_agnostic names 'dsa', whose library is not installed; run "
            '`pip install "thinkalike[dynamics]"`.'
        )


def check_resamples(similarity: Mapping[str, Any], mlem: Mapping[str, Any]) -> Iterator[str]:
    """Say where a measure needs more resamples than there are."""
    for name in similarity["feature_based"]:
        if name in RESAMPLE_MEASURES and mlem["resamples"] < FEWEST_RESAMPLES:
            yield (
                f"Configuration: similarity.feature_based names '{name}', which takes {FEWEST_RESAMPLES} resamples of "
                f"the profiles or more, but mlem.resamples is {mlem['resamples']}; raise it, or leave the measure out."
            )


def _checker(name: str, options: Mapping[str, Any]) -> Any:
    return lambda: check_measure_options(name, options)


def spelled_out(names: list[str]) -> list[str]:
    """Return the measures with those of published sets spelled out, such as `procrustes.ot+is`."""
    measures: list[str] = []
    for name in names:
        measures += [f"{member}.{name}" for member in MEASURE_SETS[name]] if name in MEASURE_SETS else [name]
    for name in measures:
        base, _, published = name.partition(".")
        if published and base not in MEASURE_SETS[published]:
            known = ", ".join(MEASURE_SETS[published])
            raise InputError(f"Configuration: similarity.feature_agnostic names '{name}', but {published} has {known}.")
        measure_options(name)
    return list(dict.fromkeys(measures))
