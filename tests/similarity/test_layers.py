"""What single layers hold: diagnostics, linear probes, dynamics."""

import numpy as np
import pandas as pd
import pytest

from thinkalike.errors import InputError
from thinkalike.features import Feature
from thinkalike.mlem.probes import probe_layer
from thinkalike.representations.diagnostics import diagnose, diagnose_layers

RNG = np.random.default_rng(0)
N = 240


def stimuli():
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"sentence_id": [f"s{i // 4:05d}" for i in range(N)], "position": np.arange(N) % 4})
    table["number"] = rng.choice(["singular", "plural"], N)
    table["part_of_speech"] = rng.choice(["noun", "verb", "determiner"], N)
    table["length"] = rng.integers(2, 10, N).astype(float)
    table["noise"] = rng.choice(["x", "y", "z"], N)
    table.loc[::5, "number"] = None
    return table


def vectors(table):
    X = np.random.default_rng(2).normal(size=(N, 20))
    X[:, 0] += 3 * (table["number"] == "plural")
    for k, name in enumerate(["noun", "verb", "determiner"], 1):
        X[:, k] += 4 * (table["part_of_speech"] == name)
    X[:, 5] += table["length"]
    return X


TABLE = stimuli()
FEATURES = {
    "number": Feature("number"),
    "part_of_speech": Feature("part_of_speech"),
    "length": Feature("length", kind="numeric"),
    "noise": Feature("noise", role="control"),
}


def test_probes_find_what_is_there_and_only_that():
    scores = probe_layer(TABLE, FEATURES, vectors(TABLE), folds=4, seed=0).set_index(["feature", "score_name"])
    assert {"kind", "role", "score", "chance", "control_score", "score_by_lemma", "n"} <= set(scores.columns)
    assert set(scores["role"]) == {"feature", "control"}
    assert scores.loc[("number", "balanced_accuracy"), "score"] > 0.8
    assert scores.loc[("number", "roc_auc"), "score"] > 0.9
    assert scores.loc[("number", "balanced_accuracy"), "n"] == (TABLE["number"].notna()).sum()
    assert scores.loc[("part_of_speech", "balanced_accuracy"), "score"] > 0.9
    assert scores.loc[("length", "r2"), "score"] > 0.7
    noise = scores.loc[("noise", "balanced_accuracy")]
    assert noise["chance"] == pytest.approx(1 / 3) and abs(noise["score"] - 1 / 3) < 0.1


def test_probes_are_deterministic_and_their_folds_hold_whole_sentences():
    X = np.repeat(np.random.default_rng(0).normal(size=(N // 4, 200)), 4, axis=0)
    table = TABLE.assign(lucky=np.repeat(np.random.default_rng(3).choice(["x", "y"], N // 4), 4))
    features = {"lucky": Feature("lucky")}
    grouped = probe_layer(table, features, X, folds=5, seed=0)
    pd.testing.assert_frame_equal(grouped, probe_layer(table, features, X, folds=5, seed=0), check_exact=True)
    assert grouped["score"][0] < 0.7  # a sentence's vector says nothing about other sentences
    leaking = probe_layer(table, features, X, folds=list(np.arange(N) % 4), seed=0)
    assert leaking["score"][0] > 0.95  # folds across sentences would have


def test_probes_refuse_what_does_not_fit():
    X = vectors(TABLE)
    with pytest.raises(InputError, match="240 stimuli but 10 vectors"):
        probe_layer(TABLE, FEATURES, X[:10])
    with pytest.raises(InputError, match="'absent' is not a column"):
        probe_layer(TABLE, {"absent": Feature("absent")}, X)
    with pytest.raises(InputError, match="'folds' is 100 but must be from 2 to the number of sentences, 60"):
        probe_layer(TABLE, FEATURES, X, folds=100)
    constant = probe_layer(TABLE.assign(number="singular"), {"number": Feature("number")}, X)
    assert constant["score"].isna().all()


def test_diagnostics():
    X = np.random.default_rng(0).normal(size=(50, 8))
    X[:, 2] *= 30
    X[:, 5] = 1.0
    X[10] = X[11]
    X[20] = 0
    result = diagnose(X)
    assert (result["stimuli"], result["units"], result["stimuli_per_unit"]) == (50, 8, 50 / 8)
    assert (result["duplicates"], result["zero_rows"], result["constant_units"]) == (1, 1, 0)
    assert result["top_dimension_share"] == pytest.approx(X.var(axis=0).max() / X.var(axis=0).sum())
    assert result["top_component_share"] >= result["top_dimension_share"] > 0.98
    assert 1 <= result["participation_ratio"] < 1.1
    wide = np.random.default_rng(0).normal(size=(20, 300))
    eigenvalues = np.linalg.eigvalsh(np.cov(wide.T))
    assert diagnose(wide)["top_component_share"] == pytest.approx(eigenvalues[-1] / eigenvalues.sum())
    table = diagnose_layers({"0": X, "1": X + 1}, "bert")
    assert list(table.columns[:2]) == ["model", "layer"] and len(table) == 2
    assert list(table["zero_rows"]) == [1, 0]
