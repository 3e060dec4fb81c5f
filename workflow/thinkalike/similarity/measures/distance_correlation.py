"""Distance correlation: zero, for unlimited data, only if the layers are independent."""

from dataclasses import dataclass

import numpy as np

from thinkalike.numerics.distances import squared_distances
from thinkalike.numerics.matrices import Matrix
from thinkalike.similarity.measures.measure import measure
from thinkalike.similarity.measures.pair_vectors import PairVector, PairVectorComparator, double_centred


@measure(
    name="distance_correlation",
    family="distance_correlation",
    formula="sqrt(<A, B> / (|A| |B|)), A and B the double-centred matrices of Euclidean distances (V-statistic)",
    reference="Székely, Rizzo & Bakirov 2007",
    preprocessing="none needed",
    range=(0.0, 1.0),
    larger_is_more_similar=True,
    invariant_to=("orthogonal", "isotropic scaling", "translation", "permutation"),
    chance="above 0, and near 1 when units outnumber stimuli: calibrate it",
    equivalents=("dcor.distance_correlation(X, Y)",),
    identical=1.0,
    pairwise=True,
)
@dataclass(frozen=True)
class DistanceCorrelation(PairVectorComparator):
    """Compare layers by their distance correlation."""

    def prepare(self, X: Matrix) -> PairVector:
        """Return the double-centred distances."""
        from scipy.spatial.distance import squareform

        return double_centred(squareform(np.sqrt(squared_distances(X)), checks=False))

    def from_cosine(self, cosine: Matrix) -> Matrix:
        """Return the square root; rounding can leave a zero negative."""
        return np.sqrt(np.maximum(cosine, 0.0))
