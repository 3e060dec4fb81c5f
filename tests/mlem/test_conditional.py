"""Conditional importance is what permutations within strata converge to: all of them, or as many as can be drawn."""

from itertools import permutations, product

import numpy as np
import pandas as pd
import pytest
from planted import planted, with_missing

from thinkalike.errors import InputError
from thinkalike.features import Feature
from thinkalike.mlem import MLEM, analyse_layer, cross_validate
from thinkalike.mlem import conditional_scores as scores_module
from thinkalike.mlem.conditioning import association, conditioning
from thinkalike.mlem.fold_fit import FoldFit
from thinkalike.mlem.held_out import held_out_pairs
from thinkalike.mlem.moments import Moments
from thinkalike.mlem.patterns import code_difference
from thinkalike.mlem.problem import make_problem
from thinkalike.mlem.rank_tables import score_of_table


def fitted(features, vectors, kinds=None, seed=0, **settings):
    """Return a fold that holds all stimuli out, its parameters drawn at random."""
    problem = make_problem(features, vectors, kinds=kinds, **settings)
    pairs = held_out_pairs(problem.coding, problem.distances, np.arange(len(features)))
    parameters = np.random.default_rng(seed).uniform(0.1, 1, size=problem.design.n_columns)
    nothing = np.zeros(len(parameters))
    moments = Moments(1.0, nothing, np.outer(nothing, nothing), np.zeros(1), nothing[None])
    return FoldFit(problem, problem.coding.ranges(), 0.0, 1.0, 1.0, moments, parameters, pairs)


def score_permuted(fit, feature, codes):
    """Return predictions of all pairs where a feature has other codes."""
    pairs = fit.held_out
    patterns = pairs.patterns[pairs.index].copy()
    patterns[:, feature] = code_difference(fit.problem.coding, feature, codes[pairs.left], codes[pairs.right])
    return fit.predict(fit.parameters, patterns)


def within_strata(strata):
    """Yield all permutations of the stimuli that keep their strata."""
    members = [np.flatnonzero(strata == stratum) for stratum in np.unique(strata)]
    for orders in product(*(permutations(of_stratum) for of_stratum in members)):
        order = np.arange(len(strata))
        for of_stratum, moved in zip(members, orders, strict=True):
            order[of_stratum] = moved
        yield order


def small(seed=3):
    rng = np.random.default_rng(seed)
    features = pd.DataFrame(
        {
            "kind": list("nnnvvvd"),
            "gender": ["m", "f", "f", None, "x", "m", None],
            "length": [1.0, 2.5, 4.0, 2.5, np.nan, 1.0, 7.0],
        }
    )
    return features, rng.normal(size=(7, 5))


@pytest.mark.parametrize("scoring", ["rho_a", "spearman"])
@pytest.mark.parametrize(
    "settings",
    [{"feature_coding": "difference"}, {"feature_coding": "levels"}, {"interactions": True}],
    ids=["difference", "levels", "interactions"],
)
def test_exact_is_the_table_of_all_permutations(settings, scoring):
    features, vectors = small()
    fit = fitted(features, vectors, {"length": "numeric"}, scoring=scoring, **settings)
    within = conditioning(fit.problem.coding, {"gender": ["kind"], "length": ["kind"], "kind": ["gender"]})
    found = fit.conditional_importance(within, fit.importance())
    for f in range(3):
        codes, pairs = fit.problem.coding.codes[:, f], fit.held_out
        orders = list(within_strata(within.strata[:, f]))
        predictions = np.concatenate([score_permuted(fit, f, codes[order]) for order in orders])
        share = 1 / len(orders)
        counts, rank_sums = np.full(len(predictions), share), np.tile(pairs.ranks * share, len(orders))
        expected = score_of_table(predictions, counts, rank_sums, pairs.rank_squares, scoring)
        assert found[f] == pytest.approx(fit.held_out_score - expected, abs=1e-11)


@pytest.mark.parametrize("coding", ["difference", "levels"])
def test_exact_is_within_four_standard_errors_of_permutations_within_strata(coding):
    features, vectors = planted(90, levels=(3, 2, 4), weights=(1.0, 0.6, 0.3), seed=2)
    features = with_missing(features)
    rng = np.random.default_rng(0)
    features["f1"] = np.where(rng.random(90) < 0.8, features["f0"].fillna("?"), features["f1"])
    features["number"] = rng.normal(size=90)
    fit = fitted(features, vectors, {"number": "numeric"}, feature_coding=coding)
    within = conditioning(fit.problem.coding, {"f0": ["f1"], "f1": ["f0", "f2"], "number": ["f0"], "f2": ["number"]})
    exact = fit.conditional_importance(within, fit.importance())
    for f in range(4):
        sampled = []
        for _ in range(150):
            order = np.arange(90)
            for stratum in np.unique(within.strata[:, f]):
                members = np.flatnonzero(within.strata[:, f] == stratum)
                order[members] = rng.permutation(members)
            predictions = score_permuted(fit, f, fit.problem.coding.codes[order, f])
            pairs = fit.held_out
            score = score_of_table(predictions, np.ones(pairs.n_pairs), pairs.ranks, pairs.rank_squares, "rho_a")
            sampled.append(fit.held_out_score - score)
        error = np.std(sampled, ddof=1) / np.sqrt(len(sampled))
        assert abs(exact[f] - np.mean(sampled)) < 4 * error


@pytest.mark.parametrize("coding", ["difference", "levels"])
def test_of_independent_features_it_is_the_importance(coding):
    features, vectors = planted(500, levels=(2, 3, 2), weights=(1.0, 0.6, 0.3))
    settings = {"model": MLEM(coding=coding), "alphas": [1.0], "folds": 2, "drop_column": False, "ceiling": False}
    found = cross_validate(features, vectors, **settings)
    pd.testing.assert_frame_equal(found.conditional_importance, found.importance)  # none is associated with another
    assert (found.shared_importance == 0).all().all()
    forced = cross_validate(features, vectors, conditional={"f0": ["f1", "f2"], "f1": ["f0"]}, **settings)
    np.testing.assert_allclose(forced.conditional_importance, found.importance, atol=0.01)
    assert (forced.conditional_importance != found.importance).any().any()


@pytest.mark.parametrize("coding", ["difference", "levels"])
def test_a_copy_tells_nothing_beyond_the_original(coding):
    features, vectors = planted(120, levels=(3, 2), weights=(1.0, 0.3), noise=2.0)
    features["copy"] = features["f0"].str.upper()
    features["size"] = np.arange(120.0)
    features["twice"] = 2 * features["size"] + 1
    kinds = {"size": "numeric", "twice": "numeric"}
    model = MLEM(coding=coding, kinds=kinds)
    result = cross_validate(features, vectors, model=model, alphas=[1.0], folds=2, drop_column=False, ceiling=False)
    conditional = result.conditional_importance.mean()
    assert (conditional[["f0", "copy", "size", "twice"]] == 0).all() and result.importance["copy"].mean() > 0.05
    np.testing.assert_allclose(result.shared_importance["f0"], result.importance["f0"])
    assert conditional["f1"] > 0.05
    told = result.diagnostics.set_index("feature")
    assert told["tied_to"].to_dict() == {"f0": "copy", "f1": "", "copy": "f0", "size": "twice", "twice": "size"}
    assert told.loc["f0", "conditioned_on"] == "copy" and told["movable"].to_dict()["f0"] == 0


def test_three_that_cannot_be_told_apart_are_one_group():
    features, vectors = planted(80, levels=(3, 2), weights=(1.0, 0.3))
    features = features.assign(again=features["f0"] + "!", third=features["f0"] + "?")
    result = cross_validate(features, vectors, alphas=[1.0], folds=2, drop_column=False, ceiling=False)
    assert result.diagnostics.set_index("feature").loc["again", "tied_to"] == "f0, third"
    found = [sentence for sentence in result.warnings if "cannot be told apart" in sentence]
    assert len(found) == 1 and found[0].startswith("Features 'f0', 'again' and 'third' cannot be told apart")


def test_what_others_determine_together_has_none_and_is_named():
    features, vectors = planted(200, levels=(2, 2), weights=(1.0, 0.5))
    features["both"] = features["f0"] + features["f1"]
    result = cross_validate(features, vectors, alphas=[1.0], folds=2, drop_column=False, ceiling=False)
    assert result.diagnostics.set_index("feature").loc["both", "conditioned_on"] == "f0, f1"
    assert (result.conditional_importance["both"] == 0).all() and result.importance["both"].abs().max() > 0
    assert any("'both' has a single value among stimuli that are alike in f0, f1" in each for each in result.warnings)


def test_a_large_table_is_counted_on_a_grid(monkeypatch):
    features, vectors = planted(150, levels=(3, 2), weights=(1.0, 0.3), noise=2.0)
    features["number"] = np.random.default_rng(0).normal(size=150) + (features["f0"] == "a")
    for settings in ({"feature_coding": "levels"}, {"interactions": True}):
        fit = fitted(features, vectors, {"number": "numeric"}, **settings)
        within = conditioning(fit.problem.coding, 0.0)
        exact = fit.conditional_importance(within, fit.importance())
        monkeypatch.setattr(scores_module, "_LARGEST_TABLE", 100)
        monkeypatch.setattr(scores_module, "_CHUNK", 5000)
        np.testing.assert_allclose(fit.conditional_importance(within, fit.importance()), exact, atol=2e-3)
        monkeypatch.undo()


def test_association_is_nothing_by_chance_and_one_where_one_determines_the_other():
    rng = np.random.default_rng(0)
    chance = [association(rng.integers(4, size=80), rng.integers(-1, 6, size=80)) for _ in range(100)]
    assert np.mean(np.square(chance)) < 0.02  # .076 without the correction
    fine = rng.integers(6, size=300)
    assert association(fine, fine // 2) == pytest.approx(1, abs=0.01)
    assert association(fine, np.zeros(300, dtype=int)) == 0
    noisy = np.where(rng.random(3000) < 0.5, rng.integers(2, size=3000), np.arange(3000) % 2)
    assert association(np.arange(3000) % 2, noisy) == pytest.approx(0.5, abs=0.05)  # for two values, their correlation


def test_words_make_no_strata_and_numbers_make_ten():
    rng = np.random.default_rng(0)
    features = pd.DataFrame({"word": np.arange(400) % 30, "size": rng.normal(size=400), "noun": np.arange(400) % 2})
    coding = make_problem(features, rng.normal(size=(400, 3)), kinds={"size": "numeric"}).coding
    within = conditioning(coding, 0.0)
    assert within.names(coding.names) == ["size, noun", "noun", "size"]
    assert len(np.unique(within.strata[:, 2])) == 10
    assert len(np.unique(conditioning(coding, {"noun": ["word"]}).strata[:, 2])) == 30


def test_tables_of_a_layer_hold_it():
    features, vectors = planted(60, levels=(2, 3), weights=(1.0, 0.4))
    features["f1"] = np.where(np.arange(60) % 4 > 0, features["f0"], features["f1"])
    stimuli = features.assign(sentence_id=np.arange(60) // 2)
    declared = {name: Feature(name) for name in features}
    settings = {"model": "m", "layer": "0", "alphas": [1.0], "folds": 2, "ceiling": False}
    table = analyse_layer(stimuli, declared, vectors, **settings)["importance"]
    np.testing.assert_allclose(table["shared_importance"], table["importance"] - table["conditional_importance"])
    assert (table["conditional_importance"] != table["importance"]).any()
    assert table["conditioned_on"].tolist() == ["f1", "f0"] * 4 and table["movable"].between(0.5, 1).all()
    without = analyse_layer(stimuli, declared, vectors, conditional=False, **settings)["importance"]
    assert without["conditional_importance"].isna().all() and (without["conditioned_on"] == "").all()
    pd.testing.assert_series_equal(without["importance"], table["importance"])


@pytest.mark.parametrize("wrong", [1.5, {"f0": ["f9"]}, {"f9": ["f0"]}])
def test_mistakes_are_named(wrong):
    features, vectors = planted(30, levels=(2, 3), weights=(1.0, 0.4))
    with pytest.raises(InputError, match=r"conditional (is 1\.5 but must be|names 'f9', which is not a feature)"):
        cross_validate(features, vectors, alphas=[1.0], folds=2, conditional=wrong)
