"""Feature-based similarity: profiles of importance, what each feature contributes, trajectories over layers."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import weightedtau

from thinkalike.errors import InputError
from thinkalike.numerics.ranks import join_ties, settled
from thinkalike.similarity import MEASURES, compare, compare_profiles, decompose_weighted_kendall, trajectory_distance
from thinkalike.similarity.measures.measure import find_measure
from thinkalike.similarity.trajectories import warping_distance


def importance(seed, layers=3, folds=4, features="abcdef"):
    rng = np.random.default_rng(seed)
    rows = [
        {"model": "m", "layer": str(k), "fold": f, "feature": x, "role": "feature", "importance": rng.random()}
        for k in range(layers)
        for f in range(folds)
        for x in features
    ]
    control = [
        {**row, "feature": "word_identity", "role": "control", "importance": 9 + rng.random()}
        for row in rows
        if row["feature"] == features[0]
    ]
    return pd.DataFrame(rows + control).assign(weight=0.0)


A, B = importance(0), importance(1, layers=2)


def test_value_is_scipy_s_of_the_mean_profiles_without_controls():
    table = compare_profiles(A, B.iloc[::-1], model_a="a", model_b="b")
    assert list(table.columns) == ["model_a", "layer_a", "model_b", "layer_b", "measure", "value"]
    assert len(table) == 6
    means = [T[T.role == "feature"].groupby(["layer", "feature"])["importance"].mean() for T in (A, B)]
    for row in table.itertuples():
        expected = weightedtau(means[0][row.layer_a], means[1][row.layer_b]).statistic
        assert row.value == pytest.approx(expected, abs=1e-11)


@pytest.mark.parametrize("measure", ["spearman_profiles", "cosine_profiles", "euclidean_profiles"])
def test_other_measures_of_profiles(measure):
    table = compare_profiles(A, A, measure=measure, model_a="a", model_b="a")
    matrix = table["value"].to_numpy().reshape(3, 3)
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-12)
    np.testing.assert_allclose(np.diagonal(matrix), 0 if measure == "euclidean_profiles" else 1, atol=1e-12)


def test_a_layer_without_any_importance_is_undefined_not_an_error():
    flat = A.assign(importance=np.where(A.layer == "1", 0.0, A.importance))
    table = compare_profiles(flat, B, model_a="a", model_b="b").set_index(["layer_a", "layer_b"])
    assert table.loc["1"]["value"].isna().all()
    assert table.loc["0"].notna().all(axis=None)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (B[B.feature != "c"], "Feature 'c' is in the profile of a alone"),
        (B.drop(columns="role"), "b: the importance table has no column 'role'"),
        (pd.concat([B, B]), "b: .*more than one row for layer 0, fold 0"),
        (B.drop(index=3), "b: layer 0, fold 0 lacks an importance of feature 'd'"),
    ],
)
def test_tables_that_do_not_fit_are_refused(table, message):
    with pytest.raises(InputError, match=message):
        compare_profiles(A, table, model_a="a", model_b="b")
    with pytest.raises(InputError, match="'rsa' compares representations"):
        compare_profiles(A, B, measure="rsa", model_a="a", model_b="b")


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(st.integers(2, 12).flatmap(lambda n: st.tuples(*[st.lists(st.integers(0, 5), min_size=n, max_size=n)] * 2)))
def test_contributions_sum_to_the_weighted_kendall_also_with_ties(lists):
    x, y = (np.array(values) / 7 for values in lists)
    names = [f"f{i}" for i in range(len(x))]
    a, b = pd.Series(x, names), pd.Series(y, names)
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        with pytest.raises(InputError, match="nothing to decompose"):
            decompose_weighted_kendall(a, b)
        return
    parts = decompose_weighted_kendall(a, b.iloc[::-1])
    assert list(parts.index) == names
    assert parts.sum() == pytest.approx(weightedtau(x, y).statistic, abs=1e-12)


def test_contributions_name_the_feature_that_makes_two_layers_differ():
    a = pd.Series({"number": 0.5, "tense": 0.4, "gender": 0.3, "length": 0.2, "position": 0.1})
    b = a.copy()
    b["position"] = 0.9
    parts = decompose_weighted_kendall(a, b)
    assert parts.idxmin() == "position" and parts["position"] < 0
    assert decompose_weighted_kendall(a, a).sum() == pytest.approx(1.0)
    with pytest.raises(InputError, match="the same features"):
        decompose_weighted_kendall(a, b.drop("tense"))


def test_trajectory_distance_is_the_cheapest_monotone_path():
    costs = np.random.default_rng(0).random((4, 3))
    total = np.full((4, 3), np.inf)
    total[0, 0] = costs[0, 0]
    for i in range(4):
        for j in range(3):
            steps = []
            if i:
                steps.append(total[i - 1, j] + costs[i, j])
            if j:
                steps.append(total[i, j - 1] + costs[i, j])
            if i and j:
                steps.append(total[i - 1, j - 1] + 2 * costs[i, j])
            total[i, j] = min([total[i, j], *steps])
    assert warping_distance(costs) == pytest.approx(total[-1, -1] / 7)


def test_trajectories_of_the_same_path_at_another_pace_are_at_distance_zero():
    relabelled = zip(("0", "0", "1", "2"), ("0", "2", "10", "final"), strict=True)  # in no alphabetical order
    slow = [A[A.layer == layer].assign(layer=label) for layer, label in relabelled][::-1]
    assert trajectory_distance(A, pd.concat(slow)) == pytest.approx(0.0, abs=1e-12)
    assert trajectory_distance(A, B) > 0.05
    assert trajectory_distance(A, B) == pytest.approx(trajectory_distance(B, A), abs=1e-12)
    assert trajectory_distance(A, A, metric="weighted_kendall") == pytest.approx(0.0, abs=1e-12)
    assert trajectory_distance(A, B, metric="cosine_profiles", step_pattern="symmetric1") > 0
    with pytest.raises(InputError, match="'metric' is 'manhattan'"):
        trajectory_distance(A, B, metric="manhattan")


def test_layers_come_by_number_and_final_last():
    many = pd.concat([A[A.layer == "0"].assign(layer=label) for label in ("final", "10", "9", "2", "0")])
    table = compare_profiles(many, B, model_a="a", model_b="b")
    assert list(dict.fromkeys(table["layer_a"])) == ["0", "2", "9", "10", "final"]


NOISE = np.array([0.0, 1e-17, -2e-17, 4e-18, 0.0, -1e-17, 3e-17])
PEAKED = np.array([0.4, 0.1, 0.05, 0, 0, 0, 0])
ORDERED = [name for name, entry in MEASURES.items() if entry.compares == "profiles" and name != "euclidean_profiles"]


@pytest.mark.parametrize("measure", ["weighted_kendall", "spearman_profiles", "cosine_profiles", "euclidean_profiles"])
def test_rounding_noise_is_no_order(measure):
    for seed in range(20):
        noisy = PEAKED + np.random.default_rng(seed).permutation(NOISE)
        other = PEAKED[[1, 0, 2, 3, 4, 5, 6]] + np.random.default_rng(seed + 100).permutation(NOISE)
        assert compare(noisy, PEAKED, measure) == MEASURES[measure].identical
        assert compare(noisy, other, measure) == compare(PEAKED, PEAKED[[1, 0, 2, 3, 4, 5, 6]], measure)


@pytest.mark.parametrize("measure", ORDERED)
@pytest.mark.parametrize("profile", [np.zeros(4), np.array([0, 1e-17, 0, 0]), np.array([1e-13, 9e-13, 0, -3e-13])])
def test_a_profile_without_order_has_no_likeness(measure, profile):
    assert np.isnan(compare(profile, np.array([0.3, 0.2, 0.1, 0.0]), measure))
    assert np.isnan(compare(profile, profile, measure))


@pytest.mark.parametrize("measure", ["weighted_kendall", "spearman_profiles"])
def test_equal_features_have_no_order_whatever_their_importance(measure):
    profile = 0.3 + NOISE[:4] * 4
    assert np.isnan(compare(profile, np.array([0.3, 0.2, 0.1, 0.0]), measure))


@pytest.mark.parametrize("edge", [0.1234567890125, 0.5, 1 / 3])
def test_an_edge_between_two_decimals_parts_nothing(edge):
    profile = np.array([0.9, edge - 1e-16, edge + 1e-16, edge, 0.05])
    assert compare(profile, profile[[0, 3, 1, 2, 4]], "weighted_kendall") == 1.0
    assert compare(profile, profile[[0, 2, 3, 1, 4]], "spearman_profiles") == 1.0


def test_a_difference_that_is_none_of_rounding_counts():
    assert compare(np.array([0.2, 0.1, 0.1 + 1e-11]), np.array([0.2, 0.1 + 1e-11, 0.1]), "weighted_kendall") < 1.0


def test_features_that_are_zero_in_both_layers_contribute_nothing():
    names = ["pos", "number", "tense", "person"]
    a, b = pd.Series([0.5, 0.1, 1e-17, 0.0], names), pd.Series([0.4, 0.2, 0.0, -1e-17], names)
    parts = decompose_weighted_kendall(a, b)
    assert (parts[["tense", "person"]] == 0).all()
    assert parts.sum() == pytest.approx(compare(a, b, "weighted_kendall"), abs=1e-12) == 1.0
    opposite = decompose_weighted_kendall(a, pd.Series([0.0, 0.2, 0.0, 0.0], names))
    assert (opposite[["tense", "person"]] == 0).all() and opposite["pos"] < 0
    total = weightedtau([0.5, 0.1, 0, 0], [0, 0.2, 0, 0]).statistic
    assert opposite.sum() == pytest.approx(total, abs=1e-12)


def test_a_feature_that_counts_in_one_layer_keeps_its_part():
    names = list("abc")
    parts = decompose_weighted_kendall(pd.Series([0.5, 0.1, 0.0], names), pd.Series([0.5, 0.1, 0.05], names))
    assert (parts > 0).all()


def test_profiles_of_noise_are_said():
    rng = np.random.default_rng(0)
    noise = A.assign(importance=np.where(A["feature"] == "a", 0.4, 0.0) + 0.01 * rng.normal(size=len(A)))
    with pytest.warns(UserWarning, match="a and b: in 3 of 5 layers most features are within noise of 0"):
        table = compare_profiles(noise, B, model_a="a", model_b="b")
    assert table.attrs["layers_of_noise"] == 3
    assert compare_profiles(A, B, model_a="a", model_b="b").attrs["layers_of_noise"] == 0


def test_many_profiles_at_once_are_each_as_alone():
    rng = np.random.default_rng(7)
    xs, ys = np.round(rng.normal(size=(2, 300, 5)), 1)
    xs[0] = 0.5
    expected = [weightedtau(x, y).statistic for x, y in zip(xs, ys, strict=True)]
    found = find_measure("weighted_kendall").with_options().score_each(list(xs), list(ys))
    assert np.isnan(found[0]) and len(set(np.round(expected[1:], 6))) > 100
    np.testing.assert_allclose(found[1:], expected[1:], atol=1e-11)


def test_settled_rows_are_those_of_joined_ties():
    rng = np.random.default_rng(8)
    values = np.round(rng.normal(size=(40, 30)), 1) + rng.choice([0, 6e-13, -6e-13], size=(40, 30))
    values[0, :4] = [np.nan, np.inf, -np.inf, np.nan]
    expected = np.array([join_ties(np.round(row, 12), noise=1.5e-12) for row in values[1:]])
    found = settled(values)
    np.testing.assert_array_equal(found[1:], expected)
    np.testing.assert_array_equal(found[0, :4], values[0, :4])
    assert sum(len(set(row)) for row in found) < sum(len(set(row)) for row in np.round(values, 12)) - 100
