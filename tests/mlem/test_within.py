"""The analysis within a part of the stimuli is that of these stimuli alone."""

import logging

import numpy as np
import pandas as pd
import pytest
from planted import planted

from thinkalike.collect import layer_table, model_table
from thinkalike.errors import InputError
from thinkalike.features import Feature
from thinkalike.mlem import analyse_layer, analyse_layers
from thinkalike.mlem.within import analyse_within

SETTINGS = {"model": "m", "layer": "0", "alphas": [1.0], "folds": 3, "drop_column": False, "ceiling": False}


@pytest.fixture(scope="module")
def layer():
    features, vectors = planted(180, levels=(3, 2, 4), weights=(1.0, 0.5, 0.2), noise=2.0)
    noun = features["f0"] == "a"
    features["gender"] = features["f1"].where(noun)
    features["tense"] = features["f1"].where(~noun)
    features["question"] = np.arange(180) % 6 > 2
    stimuli = features.assign(sentence_id=np.arange(180) // 3, stimulus_id=np.arange(180))
    return stimuli, {name: Feature(name) for name in features}, vectors


def test_it_is_the_analysis_of_the_part_alone(layer, caplog):
    stimuli, features, vectors = layer
    with caplog.at_level(logging.INFO):
        tables = analyse_within(stimuli, features, vectors, [{"f0": "a"}, {"f0": "b", "question": True}], **SETTINGS)
    chosen = (stimuli["f0"] == "a").to_numpy()
    kept = {name: feature for name, feature in features.items() if name not in ("f0", "tense")}
    alone = analyse_layer(stimuli[chosen], kept, vectors[chosen], **SETTINGS)
    for name in ("importance", "scores"):
        part = tables[name][tables[name]["within"] == "f0: a"]
        pd.testing.assert_frame_equal(part[alone[name].columns].reset_index(drop=True), alone[name], check_exact=True)
    scores = tables["scores"]
    assert scores["within"].unique().tolist() == ["f0: a", "f0: b, question: true"]
    assert scores.groupby("within", sort=False)["left_out"].first().tolist() == ["f0, tense", "f0, gender, question"]
    assert scores["stimuli"].iloc[0] == chosen.sum()
    assert any("Within f0: a: these do not vary and are left out: f0, tense." in text for text in caplog.messages)


def test_collected_rows_are_by_part_and_coding(layer):
    stimuli, features, vectors = layer
    tables = analyse_within(stimuli, features, vectors, [{"f0": "a"}, {"f0": "b"}], **SETTINGS)
    record = {"model": "m", "entry": "m", "family": "m", "control": False, "seed": 0, "layers": ["0"]}
    collected = {name: layer_table(f"{name}_within", rows, model_table([record])) for name, rows in tables.items()}
    assert len(collected["scores"]) == 2 * 2
    first = collected["importance"].query("within == 'f0: a' and coding == 'levels' and feature == 'f1'")
    rows = tables["importance"].query("within == 'f0: a' and coding == 'levels' and feature == 'f1'")
    assert first["importance"].tolist() == pytest.approx([rows["importance"].mean()])
    assert collected["scores"]["stimuli"].tolist() == [int((stimuli["f0"] == each).sum()) for each in "aabb"]


def test_all_layers_have_it_beside_the_others(layer):
    stimuli, features, vectors = layer
    settings = {"alphas": [1.0], "folds": 2, "inner_folds": 2, "coding": "difference", "resamples": 2}
    layers = {"0": vectors, "1": -vectors}
    tables = analyse_layers(layers, stimuli[list(features)], within={"f0": "c"}, **settings)
    plain = analyse_layers(layers, stimuli[list(features)], **settings)
    assert set(tables) - set(plain) == {"importance_within", "scores_within"}
    pd.testing.assert_frame_equal(tables["importance"], plain["importance"])
    assert tables["scores_within"]["within"].tolist() == ["f0: c"] * 2


@pytest.mark.parametrize(
    ("within", "message"),
    [
        (
            {"case": "a"},
            "mlem.within names 'case', but the stimuli have f0, f1, f2, gender, tense, question; correct it",
        ),
        ({"f0": "z"}, "mlem.within: no stimulus has f0: z; its values are a, b, c."),
        ({"f0": "a", "f2": "a", "question": False}, r"mlem.within, f0: a, f2: a, question: false: \d+ stimuli of"),
    ],
)
def test_mistakes_are_one_sentence(layer, within, message):
    with pytest.raises(InputError, match=message):
        analyse_within(*layer, within, **SETTINGS)


def test_a_part_in_which_nothing_varies_is_refused(layer):
    stimuli, features, vectors = layer
    with pytest.raises(InputError, match="f0: a: no feature varies among these"):
        analyse_within(stimuli, {"f0": features["f0"]}, vectors, {"f0": "a"}, **SETTINGS)
