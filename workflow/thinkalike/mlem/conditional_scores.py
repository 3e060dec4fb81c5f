"""The score when a feature is permuted within strata of the held-out stimuli: exact, without permuting anything.

A permutation within strata gives a pair of stimuli of strata s and t, whatever their other features, the difference of
another pair drawn from these two strata. Over all permutations taken together, the pairs of a pattern p that lie in s
and t therefore meet difference delta in the share q_st(delta) of all pairs of different stimuli of s and t that have
it:

    counts(p, s, t, delta) = counts(p, s, t) q_st(delta),      rank sums likewise,

and one tie-exact rank correlation of that table is the score, in the limit of infinitely many permutations. With a
single stratum it is the margin x margin of `importance`. Pattern and strata are functions of the pair of cells, so that
the pairs are grouped once for all features.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from thinkalike.mlem.cells import UNDEFINED, Coding
from thinkalike.mlem.designs import Additive, Design, LevelDesign
from thinkalike.mlem.held_out import HeldOutPairs
from thinkalike.mlem.patterns import code_difference
from thinkalike.mlem.rank_tables import Scoring, joined_predictions, score_in_order, score_of_table

# A larger table is not sorted but counted on a fine grid of predictions, its drawn differences thinned.
_LARGEST_TABLE = 2_000_000
_GRID = 65_536
_MOST_DRAWN = 32
_MOST_LEVELS = 1_000  # of a numeric feature; of more, neighbours are joined
_CHUNK = 1_000_000


@dataclass(frozen=True)
class CellPairs:
    """Held-out pairs, grouped by the two cells of their stimuli.

    Attributes
    ----------
    left, right
        A stimulus of each of the two cells.
    patterns
        Shape (n_groups, n_features), the unscaled differences.
    counts, rank_sums
        Pairs of the group, and the sum of their centred ranks.
    rank_squares
        Sum over all pairs of the squared centred rank.
    stimuli
        All held-out stimuli.
    """

    left: NDArray[np.intp]
    right: NDArray[np.intp]
    patterns: NDArray[np.float64]
    counts: NDArray[np.float64]
    rank_sums: NDArray[np.float64]
    rank_squares: float
    stimuli: NDArray[np.intp]


@dataclass(frozen=True)
class _Drawn:
    """What pairs of strata draw: differences of the feature and their shares, one pair of strata after the other.

    Those of pair k are at `first[k]` to `first[k] + numbers[k] - 1`.
    """

    differences: NDArray[np.float64]
    shares: NDArray[np.float64]
    first: NDArray[np.intp]
    numbers: NDArray[np.intp]


def cell_pairs(coding: Coding, pairs: HeldOutPairs) -> CellPairs:
    """Return the held-out pairs grouped by their cells."""
    cell_of = coding.cells[1]
    a, b = cell_of[pairs.left], cell_of[pairs.right]
    number = np.minimum(a, b) * len(coding.cells[0]) + np.maximum(a, b)
    first, group = np.unique(number, return_index=True, return_inverse=True)[1:]
    group = group.reshape(-1)
    return CellPairs(
        pairs.left[first].astype(np.intp),
        pairs.right[first].astype(np.intp),
        pairs.patterns[pairs.index[first]],
        np.bincount(group).astype(np.float64),
        np.bincount(group, pairs.ranks).astype(np.float64),
        pairs.rank_squares,
        pairs.stimuli,
    )


def conditional_score(
    design: Design,
    parameters: NDArray[np.float64],
    coding: Coding,
    ranges: NDArray[np.float64],
    pairs: CellPairs,
    feature: int,
    strata: NDArray[np.intp],
    scoring: Scoring,
) -> float:
    """Return the score when a feature is permuted within strata.

    Parameters
    ----------
    strata
        Shape (n_stimuli,), the stratum of every stimulus.
    """
    s, t = strata[pairs.left], strata[pairs.right]
    number = np.minimum(s, t) * (int(strata.max()) + 1) + np.maximum(s, t)
    places, both = np.unique(number, return_inverse=True)
    both = both.reshape(-1)
    drawn = _drawn(coding, feature, strata, pairs.stimuli, np.divmod(places, int(strata.max()) + 1))
    large = drawn.numbers[both].sum() > _LARGEST_TABLE
    if large and coding.values[feature] is not None:
        drawn = _thinned(drawn)
    expanded = _Expanded(design, parameters, ranges, pairs, feature, both, drawn)
    if large:
        return _score_on_grid(expanded, scoring)
    return score_of_table(*expanded.rows(np.arange(len(both))), pairs.rank_squares, scoring)


class _Expanded:
    """The table of predictions: for each group of pairs, every difference that its two strata draw."""

    def __init__(
        self,
        design: Design,
        parameters: NDArray[np.float64],
        ranges: NDArray[np.float64],
        pairs: CellPairs,
        feature: int,
        both: NDArray[np.intp],
        drawn: _Drawn,
    ) -> None:
        self.design, self.parameters, self.feature = design, parameters, feature
        self.pairs, self.both, self.drawn = pairs, both, drawn
        self.scaled = drawn.differences / ranges[feature]
        self.patterns = pairs.patterns / ranges
        self.numbers = drawn.numbers[both]
        if isinstance(design, (Additive, LevelDesign)):
            self.rest = np.zeros(len(self.patterns))
            for f, column in enumerate(self.patterns.T):
                if f != feature:
                    self.rest += design.contribution(parameters, f, column)
            self.added = design.contribution(parameters, feature, self.scaled)

    def rows(self, groups: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return predictions, counts and rank sums of some groups."""
        numbers = self.numbers[groups]
        group = np.repeat(groups, numbers)
        within = np.arange(len(group)) - np.repeat(np.cumsum(numbers) - numbers, numbers)
        place = self.drawn.first[self.both[group]] + within
        shares = self.drawn.shares[place]
        return self._predictions(group, place), shares * self.pairs.counts[group], shares * self.pairs.rank_sums[group]

    def chunks(self) -> Iterator[NDArray[np.intp]]:
        """Yield groups of about a million rows."""
        chunk = np.cumsum(self.numbers) // _CHUNK
        yield from np.split(np.arange(len(chunk)), np.flatnonzero(np.diff(chunk)) + 1)

    def _predictions(self, group: NDArray[np.intp], place: NDArray[np.intp]) -> NDArray[np.float64]:
        if isinstance(self.design, (Additive, LevelDesign)):
            return self.rest[group] + self.added[place]
        replaced = self.patterns[group]
        replaced[:, self.feature] = self.scaled[place]
        return self.design.predict(self.parameters, replaced)


def _score_on_grid(table: _Expanded, scoring: Scoring) -> float:
    """Return the score of predictions that are tied where they fall into one of 65,536 bins of equal width."""
    bounds = [(predictions.min(), predictions.max()) for predictions, _, _ in map(table.rows, table.chunks())]
    low, high = min(low for low, _ in bounds), max(high for _, high in bounds)
    if not high > low or table.pairs.rank_squares <= 0:
        return 0.0
    sums = np.zeros((2, _GRID))
    for groups in table.chunks():
        predictions, counts, rank_sums = table.rows(groups)
        bins = np.rint((predictions - low) * ((_GRID - 1) / (high - low))).astype(np.intp)
        sums += [np.bincount(bins, column, minlength=_GRID) for column in (counts, rank_sums)]
    return score_in_order(sums[0], sums[1], table.pairs.rank_squares, scoring)


def _drawn(
    coding: Coding,
    feature: int,
    strata: NDArray[np.intp],
    stimuli: NDArray[np.intp],
    both: tuple[NDArray[np.intp], NDArray[np.intp]],
) -> _Drawn:
    """Return what each pair of strata draws: over its pairs of different stimuli, how often each difference occurs."""
    own = strata[stimuli]
    totals = np.bincount(own, minlength=int(strata.max()) + 1).astype(np.float64)
    s, t = both
    # A stratum of one stimulus has no pair within it, and none is asked for.
    possible = np.maximum(totals[s] * totals[t] - np.where(s == t, totals[s], 0), 1)
    codes = coding.codes[stimuli, feature]
    if coding.values[feature] is None and coding.ids_of(feature) is None:
        share = _ways_to_differ(codes, own, both) / possible
        differences, shares = np.tile([0.0, 1.0], len(s)), np.column_stack([1 - share, share]).reshape(-1)
        pair = np.repeat(np.arange(len(s)), 2)
    else:
        pair, differences, shares = _drawn_values(coding, feature, codes, own, both)
        shares = shares / possible[pair]
    occurs = shares > 0
    numbers = np.bincount(pair[occurs], minlength=len(s))
    return _Drawn(differences[occurs], shares[occurs], np.cumsum(numbers) - numbers, numbers)


def _ways_to_differ(
    codes: NDArray[np.int64], strata: NDArray[np.intp], both: tuple[NDArray[np.intp], NDArray[np.intp]]
) -> NDArray[np.float64]:
    """Return for each pair of strata the number of ordered pairs of their stimuli that are defined and differ."""
    defined = codes != UNDEFINED
    shape = (int(strata.max()) + 1, int(codes.max(initial=0)) + 1)
    ones = np.ones(np.count_nonzero(defined))
    table = scipy.sparse.csr_matrix((ones, (strata[defined], codes[defined])), shape=shape)
    sizes = np.asarray(table.sum(axis=1)).reshape(-1)
    s, t = both
    same = np.asarray((table @ table.T)[s, t]).reshape(-1)
    return sizes[s] * sizes[t] - same


def _drawn_values(
    coding: Coding,
    feature: int,
    codes: NDArray[np.int64],
    strata: NDArray[np.intp],
    both: tuple[NDArray[np.intp], NDArray[np.intp]],
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    """Return the pair of strata, the difference, and the number of ordered pairs of stimuli that have it."""
    codes = _fewer(codes) if coding.values[feature] is not None else codes
    width = int(codes.max()) + 2
    keys, sizes = np.unique(strata * width + (codes - UNDEFINED), return_counts=True)
    of, code = keys // width, keys % width + UNDEFINED  # every value of every stratum, one stratum after the other
    numbers = np.bincount(of, minlength=int(strata.max()) + 1)
    starts = np.cumsum(numbers) - numbers
    s, t = both
    combinations = numbers[s] * numbers[t]
    pair = np.repeat(np.arange(len(s)), combinations)
    within = np.arange(len(pair)) - np.repeat(np.cumsum(combinations) - combinations, combinations)
    a = starts[s[pair]] + within // numbers[t[pair]]
    b = starts[t[pair]] + within % numbers[t[pair]]
    ways = sizes[a] * sizes[b].astype(np.float64) - np.where(a == b, sizes[a], 0)
    differences = np.asarray(code_difference(coding, feature, code[a], code[b]), dtype=np.float64)
    values, index = np.unique(joined_predictions(differences), return_inverse=True)
    joint, place = np.unique(pair * len(values) + index.reshape(-1), return_inverse=True)
    return joint // len(values), values[joint % len(values)], np.bincount(place.reshape(-1), ways).astype(np.float64)


def _fewer(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the codes of numbers with neighbours joined where they are very many."""
    levels = np.unique(codes[codes != UNDEFINED])
    if len(levels) <= _MOST_LEVELS:
        return codes
    kept = levels[np.linspace(0, len(levels) - 1, _MOST_LEVELS).astype(np.intp)]
    joined = kept[np.searchsorted(kept, codes, side="right") - 1]
    return np.where(codes == UNDEFINED, codes, joined)


def _thinned(drawn: _Drawn) -> _Drawn:
    """Join neighbouring differences of a numeric feature where a pair of strata draws many."""
    differences, shares, numbers = [], [], []
    for first, number in zip(drawn.first, drawn.numbers, strict=True):
        own, share = drawn.differences[first : first + number], drawn.shares[first : first + number]
        if number > _MOST_DRAWN:
            middles = (np.cumsum(share) - share / 2) / share.sum()
            begins = np.flatnonzero(np.diff((middles * _MOST_DRAWN).astype(int), prepend=-1))
            joined = np.add.reduceat(share, begins)
            own, share = np.add.reduceat(own * share, begins) / joined, joined
        differences.append(own)
        shares.append(share)
        numbers.append(len(own))
    counts = np.array(numbers)
    return _Drawn(np.concatenate(differences), np.concatenate(shares), np.cumsum(counts) - counts, counts)
