"""What linear probes give by chance, and what is lexical in a score."""

import numpy as np
import pandas as pd
import pytest

from thinkalike.features import Feature
from thinkalike.mlem.cells import label_codes
from thinkalike.mlem.folds import outer_folds
from thinkalike.mlem.probes import probe_layer

N = 240


def table(seed, words=24):
    rng = np.random.default_rng(seed)
    lemma = rng.integers(words, size=N)
    return (
        rng,
        pd.DataFrame({"sentence_id": [f"s{i // 4}" for i in range(N)], "lemma": [f"l{k}" for k in lemma]}),
        lemma,
    )


@pytest.mark.slow
def test_labels_that_are_not_there_score_chance():
    """Pooled over folds they scored .45 to .46 in place of .5."""
    found = []
    for seed in range(8):
        rng, stimuli, _ = table(seed)
        two, three = rng.choice(["x", "y"], N), rng.choice(list("pqr"), N)
        stimuli = stimuli.assign(two=two, three=three, number=rng.normal(size=N))
        features = {"two": Feature("two"), "three": Feature("three"), "number": Feature("number", kind="numeric")}
        found.append(probe_layer(stimuli, features, rng.normal(size=(N, 12)), seed=seed))
    scores = pd.concat(found).set_index(["feature", "score_name"])
    for key, chance in {
        ("two", "balanced_accuracy"): 0.5,
        ("two", "roc_auc"): 0.5,
        ("three", "balanced_accuracy"): 1 / 3,
    }.items():
        rows = scores.loc[key]
        for score, expected in (
            ("score", "chance"),
            ("control_score", "chance"),
            ("score_by_lemma", "chance_by_lemma"),
        ):
            difference = rows[score] - rows[expected]
            assert abs(difference.mean()) < 4 * difference.std(ddof=1) / np.sqrt(len(rows))
        assert rows["chance"].mean() == pytest.approx(chance, abs=0.01)
    r2 = scores.loc[("number", "r2"), "score"]
    assert -0.15 < r2.mean() < 0.01


def test_what_is_looked_up_by_the_word_is_told_from_what_generalises():
    rng, stimuli, lemma = table(0, words=48)
    animate = np.arange(48) % 2 == 0
    code = rng.normal(size=(48, 24))
    vectors = code[lemma] + 0.1 * rng.normal(size=(N, 24))
    vectors[:, 0] = 4 * animate[lemma] + 0.1 * rng.normal(size=N)
    stimuli["arbitrary"] = np.where(rng.permutation(48)[lemma] < 24, "a", "b")
    stimuli["animate"] = np.where(animate[lemma], "yes", "no")
    features = {name: Feature(name, level="lemma") for name in ("arbitrary", "animate")}
    scores = probe_layer(stimuli, features, vectors)
    scores = scores[scores["score_name"] == "balanced_accuracy"].set_index("feature")
    assert scores.loc["arbitrary", "score"] > 0.75 and scores.loc["animate", "score"] > 0.95
    assert (scores["control_score"] > 0.7).all()  # so high a score says nothing by itself
    assert scores.loc["animate", "score_by_lemma"] > 0.85
    assert abs(scores.loc["arbitrary", "score_by_lemma"] - 0.5) < 0.2
    assert (scores["control_score_by_lemma"] < 0.65).all()


def test_without_words_there_are_no_folds_of_lemmas():
    rng, stimuli, _ = table(0)
    stimuli = stimuli.drop(columns="lemma").assign(two=rng.choice(["x", "y"], N))
    scores = probe_layer(stimuli, {"two": Feature("two")}, rng.normal(size=(N, 5)))
    assert scores[["score_by_lemma", "control_score_by_lemma"]].isna().all(axis=None)
    words = stimuli.assign(word=rng.choice(list("ABCDEFGHIJKLMNO"), N))
    assert probe_layer(words, {"two": Feature("two")}, rng.normal(size=(N, 5)))["score_by_lemma"].notna().all()


def test_a_class_of_one_lemma_is_left_out_of_folds_of_lemmas():
    rng, stimuli, lemma = table(0)
    kinds = np.array(["wh", *["noun", "verb"] * 12])[np.minimum(lemma, 24)]
    scores = probe_layer(stimuli.assign(kind=kinds), {"kind": Feature("kind")}, rng.normal(size=(N, 5)))
    row = scores.set_index("score_name").loc["balanced_accuracy"]
    assert row["chance"] == pytest.approx(1 / 3, abs=0.05) and row["chance_by_lemma"] == pytest.approx(0.5, abs=0.05)


def test_the_labels_of_a_control_task_change_places_as_wholes():
    from thinkalike.mlem.probes import _shuffled

    _, _, lemma = table(0)
    column = pd.Series(np.where(lemma % 3 == 0, "a", "b"), dtype=object)
    column[lemma == 5] = None
    for labels in _shuffled(column, lemma, 0):
        assert (labels.groupby(lemma).nunique(dropna=False) == 1).all()
        assert labels[lemma == 5].isna().all() and labels[lemma != 5].notna().all()
        firsts = labels.groupby(lemma).first().dropna()
        assert (firsts == "a").sum() == 8 and len(firsts) == 23
        assert not labels.equals(column)


def test_folds_are_those_of_the_encoding_model():
    rng, stimuli, _ = table(0)
    groups = label_codes(stimuli["sentence_id"], stimuli.index, "sentences")
    folds = outer_folds(4, groups, 7)
    stimuli["two"] = rng.choice(["x", "y"], N)
    X = rng.normal(size=(N, 5))
    made = probe_layer(stimuli, {"two": Feature("two")}, X, folds=4, seed=7)
    given = probe_layer(stimuli, {"two": Feature("two")}, X, folds=list(folds), seed=7)
    pd.testing.assert_series_equal(made["score"], given["score"])
