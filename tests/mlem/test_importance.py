"""Exact importance is what sampled permutations converge to."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from planted import pair_design, planted, squared_distances, with_missing
from scipy.stats import spearmanr

from thinkalike.mlem import MLEM, cross_validate
from thinkalike.mlem.fold_fit import FoldFit
from thinkalike.mlem.held_out import held_out_pairs
from thinkalike.mlem.moments import Moments
from thinkalike.mlem.problem import make_problem


def importances(features, vectors, weights, kinds=None, n_repeats=200):
    problem = make_problem(features, vectors, kinds=kinds, scoring="spearman")
    pairs = held_out_pairs(problem.coding, problem.distances, np.arange(len(features)))
    nothing = np.zeros(len(weights))
    moments = Moments(1.0, nothing, np.outer(nothing, nothing), np.zeros(1), nothing[None])
    fit = FoldFit(problem, problem.coding.ranges(), 0.0, 1.0, 1.0, moments, weights, pairs)
    return fit.importance(), fit.sampled_importance(n_repeats, np.random.default_rng(0))


@pytest.mark.slow
@pytest.mark.parametrize(("n_stimuli", "noise"), [(40, 1.0), (100, 1.0), (100, 5.0), (400, 1.0)])
def test_exact_is_within_four_standard_errors_of_200_permutations(n_stimuli, noise):
    features, vectors = planted(n_stimuli, noise=noise, seed=2)
    features = with_missing(features)
    weights = np.array([1, 0.7, 0.5, 0.35, 0.25, 0.15, 0.05, 0.001])
    exact, sampled = importances(features, vectors, weights)
    errors = sampled.std(axis=0, ddof=1) / np.sqrt(len(sampled))
    assert (np.abs(exact - sampled.mean(axis=0)) < 4 * errors).all(), (exact - sampled.mean(axis=0)) / errors


def test_numeric_features_too():
    features, vectors = planted(120, levels=(2, 3), weights=(1.0, 0.4))
    rng = np.random.default_rng(1)
    features["zipf"] = rng.normal(size=120)
    features["length"] = rng.integers(1, 6, size=120)
    vectors[:, 0] += features["zipf"]
    kinds = {"zipf": "numeric", "length": "numeric"}
    exact, sampled = importances(features, vectors, np.array([0.5, 0.2, 1.0, 0.1]), kinds)
    errors = sampled.std(axis=0, ddof=1) / np.sqrt(len(sampled))
    assert (np.abs(exact - sampled.mean(axis=0)) < 4 * errors + 1e-5).all()


def test_sampled_permutation_is_a_permutation_of_stimuli():
    """One permutation, done by hand on the explicit pairs."""
    features, vectors = planted(60, seed=5)
    weights = np.array([1, 0.7, 0.5, 0.35, 0.25, 0.15, 0.05, 0.01])
    _, sampled = importances(features, vectors, weights, n_repeats=1)
    permuted = features.copy()
    codes = pd.factorize(features["f0"])[0]
    permuted["f0"] = np.random.default_rng(0).permutation(codes)
    distances = squared_distances(vectors)
    expected = (
        spearmanr((pair_design(features) @ weights).round(12), distances).statistic
        - spearmanr((pair_design(permuted) @ weights).round(12), distances).statistic
    )
    assert sampled[0, 0] == pytest.approx(expected, abs=1e-12)


def test_sampled_and_exact_agree_in_cross_validation():
    features, vectors = planted(200, noise=2.0)
    exact = cross_validate(features, vectors, alphas=[1.0], model=MLEM(coding="difference"))
    sampled = cross_validate(
        features, vectors, alphas=[1.0], importance="sampled", n_repeats=50, model=MLEM(coding="difference")
    )
    np.testing.assert_allclose(sampled.importance.mean(), exact.importance.mean(), atol=0.01)


def test_null_feature_has_no_importance_and_order_is_planted():
    features, vectors = planted(500, n_units=256)
    result = cross_validate(features, vectors, model=MLEM(coding="difference"))
    means = result.importance.mean()
    assert (np.diff(means[:7]) < 0).all()
    assert abs(means["f7"]) < 1e-3


def test_drop_column_refits_without_the_feature():
    features, vectors = planted(150, noise=2.0)
    result = cross_validate(features, vectors, alphas=[1.0], folds=3, model=MLEM(coding="difference"))
    without = cross_validate(
        features.drop(columns="f1"), vectors, alphas=[1.0], folds=3, model=MLEM(coding="difference")
    )
    np.testing.assert_allclose(result.importance_drop_column["f1"], result.scores - without.scores, atol=1e-9)


@pytest.mark.slow
def test_a_weight_of_nothing_has_an_importance_of_exactly_nothing():
    features, vectors = planted(150, noise=6.0)
    for model in (
        MLEM(coding="difference"),
        MLEM(coding="difference", scoring="spearman"),
        MLEM(coding="difference", interactions=True),
    ):
        for importance in ("exact", "sampled"):
            result = cross_validate(features, vectors, model=model, importance=importance, n_repeats=2)
            unused = result.weights.to_numpy() == 0
            assert unused.sum() > 2 or model.interactions
            for table in (result.importance, result.importance_drop_column):
                assert (table.to_numpy()[unused] == 0).all()
                np.testing.assert_array_equal(table, table.round(12))


_SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
import numpy as np
from planted import planted
from thinkalike.mlem import MLEM, cross_validate
features, vectors = planted(200, n_units=100, noise=5.0)
vectors[100] = vectors[3]
for scoring in ("rho_a", "spearman"):
    model, groups = MLEM(coding="difference", scoring=scoring), np.arange(200) // 3
    result = cross_validate(features, vectors.astype(np.float32), model=model, groups=groups)
    result.importance_table().to_csv(sys.stdout, float_format="%.10f")
    result.scores_table().to_csv(sys.stdout, float_format="%.10f")
    print(np.argsort(result.importance.mean().to_numpy(), kind="stable").tolist())
"""


@pytest.mark.slow
def test_tables_do_not_depend_on_the_kernel_of_the_linear_algebra():
    outputs = {}
    for kernel in ("PRESCOTT", "HASWELL", "SKYLAKEX"):  # SSE3, AVX2, AVX512
        environment = {**os.environ, "OPENBLAS_CORETYPE": kernel}
        command = [sys.executable, "-c", _SCRIPT, str(Path(__file__).parent)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode == 0:  # a processor without the kernel's instructions stops
            outputs[kernel] = done.stdout
    assert len(outputs) >= 2
    assert len(set(outputs.values())) == 1
