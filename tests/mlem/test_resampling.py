"""Resamples: what each draw holds, against the plain computation; how draws become intervals."""

import numpy as np
import pandas as pd
import pytest
from planted import planted, squared_distances, with_missing
from scipy.spatial.distance import squareform

from thinkalike.errors import InputError
from thinkalike.features import Feature
from thinkalike.mlem import MLEM, analyse_layer, cross_validate, resampling
from thinkalike.mlem.extremes import ExtremePairs
from thinkalike.mlem.fold_fit import Choice, fit_folds
from thinkalike.mlem.problem import make_problem
from thinkalike.mlem.resampling import Draws, Resampler

LEVELS, WEIGHTS = (2, 3, 4), (1.0, 0.4, 0.0)
RNG = np.random.default_rng(0)


def resampler(alphas=(1.0,), coding="levels", scoring="rho_a", noise=2.0):
    features, vectors = planted(90, levels=LEVELS, weights=WEIGHTS, noise=noise)
    features = with_missing(features, 0.1)
    problem = make_problem(features, vectors, feature_coding=coding, scoring=scoring)
    fits, _ = fit_folds(problem, np.arange(90) % 3, np.arange(90), Choice([1.0], 0), 0)
    return Resampler(problem, fits, alphas), vectors


@pytest.mark.parametrize("scoring", ["rho_a", "spearman"])
@pytest.mark.parametrize("coding", ["levels", "difference"])
def test_a_grid_of_predictions_is_as_good_as_sorting_them(coding, scoring):
    drawn, _ = resampler(coding=coding, scoring=scoring)
    weights = np.random.default_rng(0).integers(0, 3, size=90).astype(float)
    exact, binned = (drawn.weighted(weights, binned=each).vector() for each in (False, True))
    np.testing.assert_allclose(binned, exact, atol=5e-4)
    np.testing.assert_array_equal(binned[1:4], exact[1:4])  # weights need no predictions


def test_extremes_are_those_of_the_stimuli_that_were_drawn():
    _, vectors = resampler()
    problem = make_problem(planted(90, levels=LEVELS, weights=WEIGHTS)[0], vectors)
    exclude = np.arange(90) % 30
    matrix = squareform(squared_distances(vectors))
    for labels in (None, exclude):
        extremes = ExtremePairs(problem.distances, labels)
        for seed in range(5):
            there = np.random.default_rng(seed).random(90) < 0.4
            left, right = np.triu_indices(90, 1)
            keep = there[left] & there[right] & (True if labels is None else labels[left] != labels[right])
            expected = matrix[left, right][keep]
            assert extremes.among(there) == pytest.approx((expected.min(), expected.max()), rel=1e-12)


def test_a_resample_chooses_its_penalty_and_scale(monkeypatch):
    monkeypatch.setattr(resampling, "_CHOSEN_ANEW", 1.0)
    drawn, vectors = resampler(alphas=[1.0, 1e5])
    assert drawn.candidates == [1.0, 1e5]
    weights = np.random.default_rng(1).integers(0, 3, size=90).astype(float)
    settled, anew, places = drawn.both(weights, [0, 1], RNG)
    alone = [drawn.both(weights, [each], RNG)[1] for each in (0, 1)]
    assert alone[0].score > alone[1].score and places == {0} and anew.score == alone[0].score
    ratios = []
    for fit, outside in zip(drawn.fits, drawn.outside, strict=True):
        there = np.flatnonzero(outside & (weights > 0))
        d = squared_distances(vectors[there])
        ratios.append((fit.high - fit.low) / (d.max() - d.min()))
    assert min(ratios) > 1  # fewer stimuli, a smaller range, larger weights
    assert min(ratios) < alone[0].weights[0] / settled.weights[0] < max(ratios)
    assert alone[0].score == settled.score
    np.testing.assert_array_equal(alone[0].importance, settled.importance)


def test_most_penalties_of_a_resample_are_those_of_the_data_s_folds(monkeypatch):
    drawn, _ = resampler(alphas=[1.0, 1e2, 1e5])
    weights = np.random.default_rng(1).integers(0, 3, size=90).astype(float)
    folds = drawn._folds(weights)
    owns = [2, 0, 2]
    for fold, own in zip(folds, owns, strict=True):
        fold.own = own
    monkeypatch.setattr(resampling, "_CHOSEN_ANEW", 0.0)
    rng = np.random.default_rng(0)
    found = np.array([drawn._penalties(folds, range(3), rng) for _ in range(600)])
    assert not (found == 1).any()
    np.testing.assert_allclose((found == 2).mean(axis=0), 2 / 3, atol=0.08)  # whichever fold chose it
    assert abs(np.corrcoef(found.T)[0, 1]) < 0.15  # each fold draws its own
    monkeypatch.undo()
    chosen = drawn.both(weights, [1], rng)[2] | drawn.both(weights, [1], rng)[2]
    assert 1 in chosen  # and now and then the resample chooses


def test_penalties_that_fit_alike_are_one():
    drawn, _ = resampler(alphas=[1e-6, 1e-5, 1e-4, 1e3])
    assert drawn.candidates == [1e-4, 1e3]


def test_what_single_pairs_of_groups_contribute_is_drawn_together():
    rng = np.random.default_rng(0)
    n, groups, draws = 40, rng.normal(size=40), []
    surprises = np.triu(rng.normal(size=(n, n)), 1)

    def mean_over_pairs(weights, a, b):
        pairs = np.triu(np.outer(weights, weights), 1)
        return float(np.sum(pairs * (a * (groups[:, None] + groups) + b * surprises)) / pairs.sum())

    for weights in rng.multinomial(n, np.full(n, 1 / n), size=4000).astype(float):
        settled = [mean_over_pairs(weights, a, b) for a, b in ((1, 0), (0, 1))]
        halved = [mean_over_pairs(1 + (weights - 1) / 2, a, b) for a, b in ((1, 0), (0, 1))]
        draws.append((settled, halved))
    settled, halved = np.array(draws).transpose(1, 0, 2)
    deviations = Draws(settled, settled, halved).deviations()
    expected = [4 * groups.var() / n, np.var(surprises[np.triu_indices(n, 1)]) / (n * (n - 1) / 2)]
    assert deviations.var(axis=0) == pytest.approx([expected[0], 2.25 * expected[1]], rel=0.25)
    assert settled.var(axis=0)[1] == pytest.approx(3 * expected[1], rel=0.25)
    moved = rng.normal(size=settled.shape)
    deviations = Draws(settled, settled + moved, halved).deviations()
    assert (deviations.var(axis=0) > 0.8).all()  # what penalty and scale add is not drawn together


@pytest.fixture(scope="module")
def crossed():
    features, vectors = planted(96, levels=(2, 3), weights=(1.0, 0.4), noise=2.0)
    stimuli = features.assign(
        sentence_id=np.arange(96) // 4, word=[f"w{i % 12}" for i in range(96)], lemma=[f"l{i % 8}" for i in range(96)]
    )
    vectors = vectors + np.random.default_rng(0).normal(size=(8, 64))[np.arange(96) % 8] / 8
    return stimuli, vectors


def test_intervals_say_what_they_generalise_over(crossed):
    stimuli, vectors = crossed
    widths = {}
    for over in ("sentences", "lemmas", "both"):
        inference = {"n_resamples": 30, "n_permutations": 0}
        arguments = {"model": "m", "layer": "0", "alphas": [1.0], "folds": 2, "coding": "difference"}
        features = {name: Feature(name) for name in ("f0", "f1")}
        table = analyse_layer(stimuli, features, vectors, inference=inference, over=over, **arguments)["inference"]
        assert set(table["over"]) == {over} and (table["low"] < table["high"]).all()
        widths[over] = (table["high"] - table["low"])[0]
    assert widths["both"] > widths["sentences"]


def test_over_in_python(crossed):
    stimuli, vectors = crossed
    result = cross_validate(stimuli[["f0"]], vectors, groups=stimuli["sentence_id"], alphas=[1.0], folds=2)
    options = {"n_resamples": 10, "n_permutations": 0}
    assert set(result.infer(**options)["over"]) == {"groups"}
    one = result.infer(lemmas=stimuli["lemma"], over="lemmas", **options)
    other = result.infer(groups=stimuli["lemma"], **options)
    pd.testing.assert_frame_equal(one.drop(columns="over"), other.drop(columns="over"))
    with pytest.raises(InputError, match="there are no lemmas; give the lemma of each stimulus"):
        result.infer(over="both", **options)
    with pytest.raises(InputError, match="over is 'words'"):
        result.infer(over="words", **options)


@pytest.mark.parametrize("distance", ["euclidean_squared", "manhattan"])
def test_other_distances_and_numbers_have_intervals_too(crossed, distance):
    stimuli, vectors = crossed
    features = stimuli[["f0"]].assign(size=np.random.default_rng(1).normal(size=96))
    model = MLEM(distance=distance, kinds={"size": "numeric"})
    result = cross_validate(features, vectors, model=model, alphas=[1.0, 1e3], folds=2, inner_folds=2)
    table = result.infer(n_resamples=8, n_permutations=0)
    assert np.isfinite(table[["estimate", "low", "high"]].to_numpy()).all()
