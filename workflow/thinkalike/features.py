"""What a feature of a stimulus is: its kind, and what an undefined value means."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from thinkalike.errors import InputError

Kind = Literal["categorical", "ordinal", "numeric"]
Missing = Literal["same", "category"]
Level = Literal["stimulus", "word", "lemma", "sentence"]
Role = Literal["feature", "control"]


@dataclass(frozen=True)
class Feature:
    """A declared feature of the stimuli.

    Attributes
    ----------
    name
        Column of the stimulus table.
    kind
        `categorical` and `ordinal` features differ or do not (difference 0 or 1); a `numeric` one differs by
        |a - b|, scaled by the range in the training stimuli. `ordinal` values have an order that figures keep.
    missing
        What an undefined value means: `same`, it never differs from anything (the paper's recipe); `category`, it
        is a value of its own.
    level
        What the feature is a property of; the level at which a null permutes its labels.
    role
        `feature`, compared between layers; `control`, in the model as a covariate (word identity, say) but not in
        the profiles that are compared.
    description
        One line for tables and reports.
    """

    name: str
    kind: Kind = "categorical"
    missing: Missing = "same"
    level: Level = "stimulus"
    role: Role = "feature"
    description: str = ""

    def __post_init__(self) -> None:
        for key, allowed in (("kind", Kind), ("missing", Missing), ("level", Level), ("role", Role)):
            if getattr(self, key) not in get_args(allowed):
                raise InputError(
                    f"Feature '{self.name}': {key} is '{getattr(self, key)}' but must be one of "
                    f"{', '.join(get_args(allowed))}."
                )


def features_to_json(features: Mapping[str, Feature]) -> list[dict[str, Any]]:
    """Return what `features_from_json` reads back, for a table's metadata."""
    return [asdict(feature) for feature in features.values()]


def features_from_json(entries: list[dict[str, Any]]) -> dict[str, Feature]:
    """Return the features by name, in their declared order."""
    return {entry["name"]: Feature(**entry) for entry in entries}
