"""From what a user gives to checked matrices of the same stimuli."""

import logging
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from thinkalike.errors import InputError
from thinkalike.numerics.matrices import check_same_stimuli, checked_matrix
from thinkalike.representations.storage import Representation
from thinkalike.similarity.measures.measure import Measure

MAX_STIMULI = 10_000
_WORKING_BYTES = 4 * 2**30  # of all workers that prepare layers at a time
_BYTES_A_PAIR = 48  # distances, keys, order, ranks, and what a sort needs
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Inputs:
    """Representations of the same stimuli.

    Attributes
    ----------
    matrices
        Name to float32 or float64 array of shape (n, units), as it was given.
    kept
        Which of the stimuli the rows are.
    total
        How many stimuli were given.
    """

    matrices: dict[str, npt.NDArray[np.floating]]
    kept: npt.NDArray[np.intp]
    total: int

    def of_rows(self, labels: Sequence[Any] | None, what: str) -> list[Any] | None:
        """Return the labels (groups or positions) of the rows, given one for every stimulus."""
        if labels is None:
            return None
        if len(labels) != self.total:
            raise InputError(f"There are {len(labels)} {what} for {self.total} stimuli; give one for each.")
        values = list(labels)
        return [values[row] for row in self.kept]

    def workers(self, entry: Measure, threads: int) -> int:
        """Return how many layers can be prepared at a time: fewer than `threads` where that would fill the memory."""
        if not entry.pairwise:
            return threads
        pairs = len(self.kept) * (len(self.kept) - 1) / 2
        return max(1, min(threads, int(_WORKING_BYTES / (_BYTES_A_PAIR * pairs))))

    def describe(self) -> dict[str, Any]:
        """Return the numbers of stimuli and units, for `attrs` and for a file's metadata."""
        units = {name: matrix.shape[1] for name, matrix in self.matrices.items()}
        return {
            "stimuli": len(self.kept),
            "stimuli_given": self.total,
            "fewest_stimuli_per_unit": round(len(self.kept) / max(units.values()), 3),
        }


def read_inputs(values: Mapping[str, Any], entry: Measure, *, max_stimuli: int = MAX_STIMULI, seed: int = 0) -> Inputs:
    """Check, align and, for a measure whose cost is quadratic in stimuli, subsample representations."""
    if not values:
        raise InputError("There is nothing to compare; give at least one representation.")
    if any(isinstance(value, Representation) for value in values.values()):
        values = align(values)
    matrices = {name: checked_matrix(value, name) for name, value in values.items()}
    check_same_stimuli({name: len(matrix) for name, matrix in matrices.items()})
    total = len(next(iter(matrices.values())))
    kept = np.arange(total)
    if entry.pairwise and total > max_stimuli:
        warnings.warn(
            f"{entry.name} is computed on {max_stimuli} of {total} stimuli, drawn with seed {seed}: its cost grows "
            "with the square of their number; raise max_stimuli to use more.",
            stacklevel=3,
        )
        kept = subsample(total, max_stimuli, seed)
        matrices = {name: matrix[kept] for name, matrix in matrices.items()}
    inputs = Inputs(matrices, kept, total)
    _logger.info("%s: %s", entry.name, inputs.describe())
    return inputs


def joined_layers(
    layers_a: Mapping[str, Any], layers_b: Mapping[str, Any], model_a: str, model_b: str
) -> dict[str, Any]:
    """Return the layers of both models (once, if they are the same object) by a name for messages."""
    if not layers_a or not layers_b:
        raise InputError(f"There is nothing to compare between {model_a} and {model_b}: give each at least one layer.")
    named = {f"{model_a}, layer {layer}": value for layer, value in layers_a.items()}
    if layers_b is not layers_a:
        suffix = " (second model)" if model_a == model_b else ""
        named |= {f"{model_b}, layer {layer}{suffix}": value for layer, value in layers_b.items()}
    return named


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
