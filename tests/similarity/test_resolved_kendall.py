"""Resolved Kendall: only what the stimuli decide counts."""

import numpy as np
import pytest
from scipy.stats import weightedtau

from thinkalike.errors import InputError
from thinkalike.similarity import compare, compare_all

FEATURES = 8


def resamples(truth, sd, seed, count=200):
    """Draw an estimate around the truth, and resamples around the estimate, as a bootstrap does."""
    rng = np.random.default_rng(seed)
    estimate = truth + sd * rng.normal(size=len(truth))
    return estimate + sd * rng.normal(size=(count, len(truth)))


def values(truth_a, truth_b, sd, count=60):
    seeds = range(count)
    resolved = [compare(resamples(truth_a, sd, s), resamples(truth_b, sd, s + 1000), "resolved_kendall") for s in seeds]
    plain = [
        weightedtau(resamples(truth_a, sd, s).mean(axis=0), resamples(truth_b, sd, s + 1000).mean(axis=0)).statistic
        for s in seeds
    ]
    return np.array(resolved), np.array(plain)


def test_a_shared_strong_feature_and_seven_of_noise():
    truth = np.array([0.5, *[0.0] * 7])
    resolved, plain = values(truth, truth, 0.01)
    assert np.mean(resolved) == pytest.approx(0.95, abs=0.04)
    assert np.std(resolved) < 0.07
    assert np.ptp(plain) > 0.5
    assert np.mean(plain) < 0.75


def test_other_strong_features_are_not_alike():
    first, second = np.zeros(FEATURES), np.zeros(FEATURES)
    first[0] = second[1] = 0.5
    resolved, _ = values(first, second, 0.01)
    assert np.mean(resolved) < -0.1


def test_independent_profiles_are_0_on_average():
    rng = np.random.default_rng(0)
    found = [
        compare(
            resamples(rng.normal(size=FEATURES), 0.05, s),
            resamples(rng.normal(size=FEATURES), 0.05, s + 500),
            "resolved_kendall",
        )
        for s in range(200)
    ]
    assert np.nanmean(found) == pytest.approx(0, abs=0.08)


def test_sharp_profiles_give_the_number_of_the_paper():
    rng = np.random.default_rng(1)
    for _ in range(20):
        x, y = rng.normal(size=(2, FEATURES))
        both = [np.tile(profile, (20, 1)) for profile in (x, y)]
        assert compare(*both, "resolved_kendall") == pytest.approx(weightedtau(x, y).statistic, abs=1e-12)


def test_equal_profiles_are_1_and_profiles_of_noise_undefined():
    x = resamples(np.arange(FEATURES) * 0.1, 0.01, 0)
    assert compare(x, x, "resolved_kendall") == 1
    noise = resamples(np.zeros(FEATURES), 0.01, 3)
    assert np.isnan(compare(x, noise, "resolved_kendall"))
    assert np.isnan(compare(np.zeros((50, 4)), np.zeros((50, 4)), "resolved_kendall"))


def test_differences_within_rounding_count_for_neither():
    x = np.tile([0.3, 0.2, 0.2, 0.1], (40, 1))
    x[:, 1] += 1e-14 * np.sign(np.random.default_rng(0).normal(size=40))
    steady = np.tile([0.3, 0.2, 0.2, 0.1], (40, 1))
    y = resamples(np.array([0.4, 0.1, 0.3, 0.0]), 0.001, 1)
    assert compare(x, y, "resolved_kendall") == compare(steady, y, "resolved_kendall")


def test_what_does_not_matter():
    x, y = resamples(np.arange(FEATURES) * 0.1, 0.03, 0), resamples(np.arange(FEATURES)[::-1] * 0.1, 0.03, 1)
    value = compare(x, y, "resolved_kendall")
    assert compare(y, x, "resolved_kendall") == value
    assert compare(x[::-1], 3 * y + 1, "resolved_kendall") == pytest.approx(value, abs=1e-12)
    order = np.random.default_rng(0).permutation(FEATURES)
    assert compare(x[:, order], y[:, order], "resolved_kendall") == pytest.approx(value, abs=1e-12)
    table = compare_all({"x": x, "y": y}, "resolved_kendall")
    assert table.loc["x", "y"] == value


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.zeros(5), np.zeros(5), r"resamples x features.*\(5,\)"),
        (np.zeros((19, 5)), np.zeros((20, 5)), r"at least 20 x 2.*\(19, 5\)"),
        (np.full((20, 5), np.nan), np.zeros((20, 5)), "feature 0 of resample 0"),
        (resamples(np.arange(3.0), 0.1, 0), resamples(np.arange(4.0), 0.1, 0), "3 and 4 features"),
    ],
)
def test_what_cannot_be_is_refused(x, y, message):
    with pytest.raises(InputError, match=message):
        compare(x, y, "resolved_kendall")
