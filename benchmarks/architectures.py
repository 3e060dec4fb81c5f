"""Every text architecture of transformers: tiny checkpoints, their layers, and whether `describe` knew them.

A checkpoint with random weights is saved for every class that AutoModel knows and that reads token ids. Its layers are
extracted like any user's, and compared with transformers' own hidden_states: every entry must be one of them, in order.

    python benchmarks/architectures.py [--only bert gpt2] [--csv architectures.csv]
"""

import argparse
import inspect
import os
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd
import torch
import transformers
from transformers import AutoModel
from transformers.models.auto.configuration_auto import CONFIG_MAPPING
from transformers.models.auto.modeling_auto import MODEL_MAPPING_NAMES

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "representations"))
from small_models import byte_level, random_sentences

from thinkalike.errors import InputError
from thinkalike.representations.describe import describe_model
from thinkalike.representations.extraction import extract_to_folder
from thinkalike.representations.storage import layer_path, read_representation
from thinkalike.representations.text_part import text_part

# Sizes by the names that configurations give them; whatever a configuration does not have is left out.
SIZES = {
    "hidden_size": 32, "d_model": 32, "n_embd": 32, "dim": 32, "embed_dim": 32, "emb_dim": 32,
    "word_embed_proj_dim": 32,
    "embedding_size": 32, "attention_hidden_size": 32, "lru_width": 32, "d_embed": 32, "text_config_hidden": 32,
    "projection_dim": 32, "rnn_hidden_size": 32, "hidden_dim": 64, "encoder_hidden_size": 32, "decoder_hidden_size": 32,
    "num_hidden_layers": 3, "n_layer": 3, "n_layers": 3, "num_layers": 3, "encoder_layers": 3, "decoder_layers": 2,
    "num_encoder_layers": 3, "num_decoder_layers": 2, "num_mem_blocks": 1,
    "num_attention_heads": 4, "n_head": 4, "n_heads": 4, "num_heads": 4, "encoder_attention_heads": 4,
    "decoder_attention_heads": 4, "num_encoder_attention_heads": 4, "num_decoder_attention_heads": 4,
    "num_key_value_heads": 4, "num_kv_heads": 4, "num_global_key_value_heads": 4, "head_dim": 8, "d_kv": 8, "d_head": 8,
    "global_head_dim": 8, "attention_head_dim": 8, "v_head_dim": 8, "kv_channels": 8, "qk_rope_head_dim": 8,
    "qk_nope_head_dim": 8, "qk_head_dim": 16, "kv_lora_rank": 16, "q_lora_rank": 16, "linear_key_head_dim": 8,
    "linear_value_head_dim": 8, "linear_num_key_heads": 4, "linear_num_value_heads": 4, "rotary_dim": 4,
    "intermediate_size": 64, "d_ff": 64, "d_inner": 64, "ffn_dim": 64, "ffn_hidden_size": 64, "inner_dim": 64,
    "encoder_ffn_dim": 64, "decoder_ffn_dim": 64, "moe_intermediate_size": 32, "shared_expert_intermediate_size": 32,
    "shared_intermediate_size": 32, "dense_intermediate_size": 64, "intermediate_size_mlp": 64,
    "num_experts": 4, "num_local_experts": 4, "n_routed_experts": 4, "moe_num_experts": 4, "num_experts_per_tok": 2,
    "moe_k": 2, "num_experts_per_token": 2, "n_group": 1, "topk_group": 1, "expert_capacity": 8,
    "vocab_size": 400, "src_vocab_size": 400, "tgt_vocab_size": 400, "vocab_size_per_layer_input": 400,
    "max_position_embeddings": 64, "n_positions": 64, "max_seq_len": 64, "context_length": 64, "n_ctx": 64,
    "state_size": 8, "mamba_d_state": 8, "mamba_num_heads": 8, "mamba_n_heads": 8, "mamba_d_head": 8,
    "mamba_head_dim": 8, "mamba_headdim": 8, "mamba_ngroups": 1, "mamba_n_groups": 1, "n_groups": 1, "mamba_expand": 2,
    "mamba_chunk_size": 16, "chunk_size": 16, "time_step_rank": 8, "sliding_window": 8, "local_attention": 8,
    "attention_window_size": 8, "hidden_size_per_layer_input": 8, "laurel_rank": 8, "num_kv_shared_layers": 0,
    "image_size": 16, "patch_size": 8, "temporal_patch_size": 1, "depth": 2, "num_mel_bins": 8, "bottleneck_size": 8,
}  # fmt: skip
# What some configurations need beside small sizes.
EXTRA: dict[str, dict[str, Any]] = {
    "xmod": {"default_language": "en_XX", "languages": ["en_XX"]},
    "albert": {"num_hidden_groups": 1, "inner_group_num": 1},
    "mamba2": {"num_heads": 8, "head_dim": 8, "expand": 2},
    "recurrent_gemma": {"num_key_value_heads": 1},
    "mpt": {"d_model": 32},
    "longformer": {"attention_window": [8, 8, 8]},
    "led": {"attention_window": [8, 8, 8]},
    "fsmt": {"langs": ["en", "de"]},
    "rwkv": {"rescale_every": 2},
    "esm": {"vocab_size": 400, "pad_token_id": 1, "mask_token_id": 2, "position_embedding_type": "rotary"},
    "deepseek_v2": {"num_experts_per_tok": 2, "topk_method": "greedy"},
    "deepseek_v3": {"num_experts_per_tok": 2},
    "chameleon": {"vocabulary_map": {"<image>": 1}},
    "bridgetower_text_model": {"num_attention_heads": 4},
    "falcon_h1": {"mamba_d_ssm": 64, "mamba_n_heads": 8, "mamba_d_head": 8},
    "funnel": {"block_sizes": [3], "block_repeats": None, "d_model": 32, "n_head": 4, "d_head": 8, "d_inner": 64},
    "reformer": {"axial_pos_embds": False, "attn_layers": ["local", "local", "local"], "hidden_size": 32},
}
# Lists with an entry per layer follow the number of layers.
PER_LAYER = ("layer_types", "layers_block_type", "block_types", "mlp_layer_types", "no_rope_layers", "attention_types",
             "layer_type_list", "intermediate_size", "activation_sparsity_pattern", "mlp_only_layers",
             "attention_layers", "num_attention_heads_per_layer")  # fmt: skip
DEPTH = 3


def shrink(config: Any) -> Any:
    """Make a configuration and those inside it small, in place."""
    for value in list(vars(config).values()):
        if isinstance(value, transformers.PreTrainedConfig):
            shrink(value)
    content = config.to_dict()
    for key, value in SIZES.items():
        if type(content.get(key)) is int:
            _set(config, key, value)
    rope = content.get("rope_parameters")
    if isinstance(rope, dict) and ("mrope_section" in rope or "glm" in str(config.model_type)):
        _set(config, "rope_parameters", {**rope, "mrope_section": [2, 1, 1], "partial_rotary_factor": 1.0})
    for key in PER_LAYER:
        if isinstance(content.get(key), list) and len(content[key]) > DEPTH:
            _set(config, key, _shortened(content[key]))
    for key, value in content.items():
        # Ids of special tokens lie inside the vocabulary.
        if key.endswith("token_id") and isinstance(value, int) and value >= 330:
            _set(config, key, 0)
    for key, value in EXTRA.get(getattr(config, "model_type", ""), {}).items():
        _set(config, key, value)
    return config


def _shortened(entries: list[Any]) -> list[Any]:
    """Return as many entries as there are layers, every kind of entry among them where there is room."""
    kinds = [entry for number, entry in enumerate(entries) if entry not in entries[:number]]
    return (kinds + [entries[0]] * DEPTH)[:DEPTH]


def _set(config: Any, key: str, value: Any) -> None:
    try:
        setattr(config, key, value)
    except (AttributeError, NotImplementedError, TypeError, ValueError):
        return


def save(model_type: str, folder: Path) -> None:
    """Save a tiny checkpoint with a byte-level tokenizer."""
    config = shrink(CONFIG_MAPPING[model_type]())
    config.tie_word_embeddings = getattr(config, "tie_word_embeddings", True)
    torch.manual_seed(0)
    model = AutoModel.from_config(config)
    if sum(parameter.numel() for parameter in model.parameters()) > 30_000_000:
        raise RuntimeError("its configuration cannot be made small by the usual keys")
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
    model.save_pretrained(folder)
    byte_level().save_pretrained(folder)


def reference(folder: Path, sentences: pd.DataFrame) -> list[np.ndarray] | None:
    """Return transformers' hidden states of all tokens, one array of shape (tokens, units) per entry."""
    part = text_part(AutoModel.from_pretrained(folder).eval(), "reference")
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    rows = []
    for words in sentences["words"]:
        ids = tokenizer(" ".join(words), return_tensors="pt")["input_ids"]
        with torch.inference_mode():
            states = getattr(part.network(input_ids=ids, output_hidden_states=True), "hidden_states", None)
        if not states or any(state.shape[:2] != ids.shape for state in states):
            return None
        rows.append([state[0, -1].float().numpy() for state in states])
    return [np.stack(entry) for entry in zip(*rows, strict=True)]


def examine(model_type: str, folder: Path) -> dict[str, Any]:
    """Return what becomes of a tiny checkpoint of one architecture."""
    row: dict[str, Any] = {"architecture": model_type}
    try:
        save(model_type, folder)
    except Exception as error:  # some configurations cannot be made small by their usual keys
        return {**row, "outcome": "not built", "detail": f"{type(error).__name__}: {str(error)[:150]}"}
    described, refusal = _described(folder)
    sentences, _ = random_sentences(6, seed=3)
    stimuli = pd.DataFrame({"stimulus_id": sentences["sentence_id"], "sentence_id": sentences["sentence_id"]})
    try:
        stated = {"blocks_declared": described["layers"]} if described else {}
        labels = [str(number) for number in range((described or {"layers": DEPTH})["layers"] + 1)]
        labels += ["final"] if described and described["final"] else []
        extract_to_folder({"hub": str(folder), **stated}, sentences, stimuli, layers=labels, folder=folder / "r",
                          device="cpu", unit="final")  # fmt: skip
    except InputError as error:
        agrees = described is None
        return {
            **row,
            "outcome": "refused",
            "describe": agrees,
            "detail": str(error).replace(str(folder), "FOLDER")[:400],
        }
    except Exception as error:  # what a sweep is for
        return {**row, "outcome": "FAILED", "describe": False, "detail": f"{type(error).__name__}: {str(error)[:200]}"}
    found = {label: read_representation(layer_path(folder / "r", label)) for label in labels}
    known = found["0"].metadata
    row.update(blocks=known["blocks"], layers=len(labels), describe=described is not None and known["layers"] == labels,
               part=known.get("part", ""), detail="" if described else f"describe refused: {refusal}")  # fmt: skip
    try:
        states = reference(folder, sentences)
    except Exception as error:
        return {**row, "outcome": "no hidden_states", "detail": f"{type(error).__name__}: {str(error)[:100]}"}
    if states is None:
        return {**row, "outcome": "no hidden_states"}
    meaning = [_nearest({label: one.vectors for label, one in found.items()}, state) for state in states]
    order = [labels.index(label) for label, error in meaning if error < 1e-4]
    right = len(order) == len(states) and order == sorted(order)
    worst = max(error for _, error in meaning)
    return {**row, "outcome": "right" if right else "DIFFERS", "error": worst,
            "hidden_states": " ".join(label for label, _ in meaning)}  # fmt: skip


def _described(folder: Path) -> tuple[dict[str, Any] | None, str]:
    try:
        return describe_model(str(folder)), ""
    except Exception as error:
        unforeseen = "" if isinstance(error, InputError) else "UNFORESEEN "
        return None, f"{unforeseen}{type(error).__name__}: {error}"


def _nearest(found: dict[str, np.ndarray], state: np.ndarray) -> tuple[str, float]:
    errors = {label: _difference(vectors, state) for label, vectors in found.items()}
    label = min(errors, key=lambda one: errors[one])
    return label, errors[label]


def _difference(vectors: np.ndarray, state: np.ndarray) -> float:
    """Return the largest difference, relative to the largest value, up to one factor (RWKV halves its states)."""
    if vectors.shape != state.shape:
        return np.inf
    ratio = float((vectors * state).sum() / max((vectors * vectors).sum(), 1e-30))
    factor = next((power for power in (0.25, 0.5, 1.0, 2.0) if abs(ratio / power - 1) < 1e-3), 1.0)
    return float(np.abs(factor * vectors - state).max() / max(np.abs(state).max(), 1e-12))


def text_architectures() -> list[str]:
    """Return the model types whose class takes token ids."""
    found = []
    for model_type in sorted(MODEL_MAPPING_NAMES):
        names = MODEL_MAPPING_NAMES[model_type]
        name = names if isinstance(names, str) else names[0]
        kind = getattr(transformers, name, None)
        try:
            parameters = inspect.signature(kind.forward).parameters  # type: ignore[union-attr]
        except (AttributeError, ImportError, TypeError):
            continue
        if "input_ids" in parameters:
            found.append(model_type)
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--only", nargs="*", help="model types")
    parser.add_argument("--csv", type=Path, help="where to write the table")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.set_num_threads(1)
    rows = []
    for model_type in arguments.only or text_architectures():
        begin = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            row = examine(model_type, Path(folder) / "m")
        row["seconds"] = round(time.perf_counter() - begin, 2)
        rows.append(row)
        print(f"{model_type:28} {row['outcome']:16} describe {row.get('describe')!s:6} {row.get('blocks', '')!s:34} "
              f"{row.get('hidden_states', '')!s:24} {row.get('detail', '')}", flush=True)  # fmt: skip
    table = pd.DataFrame(rows)
    print(table["outcome"].value_counts().to_string())
    if arguments.csv:
        table.to_csv(arguments.csv, index=False)


if __name__ == "__main__":
    main()
