"""Which properties of models a study compares them by, and what these mean."""

from collections.abc import Iterator, Mapping
from typing import Any

from thinkalike.study.study import Model

# What is known without the study's saying so: of every model, and from the configurations of models.
KNOWN_PROPERTIES = ("trained", "architecture", "objective", "positions", "activation", "width", "layers")
NUMERIC_PROPERTIES = ("width", "layers")
_OF_TABLES = ("entry", "model")


def declared_kinds(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return the kind of each property that has one by name: what the study says, else that of known ones."""
    declared = {name: each["kind"] for name, each in _meanings(settings).items() if "kind" in each}
    return {**dict.fromkeys(NUMERIC_PROPERTIES, "numeric"), **declared}


def declared_exchange(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return between the values of which property another is exchanged, where the study says it."""
    return {name: each["exchanged"] for name, each in _meanings(settings).items() if "exchanged" in each}


def chosen_properties(settings: Mapping[str, Any]) -> list[str] | None:
    """Return the properties that the study asks for; None for all that are known."""
    chosen = settings.get("properties")
    return None if chosen is None else list(chosen)


def check_properties(settings: Mapping[str, Any], models: Mapping[str, Model]) -> Iterator[str]:
    """Say which properties no model has, and which names tables use themselves."""
    known = list(KNOWN_PROPERTIES)
    for name, model in models.items():
        for key in model.metadata:
            if not key.strip() or key in _OF_TABLES:
                yield f"Configuration: models.{name}.metadata cannot have the key '{key}'; rename it."
            known.append(key)
    known = list(dict.fromkeys(known))
    for name in chosen_properties(settings) or []:
        if name not in known:
            yield (
                f"Configuration: similarity.model_mlem.properties names '{name}', but what is known of the models is "
                f"{', '.join(known)}; add it to their metadata."
            )
    for name, between in declared_exchange(settings).items():
        if between != "entry" and between not in known:
            yield (
                f"Configuration: similarity.model_mlem.properties.{name}.exchanged names '{between}', but what is "
                f"known of the models is {', '.join(known)}; write one of them, or entry."
            )


def _meanings(settings: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    chosen = settings.get("properties")
    return {name: each or {} for name, each in chosen.items()} if isinstance(chosen, Mapping) else {}
