"""What is known of pairs of stimuli beside the vectors: which of them do not count, and what else differs in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from thinkalike.errors import InputError
from thinkalike.numerics.distances import pair_slice
from thinkalike.numerics.matrices import Matrix, Vector
from thinkalike.numerics.ranks import centred_ranks

_UNDEFINED = -1


@dataclass(frozen=True)
class StimulusPairs:
    """Pairs of n stimuli, in the order of a `PairVector`.

    Attributes
    ----------
    labels
        Shape (n, k), integer codes, -1 undefined: a pair that shares a label in any of the k columns is left out.
    controls
        Name to shape (n,): integer codes of a categorical control, floats of a numeric one.
    """

    labels: npt.NDArray[np.int64]
    controls: dict[str, npt.NDArray[Any]]

    def of(self, rows: npt.NDArray[np.intp] | slice) -> "StimulusPairs":
        """Return the pairs of some of the stimuli."""
        return StimulusPairs(self.labels[rows], {name: values[rows] for name, values in self.controls.items()})

    @property
    def leaves_out(self) -> bool:
        """Whether there are labels that leave pairs out."""
        return self.labels.shape[1] > 0

    def describe(self) -> dict[str, Any]:
        """Return how many pairs there are, how many count, and the controls, for a table's metadata."""
        n = len(self.labels)
        count = n * (n - 1) // 2
        return {
            "pairs": count,
            "pairs_left_out": 0 if self.kept is None else count - int(self.kept.sum()),
            "controls": list(self.controls),
        }

    @cached_property
    def kept(self) -> npt.NDArray[np.bool_] | None:
        """Shape (n_pairs,), which pairs count; None if all do."""
        if not self.leaves_out:
            return None
        n = len(self.labels)
        kept = np.ones(n * (n - 1) // 2, dtype=bool)
        for i in range(n - 1):
            same = (self.labels[i + 1 :] == self.labels[i]) & (self.labels[i] != _UNDEFINED)
            kept[pair_slice(i, n)] = ~same.any(axis=1)
        if kept.sum() < 3:
            raise InputError(f"Only {int(kept.sum())} pairs of stimuli are left, too few to compare; leave out fewer.")
        return kept

    @cached_property
    def control_basis(self) -> Matrix:
        """Orthonormal columns that span the centred differences of the controls over the pairs that count."""
        columns = [self._differences(values) for values in self.controls.values()]
        if not columns:
            return np.zeros((0, 0))
        design = np.column_stack(columns)
        left, values, _ = np.linalg.svd(design, full_matrices=False)
        basis: Matrix = left[:, values > values[0] * 1e-12] if values[0] > 0 else left[:, :0]
        return basis

    def _differences(self, values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Return the centred differences of one control: 0 or 1, or the ranks of |a - b|; 0 where it is undefined."""
        n = len(values)
        result = np.empty(n * (n - 1) // 2)
        for i in range(n - 1):
            if values.dtype.kind == "f":
                result[pair_slice(i, n)] = np.nan_to_num(np.abs(values[i + 1 :] - values[i]))
            else:
                defined = (values[i + 1 :] != _UNDEFINED) & (values[i] != _UNDEFINED)
                result[pair_slice(i, n)] = (values[i + 1 :] != values[i]) & defined
        result = result if self.kept is None else result[self.kept]
        if values.dtype.kind == "f":
            return centred_ranks(result).astype(np.float64)
        return np.subtract(result, result.mean(), dtype=np.float64)

    @cached_property
    def mask(self) -> Matrix:
        """Shape (n, n), 1 for the pairs that count, 0 for others and on the diagonal."""
        n = len(self.labels)
        kept = np.ones(n * (n - 1) // 2, dtype=bool) if self.kept is None else self.kept
        mask = np.zeros((n, n))
        for i in range(n - 1):
            mask[i, i + 1 :] = mask[i + 1 :, i] = kept[pair_slice(i, n)]
        return mask

    def without_stimulus_effects(self, K: Matrix) -> Matrix:
        """Return K less what a sum of one number per stimulus explains of the pairs that count; 0 for other pairs.

        If all pairs count, this is U-centring.
        """
        effects = self._solve((self.mask * K).sum(axis=1))
        return self.mask * (K - np.add.outer(effects, effects))

    def _solve(self, sums: Vector) -> Vector:
        """Return the effects of the stimuli from their sums over the pairs that count."""
        import scipy.linalg

        try:
            effects: Vector = scipy.linalg.cho_solve(self._factor, sums)
        except np.linalg.LinAlgError:  # some stimuli have too few partners for effects of their own
            effects = np.asarray(np.linalg.lstsq(self._equations, sums, rcond=1e-12)[0], dtype=np.float64)
        return effects

    @cached_property
    def _factor(self) -> tuple[Matrix, bool]:
        import scipy.linalg

        factor, lower = scipy.linalg.cho_factor(self._equations)
        diagonal = np.diagonal(factor)
        if diagonal.min() < 1e-6 * diagonal.max():
            raise np.linalg.LinAlgError("nearly singular")
        return factor, lower

    @property
    def _equations(self) -> Matrix:
        return np.diag(self.mask.sum(axis=1)) + self.mask


def stimulus_pairs(
    n: int, exclude: Any = None, controls: Any = None, kinds: Mapping[str, str] | None = None
) -> StimulusPairs | None:
    """Return what is known of the pairs of n stimuli; None for nothing.

    Parameters
    ----------
    exclude
        A label for every stimulus, or a DataFrame with a column for each kind of label: pairs of equal label are left
        out.
    controls
        A DataFrame with one column per control.
    kinds
        Kind of a control by name, `numeric` or `categorical`; `categorical` where it is not named.
    """
    if exclude is None and controls is None:
        return None
    labels = [] if exclude is None else _columns(exclude, n, "labels of pairs to leave out").values()
    codes = [pd.factorize(pd.Series(list(column)))[0].astype(np.int64) for column in labels]
    named = {} if controls is None else _columns(controls, n, "controls")
    for name in kinds or {}:
        if name not in named:
            raise InputError(f"kinds names '{name}', which is no control; the controls are {', '.join(named)}.")
    encoded = {name: _encoded(name, column, (kinds or {}).get(name, "categorical")) for name, column in named.items()}
    return StimulusPairs(np.column_stack(codes) if codes else np.zeros((n, 0), np.int64), encoded)


def _columns(values: Any, n: int, what: str) -> dict[str, Sequence[Any]]:
    table = values if isinstance(values, pd.DataFrame) else pd.DataFrame({what: list(values)})
    if len(table) != n:
        raise InputError(f"There are {len(table)} {what} for {n} stimuli; give one for each.")
    return {str(name): table[name].tolist() for name in table.columns}


def _encoded(name: str, column: Sequence[Any], kind: str) -> npt.NDArray[Any]:
    if kind == "numeric":
        try:
            return pd.to_numeric(pd.Series(column)).to_numpy(dtype=np.float64, na_value=np.nan)
        except (TypeError, ValueError) as error:
            raise InputError(f"Control '{name}' is declared numeric but is none ({error}).") from error
    return pd.factorize(pd.Series(column))[0].astype(np.int64)
