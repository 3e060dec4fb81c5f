"""Chance level by permutation, and intervals by resampling sentences.

Pairs of stimuli are not independent, so no formula that counts pairs gives a p-value or an interval. The null permutes
the stimuli of one model, in the same way in all its layers; intervals draw half of the sentences again and again.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from thinkalike.errors import InputError
from thinkalike.numerics.distances import pair_slice
from thinkalike.numerics.matrices import Matrix
from thinkalike.numerics.parallel import parallel_map
from thinkalike.similarity.measures.measure import Comparator, Measure
from thinkalike.similarity.measures.pair_vectors import PairVector, PairVectorComparator

Order = npt.NDArray[np.intp]
_ROWS, _BATCH = 64, 32  # rows of the square of pairs, and permutations, that are in the cache at a time


def permutations(n: int, count: int, seed: int, groups: Sequence[Any] | None = None) -> list[Order]:
    """Draw permutations of n stimuli.

    Parameters
    ----------
    n, count, seed
        Number of stimuli, of permutations, and the seed.
    groups
        The group (sentence) of every stimulus. Groups then change places as wholes, with groups of as many stimuli,
        and the order inside a group stays: words of one sentence are not exchangeable with words of others.

    Returns
    -------
    list of ndarray
        `count` arrays of n row numbers.
    """
    generator = np.random.default_rng(seed)
    if groups is None:
        return [generator.permutation(n) for _ in range(count)]
    blocks: dict[int, list[Order]] = {}
    for members in members_of(groups, n):
        blocks.setdefault(len(members), []).append(members)
    if all(len(same_size) == 1 for same_size in blocks.values()):
        raise InputError(
            f"No two of the {len(blocks)} groups have equally many stimuli, so none can change places; leave out "
            "'groups'."
        )
    orders = []
    for _ in range(count):
        order = np.arange(n)
        for same_size in blocks.values():
            for source, target in zip(generator.permutation(len(same_size)), same_size, strict=True):
                order[target] = same_size[source]
        orders.append(order)
    return orders


def null_scores(
    comparator: Comparator, xs: Sequence[Any], ys: Sequence[Any], orders: Sequence[Order], threads: int = 1
) -> npt.NDArray[np.float64]:
    """Return the measure of all pairs under every permutation of the stimuli of `ys`.

    Returns
    -------
    ndarray
        Shape (permutations, len(xs), len(ys)).
    """
    xs, ys = ([comparator.movable(state) for state in states] for states in (xs, ys))
    if isinstance(comparator, PairVectorComparator) and all(_all_pairs_count(state) for state in (*xs, *ys)):
        fast = comparator
        if len(xs) < len(ys):  # to permute one side is to permute the other back: take the one with fewer layers
            return null_scores(fast, ys, xs, [np.argsort(order) for order in orders], threads).swapaxes(1, 2)

        def of_layer(y: PairVector) -> npt.NDArray[np.float64]:
            return _permuted_cosines(fast, xs, y, orders)

        layers = parallel_map(of_layer, tqdm(ys, desc="permutation null", disable=None), threads)
        return np.stack(layers, axis=2)
    result = np.empty((len(orders), len(xs), len(ys)))
    for k, order in enumerate(tqdm(orders, desc="permutation null", disable=None)):
        result[k] = comparator.scores(xs, [comparator.permute(y, order) for y in ys], threads=threads)
    return result


def significance(
    values: Matrix, null: npt.NDArray[np.float64], entry: Measure, level: float = 0.05
) -> dict[str, Matrix]:
    """Compare values with their null.

    Parameters
    ----------
    values, null
        Shapes (a, b) and (permutations, a, b).
    entry
        The measure: which direction is more similar, and the value of identical layers.
    level
        Share of the null beyond the threshold from which the calibrated score starts.

    Returns
    -------
    dict of ndarray
        `p`, the share of permutations (the identity among them) at least as similar; `p_max`, the same against the
        most similar of all pairs in each permutation, which corrects for looking at all of them; `calibrated`,
        max(0, (v - t) / (v* - t)) with t the null's 1 - level quantile towards similarity and v* the value of
        identical layers: 0 = not beyond that quantile of the null, 1 = identical. All are nan where the measure is
        undefined.
    """
    sign = 1.0 if entry.larger_is_more_similar else -1.0
    values, null = sign * values, sign * null
    count = len(null) + 1
    largest = np.fmax.reduce(null.reshape(len(null), -1), axis=1)  # of the pairs where the measure is defined
    threshold = np.quantile(null, 1 - level, axis=0, method="higher")
    room = sign * entry.identical - threshold
    calibrated = np.divide(values - threshold, room, out=np.zeros_like(values), where=room > 0)
    undefined = np.isnan(values) | np.isnan(null).any(axis=0)
    columns = {
        "p": (1 + (null >= values - 1e-12).sum(axis=0)) / count,
        "p_max": (1 + (largest[:, None, None] >= values - 1e-12).sum(axis=0)) / count,
        "calibrated": np.clip(calibrated, 0.0, 1.0),
    }
    return {name: np.where(undefined, np.nan, column) for name, column in columns.items()}


def half_samples(n: int, count: int, seed: int, groups: Sequence[Any] | None = None) -> list[Order]:
    """Draw half of the groups (sentences; of the stimuli, without groups), `count` times; rows in increasing order."""
    generator = np.random.default_rng(seed)
    members = members_of(groups if groups is not None else range(n), n)
    if len(members) < 8:
        raise InputError(
            f"An interval resamples groups of stimuli, but there are only {len(members)}; give at least 8."
        )
    halves = (generator.permutation(len(members))[: len(members) // 2] for _ in range(count))
    return [np.sort(np.concatenate([members[i] for i in half])) for half in halves]


def intervals(
    values: Matrix,
    score_rows: Callable[[Order], Matrix],
    samples: Sequence[Order],
    entry: Measure,
    coverage: float = 0.95,
) -> dict[str, Matrix]:
    """Return intervals from half-samples.

    The spread of a statistic over random halves, drawn without replacement, is that of the statistic itself over new
    samples of the full size: a half has twice the variance, of which drawing without replacement shows half. No
    stimulus occurs twice in a half, so no pair of a stimulus with its own copy enters.

    Parameters
    ----------
    values
        The measure on all stimuli, shape (a, b).
    score_rows
        Returns the measure on these stimuli alone, shape (a, b).
    samples
        The halves that `half_samples` returned.
    entry
        The measure: its range clips the interval.
    coverage
        Share of intervals that are to contain the value, .95 for a 95 % interval.

    Returns
    -------
    dict of ndarray
        `low` and `high`: the value plus the centred quantiles. Centring takes out what the measure owes to the number
        of stimuli alone.
    """
    drawn = np.array([score_rows(rows) for rows in tqdm(samples, desc="half-samples", disable=None)])
    tail = (1 - coverage) / 2
    low, high = np.quantile(drawn - drawn.mean(axis=0), [tail, 1 - tail], axis=0)
    return {"low": np.clip(values + low, *entry.range), "high": np.clip(values + high, *entry.range)}


def members_of(groups: Sequence[Any], n: int) -> list[Order]:
    """Return the rows of every group, groups in the order of their first row."""
    if len(groups) != n:
        raise InputError(f"There are {len(groups)} group labels for {n} stimuli; give one for every stimulus.")
    rows: dict[Any, list[int]] = {}
    for row, group in enumerate(groups):
        rows.setdefault(group, []).append(row)
    return [np.array(members) for members in rows.values()]


def _permuted_cosines(
    comparator: PairVectorComparator, xs: Sequence[PairVector], y: PairVector, orders: Sequence[Order]
) -> npt.NDArray[np.float64]:
    """Return shape (permutations, len(xs)): one layer's vector is permuted, its norm stays.

    Some rows of the square of pairs at a time, from the diagonal on: what lies below the diagonal meets zeros. Few and
    large steps let threads run side by side.
    """
    n = y.n
    square = _square(y)
    products = np.zeros((len(orders), len(xs)))
    # Memory that is given back and asked for again at every step would make threads wait for one another.
    gathered = np.empty((_ROWS, n))
    space = np.empty(_BATCH * _ROWS * n)
    for start in range(0, n, _ROWS):
        rows = slice(start, min(start + _ROWS, n))
        fixed = np.array([_above_diagonal(x, rows) for x in xs])
        shape = (rows.stop - start, n - start)
        for first in range(0, len(orders), _BATCH):
            batch = orders[first : first + _BATCH]
            moved = space[: len(batch) * fixed.shape[1]].reshape(len(batch), *shape)
            for order, place in zip(batch, moved, strict=True):
                # "clip" writes straight into `out`; the default would go through a buffer.
                whole = square.take(order[rows], axis=0, out=gathered[: shape[0]], mode="clip")
                whole.take(order[start:], axis=1, out=place, mode="clip")
            # For so few rows `@` would not let other threads run.
            products[first : first + _BATCH] += np.dot(moved.reshape(len(batch), -1), fixed.T)
    if y.with_diagonal:
        diagonals = np.array([x.values[-n:] for x in xs], dtype=np.float64)
        products += np.array([y.values[-n:][order] for order in orders]) @ diagonals.T
    norms = np.broadcast_to(np.array([x.norm for x in xs]) * y.norm, products.shape)
    return comparator.from_cosine(np.divide(products, norms, out=np.full_like(products, np.nan), where=norms > 0))


def _all_pairs_count(state: Any) -> bool:
    return isinstance(state, PairVector) and state.kept is None


def _square(vector: PairVector) -> Matrix:
    square = np.zeros((vector.n, vector.n))
    for i in range(vector.n - 1):
        square[i, i + 1 :] = square[i + 1 :, i] = vector.values[pair_slice(i, vector.n)]
    return square


def _above_diagonal(vector: PairVector, rows: slice) -> npt.NDArray[np.float64]:
    """Return the rows of the square from column `rows.start` on, zero up to the diagonal, one after another."""
    part = np.zeros((rows.stop - rows.start, vector.n - rows.start))
    for place, i in enumerate(range(rows.start, min(rows.stop, vector.n - 1))):
        part[place, place + 1 :] = vector.values[pair_slice(i, vector.n)]
    return part.ravel()
