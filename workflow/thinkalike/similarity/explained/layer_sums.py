"""A layer's share of the work: ranked (or centred) once, summed per pair of cells, whatever it is compared with."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from thinkalike.errors import InputError
from thinkalike.numerics.distances import squared_distances
from thinkalike.numerics.matrices import Matrix, centre
from thinkalike.numerics.ranks import centred_ranks
from thinkalike.similarity.explained.halves import Halving
from thinkalike.similarity.explained.pair_cells import PairCells
from thinkalike.similarity.measures.pair_vectors import PairVector, double_centred, pair_vector, u_centred

MEASURES = ("rsa", "cka", "cka_debiased")


@dataclass(frozen=True)
class LayerSums:
    """Sums over pairs of stimuli of one layer's numbers, whose mean square over the pairs of a layer of RSA is 1.

    Attributes
    ----------
    total
        Shape (n_groups,), over all pairs of every pair of cells.
    halves
        Per halving two arrays, over the pairs within each half.
    """

    total: npt.NDArray[np.float64]
    halves: list[tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]]


def check_measure(measure: str, exclude: Any = None) -> None:
    """Refuse a measure that is no inner product of one number per pair of stimuli."""
    if measure not in MEASURES:
        raise InputError(
            f"The parts of '{measure}' are not known: only a measure that is an inner product over pairs of stimuli "
            f"({', '.join(MEASURES)}) divides exactly into what its features carry; choose one of these."
        )
    if measure != "rsa" and exclude is not None:
        raise InputError(
            f"'{measure}' centres whole kernels, so pairs of stimuli cannot be left out of it; use measure 'rsa' or no "
            "'exclude'."
        )


def pair_numbers(X: Matrix, measure: str, cells: PairCells) -> PairVector:
    """Return one number for every pair of stimuli that is kept: centred ranks of the distances, or a centred kernel.

    Parameters
    ----------
    X
        Shape (n, d), float64.
    """
    if measure == "rsa":
        return pair_vector(centred_ranks(cells.of_pairs(squared_distances(X))), len(X))
    if measure == "cka_debiased" and len(X) < 4:
        raise InputError(f"cka_debiased needs at least 4 stimuli, but there are {len(X)}; give more or use 'rsa'.")
    centred = centre(X)
    kernel = centred @ centred.T
    return double_centred(kernel) if measure == "cka" else u_centred(kernel)


def layer_sums(vector: PairVector, cells: PairCells, halvings: list[Halving]) -> LayerSums:
    """Return the sums, scaled so that means of products over pairs are parts of the measure."""
    scale = np.sqrt(cells.n_pairs) / vector.norm if vector.norm > 0 else np.nan
    values = np.multiply(vector.values[: cells.n_pairs], scale, dtype=np.float64)
    total = np.bincount(cells.index, values, minlength=cells.n_groups).astype(np.float64, copy=False)
    return LayerSums(total, [(first.sums(values), second.sums(values)) for first, second in halvings])
