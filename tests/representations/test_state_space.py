"""mamba-ssm's kernels are for CUDA tensors only, and files say which path made them."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from small_models import save_model

from thinkalike.representations.extraction import extract_to_folder
from thinkalike.representations.loading import load_model
from thinkalike.representations.state_space import cap_chunk_size, suitable_kernels
from thinkalike.representations.storage import layer_path, read_representation

SENTENCES = pd.DataFrame({"sentence_id": ["s"], "words": [["dogs", "chase", "the", "woman"]]})
STIMULI = pd.DataFrame({"stimulus_id": list("abcd"), "sentence_id": "s", "position": range(4)})

_STAND_IN = """
import sys, types
def refuse(*arguments, **keywords):
    raise RuntimeError("Expected x.is_cuda() to be true, but got false.")
class Package(types.ModuleType):
    __path__ = []
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        if name.endswith(("_fn", "_update", "_combined")):
            return refuse
        return Package(name)
for package in ("mamba_ssm", "causal_conv1d"):
    sys.modules[package] = Package(package)
"""


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ["mamba", "mamba2"])
def test_importable_kernels_are_not_called_on_the_cpu(
    architecture: str, saved_model: Callable[[str], Path], tmp_path: Path
) -> None:
    """A stand-in for mamba-ssm refuses CPU tensors as the real one does."""
    model = saved_model(architecture)
    extract_to_folder({"hub": str(model)}, SENTENCES, STIMULI, layers=["3"], folder=tmp_path / "plain", device="cpu")
    SENTENCES.to_parquet(tmp_path / "sentences.parquet")
    STIMULI.to_parquet(tmp_path / "stimuli.parquet")
    code = f"""{_STAND_IN}
import logging, pandas as pd, torch
from transformers import AutoModel
model = AutoModel.from_pretrained({str(model)!r}).eval()
try:
    model(torch.zeros(1, 4, dtype=torch.long))
    raise SystemExit("the stand-in was not called, so this test shows nothing")
except RuntimeError as error:
    assert "is_cuda" in str(error), error
from thinkalike.representations.extraction import extract_to_folder
extract_to_folder({{"hub": {str(model)!r}}}, pd.read_parquet("sentences.parquet"), pd.read_parquet("stimuli.parquet"),
        layers=["3"], folder="routed", device="cpu")
"""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("plain torch") == 1
    plain, routed = (read_representation(layer_path(tmp_path / name, "3")) for name in ("plain", "routed"))
    np.testing.assert_array_equal(plain.vectors, routed.vectors)
    assert routed.metadata["state_space_path"] == "torch"


def test_functions_are_put_back(saved_model: Callable[[str], Path]) -> None:
    from transformers.models.mamba import modeling_mamba

    loaded = load_model({"hub": str(saved_model("mamba"))}, device="cpu")
    before = modeling_mamba.mamba_selective_scan
    with suitable_kernels(loaded.network, loaded.device) as path:
        assert path == "torch"
        assert modeling_mamba.mamba_selective_scan is before.__wrapped__
    assert modeling_mamba.mamba_selective_scan is before


def test_other_models_have_no_such_path(saved_model: Callable[[str], Path]) -> None:
    loaded = load_model({"hub": str(saved_model("gpt2"))}, device="cpu")
    with suitable_kernels(loaded.network, loaded.device) as path:
        assert path is None


def test_smaller_chunks_give_the_same_numbers(saved_model: Callable[[str], Path]) -> None:
    loaded = load_model({"hub": str(saved_model("mamba2"))}, device="cpu")
    ids = torch.arange(40)[None]
    with torch.inference_mode():
        before = loaded.network(ids)[0]
        cap_chunk_size(loaded.network, loaded.device)
        after = loaded.network(ids)[0]
    assert {module.chunk_size for module in loaded.network.modules() if hasattr(module, "chunk_size")} == {16}
    torch.testing.assert_close(before, after, rtol=0, atol=1e-5)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("architecture", ["mamba", "mamba2"])
def test_both_paths_agree_on_a_gpu(architecture: str, tmp_path: Path) -> None:
    pytest.importorskip("mamba_ssm")
    model = save_model(tmp_path / "model", architecture)
    for device in ("cpu", "cuda"):
        extract_to_folder(
            {"hub": str(model)}, SENTENCES, STIMULI, layers=["3"], folder=tmp_path / device, device=device
        )
    plain, kernels = (read_representation(layer_path(tmp_path / name, "3")) for name in ("cpu", "cuda"))
    assert (plain.metadata["state_space_path"], kernels.metadata["state_space_path"]) == ("torch", "mamba-ssm")
    assert np.abs(plain.vectors - kernels.vectors).max() / np.abs(plain.vectors).max() < 1e-3
