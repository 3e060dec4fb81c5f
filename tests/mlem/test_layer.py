"""The workflow's tables of a layer."""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from planted import planted

from thinkalike.errors import InputError
from thinkalike.features import Feature
from thinkalike.mlem import MLEM, analyse_layer, cross_validate
from thinkalike.tables import read_table, write_table


@pytest.fixture
def layer():
    features, vectors = planted(90, levels=(2, 3, 4), weights=(1.0, 0.4, 0.2), noise=2.0)
    stimuli = features.rename(columns={"f0": "number", "f1": "tense"})
    stimuli.insert(0, "stimulus_id", [f"s{i // 3:05d}-{i % 3}" for i in range(90)])
    stimuli.insert(1, "sentence_id", [f"s{i // 3:05d}" for i in range(90)])
    stimuli.insert(2, "position", np.arange(90) % 3)
    stimuli.insert(3, "word", stimuli["number"] + stimuli["f2"])
    stimuli["word_identity"] = stimuli.pop("word").set_axis(stimuli.index)
    stimuli["word"] = stimuli["word_identity"].str.upper()
    declared = {
        "number": Feature("number", level="word"),
        "tense": Feature("tense", kind="ordinal"),
        "word_identity": Feature("word_identity", level="word", role="control"),
    }
    return stimuli, declared, vectors


def test_tables_have_the_columns_of_the_contract(layer, tmp_path):
    stimuli, declared, vectors = layer
    tables = analyse_layer(
        stimuli,
        declared,
        vectors,
        model="bert",
        layer="final",
        inference={"n_resamples": 5, "n_permutations": 9},
    )
    importance, scores, inference = tables["importance"], tables["scores"], tables["inference"]
    assert list(importance) == [
        *("model", "layer", "coding", "fold", "feature", "role", "weight", "relative_weight"),
        *("importance", "importance_drop_column", "conditional_importance", "shared_importance"),
        *("conditioned_on", "movable", "tied_to"),
    ]
    assert list(scores)[:8] == ["model", "layer", "coding", "fold", "score", "alpha", "intercept", "ceiling"]
    assert list(inference) == [
        *("model", "layer", "quantity", "feature", "estimate", "low", "high", "p", "p_max", "unit", "over"),
    ]
    assert inference["unit"].tolist()[1:4] == ["word", "stimulus", "word"]
    assert len(importance) == 2 * 5 * 3 and len(scores) == 2 * 5 and len(inference) == 1 + 2 * 3
    for table in (importance, scores):  # the study's own first, the paper's beside it
        assert table["coding"].tolist() == ["levels"] * (len(table) // 2) + ["difference"] * (len(table) // 2)
    assert list(tables["level_weights"]) == [
        *("model", "layer", "fold", "feature", "level_a", "level_b", "weight", "pairs"),
    ]
    assert len(tables["level_weights"]) == 5 * (1 + 3 + 28)
    assert set(importance.query("feature == 'word_identity'")["role"]) == {"control"}
    assert (importance["layer"] == "final").all() and (importance["model"] == "bert").all()
    for name, table in tables.items():
        write_table(table, tmp_path / f"{name}.parquet")
        pd.testing.assert_frame_equal(read_table(tmp_path / f"{name}.parquet"), table, check_dtype=False)
    assert read_table(tmp_path / "inference.parquet")["feature"].isna().sum() == 1


@pytest.mark.parametrize("coding", ["levels", "difference"])
def test_layer_equals_cross_validation_by_sentence(layer, coding):
    stimuli, declared, vectors = layer
    tables = analyse_layer(stimuli, declared, vectors, model="m", layer="0", seed=4, coding=coding)
    groups = stimuli["sentence_id"]
    for each in dict.fromkeys([coding, "difference"]):
        result = cross_validate(stimuli[list(declared)], vectors, model=MLEM(coding=each), groups=groups, seed=4)
        scores, importance = (tables[name][tables[name]["coding"] == each] for name in ("scores", "importance"))
        np.testing.assert_array_equal(scores["score"], result.scores)
        np.testing.assert_array_equal(importance["importance"], result.importance.to_numpy().reshape(-1))
    assert ("level_weights" in tables) == (coding == "levels")
    assert set(tables["scores"]["coding"]) == {coding, "difference"}


def test_same_word_pairs_can_be_left_out(layer):
    stimuli, declared, vectors = layer
    kept = analyse_layer(stimuli, declared, vectors, model="m", layer="0", coding="difference")
    without = analyse_layer(
        stimuli, declared, vectors, model="m", layer="0", coding="difference", same_word_pairs="exclude"
    )
    assert (without["scores"]["pairs"] < kept["scores"]["pairs"]).all()
    control = without["importance"].query("feature == 'word_identity'")
    assert (control["weight"] == 0).all()  # it differs on all pairs that are left: the intercept has it


def test_interactions_have_a_table(layer):
    stimuli, declared, vectors = layer
    tables = analyse_layer(
        stimuli, declared, vectors, model="m", layer="0", interactions=True, coding="difference", alphas=[1.0], folds=2
    )
    assert list(tables["interactions"]) == [
        *("model", "layer", "fold", "feature_a", "feature_b", "weight", "importance"),
    ]
    assert len(tables["interactions"]) == 2 * 6


def test_mistakes_are_named(layer):
    stimuli, declared, vectors = layer
    arguments = {"model": "m", "layer": "0", "alphas": [1.0]}
    with pytest.raises(InputError, match="no column 'tense'"):
        analyse_layer(stimuli.drop(columns="tense"), declared, vectors, **arguments)
    with pytest.raises(InputError, match="same_word_pairs is 'drop'"):
        analyse_layer(stimuli, declared, vectors, same_word_pairs="drop", **arguments)
    with pytest.raises(InputError, match="inference has the key 'n_boot'"):
        analyse_layer(stimuli, declared, vectors, inference={"n_boot": 3}, **arguments)
    lemma = {**declared, "tense": Feature("tense", level="lemma")}
    with pytest.raises(InputError, match="no column 'lemma'"):
        analyse_layer(stimuli, lemma, vectors, inference={"n_permutations": 3, "n_resamples": 0}, **arguments)
    sentence = {**declared, "number": Feature("number", level="sentence")}
    with pytest.raises(InputError, match="'number' is declared at level 'sentence' but sentence 's00000' has 2"):
        analyse_layer(stimuli, sentence, vectors, inference={"n_permutations": 3, "n_resamples": 0}, **arguments)


_SCRIPT = """
import sys
import numpy as np
sys.path.insert(0, sys.argv[1])
from planted import planted
from thinkalike.mlem import cross_validate
features, vectors = planted(300, n_units=200, noise=3.0)
vectors[100] = vectors[3]
result = cross_validate(features, vectors)
print(repr([result.weights.to_numpy().tolist(), result.scores.tolist(), result.importance.to_numpy().tolist()]))
"""


@pytest.mark.slow
def test_number_of_threads_does_not_matter():
    outputs = []
    for threads in ("1", "3"):
        environment = {**os.environ, **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), threads)}
        command = [sys.executable, "-c", _SCRIPT, os.path.dirname(__file__)]  # noqa: PTH120
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        outputs.append(eval(done.stdout))
    for one, other in zip(*outputs, strict=True):
        np.testing.assert_allclose(np.array(one), np.array(other), rtol=1e-12, atol=1e-12)
