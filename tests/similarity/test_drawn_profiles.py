"""Profiles in resamples: intervals, what is resolved, paired tests, reliability, q-values."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.stats import false_discovery_control, ttest_rel

from thinkalike.errors import InputError
from thinkalike.numerics.draws import interval_of_draws
from thinkalike.numerics.false_discovery import q_values, with_q
from thinkalike.similarity import compare, compare_profiles, nearness, reliability, trajectory_table
from thinkalike.similarity.drawn_profiles import paired_difference
from thinkalike.similarity.trajectories import trajectory_distance

FEATURES = ["pos", "number", "tense", "gender", "person"]
STRONG = np.array([0.5, 0.3, 0.2, 0.1, 0.05])
DRAWS = 40


def tables(profiles, sd=0.002, seed=0, shared=0.0):
    """Return importance and resamples of models with these profiles: {model: (n_layers, n_features)}."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(DRAWS, len(FEATURES)))
    importance, resamples = [], []
    for model, layers in profiles.items():
        for layer, profile in enumerate(layers):
            keys = {"model": model, "layer": str(layer)}
            estimate = profile + sd * rng.normal(size=len(FEATURES))
            for fold in range(3):
                importance += [
                    {
                        **keys,
                        "fold": fold,
                        "feature": name,
                        "role": "feature",
                        "importance": value,
                        "relative_weight": value / 2,
                    }
                    for name, value in zip(FEATURES, estimate, strict=True)
                ]
            for kind, count in (("resample", DRAWS), ("half", 6)):
                noise = rng.normal(size=(DRAWS, len(FEATURES))) + shared * common
                for draw in range(count):
                    resamples += [
                        {
                            **keys,
                            **{"kind": kind, "draw": draw, "role": "feature", "feature": name, "over": "sentences"},
                            **{"importance": value, "relative_weight": value / 2},
                        }
                        for name, value in zip(FEATURES, estimate + sd * noise[draw], strict=True)
                    ]
    return pd.DataFrame(importance), pd.DataFrame(resamples)


def of(table, model):
    return table[table["model"] == model]


@pytest.fixture(scope="module")
def study():
    """Two alike models, one that is another, and one whose features are all noise."""
    return tables({"a": [STRONG, STRONG[::-1]], "b": [STRONG], "c": [STRONG[::-1]], "noise": [STRONG * 0]})


def compared(study, a, b, measure="weighted_kendall", **options):
    importance, resamples = study
    return compare_profiles(
        of(importance, a),
        of(importance, b),
        of(resamples, a),
        of(resamples, b),
        measure=measure,
        model_a=a,
        model_b=b,
        **options,
    )


def test_resolved_kendall_of_a_table_is_that_of_the_arrays(study):
    table = compared(study, "a", "b", "resolved_kendall")
    resamples = study[1]
    samples = [
        of(resamples, model)
        .query("kind == 'resample' and layer == @layer")
        .pivot(index="draw", columns="feature", values="importance")[FEATURES]
        for model, layer in (("a", "0"), ("b", "0"))
    ]
    assert table["value"][0] == pytest.approx(
        compare(*(each.to_numpy() for each in samples), "resolved_kendall"), abs=1e-12
    )
    assert table["value"][0] == 1 and table["value"][1] < 0
    assert table["resolved"].all() and set(table["over"]) == {"sentences"}
    assert (table["low"] <= table["value"]).all() and (table["value"] <= table["high"]).all()


def test_a_layer_of_noise_is_not_resolved(study):
    plain, resolved = (compared(study, "a", "noise", measure) for measure in ("weighted_kendall", "resolved_kendall"))
    assert not plain["resolved"].any() and plain["value"].notna().all()
    assert resolved[["value", "low", "high"]].isna().all(axis=None)


@pytest.mark.parametrize("measure", ["cosine_profiles", "weighted_kendall"])
def test_intervals_are_those_of_the_draws_moved_to_the_value(study, measure):
    """Quantiles; of a measure of order Student's t, as far to both sides."""
    table = compared(study, "a", "noise", measure)
    resamples = study[1]
    arrays = [
        of(resamples, model)
        .query("kind == 'resample' and layer == '0'")
        .pivot(index="draw", columns="feature", values="importance")[FEATURES]
        for model in ("a", "noise")
    ]
    drawn = np.array([compare(x, y, measure) for x, y in zip(*(each.to_numpy() for each in arrays), strict=True)])
    ends = table["value"][0] + np.quantile(drawn - drawn.mean(), [0.025, 0.975])
    if measure == "weighted_kendall":
        ends = table["value"][0] + np.array([-1, 1]) * stats.t.ppf(0.975, len(drawn) - 1) * drawn.std(ddof=1)
    np.testing.assert_allclose(table.loc[0, ["low", "high"]].to_numpy(dtype=float), np.clip(ends, -1, 1), atol=1e-11)


def test_weights_may_be_compared_in_place_of_importances(study):
    by_weight = compared(study, "a", "c", "euclidean_profiles", profile="weight")
    np.testing.assert_allclose(by_weight["value"] * 2, compared(study, "a", "c", "euclidean_profiles")["value"])
    assert by_weight.attrs["profile"] == "weight"
    with pytest.raises(InputError, match="profile is 'size'"):
        compared(study, "a", "c", profile="size")


def test_without_resamples_there_is_no_interval_and_nothing_resolved(study):
    importance, resamples = study
    assert "low" not in compare_profiles(of(importance, "a"), of(importance, "b"), model_a="a", model_b="b")
    with pytest.raises(InputError, match="compares resampled profiles"):
        compare_profiles(of(importance, "a"), of(importance, "b"), measure="resolved_kendall", model_a="a", model_b="b")
    fewer = resamples[resamples["draw"] < 30]
    with pytest.raises(InputError, match="40 and 30 resamples"):
        compare_profiles(
            *(of(importance, m) for m in "ab"), of(resamples, "a"), of(fewer, "b"), model_a="a", model_b="b"
        )
    other = resamples.assign(over="lemmas")
    with pytest.raises(InputError, match="sentences and lemmas"):
        compare_profiles(
            *(of(importance, m) for m in "ab"), of(resamples, "a"), of(other, "b"), model_a="a", model_b="b"
        )


def test_draws_of_too_few_sentences_leave_everything_open(study):
    importance, resamples = study
    undefined = importance, resamples.assign(importance=np.nan)
    table = compared(undefined, "a", "b")
    assert table["value"].notna().all() and table[["low", "high"]].isna().all(axis=None) and not table["resolved"].any()
    assert compared(undefined, "a", "b", "resolved_kendall")["value"].isna().all()


def test_an_interval_needs_nearly_all_draws():
    draws = np.array([[0.1, 0.1], *[[0.2, np.nan]] * 3, *[[0.3, 0.3]] * 16])
    low, high = interval_of_draws([0.25, 0.25], draws, (-1, 1))
    assert low[0] < 0.25 < high[0] and np.isnan([low[1], high[1]]).all()


def test_trajectories_have_intervals(study):
    importance, resamples = study
    table = trajectory_table(importance, resamples).set_index(["model_a", "model_b"])
    assert table.loc[("b", "c"), "distance"] == pytest.approx(
        trajectory_distance(of(importance, "b"), of(importance, "c"))
    )
    assert (table["low"] <= table["distance"]).all() and (table["distance"] <= table["high"]).all()
    assert (table["low"] >= 0).all()


def test_nearness_of_layers_and_models(study):
    importance, resamples = study
    models = pd.DataFrame({"model": ["a", "a", "b", "c"], "layer": ["0", "1", "0", "0"], "depth": [0.0, 1.0, 0.0, 0.0]})
    chosen = [table[table["model"] != "noise"] for table in (importance, resamples)]
    table = nearness(*chosen, models, measures=["weighted_kendall", "euclidean_profiles"])
    layers = table[table["compared"] == "layers"].set_index(["measure", "model", "layer"])
    for measure in ("weighted_kendall", "euclidean_profiles"):
        assert layers.loc[(measure, "a", "0"), "difference"] > 0 > layers.loc[(measure, "a", "1"), "difference"]
        assert (layers.sort_index().loc[(measure, "a"), "p"] < 0.05).all()
    assert (table["q"] >= table["p"]).all() and (table["low"] <= table["difference"]).all()
    of_models = table[table["compared"] == "models"].set_index("model")
    distances = trajectory_table(*chosen).set_index(["model_a", "model_b"])["distance"]
    assert of_models.loc["a", "difference"] == pytest.approx(distances["a", "c"] - distances["a", "b"], abs=1e-11)
    assert set(of_models["layer"].isna()) == {True}


def test_the_test_of_a_difference_is_that_of_a_shift_of_normal_draws():
    draws = np.random.default_rng(0).normal(0.3, 0.1, size=60)
    low, high, p = paired_difference(0.2, draws)
    sd = draws.std(ddof=1)
    # Student's test of 60 numbers whose mean is the value and whose standard error is the deviation of the draws.
    moved = (draws - draws.mean()) * np.sqrt(60) + 0.2
    assert p == pytest.approx(ttest_rel(moved, np.zeros(60)).pvalue)
    assert (high - low) / 2 == pytest.approx(2.001 * sd, rel=1e-3) and (low + high) / 2 == pytest.approx(0.2)
    assert paired_difference(0.5, np.full(9, 0.5)) == (0.5, 0.5, 0.1)
    assert paired_difference(0.0, np.zeros(9))[2] == 1
    assert np.isnan(paired_difference(0.5, [np.nan] * 9)).all()


@pytest.mark.slow
def test_tests_of_differences_keep_their_level_under_the_null():
    """Three layers of the same true profile: whichever seems nearer is chance."""
    models = pd.DataFrame({"model": list("abc"), "layer": "0", "depth": 0.0})
    found = []
    for seed in range(40):
        study = tables({name: [STRONG] for name in "abc"}, sd=0.03, seed=seed)
        rows = nearness(*study, models, measures=["cosine_profiles"])
        found += rows.loc[rows["compared"] == "layers", "p"].tolist()
    assert np.mean(np.array(found) <= 0.05) < 0.1  # three tests of a draw of profiles are not independent


def test_reliability_compares_the_halves(study):
    table = reliability(study[1], measures=["weighted_kendall", "resolved_kendall"]).set_index(["model", "layer"])
    assert set(table["measure"]) == {"weighted_kendall"} and (table["halvings"] == 3).all()
    halves = (
        of(study[1], "noise")
        .query("kind == 'half'")
        .pivot(index="draw", columns="feature", values="importance")[FEATURES]
        .to_numpy()
    )
    expected = [compare(halves[2 * k], halves[2 * k + 1], "weighted_kendall") for k in range(3)]
    assert table.loc[("noise", "0"), "reliability"] == pytest.approx(np.mean(expected), abs=1e-11)
    assert table.loc[("a", "0"), "reliability"] == 1


def test_q_is_that_of_benjamini_and_hochberg():
    p = np.array([[0.001, 0.2, np.nan], [0.04, 0.03, 0.9]])
    q = q_values(p)
    np.testing.assert_allclose(q[~np.isnan(p)], false_discovery_control(p[~np.isnan(p)]))
    assert np.isnan(q[0, 2]) and np.isnan(q_values([np.nan])).all()
    table = pd.DataFrame({"measure": ["x", "x", "y"], "p": [0.01, 0.02, 0.02], "more": 0})
    assert list(with_q(table, ["measure"])) == ["measure", "p", "q", "more"]
    np.testing.assert_allclose(with_q(table, ["measure"])["q"], [0.02, 0.02, 0.02])
    assert with_q(table.drop(columns="p"), ["measure"]).equals(table.drop(columns="p"))
    some = with_q(table, [], table["measure"] == "x")["q"]
    np.testing.assert_allclose(some, [0.02, 0.02, np.nan])
