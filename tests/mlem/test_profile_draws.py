"""Profiles in resamples and halves of the stimuli."""

import numpy as np
import pandas as pd
import pytest
from planted import planted

from thinkalike.errors import InputError
from thinkalike.mlem import MLEM, analyse_layer, cross_validate
from thinkalike.mlem.profile_draws import draw_factors
from thinkalike.mlem.resampling import Resampler


@pytest.fixture(scope="module")
def result():
    features, vectors = planted(90, levels=(2, 3, 4), weights=(1.0, 0.4, 0.0), noise=2.0)
    return cross_validate(features, vectors, folds=3, alphas=[1.0], groups=np.arange(90) // 3), features, vectors


def test_draws_are_those_of_the_groups_and_the_seed(result):
    first, *_ = result
    draws = first.profile_draws(n_resamples=6, n_halvings=2, seed=1)
    assert list(draws) == ["kind", "draw", "feature", "relative_weight", "importance"]
    assert draws.groupby("kind")["draw"].nunique().to_dict() == {"resample": 6, "half": 4}
    pd.testing.assert_frame_equal(draws, first.profile_draws(n_resamples=6, n_halvings=2, seed=1))
    fewer = first.profile_draws(n_resamples=2, n_halvings=2, seed=1)
    halves = draws[draws["kind"] == "half"].reset_index(drop=True)
    pd.testing.assert_frame_equal(halves, fewer[fewer["kind"] == "half"].reset_index(drop=True))
    assert not draws.equals(first.profile_draws(n_resamples=6, n_halvings=2, seed=2))
    assert (draws[draws["feature"] == "f0"]["importance"] > 0.1).all()


def test_the_halves_of_a_halving_share_no_sentence(result):
    cross_validated, *_ = result
    seen = []
    original = Resampler.weighted
    try:
        Resampler.weighted = lambda self, weights: (seen.append(weights), original(self, weights))[1]
        cross_validated.profile_draws(n_resamples=0, n_halvings=2)
        lemmas = np.arange(90) % 12
        cross_validated.profile_draws([np.arange(90) // 3, lemmas], n_resamples=1, n_halvings=1)
    finally:
        Resampler.weighted = original
    for first, second in (seen[:2], seen[2:4]):
        np.testing.assert_array_equal(first + second, 1)
        assert all(len(set(first[k : k + 3])) == 1 for k in range(0, 90, 3)) and first.sum() == 45
    # Crossed: a stimulus counts as often as its sentence times its lemma.
    resample, first, second = seen[4:]
    table = pd.crosstab(np.arange(90) // 3, lemmas, values=resample, aggfunc="sum").to_numpy()
    assert np.linalg.matrix_rank(np.nan_to_num(resample.reshape(30, 3))) <= 3 and np.nanmax(table) > 1
    assert not (first * second).any() and not (set(lemmas[first > 0]) & set(lemmas[second > 0]))


def test_weights_in_units_of_the_mean_distance_do_not_depend_on_an_outlier(result):
    first, features, vectors = result
    relative = first.relative_weights.mean()
    distances = ((vectors[:, None] - vectors[None]) ** 2).sum(axis=2)
    mean = distances[np.triu_indices(90, 1)].mean()
    spans = first.high - first.low
    expected = (first.weights.to_numpy() * spans[:, None]).mean(axis=0) / mean
    np.testing.assert_allclose(relative, expected, rtol=0.05)  # folds have other means
    moved = vectors.copy()
    moved[0] *= 6
    other = cross_validate(features, moved, folds=3, alphas=[1.0], groups=np.arange(90) // 3)
    assert abs(np.log(other.weights.mean()["f0"] / first.weights.mean()["f0"])) > 0.8
    assert abs(np.log(other.relative_weights.mean()["f0"] / relative["f0"])) < 0.4


@pytest.mark.parametrize("distance", ["sqeuclidean", "euclidean_squared", "cosine"])
def test_relative_weights_do_not_change_with_the_scale_of_the_vectors(distance):
    features, vectors = planted(60, levels=(2, 3), weights=(1.0, 0.4), noise=1.0)
    model = MLEM(distance=distance)
    one, ten = (cross_validate(features, size * vectors, model=model, folds=3, alphas=[1.0]) for size in (1, 10))
    np.testing.assert_allclose(one.relative_weights, ten.relative_weights, rtol=1e-6)


def test_too_few_sentences_say_nothing(result):
    _, features, vectors = result
    few = cross_validate(features, vectors, folds=3, alphas=[1.0], groups=np.arange(90) // 15)
    draws = few.profile_draws(n_resamples=2, n_halvings=1)
    assert len(draws) == 4 * 3 and draws[["relative_weight", "importance"]].isna().all(axis=None)
    with pytest.raises(InputError, match="n_resamples is -1"):
        few.profile_draws(n_resamples=-1)


def test_what_is_drawn_has_a_name(result):
    _, features, vectors = result
    stimuli = features.assign(sentence_id=np.arange(90) // 3, word=[f"W{k % 12}" for k in range(90)])
    assert [len(set(each)) for each in draw_factors(stimuli, "both")] == [30, 12]
    lemmas = stimuli.assign(lemma=[None if k % 12 == 0 else f"l{k % 12 // 2}" for k in range(90)])
    assert len(set(draw_factors(lemmas, "lemmas")[0])) == 7  # a word without a lemma is its own
    with pytest.raises(InputError, match="over is 'words'"):
        draw_factors(stimuli, "words")
    with pytest.raises(InputError, match="no column 'lemma' and no column 'word'"):
        draw_factors(stimuli.drop(columns="word"), "both")
    from thinkalike.features import Feature

    declared = {name: Feature(name, role="control" if name == "f2" else "feature") for name in features}
    table = analyse_layer(
        stimuli, declared, vectors, model="m", layer="0", folds=3, alphas=[1.0], resamples=1, over="both"
    )["resamples"]
    assert list(table)[:3] == ["model", "layer", "kind"] and set(table["over"]) == {"both"}
    assert set(table.query("feature == 'f2'")["role"]) == {"control"}
