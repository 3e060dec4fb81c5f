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
from thinkalike.similarity.explained.parts import Parts
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
    vectors: list[PairVector],
    cells: PairCells,
    blocks: Blocks,
    parts: dict[str, Parts],
    combined: dict[str, CombinedWithoutBlocks],
    seed: int,
) -> dict[str, PartDeviations]:
    """Return the standard deviations of all parts, by values and by differences.

    Parameters
    ----------
    parts
        For each way the parts on all stimuli.
    combined
        For each way the form and the lexical part without each block.
    """
    columns, feature_of = columns_of(cells.level_pairs)
    pattern_of, patterns = patterns_of(cells)
    left = sums_without_blocks(vectors, cells, blocks, columns, pattern_of)
    found = {}
    for by, own in combined.items():
        given = feature_of if by == "values" else patterns
        total = _variances(left, blocks, own, given, by, seed)
        variances = total.result()
        if by == "values":
            noise = total.mean()[:-4] - parts[by].division.values
            freedom = np.maximum(np.bincount(feature_of) - 1, 1)
            variances[:-4] = np.maximum(variances[:-4], _of_noise(noise, freedom))
        deviations = np.sqrt(variances)
        found[by] = PartDeviations(deviations[:-4], *deviations[-4:])
    return found


def _of_noise(fitted: Matrix, freedom: NDArray[np.intp]) -> Matrix:
    """Return the variance of what a feature of no consequence carries, across halves.

    What the plain fit has beyond that across halves is the noise that it fits: a sum of as many squares as the feature
    has columns, but for one, whose variance follows from their mean. Where a sample's noise happens to be small the
    jackknife sees none of it, and says 0.
    """
    result: Matrix = 2 * fitted**2 / freedom[:, None, None]
    return result


def _variances(
    left: SumsWithoutBlocks,
    blocks: Blocks,
    combined: CombinedWithoutBlocks,
    given: NDArray,
    by: str,
    seed: int,
) -> "_Variances":
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
    return total


class _Variances:
    """The jackknife's variance, from some blocks at a time."""

    def __init__(self, blocks: Blocks) -> None:
        self.blocks = blocks
        self.first: Matrix = np.zeros(0)
        self.sums: list[Matrix] = []
        self.squares: list[Matrix] = []

    def add(self, step: slice, parts: list[Matrix]) -> None:
        """Add the parts, each of shape (n_blocks of the step, n_layers, n_layers)."""
        values = np.array(parts)
        if not self.sums:
            self.first = values[:, 0].copy()  # near the mean, so that no digits are lost
            self.sums, self.squares = ([np.zeros_like(self.first) for _ in self.blocks.factors] for _ in range(2))
        values -= self.first[:, None]
        for place, own in enumerate(self.blocks.factors):
            chosen = values[:, max(own.start - step.start, 0) : max(own.stop - step.start, 0)]
            self.sums[place] += chosen.sum(axis=1)
            self.squares[place] += (chosen**2).sum(axis=1)

    def mean(self) -> Matrix:
        """Return the mean over blocks."""
        result: Matrix = self.first + np.sum(self.sums, axis=0) / self.blocks.count
        return result

    def result(self) -> Matrix:
        """Return the variances.

        Those over two kinds of groups add up, less that over single stimuli, which is in both (Cameron, Gelbach and
        Miller 2011); the sum is at least the larger of the two.
        """
        found = []
        for own, sums, squares in zip(self.blocks.factors, self.sums, self.squares, strict=True):
            n = own.stop - own.start
            found.append((n - 1) / n * np.maximum(squares - sums**2 / n, 0.0))
        if len(found) == 1:
            return found[0]
        one, other, single = found
        both: Matrix = np.maximum(one + other - single, np.maximum(one, other))
        return both
