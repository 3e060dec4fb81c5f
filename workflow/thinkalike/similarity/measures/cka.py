"""Centred kernel alignment: cosine of the centred (or U-centred) kernels of two layers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from thinkalike.errors import InputError
from thinkalike.numerics.distances import squared_distances
from thinkalike.numerics.matrices import Matrix, centre, fewer_columns
from thinkalike.similarity.measures.linear_kernels import KernelRows, kernel_products, kernel_rows
from thinkalike.similarity.measures.measure import Comparator, measure
from thinkalike.similarity.measures.pair_vectors import (
    PairVector,
    PairVectorComparator,
    double_centred,
    pair_vector,
    u_centred,
    without_noise,
)

Bandwidth = Literal["median", "lower_median", "median_nonzero"]
_GRAM_LIMIT = 4000  # stimuli; beyond, a pair's cross-covariance costs less than its share of two n x n kernels


@dataclass(frozen=True)
class Features:
    """What linear CKA needs of a layer of many stimuli: centred rows, and inner products of its kernel with itself."""

    X: Matrix
    squared_norms: npt.NDArray[np.float64]
    hsic: float


@dataclass(frozen=True)
class _Cka(PairVectorComparator):
    """Common to both: kernels, their centring, and the choice between n x n kernels and d x d covariances.

    A linear kernel is made from the rows block by block; any other is a vector, and so is a linear one whose stimuli
    are to be permuted.

    Parameters
    ----------
    kernel
        `linear`, or `rbf`: exp(-d^2 / (2 t^2 m)) with m by the rule `bandwidth` and t = `scale`.
    bandwidth
        m: `median` of all n^2 squared distances, the n zeros included; `lower_median`, the same without averaging the
        two middle ones; `median_nonzero`, of distances above zero.
    scale
        t, the bandwidth as a multiple of the square root of m.
    batch_size
        Minibatch CKA: inner products are summed over batches of this many consecutive stimuli (a last, shorter batch
        of fewer than 4 is left out) before the ratio is taken. Shuffle the stimuli before.
    """

    kernel: Literal["linear", "rbf"] = "linear"
    bandwidth: Bandwidth = "median"
    scale: float = 1.0
    batch_size: int | None = None

    u_centred: ClassVar[bool]

    def centred_kernel(self, K: Matrix) -> PairVector:
        """Return the vector of a centred kernel."""
        raise NotImplementedError

    def features_product(self, x: Features, y: Features) -> float:
        """Return the inner product of two layers' centred linear kernels from their rows."""
        raise NotImplementedError

    @property
    def takes_float32(self) -> bool:
        """A linear kernel widens rows as it needs them."""
        return self.kernel == "linear" and self.batch_size is None

    def prepare(self, X: npt.NDArray[np.floating]) -> Any:
        """Return the rows of a linear kernel (of many stimuli: centred), or the vector of another's centred kernel."""
        if self.batch_size is not None:
            return self._prepare_batches(X.astype(np.float64, copy=False))
        if self.kernel != "linear":
            return self.centred_kernel(self._kernel(X.astype(np.float64, copy=False)))
        if len(X) <= _GRAM_LIMIT:
            return kernel_rows(X, u_centred=self.u_centred)
        rows = fewer_columns(centre(X.astype(np.float64, copy=False)))
        bare = Features(rows, np.einsum("ij,ij->i", rows, rows), 0.0)
        hsic = self.features_product(bare, bare)
        # A sum of terms of both signs: what is left of them below their rounding is 0.
        return Features(rows, bare.squared_norms, hsic if hsic > 1e-12 * np.sum((rows.T @ rows) ** 2) else 0.0)

    def movable(self, state: Any) -> Any:
        """Return the vector of a kernel that is given by its rows."""
        if isinstance(state, KernelRows):
            return self.centred_kernel(self._kernel(state.X.astype(np.float64, copy=False)))
        return state

    def scores(self, xs: Sequence[Any], ys: Sequence[Any], *, symmetric: bool = False, threads: int = 1) -> Matrix:
        """Return the measure of all pairs."""
        if isinstance(xs[0], Features):
            return Comparator.scores(self, xs, ys, symmetric=symmetric, threads=threads)
        if isinstance(xs[0], KernelRows):
            products, x_squares, y_squares = kernel_products(xs, None if symmetric else ys, threads)
            norms = np.sqrt(np.outer(x_squares, y_squares))
            return np.divide(products, norms, out=np.full_like(products, np.nan), where=norms > 0)
        return super().scores(xs, ys, symmetric=symmetric, threads=threads)

    def score(self, x: Any, y: Any) -> float:
        """Return the cosine of the two centred kernels."""
        if isinstance(x, Features):
            norms = float(np.sqrt(x.hsic) * np.sqrt(y.hsic))
            return self.features_product(x, y) / norms if norms > 0 else float("nan")
        return super().score(x, y)

    def permute(self, state: Any, order: npt.NDArray[np.intp]) -> Any:
        """Move the entries, or the rows."""
        if isinstance(state, KernelRows):
            return state.reordered(order)
        if isinstance(state, Features):
            return Features(state.X[order], state.squared_norms[order], state.hsic)
        if self.batch_size is not None:
            raise InputError("Minibatch CKA has no permutation null; leave out 'batch_size'.")
        return super().permute(state, order)

    def _prepare_batches(self, X: Matrix) -> PairVector:
        assert self.batch_size is not None
        starts = range(0, len(X), self.batch_size)
        batches = [X[start : start + self.batch_size] for start in starts if len(X) - start >= 4]
        vectors = [self.centred_kernel(self._kernel(batch)) for batch in batches]
        scaled = [vector.values / self._batch_scale(vector.n) for vector in vectors]
        return pair_vector(np.concatenate(scaled), len(X))

    def _batch_scale(self, n: int) -> float:
        """Return the square root of what turns an inner product into the estimate of HSIC of n stimuli."""
        return n - 1.0

    def _kernel(self, X: Matrix) -> Matrix:
        if self.kernel == "linear":
            rows = centre(X)
            return rows @ rows.T
        return _rbf_kernel(X, self.bandwidth, self.scale)


@measure(
    name="cka",
    family="cka",
    formula="<K, L> / (|K| |L|), K = Xc Xc', L = Yc Yc', inner product of matrices",
    reference="Kornblith et al. 2019",
    preprocessing="columns centred",
    range=(0.0, 1.0),
    larger_is_more_similar=True,
    invariant_to=("orthogonal", "isotropic scaling", "translation", "permutation"),
    chance="above 0, and towards 1 when units outnumber stimuli: use cka_debiased",
    equivalents=("ckatorch.core.cka_base(x, y, kernel='linear')", "rsatoolbox.rdm.compare(..., 'cosine_cov')"),
    identical=1.0,
    pairwise=True,
)
@dataclass(frozen=True)
class Cka(_Cka):
    """Compare layers by centred kernel alignment, in its biased form."""

    u_centred = False

    def centred_kernel(self, K: Matrix) -> PairVector:
        """Return the double-centred kernel, off-diagonal entries weighted by the square root of 2."""
        return double_centred(K)

    def features_product(self, x: Features, y: Features) -> float:
        """Return the squared norm of the cross-covariance."""
        return float(np.sum((x.X.T @ y.X) ** 2))


@measure(
    name="cka_debiased",
    family="cka",
    formula="<K~, L~> / (|K~| |L~|), K~ and L~ the U-centred kernels: ratio of the unbiased HSIC_1",
    reference="Song et al. 2012; Székely & Rizzo 2014; Murphy, Zylberberg & Fyshe 2024",
    preprocessing="columns centred",
    range=(-1.0, 1.0),
    larger_is_more_similar=True,
    invariant_to=("orthogonal", "isotropic scaling", "translation", "permutation"),
    chance="0; undefined (nan) where all stimuli are equally far apart",
    equivalents=("ckatorch.core.cka_base(x, y, kernel='linear', unbiased=True, method='fro_norm')",),
    identical=1.0,
    pairwise=True,
)
@dataclass(frozen=True)
class CkaDebiased(_Cka):
    """Debiased CKA; needs 4 stimuli."""

    u_centred = True
    leaves_out_pairs = True

    def prepare(self, X: npt.NDArray[np.floating]) -> Any:
        """Return the rows or the vector of the U-centred kernel."""
        if len(X) < 4:
            raise InputError(f"Debiased CKA needs at least 4 stimuli but there are {len(X)}.")
        if self.pairs is None:
            return super().prepare(X)
        if self.batch_size is not None:
            raise InputError("Minibatch CKA cannot leave pairs out; leave out 'batch_size'.")
        K = self._kernel(X.astype(np.float64, copy=False))
        upper = np.triu_indices(len(K), 1)
        values = self.pairs.without_stimulus_effects(K)[upper]
        return replace(without_noise(pair_vector(values, len(K)), float(np.trace(K))), kept=self.pairs.kept)

    def centred_kernel(self, K: Matrix) -> PairVector:
        """Return the U-centred kernel above its (zero) diagonal."""
        return u_centred(K)

    def features_product(self, x: Features, y: Features) -> float:
        """Return <K~, L~> without any n x n matrix."""
        n = len(x.X)
        cross = float(np.sum((x.X.T @ y.X) ** 2))
        diagonal = float(x.squared_norms @ y.squared_norms) * n / (n - 2)
        return cross - diagonal + float(x.squared_norms.sum() * y.squared_norms.sum()) / ((n - 1) * (n - 2))

    def _batch_scale(self, n: int) -> float:
        return float(np.sqrt(n * (n - 3.0)))


@measure(
    name="rv",
    family="cka",
    formula="trace(Sxy Syx) / sqrt(trace(Sxx^2) trace(Syy^2)); equal to linear CKA",
    reference="Robert & Escoufier 1976",
    preprocessing="columns centred",
    range=(0.0, 1.0),
    larger_is_more_similar=True,
    invariant_to=("orthogonal", "isotropic scaling", "translation", "permutation"),
    chance="above 0, and towards 1 when units outnumber stimuli: use cka_debiased",
    equivalents=("hoggorm.RVcoeff([X, Y])",),
    identical=1.0,
    pairwise=True,
)
@dataclass(frozen=True)
class Rv(Cka):
    """RV coefficient: another name of biased linear CKA."""


def _rbf_kernel(X: Matrix, rule: Bandwidth, scale: float) -> Matrix:
    from scipy.spatial.distance import squareform

    values = squared_distances(X)
    square = squareform(values, checks=False)
    if rule == "median_nonzero":
        middle = np.median(values[values > 0])
    elif rule == "lower_median":
        middle = np.partition(square.ravel(), (square.size - 1) // 2)[(square.size - 1) // 2]
    else:
        middle = np.median(square)
    if middle == 0:
        raise InputError("Half of all distances between stimuli are 0, so the RBF kernel's median bandwidth is 0 too.")
    return np.exp(square / (-2.0 * scale**2 * middle))
