"""From a table of features to codes: what a stimulus is, as far as the features can tell.

Two stimuli with the same codes belong to the same *cell*; everything that the features say about a pair of stimuli
is a function of the pair of cells.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from thinkalike.errors import InputError
from thinkalike.features import Kind, Missing, as_numbers
from thinkalike.mlem.matching import matched

UNDEFINED = -1
_LARGEST = 1e150  # of a numeric feature


@dataclass(frozen=True)
class Coding:
    """Integer codes of every stimulus on every feature.

    Attributes
    ----------
    names
        The features, in the order of the columns.
    codes
        Shape (n_stimuli, n_features), int64. Equal codes, equal values; -1 never differs from anything.
    values
        Per feature `None` where values only differ or not; for a numeric feature its distinct values, so that
        `values[f][codes[:, f]]` is the column.
    levels
        Per feature its distinct values, in the order of their codes.
    pair_ids
        Per feature `None`, or the id of each pair of its levels (see `level_pairs`), shape (n_levels + 1,) * 2: 0 where
        the two do not differ; the last row and column are for undefined. Empty: `None` for all.
    """

    names: tuple[str, ...]
    codes: NDArray[np.int64]
    values: tuple[NDArray[np.float64] | None, ...]
    levels: tuple[tuple[Any, ...], ...] = ()
    pair_ids: tuple[NDArray[np.int16] | None, ...] = ()

    @cached_property
    def columns(self) -> tuple[NDArray[np.signedinteger], ...]:
        """The columns of `codes`, contiguous and in the smallest dtype: looking pairs up is most of the work."""
        highest = self.codes.max(axis=0, initial=0)
        dtypes = [np.int8 if code <= 127 else np.int16 if code <= 32767 else np.int32 for code in highest]
        return tuple(column.astype(dtype) for column, dtype in zip(self.codes.T, dtypes, strict=True))

    @property
    def n_stimuli(self) -> int:
        return self.codes.shape[0]

    @property
    def n_features(self) -> int:
        return self.codes.shape[1]

    @property
    def has_numeric(self) -> bool:
        return any(values is not None for values in self.values)

    @property
    def has_levels(self) -> bool:
        """Whether pairs of levels of some feature are told apart."""
        return any(ids is not None for ids in self.pair_ids)

    def ids_of(self, feature: int) -> NDArray[np.int16] | None:
        """Return what pairs of levels of a feature are called; None where it only differs or not."""
        return self.pair_ids[feature] if self.pair_ids else None

    def ranges(self, stimuli: NDArray[np.intp] | None = None) -> NDArray[np.float64]:
        """Return the divisor of each feature's differences: a numeric feature's range in `stimuli`, else 1."""
        ranges = np.ones(self.n_features)
        for f, values in enumerate(self.values):
            if values is None:
                continue
            codes = self.codes[:, f] if stimuli is None else self.codes[stimuli, f]
            defined = values[codes[codes != UNDEFINED]]
            if defined.size and np.ptp(defined) > 0:
                ranges[f] = np.ptp(defined)
        return ranges

    def with_codes(self, feature: int, codes: NDArray[np.int64]) -> "Coding":
        """Return a copy in which one feature has other codes (of the same values)."""
        changed = self.codes.copy()
        changed[:, feature] = codes
        return replace(self, codes=changed)

    @cached_property
    def cells(self) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
        """The distinct rows of `codes`, and the cell of each stimulus."""
        number = np.zeros(self.n_stimuli, dtype=np.int64)
        for column in self.codes.T:  # undefined is a code like others here
            number = number * (int(column.max()) + 2) + column + 1
            if number.max(initial=0) > 2**40:
                number = np.unique(number, return_inverse=True)[1].reshape(-1)
        first, cell_of = np.unique(number, return_index=True, return_inverse=True)[1:]
        return self.codes[first], cell_of.reshape(-1)


def encode(
    features: pd.DataFrame,
    kinds: Mapping[str, Kind] | None = None,
    missing: Missing | Mapping[str, Missing] = "same",
) -> Coding:
    """Return the codes of a table of features.

    Parameters
    ----------
    features
        One row per stimulus, one column per feature, of any pandas dtype; null means undefined.
    kinds
        Kind of a feature by name; `categorical` where it is not named. A dtype never decides.
    missing
        What undefined means, for all features or by name; `same` where it is not named.

    Raises
    ------
    InputError
        Where a column cannot be what it is declared to be.
    """
    features = as_frame(features)
    names = tuple(str(name) for name in features.columns)
    if len(set(names)) < len(names):
        raise InputError(f"Feature '{_first_repeated(names)}' is there twice; give every feature column its own name.")
    declared = _declared(kinds or {}, names, get_args(Kind), "kinds", "categorical")
    rules = _declared(missing, names, get_args(Missing), "missing", "same")
    columns = [_encode_column(features.iloc[:, f], name, declared[name], rules[name]) for f, name in enumerate(names)]
    codes = np.column_stack([codes for codes, _, _ in columns]).astype(np.int64)
    return Coding(names, codes, tuple(values for _, values, _ in columns), tuple(levels for _, _, levels in columns))


def distinct_rows(codes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """Return the distinct rows in sorted order and the index of each row among them."""
    rows, index = np.unique(codes, axis=0, return_inverse=True)
    return rows, index.reshape(-1)


def combine(left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return one code for each distinct pair of codes; undefined where either is."""
    defined = (left != UNDEFINED) & (right != UNDEFINED)
    joint = left * (right.max(initial=0) + 1) + right
    combined = np.full(left.shape, UNDEFINED, dtype=np.int64)
    combined[defined] = np.unique(joint[defined], return_inverse=True)[1].reshape(-1)
    return combined


def label_codes(labels: Sequence | NDArray | pd.Series, index: pd.Index, what: str) -> NDArray[np.int64]:
    """Return integer codes of labels, one per stimulus, in the labels' sorted order where they can be sorted.

    A pandas object is put into the order of `index`, the labels of the stimuli; see `matched`.
    """
    series = pd.Series(matched(labels, index, what)).reset_index(drop=True)
    if len(series) != len(index):
        raise InputError(f"{what} has {len(series)} entries for {len(index)} stimuli; give one per stimulus.")
    if series.isna().any():
        raise InputError(f"{what} is undefined for stimulus {int(series.isna().argmax())}; give every stimulus one.")
    try:
        return pd.factorize(series, sort=True)[0].astype(np.int64)
    except TypeError:  # labels of several types have no order
        return pd.factorize(series.astype(str), sort=True)[0].astype(np.int64)


def as_frame(features: pd.DataFrame) -> pd.DataFrame:
    """Return a table of features; complain about what is none."""
    if isinstance(features, pd.Series):
        features = features.to_frame()
    if not isinstance(features, pd.DataFrame):
        raise InputError(
            f"Features are a {type(features).__name__} but must be a pandas DataFrame, one column per feature."
        )
    if features.shape[1] == 0 or features.shape[0] == 0:
        raise InputError(
            f"The table of features has {features.shape[0]} rows and {features.shape[1]} columns; it needs both."
        )
    return features


def _declared(
    given: str | Mapping[str, str], names: Sequence[str], allowed: Sequence[str], key: str, default: str
) -> dict[str, str]:
    """Return a declaration for each name; complain about a name that is no feature or a value that is not allowed."""
    by_name = (
        dict.fromkeys(names, given) if isinstance(given, str) else {name: given.get(name, default) for name in names}
    )
    if not isinstance(given, str):
        for name in given:
            if name not in by_name:
                raise InputError(f"{key} names '{name}', which is not a feature; the features are {', '.join(names)}.")
    for name, value in by_name.items():
        if value not in allowed:
            raise InputError(f"{key} of feature '{name}' is '{value}' but must be one of {', '.join(allowed)}.")
    return by_name


def _encode_column(
    column: pd.Series, name: str, kind: str, missing: str
) -> tuple[NDArray[np.int64], NDArray[np.float64] | None, tuple[Any, ...]]:
    if kind == "numeric":
        return *_encode_numbers(column, name, missing), ()
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object)
    try:
        codes, levels = pd.factorize(column, use_na_sentinel=True)
        codes, names = codes.astype(np.int64), tuple(np.asarray(levels, dtype=object))
    except TypeError as error:
        raise InputError(f"Feature '{name}' holds values that cannot be compared ({error}); make them text.") from error
    if missing == "category":
        if (codes == UNDEFINED).any():
            names += (None,)
        codes = np.where(codes == UNDEFINED, codes.max(initial=UNDEFINED) + 1, codes)
    return codes, None, names


def _encode_numbers(column: pd.Series, name: str, missing: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    try:
        numbers = as_numbers(column)
    except (ValueError, TypeError) as error:
        raise InputError(
            f"Feature '{name}' is declared numeric but is not a number everywhere ({error}); "
            f"declare it categorical or mend the table."
        ) from error
    if np.isinf(numbers).any():
        raise InputError(
            f"Feature '{name}' is infinite for stimulus {int(np.isinf(numbers).argmax())}; mend the table."
        )
    undefined = np.isnan(numbers)
    defined = numbers[~undefined]
    largest, spread = np.abs(defined).max(initial=0.0), np.ptp(defined / 2) * 2 if len(defined) else 0.0
    if largest > _LARGEST or 0 < spread < 1 / _LARGEST:
        raise InputError(
            f"Feature '{name}' has values up to {largest:.3g} that differ by up to {spread:.3g}; squares of such "
            f"numbers do not exist: give it in another unit, on which no result depends."
        )
    if undefined.any() and missing == "category":
        raise InputError(
            f"Feature '{name}' is numeric and undefined for stimulus {int(undefined.argmax())}: no number is the "
            f"distance to 'undefined'; declare missing 'same', or the feature categorical."
        )
    codes = np.full(len(numbers), UNDEFINED, dtype=np.int64)
    values, codes[~undefined] = np.unique(numbers[~undefined].astype(np.float64), return_inverse=True)
    return codes, values


def _first_repeated(names: Sequence[str]) -> str:
    return next(name for place, name in enumerate(names) if name in names[:place])
