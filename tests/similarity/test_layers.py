"""What single layers hold: diagnostics, linear probes, dynamics."""

import numpy as np
import pandas as pd
import pytest

from thinkalike.errors import InputError
from thinkalike.features import Feature
from thinkalike.similarity import diagnose, diagnose_layers, probe_layer
from thinkalike.similarity.dynamics import dynamical_similarity, sentence_sequences

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
    assert list(scores.columns) == ["kind", "role", "score", "chance", "n"]
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


def test_sequences_are_sentences_in_the_order_of_their_words():
    order = np.random.default_rng(0).permutation(N)
    X = np.arange(N, dtype=float)[:, None]
    sequences = sentence_sequences(TABLE.iloc[order], X[order])
    assert len(sequences) == N // 4
    np.testing.assert_array_equal(sequences[3].ravel(), [12, 13, 14, 15])


def test_dynamics_without_the_library_say_what_to_install(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "DSA", None)
    with pytest.raises(InputError, match="pip install dsa-metric"):
        dynamical_similarity([np.ones((9, 2))], [np.ones((9, 2))])


@pytest.mark.slow
def test_dynamics_of_a_rotated_copy_are_closer_than_those_of_another_system():
    pytest.importorskip("DSA")
    rng = np.random.default_rng(0)
    rotation = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    starts = rng.normal(size=(15, 4))

    def run(operator):
        return [np.array([np.linalg.matrix_power(operator, t) @ x for t in range(12)]) for x in starts]

    first = run(0.95 * rotation)
    turn = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    copy = [sequence @ turn for sequence in first]
    other = run(np.diag([0.9, 0.5, 0.3, 0.1]))
    options = {"delays": 2, "rank": 4, "iterations": 100}
    near, far = dynamical_similarity(first, copy, **options), dynamical_similarity(first, other, **options)
    assert near < 0.3 < far
    assert dynamical_similarity(first, copy, **options) == near
    with pytest.raises(InputError, match="longer than the 20 delays"):
        dynamical_similarity(first, copy, delays=20)
    with pytest.raises(InputError, match="lengths differ"):
        dynamical_similarity(first, copy[:-1], delays=2)
