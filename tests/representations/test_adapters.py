"""Adapters beside a model's weights: merged and recorded, or refused; never applied or ignored in silence."""

import importlib.util
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from thinkalike.errors import InputError
from thinkalike.representations.describe import describe_model
from thinkalike.representations.loading import load_model

SavedModel = Callable[[str], Path]


@pytest.fixture(params=["gpt2", "bert"])
def adapted(request: Any, saved_model: SavedModel, tmp_path: Path) -> tuple[Path, dict[str, torch.Tensor]]:
    """Return a folder with an adapter beside the weights, and the weights of the model with the adapter merged."""
    peft = pytest.importorskip("peft")
    import transformers

    folder = Path(shutil.copytree(saved_model(request.param), tmp_path / "model"))
    kind = {"gpt2": transformers.GPT2LMHeadModel, "bert": transformers.BertForMaskedLM}[request.param]
    targets = {"gpt2": ["c_attn"], "bert": ["query", "value"]}[request.param]
    torch.manual_seed(1)
    model = peft.get_peft_model(
        kind.from_pretrained(folder), peft.LoraConfig(r=2, target_modules=targets, init_lora_weights=False)
    )
    model.save_pretrained(folder)
    merged = model.merge_and_unload()
    return folder, getattr(merged, merged.base_model_prefix).state_dict()


@pytest.mark.slow
def test_adapter_is_merged_and_recorded(adapted: tuple[Path, dict[str, torch.Tensor]]) -> None:
    folder, expected = adapted
    loaded = load_model({"hub": str(folder)}, device="cpu")
    found = loaded.network.state_dict()
    assert found.keys() == expected.keys()
    assert all(torch.allclose(found[key], value, atol=1e-6) for key, value in expected.items())
    assert (loaded.metadata["adapter"]["kind"], loaded.metadata["adapter"]["rank"]) == ("LORA", 2)
    described = describe_model(str(folder))
    assert (described["layers"], described["architecture"]) == (3, loaded.metadata["architecture"])
    with pytest.raises(InputError, match="cannot be merged into quantised ones"):
        load_model({"hub": str(folder)}, dtype="int8", device="cpu")
    (folder / "adapter_config.json").rename(folder / "away.json")
    plain = load_model({"hub": str(folder)}, device="cpu")
    assert "adapter" not in plain.metadata
    assert not all(torch.equal(plain.network.state_dict()[key], value) for key, value in expected.items())


def test_a_pickled_adapter_needs_to_be_allowed(adapted: tuple[Path, dict[str, torch.Tensor]]) -> None:
    from safetensors.torch import load_file

    folder, expected = adapted
    torch.save(load_file(folder / "adapter_model.safetensors"), folder / "adapter_model.bin")
    (folder / "adapter_model.safetensors").unlink()
    with pytest.raises(InputError, match=r"pickled weights are not loaded.*'trust: \[pickle\]'"):
        load_model({"hub": str(folder)}, device="cpu")
    found = load_model({"hub": str(folder), "trust": ["pickle"]}, device="cpu").network.state_dict()
    assert all(torch.allclose(found[key], value, atol=1e-6) for key, value in expected.items())


def test_adapter_without_peft_is_refused(
    adapted: tuple[Path, dict[str, torch.Tensor]], monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "peft" else find(name, *rest))
    with pytest.raises(InputError, match=r"an adapter \(LORA\) lies beside its weights.*pip install peft"):
        load_model({"hub": str(adapted[0])}, device="cpu")


def test_adapter_that_adds_tokens_is_refused(saved_model: SavedModel, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(saved_model("gpt2"), tmp_path / "model"))
    (folder / "adapter_config.json").write_text(json.dumps({"peft_type": "PROMPT_TUNING", "num_virtual_tokens": 4}))
    with pytest.raises(InputError, match="an adapter of the kind PROMPT_TUNING lies beside its weights"):
        load_model({"hub": str(folder)}, device="cpu")


def test_adapter_of_another_model_is_refused(
    adapted: tuple[Path, dict[str, torch.Tensor]], saved_model: SavedModel, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(saved_model("llama"), tmp_path / "other"))
    for path in adapted[0].glob("adapter_*"):
        shutil.copy(path, folder)
    with pytest.raises(InputError, match="the weights of the adapter beside it cannot be applied"):
        load_model({"hub": str(folder)}, device="cpu")
