"""What a model's configuration tells of it: the properties that models are compared by."""

from collections.abc import Mapping
from typing import Any

Properties = dict[str, str | int]

_ACTIVATIONS = (
    *("hidden_act", "activation_function", "hidden_activation", "activation", "dense_act_fn", "ff_activation"),
)
# Architectures that know of positions by their recurrence alone, and those whose configuration does not say that a
# position has a vector that is learnt.
_RECURRENT = {"falcon_mamba", "lstm", "mamba", "mamba2", "rwkv", "xlstm"}
_LEARNT = {
    *("albert", "bart", "bert", "camembert", "distilbert", "electra", "ernie", "fnet", "gpt2", "gpt_bigcode"),
    *("gpt_neo", "openai-gpt", "opt", "roberta", "xlm", "xlm-roberta", "xlm-roberta-xl"),
}
_BY_DEFINITION = {"lstm": "tanh"}
_POSITION_TYPES = {"absolute": "learned", "rope": "rotary", "rotary": "rotary", "alibi": "alibi"}
# How the name of a class ends whose heads predict this.
_OBJECTIVES = (
    (("ForMaskedLM", "ForPreTraining"), "masked"),
    (("ForCausalLM", "LMHeadModel"), "causal"),
    (("ForConditionalGeneration",), "sequence to sequence"),
)


def model_properties(config: Mapping[str, Any]) -> Properties:
    """Return what a configuration of transformers says of its model; what it does not say is left out.

    Parameters
    ----------
    config
        The configuration as a mapping, with the names of its own architecture (`n_embd` or `hidden_size`); of a model
        of several parts, that of the part that reads text.

    Returns
    -------
    dict
        Any of `architecture` (transformers' name of it), `objective` (masked, causal, sequence to sequence),
        `positions` (learned, rotary, alibi, relative, sinusoidal, none), `activation`, `width` and `layers`.
    """
    found: dict[str, Any] = {
        "architecture": config.get("model_type"),
        "objective": _objective(config.get("architectures") or ()),
        "positions": _positions(config),
        "activation": _first(config, _ACTIVATIONS, str) or _BY_DEFINITION.get(str(config.get("model_type"))),
        "width": _first(config, ("hidden_size", "n_embd", "d_model", "dim"), int),
        "layers": _first(config, ("num_hidden_layers", "n_layer", "n_layers", "num_layers", "encoder_layers"), int),
    }
    return {name: value for name, value in found.items() if value not in (None, "")}


def _objective(classes: Any) -> str | None:
    for endings, objective in _OBJECTIVES:
        if any(str(name).endswith(endings) for name in classes):
            return objective
    return None


def _positions(config: Mapping[str, Any]) -> str | None:
    kind = str(config.get("model_type"))
    attention = config.get("attn_config")
    if kind in _RECURRENT:
        return "none"
    if config.get("alibi") or kind == "bloom" or (isinstance(attention, Mapping) and attention.get("alibi")):
        return "alibi"
    declared = str(config.get("position_embedding_type") or "")
    if declared in _POSITION_TYPES:
        return _POSITION_TYPES[declared]
    if declared.startswith("relative") or config.get("relative_attention") or kind == "xlnet":
        return "relative"
    if config.get("relative_attention_num_buckets"):
        return "relative"
    if config.get("sinusoidal_pos_embds") or config.get("sinusoidal_embeddings"):
        return "sinusoidal"
    if config.get("rope_parameters") or config.get("rope_theta") or config.get("rotary_dim"):
        return "rotary"
    return "learned" if kind in _LEARNT else None


def _first(config: Mapping[str, Any], names: tuple[str, ...], kind: type) -> Any:
    found = [config[name] for name in names if isinstance(config.get(name), kind)]
    return found[0] if found else None
