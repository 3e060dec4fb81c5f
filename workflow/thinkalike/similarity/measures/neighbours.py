"""Neighbourhoods: do two layers put the same stimuli next to each other?

Neighbours are the k rows of largest cosine. A stimulus is never its own neighbour (it is left out by its index, not by
its rank: a duplicate stays). Cosines that agree to 13 decimals are ties; of tied candidates the first in the order of
the stimuli is taken. A row without direction has cosine 0 with all.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from thinkalike.errors import InputError
from thinkalike.numerics.distances import unit_rows
from thinkalike.numerics.matrices import Matrix, centre
from thinkalike.similarity.measures.measure import Comparator, measure

Indices = npt.NDArray[np.intp]
_BLOCK_ROWS = 512
_DECIMALS = 13


@dataclass(frozen=True)
class Neighbourhood:
    """The nearest neighbours of every stimulus of a layer.

    Attributes
    ----------
    neighbours
        Shape (n, k), indices in increasing order.
    directions
        Rows of norm 1.
    decided
        Whether the cosines tell any candidates apart; False where every stimulus has the same cosine with all others
        (one-hot codes), whose first k in the order of the stimuli are nobody's neighbours.
    """

    neighbours: Indices
    directions: Matrix
    decided: bool


@dataclass(frozen=True)
class _Neighbours(Comparator):
    """What the measures of neighbourhoods share.

    Parameters
    ----------
    k
        Number of neighbours, below the number of stimuli.
    centre
        Centre the columns first.
    """

    k: int = 10
    centre: bool = True

    def prepare(self, X: Matrix) -> Neighbourhood:
        """Return the neighbours of every stimulus."""
        if self.k >= len(X):
            raise InputError(
                f"Option 'k' is {self.k} but {len(X)} stimuli have at most {len(X) - 1} neighbours; choose a smaller k."
            )
        directions = unit_rows(centre(X) if self.centre else X, X)[0]
        return Neighbourhood(nearest(directions, self.k), directions, _any_order(directions))

    def score(self, x: Neighbourhood, y: Neighbourhood) -> float:
        """Return the measure; nan where a layer has no neighbours."""
        return self.value(x, y) if x.decided and y.decided else float("nan")

    def value(self, x: Neighbourhood, y: Neighbourhood) -> float:
        """Return the measure of two layers that have neighbours."""
        raise NotImplementedError

    def permute(self, state: Neighbourhood, order: Indices) -> Neighbourhood:
        """Give the neighbours their new row numbers."""
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        return Neighbourhood(np.sort(place[state.neighbours[order]], axis=1), state.directions[order], state.decided)


@measure(
    name="jaccard",
    family="neighbours",
    formula="mean over i of |A_i and B_i| / |A_i or B_i|, A_i and B_i the k = 10 nearest rows by cosine",
    reference="Wang et al. 2022; Klabunde et al. 2023",
    preprocessing="columns centred",
    range=(0.0, 1.0),
    larger_is_more_similar=True,
    invariant_to=("orthogonal", "isotropic scaling", "translation", "permutation"),
    chance="about k / (2 (n - 1) - k)",
    equivalents=("repsim.measures.JaccardSimilarity() on centred data without duplicates",),
    identical=1.0,
    pairwise=True,
)
@dataclass(frozen=True)
class Jaccard(_Neighbours):
    """Compare layers by the Jaccard similarity of every stimulus's neighbourhoods."""

    def value(self, x: Neighbourhood, y: Neighbourhood) -> float:
        """Return the mean Jaccard similarity over stimuli."""
        shared = _shared(x.neighbours, y.neighbours).sum(axis=1)
        return float(np.mean(shared / (2 * self.k - shared)))


@measure(
    name="mutual_knn",
    family="neighbours",
    formula="mean over i of |A_i and B_i| / k, A_i and B_i the k = 10 nearest rows by cosine",
    reference="Huh et al. 2024",
    preprocessing="rows scaled to norm 1 (its published convention: not centred)",
    range=(0.0, 1.0),
    larger_is_more_similar=True,
    invariant_to=("orthogonal", "isotropic scaling", "permutation"),
    chance="k / (n - 1)",
    equivalents=("platonic-rep AlignmentMetrics.mutual_knn of L2-normalised rows",),
    identical=1.0,
    pairwise=True,
)
@dataclass(frozen=True)
class MutualKnn(_Neighbours):
    """Compare layers by the share of every stimulus's neighbours that they have in common."""

    centre: bool = False

    def value(self, x: Neighbourhood, y: Neighbourhood) -> float:
        """Return the mean share of common neighbours over stimuli."""
        return float(_shared(x.neighbours, y.neighbours).mean())


@measure(
    name="second_order_cosine",
    family="neighbours",
    formula="mean over i of the cosine of (cos(x_i, x_j))_j with (cos(y_i, y_j))_j, j in A_i or B_i, the k = 10 "
    "nearest rows by cosine",
    reference="Hamilton, Leskovec & Jurafsky 2016",
    preprocessing="columns centred",
    range=(-1.0, 1.0),
    larger_is_more_similar=True,
    invariant_to=("orthogonal", "isotropic scaling", "translation", "permutation"),
    chance="below 0, as low as -0.4: large cosines with one layer's neighbours meet small ones in the other; lower for "
    "fewer stimuli, more neighbours, more units: calibrate it",
    equivalents=("repsim.measures.SecondOrderCosineSimilarity() on centred data",),
    identical=1.0,
    pairwise=True,
)
@dataclass(frozen=True)
class SecondOrderCosine(_Neighbours):
    """Similarity of the cosines with either layer's neighbours."""

    def value(self, x: Neighbourhood, y: Neighbourhood) -> float:
        """Return the mean second-order cosine; a row without direction counts as 0."""
        union = np.hstack([x.neighbours, y.neighbours])
        counted = np.hstack([np.ones_like(x.neighbours, dtype=bool), ~_shared(x.neighbours, y.neighbours)])
        left, right = (_cosines(state.directions, union) * counted for state in (x, y))
        norms = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
        products = np.einsum("ij,ij->i", left, right)
        return float(np.mean(np.divide(products, norms, out=np.zeros_like(norms), where=norms > 0)))


def nearest(directions: Matrix, k: int) -> Indices:
    """Return the k rows of largest inner product with every row, itself left out, ties by index; shape (n, k)."""
    n = len(directions)
    result = np.empty((n, k), dtype=np.intp)
    for start in range(0, n, _BLOCK_ROWS):
        stop = min(start + _BLOCK_ROWS, n)
        distances = -np.round(directions[start:stop] @ directions.T, _DECIMALS)
        distances[np.arange(stop - start), np.arange(start, stop)] = np.inf
        last = np.partition(distances, k - 1, axis=1)[:, k - 1 : k]
        chosen = distances < last
        tied = distances == last
        room = k - chosen.sum(axis=1, keepdims=True)
        chosen |= tied & (np.cumsum(tied, axis=1) <= room)
        result[start:stop] = np.nonzero(chosen)[1].reshape(-1, k)
    return result


def _any_order(directions: Matrix) -> bool:
    """Return whether the cosines of any row with the others differ (at 13 decimals)."""
    for row, direction in enumerate(directions):
        cosines = np.delete(np.round(directions @ direction, _DECIMALS), row)
        if np.ptp(cosines) > 1.5 * 10.0**-_DECIMALS:
            return True
    return False


def _shared(a: Indices, b: Indices) -> npt.NDArray[np.bool_]:
    """Return which entries of b are in the same row of a."""
    n = len(a)
    rows = np.arange(n)[:, None] * n
    return np.isin((rows + b).ravel(), (rows + a).ravel(), assume_unique=True).reshape(b.shape)


def _cosines(directions: Matrix, columns: Indices) -> Matrix:
    blocks = [
        np.einsum(
            "id,ijd->ij", directions[start : start + _BLOCK_ROWS], directions[columns[start : start + _BLOCK_ROWS]]
        )
        for start in range(0, len(directions), _BLOCK_ROWS)
    ]
    return np.vstack(blocks)
