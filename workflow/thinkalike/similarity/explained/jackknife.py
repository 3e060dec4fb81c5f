"""Standard deviations of the parts of all pairs of layers, from leaving out blocks of stimuli in turn."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thinkalike.similarity.explained.by_differences import patterns_of
from thinkalike.similarity.explained.by_values import columns_of
from thinkalike.similarity.explained.combined_without_blocks import CombinedWithoutBlocks
from thinkalike.similarity.explained.contributions_without_blocks import (
    contributions_by_differences,
    contributions_by_values,
    steps_of_blocks,
)
from thinkalike.similarity.explained.pair_cells import PairCells
from thinkalike.similarity.explained.stimulus_blocks import Blocks
from thinkalike.similarity.explained.sums_without_blocks import SumsWithoutBlocks, sums_without_blocks
from thinkalike.similarity.measures.pair_vectors import PairVector

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class PartDeviations:
    """Standard deviations of the parts over new stimuli.

    Attributes
    ----------
    contributions
        Shape (n_columns, n_layers, n_layers): of what each feature or control carries.
    form, lexical, unexplained, value
        Shape (n_layers, n_layers).
    """

    contributions: Matrix
    form: Matrix
    lexical: Matrix
    unexplained: Matrix
    value: Matrix


def part_deviations(
    vectors: list[PairVector], cells: PairCells, blocks: Blocks, combined: dict[str, CombinedWithoutBlocks], seed: int
) -> dict[str, PartDeviations]:
    """Return the standard deviations of all parts, by values and by differences.

    Parameters
    ----------
    combined
        For each way the form and the lexical part without each block.
    """
    columns, feature_of = columns_of(cells.level_pairs)
    pattern_of, patterns = patterns_of(cells)
    left = sums_without_blocks(vectors, cells, blocks, columns, pattern_of)
    found = {}
    for by, own in combined.items():
        given = feature_of if by == "values" else patterns
        found[by] = _deviations(left, blocks, own, given, by, seed)
    return found


def _deviations(
    left: SumsWithoutBlocks,
    blocks: Blocks,
    combined: CombinedWithoutBlocks,
    given: NDArray,
    by: str,
    seed: int,
) -> PartDeviations:
    total = _Variances(blocks)
    for step in steps_of_blocks(blocks.count, left.values.shape[1]):
        if by == "values":
            contributions = contributions_by_values(left, given, step, seed)
        else:
            contributions = contributions_by_differences(left, given, step, seed)
        form, lexical = (part[step] / combined.halves for part in (combined.form, combined.lexical))
        value = left.values[step]
        rest = value - contributions.sum(axis=0) - form - lexical
        total.add(step, [*contributions, form, lexical, rest, value])
    parts = np.sqrt(total.result())
    return PartDeviations(parts[:-4], *parts[-4:])


class _Variances:
    """The jackknife's variance, from some blocks at a time."""

    def __init__(self, blocks: Blocks) -> None:
        self.blocks = blocks
        self.first: Matrix | None = None
        self.sums: list[Matrix] = []
        self.squares: list[Matrix] = []

    def add(self, step: slice, parts: list[Matrix]) -> None:
        """Add the parts, each of shape (n_blocks of the step, n_layers, n_layers)."""
        values = np.array(parts)
        if self.first is None:
            self.first = values[:, 0].copy()  # near the mean, so that no digits are lost
            self.sums, self.squares = ([np.zeros_like(self.first) for _ in self.blocks.factors] for _ in range(2))
        values -= self.first[:, None]
        for place, own in enumerate(self.blocks.factors):
            chosen = values[:, max(own.start - step.start, 0) : max(own.stop - step.start, 0)]
            self.sums[place] += chosen.sum(axis=1)
            self.squares[place] += (chosen**2).sum(axis=1)

    def result(self) -> Matrix:
        """Return the variances, those of several kinds of groups added up.

        What belongs to single stimuli is then in both, which is cautious.
        """
        total = 0.0
        for own, sums, squares in zip(self.blocks.factors, self.sums, self.squares, strict=True):
            n = own.stop - own.start
            total = total + (n - 1) / n * np.maximum(squares - sums**2 / n, 0.0)
        return np.asarray(total)
