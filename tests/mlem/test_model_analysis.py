"""The tables of all layers of some models are those of each layer, in the study's form."""

import numpy as np
import pandas as pd
import pytest
from planted import planted

from thinkalike.errors import InputError
from thinkalike.features import Feature
from thinkalike.mlem import analyse_layer, analyse_layers
from thinkalike.representations.in_memory import LayerVectors

FEATURES, VECTORS = planted(90, noise=1.0)
FEATURES = FEATURES.iloc[:, :3]
SENTENCES = np.arange(90) // 3
LAYERS = {"0": VECTORS, "1": VECTORS[:, ::-1] ** 2, "final": VECTORS + 1}


def stimuli() -> pd.DataFrame:
    ids = [f"{sentence}-{place % 3}" for place, sentence in enumerate(SENTENCES)]
    words = [f"word{place % 7}" for place in range(90)]
    return pd.DataFrame({"stimulus_id": ids, "sentence_id": SENTENCES.astype(str), "position": 0, "word": words})


def test_each_layer_is_the_mean_over_the_folds_of_its_analysis() -> None:
    tables = analyse_layers(
        LAYERS, FEATURES, groups=SENTENCES, controls=["f1"], kinds={"f2": "ordinal"}, seed=3, coding="difference"
    )
    declared = {"f0": Feature("f0"), "f2": Feature("f2", kind="ordinal"), "f1": Feature("f1", role="control")}
    for layer, vectors in LAYERS.items():
        expected = analyse_layer(
            FEATURES.assign(sentence_id=SENTENCES),
            declared,
            vectors,
            model="model",
            layer=layer,
            seed=3,
            coding="difference",
        )
        for kind, keys in (("importance", ["feature"]), ("scores", [])):
            found = tables[kind][tables[kind]["layer"] == layer]
            value = "importance" if keys else "score"
            folds = expected[kind].groupby(keys, sort=False)[value].mean() if keys else [expected[kind][value].mean()]
            assert found[value].tolist() == pytest.approx(list(folds), rel=1e-12)
    assert tables["importance"]["feature"].tolist() == ["f0", "f2", "f1"] * 3
    assert tables["importance"]["role"].tolist() == ["feature", "feature", "control"] * 3
    assert tables["scores"]["layer"].tolist() == list(LAYERS)
    assert tables["scores"]["depth"].tolist() == [0, 0.5, 1]


def test_several_models() -> None:
    models = {"bert": LAYERS, "bert-untrained": {"0": VECTORS}}
    tables = analyse_layers(
        models,
        FEATURES,
        families=dict.fromkeys(models, "bert"),
        untrained=["bert-untrained"],
        folds=3,
        coding="difference",
    )
    assert tables["scores"]["model"].tolist() == ["bert"] * 3 + ["bert-untrained"]
    assert tables["models"]["control"].tolist() == [False] * 3 + [True]
    assert set(tables["importance"]["family"]) == {"bert"}


def test_sentences_words_and_order_come_with_the_vectors() -> None:
    vectors = LayerVectors({"0": VECTORS.astype(np.float32)}, stimuli(), {})
    expected = analyse_layers({"0": VECTORS.astype(np.float32)}, FEATURES, groups=SENTENCES.astype(str))["scores"]
    assert analyse_layers(vectors, FEATURES)["scores"].equals(expected)
    labelled = FEATURES.set_axis(stimuli()["stimulus_id"], axis=0)
    shuffled = np.random.default_rng(0).permutation(90)
    assert analyse_layers(vectors, labelled.iloc[shuffled])["scores"].equals(expected)
    groups = pd.Series(SENTENCES.astype(str), index=labelled.index)
    assert analyse_layers(vectors, labelled.iloc[shuffled], groups=groups)["scores"].equals(expected)
    shifted = pd.DataFrame(VECTORS.astype(np.float32), index=labelled.index).iloc[shuffled]
    assert analyse_layers({"0": shifted}, labelled, groups=groups)["scores"].equals(expected)
    excluded = analyse_layers(vectors, FEATURES, same_word_pairs="exclude")["scores"]
    assert (excluded["pairs"] < expected["pairs"]).all()


@pytest.mark.parametrize("order", [FEATURES.index[::-1], FEATURES.index + 1, pd.Index(["x"] * 90)])
def test_rows_of_another_index_are_never_taken_by_position(order: pd.Index) -> None:
    vectors = LayerVectors({"0": VECTORS}, stimuli(), {})
    with pytest.raises(InputError, match=r"index .* is not that of the stimuli of model 'model'"):
        analyse_layers(vectors, FEATURES.set_axis(order, axis=0))
    with pytest.raises(InputError, match="groups has no row labelled 0"):
        analyse_layers(vectors, FEATURES, groups=pd.Series(SENTENCES, index=FEATURES.index + 1))


@pytest.mark.parametrize(
    ("layers", "features", "settings", "message"),
    [
        ({}, FEATURES, {}, "There are no layers"),
        (VECTORS, FEATURES, {}, "There are no layers; give a mapping"),
        ({"a": {}, "b": LAYERS}, FEATURES, {}, "Model 'a' has no layers"),
        ({"a": VECTORS, "b": LAYERS}, FEATURES, {}, "'a' is an array and 'b' a mapping"),
        (LAYERS, FEATURES.to_numpy(), {}, "given as ndarray; give a pandas DataFrame"),
        (LAYERS, FEATURES, {"controls": ["f9"]}, "controls names 'f9', but the features are f0, f1, f2"),
        (LAYERS, FEATURES, {"kinds": {"f9": "numeric"}}, "kinds names 'f9'"),
        (LAYERS, FEATURES, {"families": {"gpt2": "gpt2"}}, "no model 'gpt2'; the models are model"),
        (LAYERS, FEATURES.rename(columns={"f0": "sentence_id"}), {}, "give sentences as 'groups'"),
        (LAYERS, FEATURES, {"groups": SENTENCES[:-1]}, "90 rows of features, but groups of shape"),
        (LayerVectors({"0": VECTORS}, stimuli(), {}), FEATURES.iloc[1:], {}, "89 rows .* vectors of 90 stimuli"),
    ],
)
def test_mistakes_are_named(layers: object, features: pd.DataFrame, settings: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        analyse_layers(layers, features, **settings)  # type: ignore[arg-type]
