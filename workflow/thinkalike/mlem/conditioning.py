"""What a feature is permuted within: strata of stimuli that are alike in the features that go with it.

A feature's importance falls to whatever goes with it, too: permuting it breaks its tie with the others, so that the
model is asked about combinations that do not exist, and what two features tell together counts for both. Permuted among
stimuli that are alike in the others (Strobl et al. 2008; Hooker and Mentch 2019), only what it tells beyond them is
lost.

Two features go together where the values of one tell those of the other: by Cramer's V of their table of values,
undefined among them, less what chance adds (Bergsma 2013). It is 0 for independent features and 1 where one determines
the other. Differences over pairs would not do: the part of speech determines whether there is a gender, yet their
differences hardly correlate.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thinkalike.errors import InputError
from thinkalike.mlem.cells import UNDEFINED, Coding, distinct_rows
from thinkalike.mlem.level_pairs import MOST_LEVELS

# Features whose values are associated at least so strongly are correlated, unless something else is asked for.
ASSOCIATED = 0.5

_MOST_NUMBERS = 10  # a numeric feature of more values makes strata by bins of equally many stimuli

# A strength of association, names of features by name, or False for no conditional importance.
Conditional = float | Mapping[str, Sequence[str]] | bool


@dataclass(frozen=True)
class Conditioning:
    """Within what each feature is permuted.

    Attributes
    ----------
    given
        For each feature the features that the stimuli of a stratum are alike in.
    strata
        Shape (n_stimuli, n_features): by feature the stratum of every stimulus.
    """

    given: tuple[tuple[int, ...], ...]
    strata: NDArray[np.intp]

    def names(self, names: tuple[str, ...]) -> list[str]:
        """Return for each feature what it is permuted within, joined by commas; empty for nothing."""
        return [", ".join(names[g] for g in features) for features in self.given]

    def sentences(self, names: tuple[str, ...], movable: NDArray[np.float64]) -> tuple[str, ...]:
        """Return a sentence for each feature of whose values strata leave nothing to permute."""
        return tuple(
            f"Feature '{name}' has a single value among stimuli that are alike in {given}: within these nothing can be "
            f"permuted, and its conditional importance is 0."
            for name, given, share in zip(names, self.names(names), movable, strict=True)
            if given and share == 0
        )

    def movable(self, coding: Coding, stimuli: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the share of `stimuli` in whose stratum a feature has several values, shape (n_features,)."""
        return np.array([_movable(coding.codes[stimuli, f], self.strata[stimuli, f]) for f in range(coding.n_features)])


def conditioning(coding: Coding, conditional: Conditional) -> Conditioning | None:
    """Return what each feature is permuted within; None where no conditional importance is asked for.

    Parameters
    ----------
    conditional
        The least association of features that count as correlated; or the names of those that each feature is permuted
        within, by its own name (features that are not named are permuted over all stimuli). True: the default, .5.
        False: none.

    Features of more than 20 values that are no numbers (words, lemmas) make no strata: nearly every value would be one,
    and all that is a property of words would be determined. Numeric features of more than ten values make strata by
    tenths of the stimuli.
    """
    if conditional is False:
        return None
    values = [_strata_values(coding, f) for f in range(coding.n_features)]
    if isinstance(conditional, Mapping):
        given = _named(coding.names, conditional)
        values = [coding.codes[:, f] if column is None else column for f, column in enumerate(values)]
    else:
        threshold = ASSOCIATED if conditional is True else float(conditional)
        if not 0 <= threshold <= 1:
            raise InputError(
                f"conditional is {conditional} but must be a strength of association from 0 to 1, or false."
            )
        given = _correlated(coding, values, threshold)
    strata = np.zeros(coding.codes.shape, dtype=np.intp)
    for f, features in enumerate(given):
        columns = [column for g in features if (column := values[g]) is not None]
        if columns:
            strata[:, f] = distinct_rows(np.column_stack(columns))[1]
    return Conditioning(given, strata)


def association(first: NDArray[np.int64], second: NDArray[np.int64]) -> float:
    """Return Cramer's V of two columns of codes, corrected for chance; 0 where one of them does not vary."""
    a, b = (np.unique(codes, return_inverse=True)[1].reshape(-1) for codes in (first, second))
    n, rows, columns = len(a), int(a.max()) + 1, int(b.max()) + 1
    if min(rows, columns) < 2:
        return 0.0
    table = np.bincount(a * columns + b, minlength=rows * columns).reshape(rows, columns).astype(np.float64)
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    square = float(((table - expected) ** 2 / expected).sum()) / n - (rows - 1) * (columns - 1) / (n - 1)
    most = min(size - (size - 1) ** 2 / (n - 1) for size in (rows, columns)) - 1
    return float(np.sqrt(min(1.0, max(0.0, square) / most))) if most > 0 else 0.0


def _strata_values(coding: Coding, feature: int) -> NDArray[np.int64] | None:
    """Return by what values a feature parts the stimuli into strata, or None where it makes none."""
    codes, numbers = coding.codes[:, feature], coding.values[feature]
    n_values = len(np.unique(codes[codes != UNDEFINED]))
    if numbers is None:
        return codes if n_values <= MOST_LEVELS else None
    if n_values <= _MOST_NUMBERS:
        return codes
    edges = np.quantile(codes[codes != UNDEFINED], np.linspace(0, 1, _MOST_NUMBERS + 1)[1:-1])
    bins = np.searchsorted(edges, codes, side="left")  # codes are in the order of the numbers
    return np.where(codes == UNDEFINED, UNDEFINED, bins).astype(np.int64)


def _correlated(
    coding: Coding, values: Sequence[NDArray[np.int64] | None], threshold: float
) -> tuple[tuple[int, ...], ...]:
    """Return for each feature those that go with it."""
    # A feature that makes no strata (words) may itself be permuted within others.
    own = [coding.codes[:, f] if column is None else column for f, column in enumerate(values)]
    strengths = np.array([[association(a, b) if f < g else 0.0 for g, b in enumerate(own)] for f, a in enumerate(own)])
    strengths = np.round(strengths + strengths.T, 12)
    return tuple(
        tuple(g for g, column in enumerate(values) if g != f and column is not None and strengths[f, g] >= threshold)
        for f in range(len(own))
    )


def _named(names: tuple[str, ...], given: Mapping[str, Sequence[str]]) -> tuple[tuple[int, ...], ...]:
    for name in [*given, *(other for others in given.values() for other in others)]:
        if name not in names:
            raise InputError(
                f"conditional names '{name}', which is not a feature; the features are {', '.join(names)}."
            )
    return tuple(tuple(names.index(other) for other in given.get(name, ()) if other != name) for name in names)


def _movable(codes: NDArray[np.int64], strata: NDArray[np.intp]) -> float:
    pairs = distinct_rows(np.column_stack([strata, codes]))[0]
    several = np.bincount(pairs[:, 0], minlength=int(strata.max(initial=0)) + 1) > 1
    return float(several[strata].mean())
