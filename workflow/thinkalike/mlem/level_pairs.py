"""Pairs of levels: in place of whether a feature differs, between which of its values it does."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from thinkalike.mlem.cells import UNDEFINED, Coding

FeatureCoding = Literal["levels", "difference"]

MOST_LEVELS = 20  # a feature of more levels (words, lemmas) only differs or not
FEWEST_STIMULI = 5  # pairs of levels of which one has fewer stimuli share a weight


@dataclass(frozen=True)
class LevelPairs:
    """The pairs of levels of one feature.

    Attributes
    ----------
    names
        Both levels of each pair; `(None, None)` for the pairs, of rare levels, that share a weight. The id of a pair is
        its place plus 1.
    counts
        On how many pairs of stimuli each occurs.
    """

    names: tuple[tuple[Any, Any], ...]
    counts: NDArray[np.float64]


def with_level_pairs(coding: Coding) -> tuple[Coding, tuple[LevelPairs | None, ...]]:
    """Return a coding in which pairs of levels are told apart, and by feature which; None where it only differs."""
    found = [_pairs_of(coding, f) for f in range(coding.n_features)]
    ids = tuple(None if each is None else each[0] for each in found)
    return replace(coding, pair_ids=ids), tuple(None if each is None else each[1] for each in found)


def _pairs_of(coding: Coding, feature: int) -> tuple[NDArray[np.int16], LevelPairs] | None:
    levels = coding.levels[feature]
    if coding.values[feature] is not None or not 2 <= len(levels) <= MOST_LEVELS:
        return None
    codes = coding.codes[:, feature]
    sizes = np.bincount(codes[codes != UNDEFINED], minlength=len(levels))
    ids = np.zeros((len(levels) + 1, len(levels) + 1), dtype=np.int16)
    names: list[tuple[Any, Any]] = []
    counts: list[float] = []
    rare: list[tuple[int, int]] = []
    for a in range(len(levels)):
        for b in range(a + 1, len(levels)):
            if min(sizes[a], sizes[b]) < FEWEST_STIMULI:
                rare.append((a, b))
                continue
            names.append((levels[a], levels[b]))
            counts.append(float(sizes[a] * sizes[b]))
            ids[a, b] = ids[b, a] = len(names)
    if rare:
        names.append((None, None))
        counts.append(float(sum(sizes[a] * sizes[b] for a, b in rare)))
        for a, b in rare:
            ids[a, b] = ids[b, a] = len(names)
    return ids, LevelPairs(tuple(names), np.array(counts))


def coded_as(coding: Coding, fitted: Coding) -> Coding:
    """Return new stimuli in the codes of the levels that a model was fitted to.

    A level that was not among them differs from all others; such pairs have an id of their own, the last one.
    """
    codes, ids = coding.codes.copy(), list(fitted.pair_ids)
    for f, known in enumerate(fitted.pair_ids):
        if known is None:
            continue
        place = {level: code for code, level in enumerate(fitted.levels[f])}
        unseen = [level for level in coding.levels[f] if level not in place]
        place |= {level: len(place) + more for more, level in enumerate(unseen)}
        codes[:, f] = _recoded(coding.codes[:, f], [place[level] for level in coding.levels[f]])
        ids[f] = _extended(known, len(unseen))
    return replace(coding, codes=codes, pair_ids=tuple(ids))


def _recoded(codes: NDArray[np.int64], places: Sequence[int]) -> NDArray[np.int64]:
    return np.array([*places, UNDEFINED], dtype=np.int64)[codes]  # undefined is -1, the last place


def _extended(ids: NDArray[np.int16], n_unseen: int) -> NDArray[np.int16]:
    n = len(ids) - 1
    larger = np.full((n + n_unseen + 1, n + n_unseen + 1), ids.max() + 1, dtype=np.int16)
    larger[:n, :n] = ids[:n, :n]
    np.fill_diagonal(larger, 0)
    larger[-1, :] = larger[:, -1] = 0
    return larger
