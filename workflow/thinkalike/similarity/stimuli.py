"""The same stimuli in the same order: matched by id, or refused."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from thinkalike.errors import InputError
from thinkalike.representations.storage import Representation


def align(representations: Mapping[str, Any]) -> dict[str, Representation]:
    """Bring the rows of all representations into the order of the first.

    Parameters
    ----------
    representations
        Name to `Representation`.

    Raises
    ------
    InputError
        When one is a bare array, when an id occurs twice, or when they do not hold the same stimuli.
    """
    for name, value in representations.items():
        if not isinstance(value, Representation):
            raise InputError(
                f"{name}: this is a bare array among representations with stimulus ids, so its rows cannot be matched; "
                "give all with ids or all without."
            )
    first, *_ = representations
    reference = _places(first, representations[first])
    ids = representations[first].stimulus_ids
    return {
        name: value if np.array_equal(value.stimulus_ids, ids) else _in_order(name, value, first, ids, reference)
        for name, value in representations.items()
    }


def subsample(n: int, count: int, seed: int) -> npt.NDArray[np.intp]:
    """Return `count` of n row numbers, drawn without replacement by seed, in increasing order."""
    return np.sort(np.random.default_rng(seed).choice(n, size=count, replace=False))


def _places(name: str, representation: Representation) -> dict[str, int]:
    places = {identifier: row for row, identifier in enumerate(representation.stimulus_ids)}
    if len(places) < len(representation.stimulus_ids):
        raise InputError(
            f"{name}: a stimulus_id occurs twice among its {len(representation.stimulus_ids)} rows; give every "
            "stimulus an id of its own."
        )
    return places


def _in_order(
    name: str, representation: Representation, first: str, ids: npt.NDArray[np.str_], reference: dict[str, int]
) -> Representation:
    places = _places(name, representation)
    only_here = sorted(set(places) - set(reference))
    only_there = sorted(set(reference) - set(places))
    if only_here or only_there:
        example = (only_there or only_here)[0]
        raise InputError(
            f"{first} has {len(reference)} stimuli and {name} has {len(places)}, and they are not the same "
            f"(stimulus_id '{example}' is in {first if only_there else name} alone); extract both from the same "
            "stimuli."
        )
    rows = np.array([places[identifier] for identifier in ids])
    return replace(representation, stimulus_ids=ids, vectors=representation.vectors[rows])
