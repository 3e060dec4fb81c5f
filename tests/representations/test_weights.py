"""Weights that the model does not use are refused by name; heads and tables that it computes itself do not matter."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from thinkalike.errors import InputError
from thinkalike.representations.loading import load_model

SavedModel = Callable[[str], Path]


def with_weights(folder: Path, target: Path, **more: torch.Tensor) -> Path:
    """Copy a checkpoint and add weights; dots stand for themselves in names given as a dictionary."""
    shutil.copytree(folder, target)
    weights = load_file(target / "model.safetensors")
    save_file({**weights, **more}, target / "model.safetensors", metadata={"format": "pt"})
    return target


def load(folder: Path, **source: Any) -> Any:
    """Load a checkpoint."""
    return load_model({"hub": str(folder), **source}, device="cpu")


LEFT_OVER = [
    ("gpt2", "transformer.h.0.attn.q_norm.weight"),
    ("gpt2", "transformer.wpe_extra.weight"),
    ("gpt2", "base_model.model.transformer.h.0.attn.c_attn.lora_A.weight"),
    ("llama", "model.layers.1.self_attn.q_proj.bias"),
    ("llama", "model.layers.0.self_attn.q_norm.weight"),
    ("llama", "model.layers.0.mlp.gate_proj.weight_scale"),
    ("llama", "model.visual.blocks.0.weight"),
    ("bert", "bert.encoder.layer.0.attention.self.rotary.weight"),
    ("t5", "encoder.block.0.layer.0.SelfAttention.q.bias"),
    ("mamba", "backbone.layers.0.mixer.dt_norm.weight"),
]
OF_NO_MATTER = [
    ("gpt2", "transformer.h.0.attn.bias"),
    ("gpt2", "transformer.h.0.attn.masked_bias"),
    ("gpt2", "v_head.summary.weight"),
    ("gpt_neox", "gpt_neox.layers.0.attention.rotary_emb.inv_freq"),
    ("gpt_neox", "gpt_neox.layers.0.attention.bias"),
    ("llama", "model.layers.0.self_attn.rotary_emb.inv_freq"),
    ("llama", "score.weight"),
    ("bert", "cls.seq_relationship.weight"),
    ("bert", "bert.embeddings.position_ids"),
    ("bert", "qa_outputs.bias"),
    ("bert", "classifier.weight"),
    ("t5", "decoder.block.0.layer.0.SelfAttention.q.bias"),
]


@pytest.mark.parametrize(("architecture", "weight"), LEFT_OVER)
def test_weights_that_are_not_used_are_refused(
    architecture: str, weight: str, saved_model: SavedModel, tmp_path: Path
) -> None:
    folder = with_weights(saved_model(architecture), tmp_path / "model", **{weight: torch.ones(4)})
    with pytest.raises(InputError, match=r"holds 1 weights that the model does not use, for example .*\."):
        load(folder)
    assert load(folder, trust=["unused_weights"]).metadata["unused_weights"]


@pytest.mark.parametrize(("architecture", "weight"), OF_NO_MATTER)
def test_heads_and_computed_tables_are_of_no_matter(
    architecture: str, weight: str, saved_model: SavedModel, tmp_path: Path
) -> None:
    folder = with_weights(saved_model(architecture), tmp_path / "model", **{weight: torch.ones(4, 4)})
    assert "unused_weights" not in load(folder).metadata


def test_checkpoint_of_the_bare_model(saved_model: SavedModel, tmp_path: Path) -> None:
    """Without a head, names have no prefix: what is not a head of the architecture is refused there too."""
    from transformers import AutoModel

    bare = tmp_path / "bare"
    shutil.copytree(saved_model("bert"), bare)
    AutoModel.from_pretrained(bare).save_pretrained(bare)
    assert load(bare).metadata["architecture"] == "BertModel"
    assert load(with_weights(bare, tmp_path / "head", **{"cls.predictions.bias": torch.ones(4)}))
    for weight in ("encoder.layer.0.gate.weight", "extra_norm.weight"):
        folder = with_weights(bare, tmp_path / weight, **{weight: torch.ones(4)})
        with pytest.raises(InputError, match=f"for example {weight}"):
            load(folder)


@pytest.mark.parametrize("dtype", [torch.float8_e4m3fn, torch.int8])
def test_small_numbers_without_a_scale_are_refused(dtype: torch.dtype, saved_model: SavedModel, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(saved_model("llama"), tmp_path / "model"))
    weights = load_file(folder / "model.safetensors")
    name = "model.layers.0.mlp.gate_proj.weight"
    weights[name] = weights[name].to(dtype)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(InputError, match=r"gate_proj\.weight in model\.safetensors is stored as (F8_E4M3|I8) but"):
        load(folder)


@pytest.mark.parametrize("name", ["T5EncoderModel", "UMT5EncoderModel"])
def test_encoders_alone_are_whole(name: str, saved_model: SavedModel, tmp_path: Path) -> None:
    import transformers

    from thinkalike.representations.describe import describe_model

    folder = Path(shutil.copytree(saved_model("t5"), tmp_path / "model"))
    config = getattr(transformers, name.replace("EncoderModel", "Config"))(
        d_model=32, d_kv=8, d_ff=64, num_layers=3, num_decoder_layers=2, num_heads=4, vocab_size=90,
        decoder_start_token_id=0,
    )  # fmt: skip
    getattr(transformers, name)(config).save_pretrained(folder)
    loaded = load(folder)
    assert loaded.metadata["part"] == "encoder"
    found = describe_model(str(folder))
    assert (found["layers"], found["final"]) == (3, True)


@pytest.mark.parametrize("stack", ["encoder", "decoder"])
def test_missing_weights_matter_where_they_run(stack: str, saved_model: SavedModel, tmp_path: Path) -> None:
    name = f"{stack}.block.0.layer.0.SelfAttention.q.weight"
    folder = Path(shutil.copytree(saved_model("t5"), tmp_path / "model"))
    weights = load_file(folder / "model.safetensors")
    del weights[name]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    if stack == "decoder":
        assert load(folder).metadata["part"] == "encoder"
        return
    with pytest.raises(InputError, match=f"for example {name}"):
        load(folder)


def edit_config(folder: Path, **changes: Any) -> None:
    """Change entries of config.json."""
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **changes}))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"quant_method": "modelopt", "bits": 4}, "states the method 'modelopt', which transformers cannot undo"),
        ({"bits": 4}, "states no quant_method"),
        ({"quant_method": "gptq", "bits": 4, "group_size": 128, "desc_act": False}, "gptq.*pip install gptqmodel"),
        ({"quant_method": "awq", "bits": 4, "group_size": 128, "zero_point": True}, "awq.*pip install gptqmodel"),
        ({"quant_method": "compressed-tensors", "format": "float-quantized"}, "pip install compressed-tensors"),
        ({"quant_method": "hqq", "quant_config": {}}, "pip install hqq"),
    ],
)
def test_quantised_checkpoints_name_what_they_need(
    settings: dict[str, Any], message: str, saved_model: SavedModel, tmp_path: Path
) -> None:
    from thinkalike.representations.describe import describe_model

    folder = Path(shutil.copytree(saved_model("llama"), tmp_path / "model"))
    edit_config(folder, quantization_config=settings)
    with pytest.raises(InputError, match=message):
        load(folder)
    if settings.get("quant_method") in (None, "modelopt"):
        with pytest.raises(InputError, match=message):
            describe_model(str(folder))
    else:
        assert describe_model(str(folder))["quantisation"]["method"] == settings["quant_method"]


def test_four_bits_of_bitsandbytes_are_recorded(saved_model: SavedModel, tmp_path: Path) -> None:
    pytest.importorskip("bitsandbytes")
    pytest.importorskip("accelerate")
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    folder = Path(shutil.copytree(saved_model("llama"), tmp_path / "model"))
    model = AutoModelForCausalLM.from_pretrained(
        folder, quantization_config=BitsAndBytesConfig(load_in_4bit=True), device_map={"": "cpu"}
    )
    model.save_pretrained(folder)
    assert load(folder).metadata["quantisation"] == {"method": "bitsandbytes_4bit", "bits": 4}
