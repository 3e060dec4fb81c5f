"""Inner products of the centred linear kernels of many layers, block by block: no kernel is ever held whole.

A block of 512 x 512 stimuli of every layer's kernel is made, all blocks are multiplied with one another, and the next
block takes their place: 2 MB of memory per layer, whatever the number of stimuli, and the kernels' symmetry halves the
work. The rows themselves are not copied; float32 rows are widened and centred panel by panel.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from thinkalike.numerics.matrices import Matrix
from thinkalike.numerics.parallel import parallel_map, single_threaded

_PANEL = 512
_ROUNDING = 1e-12  # of a kernel's entries, relative to its diagonal
_Vector = npt.NDArray[np.float64]


@dataclass(frozen=True)
class KernelRows:
    """A layer from whose rows blocks of its centred kernel are made.

    Attributes
    ----------
    X
        Shape (n, d), as it was given.
    means
        Shape (d,), of the columns.
    trace
        The sum of the squared norms of the centred rows.
    shift
        None for K = Xc Xc', whose rows have mean 0. Shape (n,) for the U-centred kernel, K_ij - shift_i - shift_j off
        its zero diagonal.
    """

    X: npt.NDArray[np.floating]
    means: _Vector
    trace: float
    shift: _Vector | None = None

    def panel(self, stimuli: slice) -> Matrix:
        """Return centred rows, float64."""
        return np.subtract(self.X[stimuli], self.means, dtype=np.float64)

    def reordered(self, order: npt.NDArray[np.intp]) -> "KernelRows":
        """Return the same layer with its stimuli in another order."""
        return KernelRows(self.X[order], self.means, self.trace, None if self.shift is None else self.shift[order])


def kernel_rows(X: npt.NDArray[np.floating], *, u_centred: bool) -> KernelRows:
    """Return the rows of a layer with what their centring needs."""
    n = len(X)
    rows = KernelRows(X, X.mean(axis=0, dtype=np.float64), 0.0)
    squares = np.concatenate([np.einsum("ij,ij->i", panel, panel) for panel in map(rows.panel, _panels(n))])
    if not u_centred:
        return KernelRows(X, rows.means, float(squares.sum()))
    # The rows of Xc Xc' have sum 0: without the diagonal, minus the diagonal.
    sums = -squares / (n - 2)
    return KernelRows(X, rows.means, float(squares.sum()), sums - sums.sum() / (2 * (n - 1)))


def kernel_products(
    xs: Sequence[KernelRows], ys: Sequence[KernelRows] | None = None, threads: int = 1
) -> tuple[Matrix, _Vector, _Vector]:
    """Return the inner products of all kernels of `xs` with all of `ys` (by default `xs`), and their squared norms.

    A kernel that is but rounding (that of equidistant points, U-centred) has the squared norm 0.
    """
    layers = [*xs, *(ys or ())]
    others = slice(0, None) if ys is None else slice(len(xs), None)
    n = len(layers[0].X)
    blocks = np.empty((len(layers), min(n, _PANEL) ** 2))
    products = np.zeros((len(xs), len(layers[others])))
    squares = np.zeros(len(layers))
    panels = _panels(n)
    for place, rows in enumerate(panels):
        for columns in panels[place:]:
            part = blocks[:, : (rows.stop - rows.start) * (columns.stop - columns.start)]
            parallel_map(partial(_fill, rows=rows, columns=columns), zip(layers, part, strict=True), threads)
            weight = 1.0 if rows == columns else 2.0  # the block on the other side of the diagonal is the same
            with single_threaded():
                products += weight * (part[: len(xs)] @ part[others].T)
            squares += weight * np.einsum("kp,kp->k", part, part)
    squares[squares <= (_ROUNDING * np.array([layer.trace for layer in layers])) ** 2] = 0.0
    return products, squares[: len(xs)], squares[others]


def _fill(item: tuple[KernelRows, _Vector], rows: slice, columns: slice) -> None:
    """Write a block of a layer's centred kernel into its place."""
    layer, flat = item
    left = layer.panel(rows)
    right = left if rows == columns else layer.panel(columns)
    block = flat.reshape(len(left), len(right))
    np.matmul(left, right.T, out=block)
    if layer.shift is not None:
        block -= layer.shift[rows, None]
        block -= layer.shift[columns]
        if rows == columns:
            np.fill_diagonal(block, 0.0)


def _panels(n: int) -> list[slice]:
    return [slice(start, min(start + _PANEL, n)) for start in range(0, n, _PANEL)]
