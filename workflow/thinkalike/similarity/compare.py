"""Compare two representations, all of a collection, or all layers of two models."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from thinkalike.errors import InputError
from thinkalike.numerics.false_discovery import with_q
from thinkalike.numerics.matrices import Matrix
from thinkalike.similarity import chance
from thinkalike.similarity.inputs import MAX_STIMULI, joined_layers, read_inputs
from thinkalike.similarity.measures.measure import Measure, find_measure
from thinkalike.similarity.measures.pair_vectors import shelf
from thinkalike.similarity.preparation import (
    DECIMALS,
    convention_of,
    pair_table,
    prepare_layers,
    sequences_of,
    tidy,
)
from thinkalike.similarity.row_order import matched_rows

_logger = logging.getLogger(__name__)
_SHELF_BYTES = 2 * 2**30


def compare(
    X: Any,
    Y: Any,
    measure: str = "cka_debiased",
    *,
    preprocessing: str = "none",
    exclude: Any = None,
    controls: Any = None,
    kinds: Mapping[str, str] | None = None,
    **options: Any,
) -> float:
    """Compare two representations of the same stimuli.

    Parameters
    ----------
    X, Y
        Arrays of shape (n, units), row i the same stimulus in both (the numbers of units may differ); or two
        `Representation` or two DataFrames, whose rows are then matched by stimulus id or by index. For a measure of
        profiles, two vectors with one number per feature (a Series is matched by its index); for one of sequences, two
        lists of arrays of shape (words, units).
    measure
        A key of `MEASURES`, which says what its number means.
    preprocessing
        `none`, `centre`, `z-score` or `drop-top-k`, before what the measure itself does.
    exclude
        A label for every stimulus (its word, say), or a DataFrame with several columns of them: pairs of stimuli that
        share one are left out. For measures that are sums over pairs: `rsa`, `partial_rsa`, `rsm_norm_difference`,
        `cka_debiased`.
    controls, kinds
        For `partial_rsa`: a DataFrame with one column per control, whose differences are held constant, and the kind of
        a control by name, `numeric` or (by default) `categorical`.
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
    if entry.compares != "representations":
        _refuse_all_but_values(entry, preprocessing, exclude, controls)
        x, y = (comparator.prepare(value) for value in _in_one_order({"X": X, "Y": Y}, entry))
    else:
        inputs = read_inputs({"X": X, "Y": Y}, entry)
        inputs.check_scale(entry, comparator)
        comparator = comparator.about(inputs.pairs(exclude, controls, kinds))
        x, y = prepare_layers(inputs.matrices, comparator, preprocessing)
    return tidy(comparator.scores([x], [y]), entry).item()


def compare_all(
    representations: Mapping[str, Any],
    measure: str = "cka_debiased",
    *,
    preprocessing: str = "none",
    threads: int = 1,
    max_stimuli: int = MAX_STIMULI,
    seed: int = 0,
    exclude: Any = None,
    controls: Any = None,
    kinds: Mapping[str, str] | None = None,
    **options: Any,
) -> pd.DataFrame:
    """Compare all pairs of a collection; what depends on one representation is computed once.

    Parameters
    ----------
    representations
        Name to array or `Representation` (or profile, or list of sequences), as in `compare`.
    measure, preprocessing, exclude, controls, kinds, **options
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
    with shelf(_SHELF_BYTES) as keep:
        if entry.compares != "representations":
            _refuse_all_but_values(entry, preprocessing, exclude, controls)
            states = [comparator.prepare(value) for value in _in_one_order(representations, entry)]
        else:
            inputs = read_inputs(representations, entry, max_stimuli=max_stimuli, seed=seed)
            inputs.check_scale(entry, comparator)
            comparator = comparator.about(inputs.pairs(exclude, controls, kinds))
            workers = inputs.workers(entry, threads)
            states = prepare_layers(inputs.matrices, comparator, preprocessing, workers, keep)
        values = comparator.scores(states, states, symmetric=entry.is_symmetric, threads=threads)
    names = list(representations)
    frame = pd.DataFrame(tidy(values, entry), index=names, columns=names)
    frame.attrs.update(convention_of(entry, options, preprocessing))
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
    permutations: int = 0,
    resamples: int = 0,
    groups: Sequence[Any] | None = None,
    sentences: Sequence[Any] | None = None,
    positions: Sequence[int] | None = None,
    exclude: Any = None,
    controls: Any = None,
    kinds: Mapping[str, str] | None = None,
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
    permutations
        Number of permutations of the stimuli of model_b, the same in all its layers; 0 for none. Adds the columns `p`,
        `q` (Benjamini and Hochberg, over all pairs of layers), `p_max` (against the most similar pair of all) and
        `calibrated` (0 = chance, 1 = identical). A measure of sequences has no such null, because it does
        not pair stimuli.
    resamples
        Number of random halves of the groups; 0 for none. Adds the columns `low` and `high`, a 95 % interval.
    groups
        What every stimulus belongs to, in the order of the rows of the first layer of model_a: its sentence, or the
        item where several sentences are one (a minimal pair, windows of a text). Permutations then move whole groups,
        among those with equally many stimuli, and halves are of groups.
    sentences, positions
        The sentence of every stimulus (its group by default) and its position there. Needed by measures of sequences,
        which compare the runs of neighbouring words.
    exclude, controls, kinds
        As in `compare`, in the order of the rows of the first layer of model_a.
    seed, threads, max_stimuli
        As in `compare_all`.

    Returns
    -------
    DataFrame
        A row for every pair: model_a, layer_a, model_b, layer_b, measure, value, and what was asked for. `attrs` holds
        what made it, for the file's metadata.
    """
    entry = find_measure(measure)
    comparator = entry.with_options(options)
    layers = joined_layers(layers_a, layers_b, model_a, model_b)
    inputs = read_inputs(layers, entry, max_stimuli=max_stimuli, seed=seed)
    inputs.check_scale(entry, comparator)
    groups = inputs.of_rows(groups, "group labels")
    sentences = groups if sentences is None else inputs.of_rows(sentences, "sentences")
    runs = sequences_of(entry, sentences, inputs.of_rows(positions, "positions"))
    if permutations and entry.compares == "sequences":
        _logger.info("%s does not pair stimuli: no permutations, no p-values", measure)
        permutations = 0
    known = inputs.pairs(exclude, controls, kinds)
    comparator.about(known)
    n = len(inputs.kept)
    count_b = 0 if layers_b is layers_a else len(layers_b)

    def prepared(keep: Any, chosen: npt.NDArray[np.intp] | slice = slice(None)) -> tuple[list[Any], list[Any]]:
        matrices = {name: matrix[chosen] for name, matrix in inputs.matrices.items()}
        states = prepare_layers(
            matrices,
            comparator.about(known and known.of(chosen)),
            preprocessing,
            inputs.workers(entry, threads),
            keep,
            runs and runs(chosen),
        )
        return states[: len(layers_a)], states[-count_b:] if count_b else states

    def scored(left: list[Any], right: list[Any]) -> Matrix:
        symmetric = entry.is_symmetric and right is left
        return tidy(comparator.scores(left, right, symmetric=symmetric, threads=threads), entry)

    columns: dict[str, Matrix] = {}
    with shelf(_SHELF_BYTES) as keep:
        left, right = prepared(keep)
        columns["value"] = scored(left, right)
        if permutations:
            orders = chance.permutations(n, permutations, seed, groups)
            null = chance.null_scores(comparator, left, right, orders, threads)
            columns |= chance.significance(columns["value"], null, entry)
    if resamples:
        samples = chance.half_samples(n, resamples, seed, groups)

        def score_rows(chosen: npt.NDArray[np.intp]) -> Matrix:
            with shelf(_SHELF_BYTES) as keep:
                return scored(*prepared(keep, chosen))

        columns |= chance.intervals(columns["value"], score_rows, samples, entry)
    frame = pair_table(list(layers_a), list(layers_b), model_a, model_b, measure)
    for name, values in columns.items():
        frame[name] = np.round(values, DECIMALS).ravel()
    frame = with_q(frame, ["measure"])
    frame.attrs.update(convention_of(entry, options or {}, preprocessing))
    frame.attrs.update(inputs.describe())
    if known is not None:
        frame.attrs.update(known.describe())
    drawn = {"permutations": permutations, "resamples": resamples, "seed": seed, "grouped": groups is not None}
    frame.attrs.update(drawn)
    return frame


def _in_one_order(values: Mapping[str, Any], entry: Measure) -> list[Any]:
    """Return profiles with their features in one order, by their index where they have one; sequences as they are."""
    return list(matched_rows(values, "features")[0].values()) if entry.compares == "profiles" else list(values.values())


def _refuse_all_but_values(entry: Measure, preprocessing: str, exclude: Any, controls: Any) -> None:
    if exclude is not None or controls is not None:
        raise InputError(f"Measure '{entry.name}' compares {entry.compares}: 'exclude' and 'controls' do not apply.")
    if preprocessing != "none":
        raise InputError(
            f"Measure '{entry.name}' compares {entry.compares}, so 'preprocessing' ({preprocessing}) does not apply; "
            "leave it out."
        )
