"""Models in the format GGUF give the vectors of the weights that they hold."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_models import random_sentences, save_model

from thinkalike.errors import InputError
from thinkalike.representations.describe import describe_model
from thinkalike.representations.extraction import extract_to_folder
from thinkalike.representations.loading import load_model
from thinkalike.representations.storage import layer_path, read_representation

LABELS = ["0", "1", "2", "3", "final"]


def write_gguf(folder: Path, path: Path, bits: int = 32) -> Path:
    """Write a Qwen2 checkpoint as GGUF, as its converter does."""
    gguf = pytest.importorskip("gguf")
    from safetensors.torch import load_file
    from transformers import AutoTokenizer

    writer = gguf.GGUFWriter(path, "qwen2")
    writer.add_context_length(64)
    writer.add_embedding_length(32)
    writer.add_block_count(3)
    writer.add_feed_forward_length(64)
    writer.add_head_count(4)
    writer.add_head_count_kv(2)
    writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(1e-6)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    vocabulary = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([token for token, _ in vocabulary])
    writer.add_token_types([3 if token.startswith("<|") else 1 for token, _ in vocabulary])
    merges = __import__("json").loads((folder / "tokenizer.json").read_text())["model"]["merges"]
    writer.add_token_merges([" ".join(merge) for merge in merges])
    for kind in ("bos", "eos", "unk", "pad"):
        getattr(writer, f"add_{kind}_token_id")(0)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.QWEN2, 3)
    for name, weight in load_file(folder / "model.safetensors").items():
        stored = names.get_name(name, try_suffixes=(".weight", ".bias"))
        array = weight.numpy()
        if bits == 8 and array.ndim == 2:
            kind = gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor(stored, gguf.quantize(array, kind), raw_dtype=kind)
        else:
            writer.add_tensor(stored, array)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def vectors(where: Path, target: Path, **source: Any) -> dict[str, Any]:
    """Extract all layers."""
    sentences, stimuli = random_sentences(8)
    extract_to_folder({"hub": str(where), **source}, sentences, stimuli, layers=LABELS, folder=target, device="cpu")
    return {label: read_representation(layer_path(target, label)) for label in LABELS}


@pytest.mark.parametrize(("bits", "tolerance", "types"), [(32, 1e-6, {"F32"}), (8, 0.05, {"F32", "Q8_0"})])
def test_vectors_are_those_of_the_same_weights(bits: int, tolerance: float, types: set[str], tmp_path: Path) -> None:
    pytest.importorskip("accelerate")
    folder = save_model(tmp_path / "model", "qwen2")
    path = write_gguf(folder, tmp_path / "model.gguf", bits)
    expected, found = vectors(folder, tmp_path / "a"), vectors(path, tmp_path / "b", blocks_declared=3)
    for label in LABELS:
        exact, read = expected[label].vectors, found[label].vectors
        error = np.abs(exact - read).max() / np.abs(exact).max()
        assert error < tolerance
        assert bits == 32 or error > 1e-6
    quantisation = found["1"].metadata["quantisation"]
    assert quantisation["method"] == "gguf"
    assert set(quantisation["types"]) == types
    described = describe_model(str(path), entry="m")
    assert described["yaml"] == f"m: {{hub: {path}, layers: 3, final: true}}"
    assert (described["weights"], described["longest_input"]) == ("gguf", 64)


def test_damaged_and_absent_files_are_refused(tmp_path: Path) -> None:
    pytest.importorskip("gguf")
    (tmp_path / "bad.gguf").write_bytes(b"GGUF" + bytes(20))
    with pytest.raises(InputError, match="the file in the format GGUF cannot be loaded"):
        load_model({"hub": str(tmp_path / "bad.gguf")}, device="cpu")
    with pytest.raises(InputError, match="there is no such file; correct the path, or download it"):
        describe_model(str(tmp_path / "none.gguf"))


def test_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    find: Callable[..., Any] = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "gguf" else find(name, *rest))
    (tmp_path / "m.gguf").write_bytes(b"GGUF")
    with pytest.raises(InputError, match=r'needs the package gguf; run `pip install "thinkalike\[gguf\]"`'):
        load_model({"hub": str(tmp_path / "m.gguf")}, device="cpu")
