"""Folders of every kind: one sentence says what a folder holds and what to do, from `describe` and extraction alike."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from small_models import save_model

from thinkalike.errors import InputError
from thinkalike.representations.describe import describe_model
from thinkalike.representations.loading import load_model

SavedModel = Callable[[str], Path]


def empty(folder: Path) -> None:
    """Remove the weights."""
    (folder / "model.safetensors").unlink()


def renamed(name: str) -> Callable[[Path], None]:
    """Return a change that gives the weights another name."""
    return lambda folder: (folder / "model.safetensors").rename(folder / name) and None


def replaced(*names: str) -> Callable[[Path], None]:
    """Return a change that puts other files in place of weights and configuration."""

    def change(folder: Path) -> None:
        empty(folder)
        (folder / "config.json").unlink()
        for name in names:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(json.dumps({"base_model_name_or_path": "some/base", "peft_type": "LORA"}))

    return change


def without_weights_but(name: str) -> Callable[[Path], None]:
    """Return a change that puts a file of another format in place of the weights."""

    def change(folder: Path) -> None:
        empty(folder)
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"x")

    return change


def stale_single_file(folder: Path) -> None:
    """Leave a single file beside an index."""
    weights = load_file(folder / "model.safetensors")
    names = sorted(weights)
    files = {"model-00001-of-00002.safetensors": names[::2], "model-00002-of-00002.safetensors": names[1::2]}
    for file, part in files.items():
        save_file({name: weights[name] for name in part}, folder / file, metadata={"format": "pt"})
    index = {"metadata": {}, "weight_map": {name: file for file, part in files.items() for name in part}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


KINDS: dict[str, tuple[Callable[[Path], None], str]] = {
    "nothing": (replaced(), r"holds no config\.json; give a folder saved by save_pretrained"),
    "adapter alone": (replaced("adapter_config.json", "adapter_model.bin"), "adapter alone, to the model some/base"),
    "GGUF alone": (replaced("model-Q4.gguf"), r"model-Q4\.gguf, which.*name the file itself, '.*/model-Q4\.gguf'"),
    "folder in a folder": (replaced("0_Transformer/config.json"), "folder 0_Transformer does; give .*/0_Transformer"),
    "weights of the authors": (replaced("params.json"), r"format of their authors \(params\.json\)"),
    "single file beside an index": (stale_single_file, r"both model\.safetensors and model\.safetensors\.index\.json"),
    "no weights": (empty, r"holds no model\.safetensors; give a folder with weights"),
    "variant": (renamed("model.fp16.safetensors"), r"model\.fp16\.safetensors.*rename the file to model\.safetensors"),
    "other pickle": (renamed("weights.bin"), r"but weights\.bin.*rename the file to pytorch_model\.bin"),
    "ONNX": (without_weights_but("onnx/model.onnx"), r"onnx/model\.onnx, which is not the format.*exported from"),
    "TensorFlow": (without_weights_but("tf_model.h5"), r"tf_model\.h5, which is not the format"),
    "Flax": (without_weights_but("flax_model.msgpack"), r"flax_model\.msgpack, which is not the format"),
    "Lightning": (without_weights_but("last.ckpt"), r"last\.ckpt, which is not the format.*save_pretrained"),
}  # fmt: skip


@pytest.mark.parametrize("kind", list(KINDS))
def test_kinds_of_folders(kind: str, saved_model: SavedModel, tmp_path: Path) -> None:
    change, message = KINDS[kind]
    folder = Path(shutil.copytree(saved_model("gpt2"), tmp_path / "model"))
    change(folder)
    with pytest.raises(InputError, match=message):
        load_model({"hub": str(folder)}, device="cpu")
    if kind != "no weights":  # a configuration alone can be described
        with pytest.raises(InputError, match=message):
            describe_model(str(folder))


@pytest.mark.parametrize("prefix", ["_orig_mod.", "module.", "module._orig_mod."])
def test_prefixes_of_wrappers_are_read_over(prefix: str, saved_model: SavedModel, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(saved_model("llama"), tmp_path / "model"))
    expected = load_model({"hub": str(folder)}, device="cpu").network.state_dict()
    weights = {f"{prefix}{key}": value for key, value in load_file(folder / "model.safetensors").items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    found = load_model({"hub": str(folder)}, device="cpu").network.state_dict()
    assert all(torch.equal(found[key], value) for key, value in expected.items())


def test_another_prefix_is_named(saved_model: SavedModel, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(saved_model("bert"), tmp_path / "model"))
    weights = {f"net.{key}": value for key, value in load_file(folder / "model.safetensors").items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(InputError, match=r"names of its weights begin with 'net\."):
        load_model({"hub": str(folder)}, device="cpu")


@pytest.mark.parametrize("kind", ["ByT5Tokenizer", "CanineTokenizer"])
def test_tokenizers_of_bytes_are_named(kind: str, saved_model: SavedModel, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(saved_model("t5"), tmp_path / "model"))
    (folder / "tokenizer.json").unlink()
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": kind}))
    with pytest.raises(InputError, match=f"its tokenizer, {kind}, reads single bytes or characters"):
        load_model({"hub": str(folder)}, device="cpu")


def test_stray_bin_is_not_taken_for_weights(tmp_path: Path) -> None:
    folder = save_model(tmp_path / "model", "gpt2")
    empty(folder)
    np.zeros(3).tofile(folder / "optimizer.bin")
    with pytest.raises(InputError, match=r"holds no model\.safetensors but optimizer\.bin"):
        load_model({"hub": str(folder), "trust": ["pickle"]}, device="cpu")
