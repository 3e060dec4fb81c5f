"""The published values and statements that a study names, and the study's own set-up beside theirs."""

from collections.abc import Iterator, Mapping
from typing import Any

from thinkalike.study.study import Study

STATEMENT_KINDS = ("value", "largest", "smallest", "first", "rises", "falls")


def check_reference(study: Study) -> Iterator[str]:
    """Say which statements cannot be worked out from the study's tables."""
    for number, statement in enumerate(study.reference.get("statements", ())):
        where = f"Configuration: reference.statements.{number}"
        kinds = [kind for kind in STATEMENT_KINDS if kind in statement]
        if len(kinds) != 1:
            found = " and ".join(kinds) or "none"
            yield f"{where} needs exactly one of {', '.join(STATEMENT_KINDS)}, but has {found}."
            continue
        yield from _check_names(f"{where}.{kinds[0]}", statement[kinds[0]], study)
    if study.reference and len(study.every_layer["layer"]) < 2:
        yield "Configuration: reference is for studies of two layers or more, but this one has one; remove it."


def _check_names(where: str, about: Mapping[str, Any], study: Study) -> Iterator[str]:
    known = list(dict.fromkeys(name for model in study.models.values() for name in (model.entry, model.name)))
    named = [*about.get("models", ()), *(layer[0] for layer in about.get("layers", ()) if isinstance(layer, list))]
    for name in named:
        if name not in known:
            yield f"{where} names the model '{name}', but the models are {', '.join(known)}; correct it."
    yield from _check_layers(where, about, study)
    if "feature" in about:
        for dataset, entry in study.datasets.items():
            declared = study.mlem.get("features") or entry.get("features")
            if declared is not None and about["feature"] not in declared:
                yield (
                    f"{where} names the feature '{about['feature']}', but those of datasets.{dataset} are "
                    f"{', '.join(declared)}; correct it."
                )
    if "measure" in about and about["measure"] not in study.measures:
        yield f"{where} names '{about['measure']}', but the measures are {', '.join(study.measures)}; add it."
    if "table" in about and about["table"] not in study.tables:
        yield f"{where} names the table '{about['table']}', which this study does not have; remove it."


def _check_layers(where: str, about: Mapping[str, Any], study: Study) -> Iterator[str]:
    """Say which layers a statement names that the models do not have."""
    layers = about.get("layers", "all")
    pairs = [layer for layer in layers if isinstance(layer, list)]
    named = [(name, str(layer)) for name, layer in pairs]
    for name in about.get("models", ()):
        listed = [] if layers == "all" or pairs else [str(layer) for layer in layers]
        named += [(name, layer) for layer in listed if layer not in ("first", "last")]
        named += [(name, str(about["near"]))] if "near" in about else []
    for name, layer in named:
        for model in study.models.values():
            if name in (model.entry, model.name) and layer not in model.layers:
                yield (
                    f"{where} names layer '{layer}' of '{model.name}', which has {', '.join(model.layers)}; correct it."
                )


def own_setup(study: Study, dataset: str) -> dict[str, Any]:
    """Return the study's own set-up, by the names that a reference's `setup` uses for the same."""
    settings = [study.extraction_settings(dataset, name) for name in study.models]
    mlem = study.mlem
    return {
        "models": [model.location for model in study.models.values()],
        "sentences": study.datasets[dataset].get("sentences", "all"),
        "numbering": _one([each["numbering"] for each in settings]),
        "sub_token": _one([each.get("unit", "last") for each in settings]),
        "first_token": _one([f"bos: {each['bos']}" for each in settings]),
        "distance": mlem["distance"],
        "coding": mlem["coding"],
        "scoring": mlem["scoring"],
        "importance": mlem["importance"],
        "interactions": mlem["interactions"],
        "penalties": [f"{alpha:g}" for alpha in mlem["alphas"]],
        "controls": mlem.get("controls", "those of the dataset"),
    }


def _one(values: list[str]) -> str:
    return ", ".join(dict.fromkeys(values))
