"""Compare two representations, all of a collection, or all layers of two models."""

import logging
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from thinkalike.errors import InputError
from thinkalike.representations.storage import Representation
from thinkalike.similarity.matrices import as_matrix, check_same_stimuli, preprocess
from thinkalike.similarity.measure import Comparator, Matrix, Measure, find_measure
from thinkalike.similarity.pairvectors import shelf
from thinkalike.similarity.parallel import parallel_map
from thinkalike.similarity.stimuli import align, subsample

MAX_STIMULI = 10_000
DECIMALS = 12  # what lies below depends on the processor and on the order of a sum, not on the data
_SHELF_BYTES = 2 * 2**30
_logger = logging.getLogger(__name__)


def compare(X: Any, Y: Any, measure: str = "cka_debiased", *, preprocessing: str = "none", **options: Any) -> float:
    """Compare two representations of the same stimuli.

    Parameters
    ----------
    X, Y
        Arrays of shape (n, units), row i the same stimulus in both (the numbers of units may differ), or two
        `Representation`, whose rows are then matched by stimulus id. For a measure of profiles, two vectors with one
        number a feature.
    measure
        A key of `MEASURES`, which says what its number means.
    preprocessing
        `none`, `centre`, `z-score` or `drop-top-k`, before what the measure itself does.
    **options
        The measure's own, see `MEASURES[measure].options`.

    Returns
    -------
    float
        In `MEASURES[measure].range`, to 12 decimals.

    Raises
    ------
    InputError
        When the input cannot be compared, or the measure would give the same for any data.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(50, 8))
    >>> rotation = np.linalg.qr(np.random.default_rng(1).normal(size=(8, 8)))[0]
    >>> compare(X, 3 * X @ rotation + 1, "rsa")
    1.0
    """
    entry = find_measure(measure)
    comparator = entry.with_options(options)
    if entry.compares == "profiles":
        return tidy(np.array(comparator.score(comparator.prepare(X), comparator.prepare(Y))), entry).item()
    matrices = matrices_of({"X": X, "Y": Y}, entry, preprocessing, max_stimuli=MAX_STIMULI, seed=0)
    x, y = (comparator.prepare(matrix) for matrix in matrices.values())
    return tidy(np.array(comparator.score(x, y)), entry).item()


def compare_all(
    representations: Mapping[str, Any],
    measure: str = "cka_debiased",
    *,
    preprocessing: str = "none",
    threads: int = 1,
    max_stimuli: int = MAX_STIMULI,
    seed: int = 0,
    **options: Any,
) -> pd.DataFrame:
    """Compare all pairs of a collection; what depends on one representation is computed once.

    Parameters
    ----------
    representations
        Name to array or `Representation` (or profile), as in `compare`.
    measure, preprocessing, **options
        As in `compare`.
    threads
        Workers; the result does not depend on it.
    max_stimuli, seed
        A measure whose cost grows with the square of the number of stimuli is computed on this many, drawn by seed,
        if there are more; a warning says so.

    Returns
    -------
    DataFrame
        Row X, column Y: compare(X, Y). `attrs` holds what made it.
    """
    entry = find_measure(measure)
    comparator = entry.with_options(options)
    if entry.compares == "profiles":
        inputs: dict[str, Any] = dict(representations)
    else:
        inputs = matrices_of(representations, entry, preprocessing, max_stimuli=max_stimuli, seed=seed)
    with shelf(_SHELF_BYTES) as keep:
        states = prepare_layers(inputs, comparator, threads, keep)
        values = comparator.scores(states, states, symmetric=entry.is_symmetric, threads=threads)
    frame = pd.DataFrame(tidy(values, entry), index=list(inputs), columns=list(inputs))
    frame.attrs.update(describe(entry, options, preprocessing))
    return frame


def compare_models(
    layers_a: Mapping[str, Any],
    layers_b: Mapping[str, Any],
    *,
    model_a: str,
    model_b: str,
    measure: str = "cka_debiased",
    options: Mapping[str, Any] | None = None,
    preprocessing: str = "none",
    seed: int = 0,
    threads: int = 1,
    max_stimuli: int = MAX_STIMULI,
) -> pd.DataFrame:
    """Compare every layer of one model with every layer of another, or of the same.

    Parameters
    ----------
    layers_a, layers_b
        Layer label to array of shape (n, units) or `Representation`. Give the same object twice for one model's own
        layers: each is then prepared once.
    model_a, model_b
        Their names.
    measure, options, preprocessing
        As in `compare`.
    seed, max_stimuli, threads
        As in `compare_all`.

    Returns
    -------
    DataFrame
        A row for every pair: model_a, layer_a, model_b, layer_b, measure, value. `attrs` holds what made it, for the
        file's metadata.
    """
    entry = find_measure(measure)
    comparator = entry.with_options(options)
    same = layers_a is layers_b
    inputs = joined_layers(layers_a, layers_b, model_a, model_b)
    matrices = matrices_of(inputs, entry, preprocessing, max_stimuli=max_stimuli, seed=seed)
    with shelf(_SHELF_BYTES) as keep:
        states = prepare_layers(matrices, comparator, threads, keep)
        left, right = states[: len(layers_a)], states if same else states[len(layers_a) :]
        values = comparator.scores(left, right, symmetric=same and entry.is_symmetric, threads=threads)
    frame = pair_table(list(layers_a), list(layers_b), model_a, model_b, measure)
    frame["value"] = tidy(values, entry).ravel()
    stimuli = len(next(iter(matrices.values())))
    frame.attrs.update(describe(entry, options or {}, preprocessing, stimuli))
    if len(next(iter(inputs.values()))) > stimuli:
        frame.attrs["subsample_seed"] = seed
    return frame


def joined_layers(
    layers_a: Mapping[str, Any], layers_b: Mapping[str, Any], model_a: str, model_b: str
) -> dict[str, Any]:
    """Return the layers of both models (once, if they are the same object) by a name for messages."""
    if not layers_a or not layers_b:
        raise InputError(f"There is nothing to compare between {model_a} and {model_b}: give each at least one layer.")
    named = {f"{model_a}, layer {layer}": _with_length(value) for layer, value in layers_a.items()}
    if layers_b is not layers_a:
        suffix = " (again)" if model_a == model_b else ""
        named |= {f"{model_b}, layer {layer}{suffix}": _with_length(value) for layer, value in layers_b.items()}
    return named


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
    inputs: Mapping[str, Any], comparator: Comparator, threads: int, keep: Any = lambda state: state
) -> list[Any]:
    """Return the comparator's state of every layer, in order; a refusal names the layer."""

    def prepare(item: tuple[str, Any]) -> Any:
        name, values = item
        try:
            return keep(comparator.prepare(values))
        except InputError as error:
            raise InputError(f"{name}: {error}") from error

    return parallel_map(prepare, inputs.items(), threads)


def tidy(values: npt.NDArray[np.float64], entry: Measure) -> npt.NDArray[np.float64]:
    """Round to 12 decimals and clip to the measure's range, which rounding can leave by a last bit."""
    return np.clip(np.round(values, DECIMALS), *entry.range) + 0.0


def describe(
    entry: Measure, options: Mapping[str, Any], preprocessing: str, stimuli: int | None = None
) -> dict[str, Any]:
    """Return the convention behind the numbers, for `attrs` and for a file's metadata."""
    return {
        "measure": entry.name,
        "formula": entry.formula,
        "options": {**entry.options, **options},
        "preprocessing": preprocessing,
        "larger_is_more_similar": entry.larger_is_more_similar,
        **({} if stimuli is None else {"stimuli": stimuli}),
    }


def matrices_of(
    inputs: Mapping[str, Any], entry: Measure, preprocessing: str, *, max_stimuli: int, seed: int
) -> dict[str, Matrix]:
    """Return checked, aligned, possibly subsampled and preprocessed matrices."""
    if any(isinstance(value, Representation) for value in inputs.values()):
        inputs = align(inputs)
    matrices = {name: as_matrix(value, name) for name, value in inputs.items()}
    check_same_stimuli({name: len(matrix) for name, matrix in matrices.items()})
    n = len(next(iter(matrices.values())))
    if entry.pairwise and n > max_stimuli:
        warnings.warn(
            f"{entry.name} is computed on {max_stimuli} of {n} stimuli, drawn with seed {seed}: its memory grows with "
            "the square of their number; raise max_stimuli to use more.",
            stacklevel=3,
        )
        rows = subsample(n, max_stimuli, seed)
        matrices = {name: matrix[rows] for name, matrix in matrices.items()}
    return {name: preprocess(matrix, preprocessing) for name, matrix in matrices.items()}


def _with_length(value: Any) -> Any:
    return value if isinstance(value, Representation) else np.asarray(value)


__all__ = ["compare", "compare_all", "compare_models"]
