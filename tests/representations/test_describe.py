"""What a model needs is told from its configuration, without its weights."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from safetensors.torch import load_file
from small_models import ARCHITECTURES, DEPTH, WIDTH

from thinkalike.errors import InputError
from thinkalike.representations.describe import describe_model

WITHOUT_FINAL = {"bert", "roberta", "albert", "lstm"}


@pytest.mark.parametrize("architecture", list(ARCHITECTURES))
def test_layers_and_width_are_told_without_weights(
    architecture: str, saved_model: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = tmp_path / "bare"
    folder.mkdir()
    shutil.copy(saved_model(architecture) / "config.json", folder)
    found = describe_model(str(folder))
    assert (found["layers"], found["width"], found["weights"]) == (DEPTH, WIDTH, "none")
    assert found["final"] == (architecture not in WITHOUT_FINAL)
    entry = yaml.safe_load(found["yaml"])["bare"]
    assert entry == {"hub": str(folder), "layers": DEPTH, **({"final": True} if found["final"] else {})}


def test_memory_and_disk(saved_model: Callable[[str], Path]) -> None:
    folder = saved_model("llama")
    found = describe_model(str(folder), entry="mine")
    weights = load_file(folder / "model.safetensors")
    expected = sum(value.numel() for key, value in weights.items() if not key.startswith("lm_head"))
    assert found["parameters"] == expected
    assert found["memory_gb"] == round(expected * 4e-9, 3)
    assert found["disk_mb"] == round(0.85 * 5 * WIDTH * 4000 / 1e6, 1)
    assert found["weights"] == "safetensors"
    assert found["yaml"].startswith("mine: {hub: ")


def test_large_configuration_takes_no_memory(tmp_path: Path) -> None:
    config = {
        "model_type": "llama", "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
        "num_attention_heads": 32, "vocab_size": 32000,
    }  # fmt: skip
    (tmp_path / "config.json").write_text(json.dumps(config))
    found = describe_model(str(tmp_path))
    assert found["parameters"] == pytest.approx(6.6e9, rel=0.01)
    assert found["memory_bfloat16_gb"] == pytest.approx(13.2, rel=0.01)
    assert found["layers"] == 32


def test_what_is_no_text_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "nonsense"}))
    with pytest.raises(InputError, match="configuration cannot be understood"):
        describe_model(str(tmp_path))
