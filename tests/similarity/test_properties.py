"""What the metadata of every measure claims, and does not claim, holds on drawn data."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thinkalike.similarity import MEASURES, compare

MATRIX = sorted(name for name, entry in MEASURES.items() if entry.compares == "representations")
PROFILE = sorted(name for name, entry in MEASURES.items() if entry.compares == "profiles")
N = 40
SEEDS = st.integers(0, 2**32 - 1)
FEW = settings(max_examples=8, deadline=None, derandomize=True, database=None)
quiet = pytest.mark.filterwarnings("ignore:.*canonical correlations are 1 for any data")
pytestmark = quiet


def draw(seed, width=None):
    """Return a generator and two related representations, off-centre, of unequal widths."""
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(N, 4))
    widths = (5 + int(rng.integers(5)), 5 + int(rng.integers(5))) if width is None else (width, width)
    X, Y = (shared @ rng.normal(size=(4, d)) + rng.normal(size=(N, d)) + 2 * rng.normal(size=d) for d in widths)
    return rng, X, Y


def orthogonal(rng, d):
    return np.linalg.qr(rng.normal(size=(d, d)))[0]


CHANGES = {
    "orthogonal": lambda rng, X: X @ orthogonal(rng, X.shape[1]),
    "isotropic scaling": lambda rng, X: X * 10.0 ** rng.uniform(-2, 2),
    "translation": lambda rng, X: X + 3 * rng.normal(size=X.shape[1]),
    "invertible linear": lambda rng, X: (
        X @ orthogonal(rng, X.shape[1]) * 10.0 ** rng.uniform(-1, 1, X.shape[1]) @ orthogonal(rng, X.shape[1])
    ),
    "permutation": lambda rng, X: X[:, rng.permutation(X.shape[1])],
}


@pytest.mark.parametrize("measure", MATRIX)
@pytest.mark.parametrize("change", CHANGES)
def test_invariances_are_those_of_the_metadata(measure, change):
    entry = MEASURES[measure]
    differences = []
    for seed in range(6):
        rng, X, Y = draw(seed)
        value = compare(X, Y, measure)
        differences += [
            abs(compare(CHANGES[change](rng, X), Y, measure) - value),
            abs(compare(X, CHANGES[change](rng, Y), measure) - value),
        ]
    if change in entry.invariant_to:
        assert max(differences) < 1e-9
    else:
        assert max(differences) > 1e-4


@pytest.mark.parametrize("measure", MATRIX)
@FEW
@given(seed=SEEDS)
def test_claimed_invariances_hold_for_any_draw(measure, seed):
    rng, X, Y = draw(seed)
    value = compare(X, Y, measure)
    for change in MEASURES[measure].invariant_to:
        assert compare(CHANGES[change](rng, X), Y, measure) == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize("measure", MATRIX)
@FEW
@given(seed=SEEDS)
def test_symmetry_range_and_the_order_of_stimuli(measure, seed):
    rng, X, Y = draw(seed)
    entry = MEASURES[measure]
    value = compare(X, Y, measure)
    assert entry.range[0] <= value <= entry.range[1]
    if entry.is_symmetric:
        assert compare(Y, X, measure) == pytest.approx(value, abs=1e-11)
    order = rng.permutation(N)
    assert compare(X[order], Y[order], measure) == pytest.approx(value, abs=1e-11)
    assert compare(X[order], Y, measure) != value


@pytest.mark.parametrize("measure", MATRIX)
@FEW
@given(seed=SEEDS)
def test_a_representation_is_identical_to_itself(measure, seed):
    _, X, _ = draw(seed)
    assert compare(X, X.copy(), measure) == pytest.approx(MEASURES[measure].identical, abs=1e-11)


@pytest.mark.parametrize("measure", sorted(n for n in MATRIX if not MEASURES[n].is_symmetric))
def test_asymmetric_measures_depend_on_the_direction(measure):
    _, X, Y = draw(0)
    assert abs(compare(X, Y, measure) - compare(Y, X, measure)) > 1e-3


@pytest.mark.parametrize("measure", sorted(n for n in MATRIX if MEASURES[n].is_metric))
@settings(max_examples=25, deadline=None, derandomize=True, database=None)
@given(seed=SEEDS, noise=st.floats(0.0, 3.0))
def test_metrics_obey_the_triangle_inequality(measure, seed, noise):
    rng, X, Y = draw(seed)
    Z = np.hstack([X, Y]) + noise * rng.normal(size=(N, X.shape[1] + Y.shape[1]))
    assert compare(X, Y, measure) <= compare(X, Z, measure) + compare(Z, Y, measure) + 1e-10


def test_every_distance_claims_to_be_a_metric_and_no_similarity_does():
    for name in MATRIX:
        assert MEASURES[name].is_metric != MEASURES[name].larger_is_more_similar


@pytest.mark.parametrize("measure", ["cka_debiased", "rsa"])
def test_independent_data_are_around_zero_also_when_units_outnumber_stimuli(measure):
    rng = np.random.default_rng(0)
    values = [compare(rng.normal(size=(60, 200)), rng.normal(size=(60, 300)), measure) for _ in range(60)]
    assert abs(np.mean(values)) < 4 * np.std(values) / np.sqrt(60)
    assert np.std(values) < 0.1


def test_biased_measures_are_far_from_zero_on_the_same_data():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(60, 200)), rng.normal(size=(60, 300))
    assert compare(X, Y, "cka") > 0.7
    assert compare(X, Y, "procrustes") < 0.7
    assert compare(X, Y, "distance_correlation") > 0.7


@pytest.mark.parametrize("measure", PROFILE)
@FEW
@given(seed=SEEDS)
def test_profiles_obey_their_metadata(measure, seed):
    rng = np.random.default_rng(seed)
    x, y = rng.random(8), rng.random(8)
    entry = MEASURES[measure]
    value = compare(x, y, measure)
    assert entry.range[0] <= value <= entry.range[1]
    assert compare(y, x, measure) == pytest.approx(value, abs=1e-11)
    assert compare(x, x, measure) == pytest.approx(entry.identical, abs=1e-11)
    order = rng.permutation(8)
    assert compare(x[order], y[order], measure) == pytest.approx(value, abs=1e-11)
    scaled, shifted = compare(3 * x, y, measure), compare(x + 1, y, measure)
    assert (abs(scaled - value) < 1e-11) == ("isotropic scaling" in entry.invariant_to)
    assert (abs(shifted - value) < 1e-11) == ("translation" in entry.invariant_to)
