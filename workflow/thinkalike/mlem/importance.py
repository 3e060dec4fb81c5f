"""Permutation feature importance: how much the held-out score drops when a feature's labels are permuted.

A permutation of a feature over the held-out stimuli gives every pair of them, whatever its other features, the
difference of another pair drawn from all pairs. Over all permutations taken together, a pair with pattern p therefore
meets difference delta in the share q(delta) of all held-out pairs that have it, independently of p: the table of
counts and rank sums becomes margin x margin,

    counts(p, delta) = counts(p) q(delta),      rank sums(p, delta) = rank sums(p) q(delta),

and one tie-exact rank correlation of that table is the score under permutation, with no Monte-Carlo noise. It is
the score over all permutations pooled; the mean of the single permutations' scores differs from it by O(1 / n_stimuli).
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from thinkalike.mlem.cells import UNDEFINED, Coding
from thinkalike.mlem.designs import Additive, Design, LevelDesign
from thinkalike.mlem.held_out import HeldOutPairs
from thinkalike.mlem.patterns import code_difference
from thinkalike.mlem.rank_tables import (
    PatternTable,
    RankTable,
    Scoring,
    joined_predictions,
    prediction_ties,
    score_of_table,
    sums_of_groups,
)

Predict = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]
# Differences of a feature, unscaled, and the share of pairs that have each.
Shares = tuple[NDArray[np.float64], NDArray[np.float64]]

# A table of more entries (numeric features of many values) is thinned: neighbours of equal total weight are joined.
_LARGEST_TABLE = 400_000
_LARGEST_SUMS = 50_000  # of a sum of two independent parts: of more, neighbours are joined, which is not exact
_LARGEST_MARGIN = 2_000
_MOST_DRAWN = 200


def difference_shares(
    coding: Coding, feature: int, stimuli: NDArray[np.intp], weights: NDArray[np.float64] | None = None
) -> Shares:
    """Return the unscaled differences of a feature over all pairs of `stimuli`, and the share of pairs with each.

    With `weights` a pair of different stimuli counts as the product of the two.
    """
    codes = coding.codes[stimuli, feature]
    own = np.ones(len(stimuli)) if weights is None else weights[stimuli]
    pairs = (own.sum() ** 2 - own @ own) / 2
    if pairs <= 0:
        return np.zeros(1), np.ones(1)
    defined = codes != UNDEFINED
    sizes = np.bincount(codes[defined], own[defined]).astype(np.float64)
    ids = coding.ids_of(feature)
    if ids is not None:
        a, b = np.triu_indices(len(sizes), 1)
        by_id = np.bincount(ids[a, b], sizes[a] * sizes[b], minlength=int(ids.max()) + 1) / pairs
        by_id[0] = 1.0 - by_id[1:].sum()
        return np.arange(len(by_id), dtype=float), by_id
    if coding.values[feature] is None:
        share = (sizes.sum() ** 2 - sizes @ sizes) / 2 / pairs
        return np.array([0.0, 1.0]), np.array([1.0 - share, share])
    return _numeric_shares(coding, feature, sizes, pairs)


def _numeric_shares(
    coding: Coding, feature: int, sizes: NDArray[np.float64], pairs: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    levels = np.flatnonzero(sizes)
    if len(levels) > _LARGEST_MARGIN:
        levels = levels[np.linspace(0, len(levels) - 1, _LARGEST_MARGIN).astype(np.intp)]
        sizes = sizes * (sizes.sum() / sizes[levels].sum())
    left, right = np.triu_indices(len(levels), 1)
    differences = code_difference(coding, feature, levels[left], levels[right])
    shares = sizes[levels[left]] * sizes[levels[right]] / pairs
    values, index = np.unique(joined_predictions(np.append(differences, 0.0)), return_inverse=True)
    by_value = np.bincount(index.reshape(-1), np.append(shares, max(0.0, 1.0 - shares.sum())))
    return values, by_value / by_value.sum()


def exact_score(
    predict: Predict,
    pairs: PatternTable,
    values: NDArray[np.float64],
    shares: NDArray[np.float64],
    scoring: Scoring,
) -> float:
    """Return the score when something in the prediction is drawn independently of the pattern.

    Parameters
    ----------
    predict
        From patterns (n, n_features) and the drawn value of each (n,), to predictions (n,).
    pairs
        Patterns of the held-out pairs, and their counts and rank sums.
    values, shares
        What is drawn, and how often.
    """
    patterns = pairs.patterns
    counts, rank_sums, squares = pairs.table.counts, pairs.table.rank_sums, pairs.table.rank_squares
    if len(patterns) * len(values) > _LARGEST_TABLE:
        values, (shares,) = _thin(values, [shares], _MOST_DRAWN)
    predictions = np.array([predict(patterns, np.full(len(patterns), value)) for value in values])
    if predictions.size > _LARGEST_TABLE:
        return _thinned_score(predictions, counts, rank_sums, shares, squares, scoring)
    return score_of_table(
        predictions.reshape(-1),
        np.outer(shares, counts).reshape(-1),
        np.outer(shares, rank_sums).reshape(-1),
        squares,
        scoring,
    )


def _thinned_score(
    predictions: NDArray[np.float64],
    counts: NDArray[np.float64],
    rank_sums: NDArray[np.float64],
    shares: NDArray[np.float64],
    squares: float,
    scoring: Scoring,
) -> float:
    rows = [_thin(row, [counts, rank_sums], _LARGEST_MARGIN) for row in predictions]
    return score_of_table(
        np.concatenate([row[0] for row in rows]),
        np.concatenate([share * row[1][0] for share, row in zip(shares, rows, strict=True)]),
        np.concatenate([share * row[1][1] for share, row in zip(shares, rows, strict=True)]),
        squares,
        scoring,
    )


def _thin(
    values: NDArray[np.float64], columns: list[NDArray[np.float64]], most: int
) -> tuple[NDArray[np.float64], list[NDArray[np.float64]]]:
    """Join neighbours into at most `most` groups of nearly equal weight (the first column is the weight)."""
    if len(values) <= most:
        return values, columns
    order = np.argsort(values, kind="stable")
    weight = columns[0][order]
    middles = (np.cumsum(weight) - weight / 2) / weight.sum()
    bins = np.minimum(middles * most, most - 1).astype(int)
    first = np.flatnonzero(np.diff(bins, prepend=-1))
    joined = [np.add.reduceat(column[order], first) for column in columns]
    return np.add.reduceat(values[order] * weight, first) / joined[0], joined


def permuted_scores(
    design: Design,
    parameters: NDArray[np.float64],
    ranges: NDArray[np.float64],
    pairs: PatternTable,
    shares: Mapping[int, Shares],
    scoring: Scoring,
) -> dict[int, float]:
    """Return the score when a feature is permuted, for each feature in `shares`.

    Parameters
    ----------
    shares
        By feature its unscaled differences, and how often each occurs.
    """
    if not isinstance(design, (Additive, LevelDesign)):
        return {f: exact_score(_replacing(design, parameters, ranges, f), pairs, *shares[f], scoring) for f in shares}
    differences = pairs.patterns / ranges
    added = [design.contribution(parameters, f, column) for f, column in enumerate(differences.T)]
    total = np.sum(added, axis=0)
    scores = {}
    for f, (values, frequencies) in shares.items():
        drawn = design.contribution(parameters, f, values / ranges[f])
        scores[f] = _score_of_sums(total - added[f], drawn, frequencies, pairs.table, scoring)
    return scores


def _score_of_sums(
    rest: NDArray[np.float64],
    drawn: NDArray[np.float64],
    shares: NDArray[np.float64],
    table: RankTable,
    scoring: Scoring,
) -> float:
    """Return the score of `rest`, one number per pattern, plus something drawn independently of the pattern."""
    drawn, (shares,) = _joined(drawn, [shares])
    rest, (counts, rank_sums) = _joined(rest, [table.counts, table.rank_sums])
    if len(rest) * len(drawn) > _LARGEST_SUMS:
        drawn, (shares,) = _thin(drawn, [shares], _MOST_DRAWN)
        rest, (counts, rank_sums) = _thin(rest, [counts, rank_sums], max(_LARGEST_MARGIN, _LARGEST_SUMS // len(drawn)))
    return score_of_table(
        np.add.outer(drawn, rest).reshape(-1),
        np.outer(shares, counts).reshape(-1),
        np.outer(shares, rank_sums).reshape(-1),
        table.rank_squares,
        scoring,
    )


def _joined(
    values: NDArray[np.float64], columns: list[NDArray[np.float64]]
) -> tuple[NDArray[np.float64], list[NDArray[np.float64]]]:
    """Return the distinct values in order (those that differ by rounding are one), and the sums of the columns."""
    ties = prediction_ties(values)
    return values[ties.order[ties.first]], [sums_of_groups(column[ties.order], ties) for column in columns]


def _replacing(design: Design, parameters: NDArray[np.float64], ranges: NDArray[np.float64], feature: int) -> Predict:
    def predict(patterns: NDArray[np.float64], drawn: NDArray[np.float64]) -> NDArray[np.float64]:
        replaced = patterns / ranges
        replaced[:, feature] = drawn / ranges[feature]
        return design.predict(parameters, replaced)

    return predict


def sampled_scores(
    design: Design,
    parameters: NDArray[np.float64],
    coding: Coding,
    ranges: NDArray[np.float64],
    pairs: HeldOutPairs,
    n_repeats: int,
    rng: np.random.Generator,
    scoring: Scoring,
) -> NDArray[np.float64]:
    """Return the score under each of `n_repeats` permutations of each feature, shape (n_repeats, n_features)."""
    scores = np.empty((n_repeats, coding.n_features))
    place = np.zeros(coding.n_stimuli, dtype=np.intp)
    place[pairs.stimuli] = np.arange(len(pairs.stimuli))
    for f in range(coding.n_features):
        predict = _replacing(design, parameters, ranges, f)
        codes = coding.codes[pairs.stimuli, f]
        for repeat in range(n_repeats):
            permuted = rng.permutation(codes)
            drawn = code_difference(coding, f, permuted[place[pairs.left]], permuted[place[pairs.right]])
            scores[repeat, f] = _drawn_score(predict, pairs, drawn, scoring)
    return scores


def term_scores(terms: NDArray[np.float64], pairs: PatternTable, scoring: Scoring) -> NDArray[np.float64]:
    """Return the score when a single term of the prediction is permuted, shape (n_terms,).

    `importance` of a feature permutes it wherever it occurs. Here one term alone is that of another held-out pair, W_ff
    Delta_f^2 or 2 W_fg Delta_f Delta_g, while the same features stay in place in all other terms.

    Parameters
    ----------
    terms
        Shape (n_patterns, n_terms): what each term adds to the prediction of each pattern.
    """
    prediction = terms.sum(axis=1)
    scores = np.empty(terms.shape[1])
    for place, own in enumerate(terms.T):
        rest = prediction - own
        values, index = np.unique(own, return_inverse=True)
        shares = np.bincount(index.reshape(-1), pairs.table.counts) / pairs.table.counts.sum()

        def predict(_: NDArray, drawn: NDArray[np.float64], rest: NDArray[np.float64] = rest) -> NDArray[np.float64]:
            return rest + drawn

        scores[place] = exact_score(predict, pairs, values, shares, scoring)
    return scores


def _drawn_score(predict: Predict, pairs: HeldOutPairs, drawn: NDArray, scoring: Scoring) -> float:
    values, index = np.unique(drawn, return_inverse=True) if drawn.dtype != bool else (np.array([0.0, 1.0]), drawn)
    n_patterns = len(pairs.patterns)
    if n_patterns * len(values) > 2 * pairs.n_pairs:  # nearly every pair has a combination of its own
        predictions = predict(pairs.patterns[pairs.index], drawn.astype(float))
        return score_of_table(predictions, np.ones(pairs.n_pairs), pairs.ranks, pairs.rank_squares, scoring)
    joint = index.reshape(-1) * n_patterns + pairs.index
    size = n_patterns * len(values)
    counts = np.bincount(joint, minlength=size).astype(float)
    rank_sums = np.bincount(joint, pairs.ranks, minlength=size).astype(np.float64)
    occurs = counts > 0
    predictions = np.concatenate([predict(pairs.patterns, np.full(n_patterns, value)) for value in values])
    return score_of_table(predictions[occurs], counts[occurs], rank_sums[occurs], pairs.rank_squares, scoring)
