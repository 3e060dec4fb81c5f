"""Vectors in memory are those that the workflow writes, and sentences may be given as people have them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from thinkalike.errors import InputError
from thinkalike.mlem import MLEM
from thinkalike.representations.extraction import extract_to_folder
from thinkalike.representations.in_memory import LayerVectors, extract
from thinkalike.representations.storage import layer_path, read_representation
from thinkalike.similarity import compare, compare_models

WORDS = [["w1", "w2", "w30"], ["w2", "w7"], ["w5", "w1", "w30", "w2"]]
TEXTS = ["w1 w2 w30", "  w2\tw7\n", "w5 w1 w30 w2"]


@pytest.fixture
def model(saved_model: Callable[[str], Path]) -> str:
    return str(saved_model("gpt2"))


@pytest.fixture
def vectors(model: str) -> LayerVectors:
    return extract(model, WORDS)


def test_they_are_those_that_the_workflow_writes(model: str, vectors: LayerVectors, tmp_path: Path) -> None:
    names = [str(place) for place in range(3)]
    sentences = pd.DataFrame({"sentence_id": names, "words": WORDS})
    extract_to_folder({"hub": model}, sentences, vectors.stimuli, layers=list(vectors), folder=tmp_path / "r")
    assert list(vectors) == ["0", "1", "2", "3", "final"]
    for layer in vectors:
        written = read_representation(layer_path(tmp_path / "r", layer))
        assert np.array_equal(written.vectors, vectors[layer])
        assert {**vectors.metadata, "layer": layer}.items() <= written.metadata.items()


def test_texts_are_split_at_white_space(model: str, vectors: LayerVectors) -> None:
    for given in (TEXTS, pd.Series(TEXTS, index=[7, 8, 9]), tuple(WORDS), (text for text in TEXTS), np.array(TEXTS)):
        found = extract(model, given)
        assert found.stimuli.equals(vectors.stimuli)
        assert all(np.array_equal(found[layer], vectors[layer]) for layer in vectors)
    assert vectors.stimuli["word"].tolist() == [word for words in WORDS for word in words]
    assert vectors.stimuli["sentence_id"].tolist() == list("000112222")
    assert vectors.stimuli["position"].tolist() == [0, 1, 2, 0, 1, 0, 1, 2, 3]


def test_some_layers_by_label_or_number(model: str, vectors: LayerVectors) -> None:
    assert list(extract(model, WORDS, layers=[3, "0"])) == ["3", "0"]
    assert np.array_equal(extract(model, WORDS, layers="last")["last"], vectors["final"])
    assert np.array_equal(vectors[2], vectors["2"])
    with pytest.raises(KeyError, match="no layer '4'; the layers are 0, 1, 2, 3, final"):
        vectors[4]
    with pytest.raises(InputError, match="no layer '9'"):
        extract(model, WORDS, layers=[9])


def test_whole_sentences(model: str, vectors: LayerVectors) -> None:
    final = extract(model, WORDS, per="sentence")
    mean = extract(model, WORDS, per="sentence", unit="mean")
    last_words = [2, 4, 8]
    assert np.array_equal(final["2"], vectors["2"][last_words])
    assert mean["2"].shape == (3, vectors["2"].shape[1]) and not np.allclose(mean["2"], final["2"])
    assert list(final.stimuli) == ["stimulus_id", "sentence_id"]


def test_some_stimuli(vectors: LayerVectors) -> None:
    first = vectors.stimuli["position"] == 0
    chosen = vectors.take(first)
    assert chosen.stimuli["word"].tolist() == ["w1", "w2", "w5"]
    assert np.array_equal(chosen["1"], vectors["1"][first.to_numpy()])
    assert np.array_equal(vectors.take([8, 0])["1"], vectors["1"][[8, 0]])


def test_they_print_as_a_small_table_and_can_be_compared_with_anything(model: str, vectors: LayerVectors) -> None:
    lines = repr(vectors).splitlines()
    assert lines[0] == f"{model}: 9 words of 3 sentences in 5 layers"
    assert lines[1].split() == ["layer", "stimuli", "units", "length"] and len(lines) == 7
    assert "<table" in vectors._repr_html_()
    assert repr(extract(model, WORDS, per="sentence")).startswith(f"{model}: 3 sentences")
    assert vectors == vectors and vectors != extract(model, WORDS) and vectors != 3


def test_other_calls_take_them(vectors: LayerVectors) -> None:
    features = pd.DataFrame({"position": vectors.stimuli["position"] > 0})
    assert MLEM().fit(features, vectors["2"]).weights_.index.tolist() == ["position"]
    assert compare(vectors["0"], vectors["0"], "rsa") == 1
    assert len(compare_models(vectors, vectors, model_a="a", model_b="a", measure="cka")) == 25


def test_activations_of_anything_else(tmp_path: Path) -> None:
    ids = np.array(["1-0", "0-0", "0-1"])
    np.savez(tmp_path / "cortex.npz", stimulus_id=ids, v1=np.arange(6.0).reshape(3, 2), v4=np.ones((3, 4)))
    found = extract(tmp_path / "cortex.npz", ["a b", "c"])
    assert found["v1"].tolist() == [[2, 3], [4, 5], [0, 1]] and list(found) == ["v1", "v4"]


@pytest.mark.parametrize(
    ("sentences", "settings", "message"),
    [
        ("w1 w2", {}, "a single text; give a list"),
        ([], {}, "There are no sentences"),
        (["w1", "  "], {}, "Sentence 1 has no words"),
        ([["w1", 3]], {}, r"Sentence 0 is \['w1', 3\]; give a text or a list of words"),
        ([None], {}, "Sentence 0 is None"),
        ([["w1", ""]], {}, "word 1 is ''"),
        (WORDS, {"per": "token"}, "per is 'token' but must be one of word, sentence"),
        (WORDS, {"unit": "cls"}, "a token of a whole sentence; give per='sentence'"),
        (WORDS, {"unit": "last", "per": "sentence"}, "use final, mean or cls"),
        (WORDS, {"numbering": "mine"}, "numbering"),
    ],
)
def test_mistakes_are_named(model: str, sentences: object, settings: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        extract(model, sentences, **settings)  # type: ignore[arg-type]


def test_what_is_no_model_is_named() -> None:
    with pytest.raises(InputError, match="The model is given as list; give the id of a model on the hub"):
        extract(["gpt2"], WORDS)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"The model's keys \(train\) do not say where it is; give 'hub'"):
        extract({"train": "gpt2"}, WORDS)


def test_vectors_that_are_not_finite_are_refused(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from thinkalike.representations import forward

    def broken(*arguments: object) -> object:
        yield (
            np.arange(9),
            {
                layer: np.full((9, 4), np.nan, dtype=np.float32)
                for layer in next(a for a in arguments if isinstance(a, list))
            },
        )  # type: ignore

    monkeypatch.setattr(forward, "run_batches", broken)
    with pytest.raises(InputError, match="layer 0: the vector of stimulus '0-0' holds a value that is not finite"):
        extract(model, WORDS)
