"""Run token ids through a model, and say in one sentence why it does not run."""

import inspect
from functools import lru_cache
from typing import Any

import torch

from thinkalike.errors import InputError
from thinkalike.representations.text_part import TextPart

# Of the two sentences that a model reads so that its blocks are found.
SENTENCES, TOKENS = 2, 7


def probe_ids(vocabulary: int, special: set[int], device: torch.device) -> torch.Tensor:
    """Return token ids of two sentences of seven tokens, without special ones where there are others."""
    ordinary = [token for token in range(min(vocabulary, 2000)) if token not in special] or list(range(vocabulary))
    count = SENTENCES * TOKENS
    step = max(1, len(ordinary) // count)
    ids = [ordinary[(number * step) % len(ordinary)] for number in range(count)]
    return torch.tensor(ids, device=device).reshape(SENTENCES, TOKENS)


def run(part: TextPart, name: str, ids: torch.Tensor, hidden_states: bool = False) -> Any:
    """Run token ids through the model, and tell in one sentence what else it would need.

    Raises
    ------
    InputError
        When the model cannot run on token ids alone.
    """
    try:
        with torch.inference_mode():
            return call(part.network, ids, hidden_states, **part.extra)
    except InputError:
        raise
    except ImportError as error:
        raise InputError(f"Model '{name}' needs a package that is not installed: {_flat(error)}") from error
    except Exception as error:  # whatever a model's own code raises
        if is_out_of_memory(error):
            raise InputError(
                f"Model '{name}' does not fit into memory even with {ids.numel()} tokens; use a smaller dtype "
                "(bfloat16), a device with more memory, or device_map."
            ) from error
        raise InputError(
            f"Model '{name}' ({type(part.network).__name__}) does not run on token ids alone ({_flat(error)}); if a "
            "setting of its config.json is missing (such as X-MOD's default_language), add it there; else compute its "
            "responses elsewhere and give them as 'activations'."
        ) from error


def call(network: Any, ids: torch.Tensor, hidden_states: bool = False, **extra: Any) -> Any:
    """Run token ids of shape (sentences, tokens) through the network, without a cache of keys and values."""
    options: dict[str, Any] = {"output_hidden_states": True} if hidden_states else {}
    kind: Any = type(network)
    if _takes_cache(kind):
        options["use_cache"] = False
    return network(input_ids=ids, **options, **extra)


def check_hidden_states(name: str, states: Any) -> int:
    """Return the last index of transformers' list, after its rows were found to be the tokens.

    Raises
    ------
    InputError
        When the model gives no such list, or one of other rows.
    """
    if not states:
        raise InputError(f"Model '{name}' gives no hidden_states; use numbering: blocks.")
    for number, state in enumerate(states):
        if state.ndim != 3 or tuple(state.shape[:2]) != (SENTENCES, TOKENS):
            raise InputError(
                f"Model '{name}': entry {number} of its hidden_states has the shape {tuple(state.shape)} for "
                f"{SENTENCES} sentences of {TOKENS} tokens, so that its rows are not the tokens; use numbering: "
                "blocks."
            )
    return len(states) - 1


@lru_cache
def _takes_cache(kind: Any) -> bool:
    return "use_cache" in inspect.signature(kind.forward).parameters


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error says that memory did not suffice."""
    text = str(error).lower()
    return (
        isinstance(error, MemoryError | torch.OutOfMemoryError)
        or "not enough memory" in text
        or "can't allocate memory" in text
        or "out of memory" in text
    )


def _flat(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
