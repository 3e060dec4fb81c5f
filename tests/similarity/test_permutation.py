"""Chance and intervals: the null is what permuting the stimuli gives, and the interval covers."""

import numpy as np
import pytest

from thinkalike.errors import InputError
from thinkalike.similarity import MEASURES, compare, compare_models
from thinkalike.similarity.chance import half_samples, null_scores, permutations, significance

MATRIX = sorted(name for name, entry in MEASURES.items() if entry.compares == "representations")


def independent(seed, n=40, layers=3):
    rng = np.random.default_rng(seed)
    return {str(k): rng.normal(size=(n, 6 + k)) for k in range(layers)}


@pytest.mark.parametrize("measure", MATRIX)
def test_the_null_is_the_measure_of_permuted_stimuli(measure):
    A, B = independent(0), independent(1)
    comparator = MEASURES[measure].with_options()
    xs, ys = ([comparator.prepare(X) for X in layers.values()] for layers in (A, B))
    orders = permutations(40, 3, seed=0)
    null = null_scores(comparator, xs, ys, orders)
    expected = [[[compare(X, Y[order], measure) for Y in B.values()] for X in A.values()] for order in orders]
    np.testing.assert_allclose(null, expected, atol=2e-11)


def test_the_fast_null_covers_many_batches_and_rbf_and_covariance_states(monkeypatch):
    from thinkalike.similarity.measures import cka

    A, B = independent(0, layers=2), independent(1, layers=2)
    orders = permutations(40, 19, seed=0)
    kernels = MEASURES["cka_debiased"].with_options()
    xs, ys = ([kernels.prepare(X) for X in layers.values()] for layers in (A, B))
    expected = null_scores(kernels, xs, ys, orders)
    monkeypatch.setattr(cka, "_GRAM_LIMIT", 10)
    xs, ys = ([kernels.prepare(X) for X in layers.values()] for layers in (A, B))
    np.testing.assert_allclose(null_scores(kernels, xs, ys, orders, threads=2), expected, atol=1e-12)
    rbf = MEASURES["cka"].with_options({"kernel": "rbf"})
    xs, ys = ([rbf.prepare(X) for X in layers.values()] for layers in (A, B))
    null = null_scores(rbf, xs, ys, orders)
    assert null[18, 1, 0] == pytest.approx(compare(A["1"], B["0"][orders[18]], "cka", kernel="rbf"), abs=1e-11)


@pytest.mark.parametrize("measure", ["rsa", "cka", "procrustes", "jaccard"])
def test_columns_of_related_and_independent_layers(measure):
    A = independent(0, n=80)
    B = {"copy": A["0"] @ np.random.default_rng(2).normal(size=(6, 9)), **independent(3, n=80, layers=1)}
    table = compare_models(A, B, model_a="a", model_b="b", measure=measure, permutations=99, seed=1)
    rows = table.set_index(["layer_a", "layer_b"])
    related, unrelated = rows.loc[("0", "copy")], rows.loc[("1", "0")]
    assert related["p"] == related["p_max"] == 0.01
    assert related["calibrated"] > 0.2
    assert unrelated["p"] > 0.03 and unrelated["p_max"] >= unrelated["p"]
    assert unrelated["calibrated"] < 0.1
    assert (rows["p_max"] >= rows["p"]).all()


def test_p_is_uniform_without_similarity_and_p_max_controls_the_family():
    smallest, p_values = [], []
    for seed in range(100):
        A, B = independent(seed, n=24), independent(1000 + seed, n=24)
        table = compare_models(A, B, model_a="a", model_b="b", measure="rsa", permutations=19, seed=seed)
        p_values += list(table["p"])
        smallest.append(table["p_max"].min())
    assert np.mean(np.array(p_values) <= 0.1) == pytest.approx(0.1, abs=0.05)
    assert np.mean(np.array(smallest) <= 0.1) == pytest.approx(0.1, abs=0.09)


def test_calibrated_is_zero_at_the_threshold_and_one_when_identical_also_for_distances():
    null = np.linspace(0.0, 0.99, 100)[:, None, None]
    similar = significance(np.array([[1.0]]), null, MEASURES["cka"])
    assert similar["calibrated"] == 1 and similar["p"] == 1 / 101
    chance = significance(np.array([[0.5]]), null, MEASURES["cka"])
    assert chance["calibrated"] == 0 and chance["p"] == pytest.approx(51 / 101)
    distance = significance(np.array([[0.0]]), 1 + null, MEASURES["procrustes"])
    assert distance["calibrated"] == 1
    half = significance(np.array([[0.55]]), np.full((99, 1, 1), 0.1), MEASURES["cka"])
    assert half["calibrated"] == pytest.approx(0.5)


def test_sentences_change_places_as_wholes():
    groups = [0, 0, 0, 1, 1, 2, 2, 2, 3, 3, 4]
    for order in permutations(11, 50, seed=0, groups=groups):
        assert sorted(order) == list(range(11))
        assert order[10] == 10  # the only sentence of its length
        assert list(order[:3]) in ([0, 1, 2], [5, 6, 7])
        assert list(order[3:5]) in ([3, 4], [8, 9])
    with pytest.raises(InputError, match="No two of the 2 groups have equally many stimuli"):
        permutations(3, 1, seed=0, groups=[0, 1, 1])


def test_halves_are_of_sentences_without_repetition():
    groups = np.repeat(np.arange(10), 3)
    for rows in half_samples(30, 20, seed=0, groups=groups):
        assert len(set(rows)) == 15 and len(set(groups[rows])) == 5
    with pytest.raises(InputError, match="only 3; give at least 8"):
        half_samples(9, 5, seed=0, groups=[0, 0, 0, 1, 1, 1, 2, 2, 2])
    with pytest.raises(InputError, match="4 group labels for 60 stimuli"):
        A = independent(0, n=60)
        compare_models(A, A, model_a="a", model_b="a", resamples=10, groups=[0, 1, 2, 3])


def test_the_interval_s_width_is_that_of_new_samples():
    def draw(seed, n):
        rng = np.random.default_rng(seed)
        shared = rng.normal(size=(n, 3))
        mixing = np.random.default_rng(99).normal(size=(2, 3, 6))
        return tuple({"0": shared @ mixing[side] + rng.normal(size=(n, 6))} for side in (0, 1))

    def table(seed, **options):
        A, B = draw(seed, 100)
        return compare_models(A, B, model_a="a", model_b="b", measure="cka_debiased", seed=seed, **options)

    values = [table(seed)["value"][0] for seed in range(150)]
    rows = [table(seed, resamples=40).iloc[0] for seed in range(16)]
    width = np.mean([row["high"] - row["low"] for row in rows]) / (2 * 1.96)
    assert width == pytest.approx(np.std(values), rel=0.25)
    assert all(row["low"] <= row["value"] <= row["high"] for row in rows)
    truth = compare(*(layers["0"] for layers in draw(7, 4000)), "cka_debiased")
    assert sum(row["low"] <= truth <= row["high"] for row in rows) >= 13


def test_same_seed_same_columns():
    A, B = independent(0), independent(1)
    options = {"model_a": "a", "model_b": "b", "permutations": 9, "resamples": 9}
    first = compare_models(A, B, **options, seed=5)
    assert list(first.columns[5:]) == ["value", "p", "q", "p_max", "calibrated", "low", "high"]
    assert first.equals(compare_models(A, B, **options, seed=5, threads=3))
    assert not first.equals(compare_models(A, B, **options, seed=6))
