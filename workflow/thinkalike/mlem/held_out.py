"""The pairs of held-out stimuli: their distances, ranked once, and their patterns."""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from thinkalike.mlem.cells import Coding
from thinkalike.mlem.pair_distances import Distances
from thinkalike.mlem.patterns import pair_patterns
from thinkalike.mlem.rank_tables import PatternTable, RankTable, Scoring, ranks_of_distances, table_of

# Of more held-out pairs than this a sample is scored (held-out sets of more than 3,162 stimuli).
MAX_PAIRS = 5_000_000


@dataclass(frozen=True)
class HeldOutPairs:
    """Pairs of held-out stimuli.

    Attributes
    ----------
    stimuli
        The held-out stimuli.
    blocks
        Disjoint arrays of them; the pairs are all pairs within each. One block, unless there are too many pairs.
    patterns
        Shape (n_patterns, n_features), the distinct patterns of unscaled differences.
    index
        Shape (n_pairs,), the pattern of each pair.
    ranks
        Shape (n_pairs,), centred average rank of the distance of each pair.
    rank_squares
        Sum of the squares of `ranks`.
    exclude
        Labels of all stimuli; pairs of equal label are left out.
    """

    stimuli: NDArray[np.intp]
    blocks: tuple[NDArray[np.intp], ...]
    patterns: NDArray[np.float64]
    index: NDArray[np.int32]
    distances: NDArray[np.float64]
    ranks: NDArray[np.float64]
    rank_squares: float
    exclude: NDArray[np.int64] | None

    @property
    def n_pairs(self) -> int:
        return len(self.index)

    @property
    def left(self) -> NDArray[np.int32]:
        """Shape (n_pairs,), the first stimulus of each pair."""
        return self._ends[0]

    @property
    def right(self) -> NDArray[np.int32]:
        """Shape (n_pairs,), the second stimulus of each pair."""
        return self._ends[1]

    @cached_property
    def _ends(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        parts = []
        for block in self.blocks:
            small = block.astype(np.int32)
            parts.append([small[ends] for ends in _pairs_within(block, self.exclude)])
        left, right = (np.concatenate(ends) for ends in zip(*parts, strict=True))
        return left, right

    @cached_property
    def table(self) -> RankTable:
        """Counts and rank sums per pattern."""
        return table_of(self.index, self.ranks, self.rank_squares, len(self.patterns))

    @property
    def by_pattern(self) -> PatternTable:
        """The patterns and their table."""
        return PatternTable(self.patterns, self.table)


def held_out_pairs(
    coding: Coding,
    distances: Distances,
    stimuli: NDArray[np.intp],
    exclude: NDArray[np.int64] | None = None,
    max_pairs: int = MAX_PAIRS,
    seed: int = 0,
) -> HeldOutPairs:
    """Return the pairs of some stimuli, ranked.

    Of more than `max_pairs` pairs a sample is taken: the stimuli are dealt, by `seed`, into blocks, and the pairs
    within blocks are kept; `pair_sampling_error` gives the standard error that comes of it. Callers say so.
    """
    blocks = deal_blocks(stimuli, max_pairs, seed)
    d = np.concatenate([_distances_within(distances, block, exclude) for block in blocks])
    if len(blocks) == 1:  # a square of pairs needs no look-up for each
        keep = _above_diagonal(len(stimuli))
        if exclude is not None:
            keep = keep & (exclude[stimuli, None] != exclude[stimuli])
        patterns, index = pair_patterns(coding, stimuli[:, None], stimuli[None, :], keep)
    else:
        ends = [[block[end] for end in _pairs_within(block, exclude)] for block in blocks]
        left, right = (np.concatenate(parts) for parts in zip(*ends, strict=True))
        patterns, index = pair_patterns(coding, left, right)
    ranks, rank_squares = ranks_of_distances(d)
    return HeldOutPairs(stimuli, blocks, patterns, index.astype(np.int32, copy=False), d, ranks, rank_squares, exclude)


def deal_blocks(stimuli: NDArray[np.intp], max_pairs: int, seed: int) -> tuple[NDArray[np.intp], ...]:
    """Deal stimuli at random into as few blocks as keep the pairs within blocks to at most `max_pairs`."""
    n = len(stimuli)
    n_blocks = 1
    # The largest of k blocks has ceil(n / k) stimuli.
    while n_blocks * (size := -(-n // n_blocks)) * (size - 1) // 2 > max_pairs and size > 3:
        n_blocks += 1
    if n_blocks == 1:
        return (stimuli,)
    shuffled = np.random.default_rng(seed).permutation(stimuli)
    return tuple(np.sort(block) for block in np.array_split(shuffled, n_blocks))


def pair_sampling_error(pairs: HeldOutPairs, predictions: NDArray[np.float64], scoring: Scoring) -> float:
    """Return the standard error of the score that comes from having taken a sample of pairs; 0 where all were taken.

    From the scores of the single blocks (a little too large: a block's own ranking is noisier than the joint one).
    """
    if len(pairs.blocks) == 1:
        return 0.0
    scores = []
    block_of = np.zeros(int(pairs.stimuli.max()) + 1, dtype=np.intp)
    for place, block in enumerate(pairs.blocks):
        block_of[block] = place
    place_of_pair = block_of[pairs.left]
    for place in range(len(pairs.blocks)):
        chosen = place_of_pair == place
        ranks, squares = ranks_of_distances(pairs.distances[chosen])
        index = pairs.index[chosen]
        scores.append(table_of(index, ranks, squares, len(pairs.patterns)).score(predictions, scoring))
    return float(np.std(scores, ddof=1) / np.sqrt(len(scores)))


@lru_cache(maxsize=2)  # folds have one or two sizes
def _upper_triangle(size: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    return np.triu_indices(size, 1)


@lru_cache(maxsize=2)
def _above_diagonal(size: int) -> NDArray[np.bool_]:
    return np.triu(np.ones((size, size), dtype=bool), 1)


def _pairs_within(
    stimuli: NDArray[np.intp], exclude: NDArray[np.int64] | None
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the places, among `stimuli`, of the two ends of each pair."""
    rows, columns = _upper_triangle(len(stimuli))
    if exclude is None:
        return rows, columns
    keep = exclude[stimuli[rows]] != exclude[stimuli[columns]]
    return rows[keep], columns[keep]


def _distances_within(
    distances: Distances, stimuli: NDArray[np.intp], exclude: NDArray[np.int64] | None
) -> NDArray[np.float64]:
    rows, columns = _pairs_within(stimuli, exclude)
    return distances.block(stimuli, stimuli).reshape(-1).take(rows * len(stimuli) + columns)
