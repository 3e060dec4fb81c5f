"""What every comparison begins and ends with: layers made ready, numbers made tidy, and what made them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from thinkalike.errors import InputError
from thinkalike.numerics.matrices import preprocess
from thinkalike.numerics.parallel import parallel_map
from thinkalike.numerics.ranks import round_off
from thinkalike.similarity.measures.dynamics import runs_of_words
from thinkalike.similarity.measures.measure import Comparator, Measure

DECIMALS = 12  # what lies below depends on the processor and on the order of a sum, not on the data


def sequences_of(
    entry: Measure, sentences: Sequence[Any] | None, positions: Sequence[int] | None
) -> Callable[[Any], list[npt.NDArray[np.intp]]] | None:
    """Return what finds the runs of neighbouring words among chosen rows; None for a measure without sequences."""
    if entry.compares != "sequences":
        return None
    if sentences is None or positions is None:
        raise InputError(
            f"Measure '{entry.name}' compares sequences of words: give the sentence ('sentences' or "
            "'groups') and the position ('positions') of every stimulus."
        )
    places = np.array(sentences, dtype=object), np.array(positions, dtype=object)
    return lambda chosen: runs_of_words(places[0][chosen].tolist(), places[1][chosen].tolist())


def pair_table(layers_a: list[str], layers_b: list[str], model_a: str, model_b: str, measure: str) -> pd.DataFrame:
    """Return the columns that name the pairs, layer_b running fastest."""
    count = len(layers_a) * len(layers_b)
    return pd.DataFrame(
        {
            "model_a": [model_a] * count,
            "layer_a": [a for a in layers_a for _ in layers_b],
            "model_b": [model_b] * count,
            "layer_b": [b for _ in layers_a for b in layers_b],
            "measure": [measure] * count,
        }
    )


def prepare_layers(
    matrices: Mapping[str, npt.NDArray[np.floating]],
    comparator: Comparator,
    preprocessing: str = "none",
    threads: int = 1,
    keep: Callable[[Any], Any] = lambda state: state,
    runs: Sequence[npt.NDArray[np.intp]] | None = None,
) -> list[Any]:
    """Return the comparator's state of every layer, in order, computed in float64; a refusal names the layer.

    `runs` are the row numbers of each sequence, for a measure of sequences.
    """

    def prepare(item: tuple[str, npt.NDArray[np.floating]]) -> Any:
        name, matrix = item
        try:
            if preprocessing != "none" or not comparator.takes_float32:
                matrix = preprocess(matrix.astype(np.float64, copy=False), preprocessing)
            return keep(comparator.prepare(matrix if runs is None else [matrix[run] for run in runs]))
        except InputError as error:
            raise InputError(f"{name}: {error}") from error

    return parallel_map(prepare, matrices.items(), threads)


def tidy(values: npt.NDArray[np.float64], entry: Measure) -> npt.NDArray[np.float64]:
    """Round to 12 decimals and clip to the measure's range, which rounding can leave by a last bit."""
    return np.clip(round_off(values, DECIMALS), *entry.range) + 0.0


def convention_of(entry: Measure, options: Mapping[str, Any], preprocessing: str) -> dict[str, Any]:
    """Return the convention behind the numbers, for `attrs` and for a file's metadata."""
    return {
        "measure": entry.name,
        "formula": entry.formula,
        "options": {**entry.options, **options},
        "preprocessing": preprocessing,
        "larger_is_more_similar": entry.larger_is_more_similar,
    }
