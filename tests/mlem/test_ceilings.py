"""Ceilings: no score exceeds them, and the one of differences is the largest over all weak orders of the patterns."""

import functools
import itertools

import numpy as np
import pandas as pd
import pytest
from planted import planted
from scipy.stats import spearmanr

from thinkalike.mlem import MLEM, cross_validate
from thinkalike.mlem.ceilings import ceiling_of_differences
from thinkalike.mlem.rank_tables import ranks_of_distances, table_of

SCORINGS = ["rho_a", "spearman"]


def random_table(rng, n_patterns, n_pairs):
    index = np.concatenate(
        [np.arange(n_patterns), rng.choice(n_patterns, size=n_pairs, p=rng.dirichlet(np.ones(n_patterns)))]
    )
    distances = rng.random(len(index)) + rng.random(n_patterns)[index] * rng.random()
    if rng.random() < 0.5:
        distances = np.round(distances, 1)
    return table_of(index, *ranks_of_distances(distances), n_patterns)


@functools.cache
def weak_orders(n):
    """Return every way to rank n things with ties."""
    return {tuple(np.unique(levels, return_inverse=True)[1]) for levels in itertools.product(range(n), repeat=n)}


@pytest.mark.slow
@pytest.mark.parametrize("scoring", SCORINGS)
def test_ceiling_is_the_largest_score_of_all_weak_orders(scoring):
    rng = np.random.default_rng(0)
    joined = 0
    for case in range(60):
        n_patterns = 2 + case % 4 if case < 56 else 6  # six have 4,683 weak orders
        table = random_table(rng, n_patterns, 3 + case)
        best = max(table.score(np.array(order, dtype=float), scoring) for order in weak_orders(n_patterns))
        assert ceiling_of_differences(table, scoring) == pytest.approx(max(best, 0.0), abs=1e-12)
        joined += best > table.score(table.rank_sums / table.counts, scoring) + 1e-9
    assert (joined > 5) == (scoring == "spearman")  # joining patterns helps one of the two, and often


@pytest.mark.parametrize("scoring", SCORINGS)
def test_no_score_exceeds_the_ceiling(scoring):
    rng = np.random.default_rng(1)
    for n_patterns in (2, 10, 100, 1500):
        table = random_table(rng, n_patterns, 3000)
        ceiling = ceiling_of_differences(table, scoring)
        means = table.rank_sums / table.counts
        for coarse in (1, 3, 10, 100, 10_000):
            predictions = np.round((means - means.min()) / np.ptp(means) * coarse)
            assert table.score(predictions, scoring) <= ceiling + 1e-6 * (n_patterns > 1000) + 1e-12
    features, vectors = planted(120, noise=8.0, levels=(2, 2, 3), weights=(1.0, 0.1, 0.1))
    result = cross_validate(features, vectors, model=MLEM(coding="difference", scoring=scoring))
    assert (result.scores <= result.ceilings + 1e-12).all()


def test_rho_a_is_the_mean_spearman_over_random_ways_to_break_ties():
    rng = np.random.default_rng(2)
    index, distances = rng.integers(4, size=60), np.round(rng.random(60), 1)
    predictions = np.array([0.0, 1.0, 1.0, 2.0])
    table = table_of(index, *ranks_of_distances(distances), 4)
    broken = [
        spearmanr(predictions[index] + 1e-6 * rng.random(60), distances + 1e-6 * rng.random(60)).statistic
        for _ in range(4000)
    ]
    error = np.std(broken) / np.sqrt(len(broken))
    assert abs(table.score(predictions, "rho_a") - np.mean(broken)) < 4 * error


def uneven(n_stimuli, seed, noise):
    """Return a feature whose three levels lie on a line, unevenly, and noise."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(3, size=n_stimuli)
    vectors = np.zeros((n_stimuli, 30))
    vectors[:, 0] = np.array([0.0, 1.0, 4.0])[codes]
    return pd.DataFrame({"a": codes}), vectors + noise * rng.normal(size=vectors.shape)


@pytest.mark.parametrize("scoring", SCORINGS)
def test_values_say_more_than_differences_where_levels_are_unevenly_far_apart(scoring):
    features, vectors = uneven(300, 0, 0.2)
    result = cross_validate(features, vectors, model=MLEM(coding="difference", scoring=scoring))
    assert (result.covered == 1).all()
    assert (result.ceilings_by_values > result.ceilings + 0.1).all()


@pytest.mark.parametrize("scoring", SCORINGS)
def test_ceiling_by_values_of_noise_is_near_nothing(scoring):
    """Every stimulus has values of its own or nearly so: the plain estimate would be close to 1."""
    rng = np.random.default_rng(3)
    features = pd.DataFrame(rng.integers(4, size=(200, 3)), columns=list("abc"))
    result = cross_validate(features, rng.normal(size=(200, 20)), model=MLEM(coding="difference", scoring=scoring))
    assert result.ceilings_by_values.mean() < 0.25
    assert (result.covered < 1).all() and (result.covered > 0.1).all()


def test_ceiling_by_values_is_of_the_pairs_that_it_covers():
    """Frequent words lie at the ends of the distances: their share is of their own variance, not of everybody's."""
    rng = np.random.default_rng(5)
    cells = np.concatenate([rng.integers(3, size=120), 3 + np.arange(80)])  # words that are met often, and once
    vectors = rng.normal(size=(200, 20))
    vectors[cells < 3] += 6 * np.eye(20)[cells[cells < 3]]
    vectors[cells >= 3] *= 1.5
    result = cross_validate(pd.DataFrame({"word": cells}), vectors, model=MLEM(coding="difference"), folds=4)
    assert (result.covered < 0.6).all()
    pairs = [(i, j) for i in range(200) for j in range(i) if max(cells[i], cells[j]) < 3]
    left, right = np.array(pairs).T
    ranks = pd.Series(((vectors[left] - vectors[right]) ** 2).sum(axis=1)).rank()
    groups = np.minimum(cells[left], cells[right]) * 3 + np.maximum(cells[left], cells[right])
    expected = np.sqrt(ranks.groupby(groups).transform("mean").var() / ranks.var())
    assert result.ceilings_by_values.mean() == pytest.approx(expected, abs=0.05) and expected < 0.97


def test_tables_hold_both_scores_and_name_the_one_that_counts():
    features, vectors = planted(100, noise=3.0)
    for scoring in SCORINGS:
        table = cross_validate(features, vectors, model=MLEM(coding="difference", scoring=scoring)).scores_table()
        assert (table["scoring"] == scoring).all()
        np.testing.assert_array_equal(table["score"], table[scoring])
        assert (table["rho_a"] < table["spearman"]).all()  # ties shrink the denominator of one of them


def test_a_real_small_feature_does_not_lower_rho_a():
    drops = {scoring: [] for scoring in SCORINGS}
    for seed in range(5):
        features, vectors = planted(200, noise=1.0, levels=(2, 2), weights=(1.0, 0.05), seed=seed)
        for scoring in SCORINGS:
            result = cross_validate(features, vectors, model=MLEM(coding="difference", scoring=scoring), alphas=[1.0])
            drops[scoring].append(result.importance_drop_column["f1"].mean())
    assert min(drops["rho_a"]) > 0 > max(drops["spearman"])
