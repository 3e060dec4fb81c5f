"""Resamples of groups: whole groups, crossed where two kinds are drawn, with the spread of new samples."""

import numpy as np
import pytest

from thinkalike.numerics.draws import drawn_counts

SENTENCES, LEMMAS = np.repeat(np.arange(40), 24), np.tile(np.arange(24), 40)  # every lemma in every sentence


def test_a_group_is_drawn_as_a_whole_and_as_often_as_there_are_groups():
    counts = drawn_counts([SENTENCES], np.random.default_rng(0))
    by_group = counts.reshape(40, 24)
    assert (by_group == by_group[:, :1]).all() and by_group[:, 0].sum() == 40


def test_crossed_counts_are_the_product_of_both_draws():
    rng = np.random.default_rng(3)
    sentences, lemmas = drawn_counts([SENTENCES], rng), drawn_counts([LEMMAS], rng)
    both = drawn_counts([SENTENCES, LEMMAS], np.random.default_rng(3))
    np.testing.assert_array_equal(both, sentences * lemmas)


@pytest.mark.parametrize("factors", [[0], [1], [0, 1]], ids=["sentences", "lemmas", "both"])
def test_the_spread_of_a_mean_is_that_between_what_is_drawn(factors):
    rng = np.random.default_rng(1)
    effects = [rng.normal(size=40)[SENTENCES], rng.normal(size=24)[LEMMAS]]
    values = sum(effects[f] for f in factors)
    drawn = [(SENTENCES, LEMMAS)[f] for f in factors]
    expected = sum(effects[f].var() / (40, 24)[f] for f in factors)
    by_counts = []
    for _ in range(1500):
        counts = drawn_counts(drawn, rng)
        by_counts.append(values @ counts / counts.sum())
    assert np.var(by_counts) == pytest.approx(expected, rel=0.2)
