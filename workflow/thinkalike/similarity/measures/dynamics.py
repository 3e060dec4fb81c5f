"""Dynamical similarity analysis: do two systems move alike through their representations, word after word?

Computed by its authors' library (optional, `pip install "thinkalike[dynamics]"`).
"""

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from thinkalike.errors import InputError
from thinkalike.numerics.matrices import Matrix, of_order_one, real_numbers
from thinkalike.similarity.measures.measure import Comparator, measure

Rows = npt.NDArray[np.intp]
_DECIMALS = 4  # the optimisation, in single precision, is no more exact


def runs_of_words(sentences: Sequence[Any], positions: Sequence[Any]) -> list[Rows]:
    """Return the runs of neighbouring words: where a word is no stimulus, its sentence falls into two runs.

    Parameters
    ----------
    sentences, positions
        The sentence of every stimulus, and its position there.

    Returns
    -------
    list of ndarray
        Row numbers, word after word; a run for every stimulus that has no left neighbour, ordered by sentence.
    """
    row_of = {place: row for row, place in enumerate(zip(sentences, positions, strict=True))}
    if len(row_of) < len(sentences):
        raise InputError("Two stimuli stand at one position of one sentence; give one vector for every word.")
    runs = []
    for sentence, position in sorted(row_of, key=lambda place: (str(place[0]), place[1])):
        if (sentence, position - 1) not in row_of:
            run = []
            while (row := row_of.get((sentence, position))) is not None:
                run.append(row)
                position += 1
            runs.append(np.array(run, dtype=np.intp))
    return runs


@measure(
    name="dsa",
    family="dynamics",
    formula="min over orthogonal C of arccos(<A, C B C'> / (|A| |B|)), A and B the operators that take each state of "
    "X and of Y (neighbouring words, in their leading directions) to the next",
    reference="Ostrow et al. 2023",
    preprocessing="centring over all words",
    range=(0.0, math.pi),
    larger_is_more_similar=False,
    invariant_to=["orthogonal", "isotropic scaling", "translation", "permutation"],
    chance="no fixed value; of sequences of 4 to 8 words, systems of the same and of other dynamics get the same "
    "value: compare with untrained models, and with a second sample of the same model",
    equivalents=[
        "with centre=False the smaller of DSA.DSA([X], [Y], n_delays=2, rank=10, iters=200, lr=0.01, "
        "score_method='angular').fit_score() and of the same with X and Y exchanged, each after torch.manual_seed(0)"
    ],
    identical=0.0,
    compares="sequences",
)
@dataclass(frozen=True)
class DynamicalSimilarity(Comparator):
    """The smallest angle between two systems' linear operators over rotations.

    The optimisation is not convex and starts from the seed: the value is an upper bound, the smaller of those found
    from X to Y and from Y to X. A copy gives 0, a rotated copy about .1 (in 12 dimensions). From sequences as short as
    sentences the operators are estimated so badly that two samples of one system are as far apart as two systems of
    different dynamics (both .46 for 150 sequences of 4 to 8 states, with noise .58): there the value tells dynamics
    from noise and no more. `delays` is how many neighbouring
    words make a state, `rank` how many directions of the states are kept.
    """

    delays: int = 2
    rank: int = 10
    iterations: int = 200
    centre: bool = True
    seed: int = 0

    def prepare(self, X: Any) -> Any:
        """Return the operator of sequences (arrays of words x units); those not longer than `delays` are left out."""
        library = _library()
        sequences = [sequence for sequence in _checked(X) if len(sequence) > self.delays]
        windows = sum(len(sequence) - self.delays + 1 for sequence in sequences)
        if windows <= self.rank:
            raise InputError(
                f"the sequences longer than {self.delays} words ('delays') have {windows} states in all, too few for "
                f"an operator of rank {self.rank} ('rank'); give more words that are neighbours, or a smaller rank."
            )
        if self.rank > self.delays * sequences[0].shape[1]:
            raise InputError(
                f"'rank' is {self.rank} but {self.delays} words of {sequences[0].shape[1]} units have only "
                f"{self.delays * sequences[0].shape[1]} directions; choose a smaller rank or more delays."
            )
        mean = np.concatenate(sequences).mean(axis=0) if self.centre else 0.0
        model = library.DMD([sequence - mean for sequence in sequences], n_delays=self.delays, rank=self.rank, lamb=0)
        model.fit()
        return model.A_v

    def score(self, x: Any, y: Any) -> float:
        """Return the smaller angle of the two optimisations; an operator with its copy needs none."""
        if x is y or (x.shape == y.shape and bool((x == y).all())):
            return 0.0
        return round(min(self._angle(x, y), self._angle(y, x)), _DECIMALS)

    def scores(self, xs: Sequence[Any], ys: Sequence[Any], *, symmetric: bool = False, threads: int = 1) -> Matrix:
        """Return the measure of all pairs, one after the other: the library draws from torch's only generator."""
        return super().scores(xs, ys, symmetric=symmetric, threads=1)

    def _angle(self, x: Any, y: Any) -> float:
        library = _library()
        torch = sys.modules["torch"]  # the library's; this stage does not import it
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            search = library.SimilarityTransformDist(iters=self.iterations, score_method="angular")
            # The search divides both by their norms in place.
            return float(search.fit_score(x.clone(), y.clone()))


def _checked(sequences: Any) -> list[Matrix]:
    matrices = [real_numbers(sequence, "A sequence").astype(np.float64, copy=False) for sequence in sequences]
    if any(matrix.ndim != 2 for matrix in matrices) or len({matrix.shape[-1] for matrix in matrices}) > 1:
        raise InputError(
            "Sequences must be arrays of shape (words, units), all with the same units, but their shapes are "
            f"{sorted({matrix.shape for matrix in matrices})[:5]}."
        )
    if not all(np.isfinite(matrix).all() for matrix in matrices):
        raise InputError("A sequence holds a value that is not finite; leave its sentence out.")
    if not matrices:
        raise InputError("There are no sequences; give at least one array of shape (words, units).")
    together, exponent = of_order_one(np.concatenate(matrices), "the sequences")
    return np.split(together, np.cumsum([len(matrix) for matrix in matrices])[:-1]) if exponent else matrices


def _library() -> Any:
    try:
        import DSA
    except ImportError as error:
        raise InputError(
            "Dynamical similarity needs the library dsa-metric, which is not installed; run "
            '`pip install "thinkalike[dynamics]"`.'
        ) from error
    return DSA
