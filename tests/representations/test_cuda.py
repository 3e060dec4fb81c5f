"""What a CUDA device may change: rounding, and nothing else. These tests run where there is one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from thinkalike.representations import extraction
from thinkalike.representations.extraction import extract_to_folder
from thinkalike.representations.storage import layer_path, read_representation

Dataset = tuple[pd.DataFrame, pd.DataFrame]
SavedModel = Callable[[str], Path]
on_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


def vectors(folder: Path, model: Path, dataset: Dataset, device: str, **settings: Any) -> np.ndarray:
    """Extract the third layer."""
    extract_to_folder({"hub": str(model)}, *dataset, layers=["3"], folder=folder, device=device, **settings)
    found = read_representation(layer_path(folder, "3"))
    assert found.metadata["device"] == device
    return found.vectors


@pytest.mark.gpu
@on_cuda
@pytest.mark.parametrize(
    "architecture", ["bert", "gpt2", "llama", "t5", "mamba", "mamba2", "rwkv", "recurrent_gemma", "lstm"]
)
def test_float32_is_that_of_the_cpu(
    architecture: str, saved_model: SavedModel, dataset: Dataset, tmp_path: Path
) -> None:
    """The plain path and, where mamba-ssm is installed, its kernels; TF32 would be off by 1e-3."""
    model = saved_model(architecture)
    expected, found = (vectors(tmp_path / device, model, dataset, device) for device in ("cpu", "cuda"))
    assert np.abs(found - expected).max() / np.abs(expected).max() < 1e-4


@pytest.mark.gpu
@on_cuda
def test_bfloat16_is_near(saved_model: SavedModel, dataset: Dataset, tmp_path: Path) -> None:
    expected = vectors(tmp_path / "a", saved_model("gpt2"), dataset, "cpu")
    found = vectors(tmp_path / "b", saved_model("gpt2"), dataset, "cuda", dtype="bfloat16")
    assert np.linalg.norm(found - expected) / np.linalg.norm(expected) < 0.05


@pytest.mark.gpu
@on_cuda
def test_same_call_same_numbers(saved_model: SavedModel, dataset: Dataset, tmp_path: Path) -> None:
    for architecture in ("gpt2", "mamba"):
        folders = (tmp_path / f"{architecture}{run}" for run in (0, 1))
        first, again = (vectors(folder, saved_model(architecture), dataset, "cuda") for folder in folders)
        np.testing.assert_array_equal(first, again)


def test_float32_is_not_rounded_to_tf32(saved_model: SavedModel, dataset: Dataset, tmp_path: Path) -> None:
    """The setting holds while a model runs, on any machine, and is given back."""
    seen = []
    before = torch.backends.cudnn.allow_tf32
    with extraction.open_layers({"hub": str(saved_model("gpt2"))}, *dataset, layers=["1"], device="cpu") as stream:
        for _ in stream.batches:
            seen.append(torch.backends.cudnn.allow_tf32 or torch.backends.cuda.matmul.allow_tf32)
    assert seen and not any(seen)
    assert torch.backends.cudnn.allow_tf32 == before
