"""What a feature of a stimulus is: its kind, and what an undefined value means."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

from thinkalike.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

Kind = Literal["categorical", "ordinal", "numeric"]
Missing = Literal["same", "category"]
Level = Literal["stimulus", "word", "lemma", "sentence", "item"]
Role = Literal["feature", "control"]

# Correlation over pairs of the differences of two features: from here on they are called entangled ...
ENTANGLED = 0.5
# ... and from here on not to be told apart.
INSEPARABLE = 0.95


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
        What the feature is a property of; the level at which a null permutes its labels. None: not declared, so that
        it is found from the stimuli (`property_levels.with_levels`).
    role
        `feature`, compared between layers; `control`, in the model as a covariate (word identity, say) but not in
        the profiles that are compared.
    description
        What the feature is, in one line, for tables and reports.
    """

    name: str
    kind: Kind = "categorical"
    missing: Missing = "same"
    level: Level | None = None
    role: Role = "feature"
    description: str = ""

    def __post_init__(self) -> None:
        for key, allowed in (("kind", Kind), ("missing", Missing), ("level", Level), ("role", Role)):
            value = getattr(self, key)
            if value not in get_args(allowed) and not (key == "level" and value is None):
                raise InputError(
                    f"Feature '{self.name}': {key} is '{value}' but must be one of {', '.join(get_args(allowed))}."
                )


def features_to_json(features: Mapping[str, Feature]) -> list[dict[str, Any]]:
    """Return what `features_from_json` reads back, for a table's metadata."""
    return [asdict(feature) for feature in features.values()]


def features_from_json(entries: list[dict[str, Any]]) -> dict[str, Feature]:
    """Return the features by name, in their declared order."""
    return {entry["name"]: Feature(**entry) for entry in entries}


def choose_features(
    declared: Mapping[str, Feature], features: Sequence[str] | None = None, controls: Sequence[str] | None = None
) -> dict[str, Feature]:
    """Return the features and controls of an analysis, in this order, with their roles set.

    Parameters
    ----------
    declared
        The features that the stimuli have.
    features, controls
        Names to use; None for all that are declared in that role.

    Raises
    ------
    InputError
        If a name is not declared, or is asked for in both roles.
    """
    chosen: dict[str, Feature] = {}
    requests: tuple[tuple[str, Role, Sequence[str] | None], ...]
    requests = (("features", "feature", features), ("controls", "control", controls))
    for key, role, names in requests:
        for name in _declared_as(declared, role) if names is None else names:
            if name not in declared:
                raise InputError(f"mlem.{key} names '{name}', but the stimuli have {', '.join(declared)}; correct it.")
            if name in chosen and names is not None:
                raise InputError(f"mlem.{key} names '{name}', which is a feature already; leave it out of one of them.")
            chosen.setdefault(name, replace(declared[name], role=role))
    return chosen


def _declared_as(declared: Mapping[str, Feature], role: str) -> list[str]:
    return [name for name, feature in declared.items() if feature.role == role]


def kinds_and_missing(features: Mapping[str, Feature]) -> dict[str, Any]:
    """Return what an MLEM is told of its features: `kinds` and `missing`, each by name."""
    return {
        "kinds": {name: feature.kind for name, feature in features.items()},
        "missing": {name: feature.missing for name, feature in features.items()},
    }


def words_left_out(stimuli: "pd.DataFrame", same_word_pairs: str) -> "pd.Series | None":
    """Return the words in small letters whose pairs are left out; None for `keep`."""
    return stimuli["word"].astype(str).str.lower() if same_word_pairs == "exclude" else None


def fold_groups(stimuli: "pd.DataFrame") -> "pd.Series":
    """Return what folds never split: the item of each stimulus where sentences belong to items, else its sentence."""
    return stimuli["item_id"] if "item_id" in stimuli.columns else stimuli["sentence_id"]


def as_numbers(column: "pd.Series") -> "np.ndarray":
    """Return a numeric feature's values as float64, NaN where they are undefined.

    Parameters
    ----------
    column
        Numbers, or dates and durations, which become days from the earliest one: only differences matter. Null, NaN and
        NaT are undefined.

    Returns
    -------
    numpy.ndarray
        Shape (n,), float64.

    Raises
    ------
    ValueError, TypeError
        If a value is no number.
    """
    import datetime

    import numpy as np
    import pandas as pd

    column = column.reset_index(drop=True).infer_objects()
    defined = column.dropna()
    if column.dtype == object and len(defined) and defined.map(lambda value: isinstance(value, datetime.date)).all():
        column = pd.to_datetime(column)
    if pd.api.types.is_datetime64_any_dtype(column.dtype) or pd.api.types.is_timedelta64_dtype(column.dtype):
        since = pd.to_timedelta(column - column.min())
        return since.dt.total_seconds().to_numpy(dtype=np.float64, na_value=np.nan) / 86_400
    return pd.to_numeric(column).astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
