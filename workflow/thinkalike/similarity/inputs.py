"""From what a user gives to checked matrices of the same stimuli."""

import logging
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from thinkalike.errors import InputError
from thinkalike.numerics.matrices import check_same_stimuli, checked_matrix, of_order_one
from thinkalike.similarity.measures.measure import Comparator, Measure
from thinkalike.similarity.measures.stimulus_pairs import StimulusPairs, stimulus_pairs
from thinkalike.similarity.row_order import in_order_of, matched_rows

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
        The number of stimuli that were given.
    labels
        The labels of all stimuli that were given; None where they came as bare arrays.
    exponents
        Name to the power of two that the matrix was divided by, see `of_order_one`.
    """

    matrices: dict[str, npt.NDArray[np.floating]]
    kept: npt.NDArray[np.intp]
    total: int
    labels: pd.Index | None = None
    exponents: dict[str, int] = field(default_factory=dict)

    def of_rows(self, values: Any, what: str) -> Any:
        """Return groups, positions or controls of the rows, given one for every stimulus; None for None.

        A pandas object is matched by its index with the labels of the stimuli (0, 1, ... for bare arrays).
        """
        if values is None:
            return None
        if len(values) != self.total:
            raise InputError(f"There are {len(values)} {what} for {self.total} stimuli; give one for each.")
        if isinstance(values, pd.Series | pd.DataFrame):
            index = pd.RangeIndex(self.total) if self.labels is None else self.labels
            values = in_order_of(values, index, what, "the representations")
            return values.iloc[self.kept] if isinstance(values, pd.DataFrame) else list(values.iloc[self.kept])
        listed = list(values)
        return [listed[row] for row in self.kept]

    def workers(self, entry: Measure, threads: int) -> int:
        """Return how many layers can be prepared at a time: fewer than `threads` where that would fill the memory."""
        if not entry.pairwise:
            return threads
        pairs = len(self.kept) * (len(self.kept) - 1) / 2
        return max(1, min(threads, int(_WORKING_BYTES / (_BYTES_A_PAIR * pairs))))

    def pairs(self, exclude: Any, controls: Any, kinds: Mapping[str, str] | None) -> StimulusPairs | None:
        """Return what is known of the pairs of the rows."""
        labels = self.of_rows(exclude, "labels of pairs to leave out")
        return stimulus_pairs(len(self.kept), labels, self.of_rows(controls, "rows of controls"), kinds)

    def check_scale(self, entry: Measure, comparator: Comparator) -> None:
        """Refuse extreme numbers where the measure depends on their scale, which was taken out."""
        if comparator.depends_on_scale or "isotropic scaling" not in entry.invariant_to:
            for name, exponent in self.exponents.items():
                if exponent:
                    raise InputError(
                        f"{name}: its largest value is near {2.0**exponent:.0e}, where '{entry.name}' (which depends "
                        "on the scale of the representations) leaves the range of numbers; rescale all of them alike."
                    )

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
    values, labels = matched_rows(values)
    checked = {name: checked_matrix(value, name) for name, value in values.items()}
    check_same_stimuli({name: len(matrix) for name, matrix in checked.items()})
    scaled = {name: of_order_one(matrix, name) for name, matrix in checked.items()}
    matrices = {name: matrix for name, (matrix, _) in scaled.items()}
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
    inputs = Inputs(matrices, kept, total, labels, {name: exponent for name, (_, exponent) in scaled.items()})
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


def subsample(n: int, count: int, seed: int) -> npt.NDArray[np.intp]:
    """Return `count` of n row numbers, drawn without replacement by seed, in increasing order."""
    return np.sort(np.random.default_rng(seed).choice(n, size=count, replace=False))
