"""Measures that are cosines of two vectors with one entry for every pair of stimuli.

RSA, CKA, RV and distance correlation all are. A layer's vector is made once; all pairs of layers are then one blocked
matrix product, and a permutation of the stimuli moves entries without computing any of them again.
"""

import tempfile
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from thinkalike.numerics.distances import pair_slice
from thinkalike.numerics.matrices import Matrix
from thinkalike.numerics.parallel import parallel_map
from thinkalike.similarity.measures.measure import Comparator

_ROUNDING = 1e-12  # relative
_BLOCK = 2**15  # entries of every vector that are multiplied at a time: 50 layers of them stay in the cache


@dataclass(frozen=True)
class PairVector:
    """A layer as a vector with one number per pair of stimuli.

    Attributes
    ----------
    values
        The n (n - 1) / 2 pairs i < j, row after row; then, if `with_diagonal`, the n entries of the diagonal.
    norm
        Its Euclidean norm.
    n
        Number of stimuli.
    with_diagonal
        Whether the diagonal is there.
    kept
        Shape (n_pairs,), which pairs count; the values of the others are 0. None if all do.
    """

    values: npt.NDArray[Any]
    norm: float
    n: int
    with_diagonal: bool = False
    kept: npt.NDArray[np.bool_] | None = None


def pair_vector(values: npt.NDArray[Any], n: int, with_diagonal: bool = False) -> PairVector:
    """Return the vector with its norm, which is computed in float64 whatever the dtype."""
    squares = (float(np.dot(part, part)) for part in _float_blocks(values))
    return PairVector(values, float(np.sqrt(sum(squares))), n, with_diagonal)


def among_all_pairs(vector: PairVector, kept: npt.NDArray[np.bool_] | None) -> PairVector:
    """Return a vector of the pairs that count as one of all pairs, the others 0."""
    if kept is None:
        return vector
    values = np.zeros(len(kept), dtype=vector.values.dtype)
    values[kept] = vector.values
    return replace(vector, values=values, kept=kept)


def without_noise(vector: PairVector, size: float) -> PairVector:
    """Return the vector, or zeros where it is but the rounding of numbers whose norm was `size` before centring.

    The distances of equidistant points (one-hot codes) minus their mean are 0, and a cosine with them is undefined.
    """
    return vector if vector.norm > _ROUNDING * size else replace(vector, values=np.zeros_like(vector.values), norm=0.0)


class PairVectorComparator(Comparator):
    """A comparator whose score is a function of the cosine of two pair vectors."""

    @abstractmethod
    def prepare(self, X: Matrix) -> PairVector:
        """Return the layer as a vector with one number per pair of stimuli."""

    def from_cosine(self, cosine: Matrix) -> Matrix:
        """Return the measure, given the cosine of the two vectors."""
        return cosine

    def score(self, x: PairVector, y: PairVector) -> float:
        """Return the measure of two vectors."""
        return float(self.scores([x], [y])[0, 0])

    def scores(
        self, xs: Sequence[PairVector], ys: Sequence[PairVector], *, symmetric: bool = False, threads: int = 1
    ) -> Matrix:
        """Return the measure of all pairs by one blocked matrix product."""
        products = inner_products([x.values for x in xs], None if symmetric else [y.values for y in ys], threads)
        norms = np.outer([x.norm for x in xs], [y.norm for y in ys])
        if any(state.kept is not xs[0].kept for state in (*xs, *ys)):
            norms = _norms_of_common_pairs(xs, ys)
        return self.from_cosine(np.divide(products, norms, out=np.full_like(products, np.nan), where=norms > 0))

    def permute(self, state: PairVector, order: npt.NDArray[np.intp]) -> PairVector:
        """Move the entries: no distance, kernel or rank is computed again."""
        return permuted(state, order)


def permuted(state: PairVector, order: npt.NDArray[np.intp]) -> PairVector:
    """Return the vector of the same layer with its stimuli in another order."""
    values = permuter(state)(order)
    kept = None if state.kept is None else permuter(replace(state, values=state.kept, with_diagonal=False))(order)
    return replace(state, values=values, kept=kept)


def _norms_of_common_pairs(xs: Sequence[PairVector], ys: Sequence[PairVector]) -> Matrix:
    """Return the product of the norms of any two vectors over the pairs that count in both."""
    left, right = np.zeros((len(xs), len(ys))), np.zeros((len(xs), len(ys)))
    for start in range(0, len(xs[0].values), _BLOCK):
        block = slice(start, start + _BLOCK)
        squares = [np.array([state.values[block].astype(np.float64) ** 2 for state in states]) for states in (xs, ys)]
        kept = [
            np.array([np.ones(squares[0].shape[1]) if state.kept is None else state.kept[block] for state in states])
            for states in (xs, ys)
        ]
        left += squares[0] @ kept[1].T.astype(np.float64)
        right += kept[0].astype(np.float64) @ squares[1].T
    return np.sqrt(left * right)


def inner_products(
    left: Sequence[npt.NDArray[Any]], right: Sequence[npt.NDArray[Any]] | None = None, threads: int = 1
) -> Matrix:
    """Return the inner products of all vectors of `left` with all of `right` (by default `left`), in float64."""

    def block_product(start: int) -> Matrix:
        a = np.array([vector[start : start + _BLOCK] for vector in left], dtype=np.float64)
        b = a if right is None else np.array([vector[start : start + _BLOCK] for vector in right], dtype=np.float64)
        return a @ b.T

    result = np.zeros((len(left), len(left if right is None else right)))
    for product in parallel_map(block_product, range(0, len(left[0]), _BLOCK), threads):
        result += product
    return result


def permuter(state: PairVector) -> Callable[[npt.NDArray[np.intp]], npt.NDArray[Any]]:
    """Return a function from an order of the stimuli to the vector's values in that order."""
    n, pairs = state.n, state.n * (state.n - 1) // 2
    square = np.zeros((n, n), dtype=state.values.dtype)
    for i in range(n - 1):
        square[i, i + 1 :] = square[i + 1 :, i] = state.values[pair_slice(i, n)]

    rows = list(square)

    def permute(order: npt.NDArray[np.intp]) -> npt.NDArray[Any]:
        result = np.empty_like(state.values)
        for i, row in enumerate(order[:-1].tolist()):
            # "clip" writes straight into `out`; the default would go through a buffer.
            rows[row].take(order[i + 1 :], out=result[pair_slice(i, n)], mode="clip")
        if state.with_diagonal:
            result[pairs:] = state.values[pairs:][order]
        return result

    return permute


def double_centred(K: Matrix) -> PairVector:
    """Return K minus row and column means plus the grand mean; each pair, as it stands twice, times sqrt(2)."""
    means = K.mean(axis=0)
    grand = means.mean()
    n = len(K)
    pairs = n * (n - 1) // 2
    values = np.empty(pairs + n)
    for i in range(n - 1):
        row = values[pair_slice(i, n)]
        np.subtract(K[i, i + 1 :], means[i + 1 :], out=row)
        row -= means[i] - grand
        row *= np.sqrt(2.0)
    values[pairs:] = np.diagonal(K) - 2 * means + grand
    return pair_vector(values, n, with_diagonal=True)


def u_centred(K: Matrix) -> PairVector:
    """Return the U-centred K, whose diagonal is zero: inner products of two are unbiased (n > 3)."""
    n = len(K)
    sums = (K.sum(axis=0) - np.diagonal(K)) / (n - 2)
    grand = sums.sum() / (n - 1)
    values = np.empty(n * (n - 1) // 2)
    for i in range(n - 1):
        row = values[pair_slice(i, n)]
        np.subtract(K[i, i + 1 :], sums[i + 1 :], out=row)
        row -= sums[i] - grand
    return without_noise(pair_vector(values, n), float(np.trace(K)))


@contextmanager
def shelf(limit_bytes: float) -> Iterator[Callable[[Any], Any]]:
    """Give a function that keeps states in memory up to a limit, and vectors beyond it in a scratch file.

    The file is memory-mapped and gone at the end. States of other kinds pass through.
    """
    with tempfile.TemporaryDirectory(prefix="thinkalike-") as folder:
        held = 0.0
        count = 0

        def keep(state: Any) -> Any:
            nonlocal held, count
            if not isinstance(state, PairVector):
                return state
            held += state.values.nbytes
            if held <= limit_bytes:
                return state
            path = Path(folder) / f"{count}.npy"
            count += 1
            np.save(path, state.values)
            return replace(state, values=np.load(path, mmap_mode="r"))

        yield keep


def _float_blocks(values: npt.NDArray[Any]) -> Iterator[npt.NDArray[np.float64]]:
    for start in range(0, len(values), _BLOCK):
        yield values[start : start + _BLOCK].astype(np.float64, copy=False)
