"""Find a model's blocks, and take vectors out of them while it runs.

`hidden_states` of transformers means different depths in different architectures, so vectors are taken by hooks: the
input of the first block, and the raw output of every block.
"""

from collections.abc import Iterable
from types import TracebackType
from typing import Any

import torch
from torch import nn

from thinkalike.errors import InputError


def text_encoder(model: Any) -> Any:
    """Return the part that reads text: the encoder of an encoder-decoder, else the model itself."""
    if getattr(model.config, "is_encoder_decoder", False):
        return model.get_encoder()
    return model


def number_of_blocks(model: Any) -> int:
    """Return the depth that the model's configuration states."""
    config = model.config
    if hasattr(config, "get_text_config"):
        config = config.get_text_config()
    for key in ("encoder_layers", "num_layers", "num_hidden_layers") if config.is_encoder_decoder else ():
        if isinstance(getattr(config, key, None), int):
            return getattr(config, key)
    depth = getattr(config, "num_hidden_layers", None)
    if not isinstance(depth, int):
        raise InputError(
            f"{type(model).__name__}: the configuration does not state num_hidden_layers; name the list of blocks by "
            "'blocks' in the model's entry."
        )
    return depth


def find_blocks(model: nn.Module, name: str | None = None) -> tuple[str, nn.ModuleList]:
    """Return the name and the list of a model's blocks.

    Parameters
    ----------
    model
        What runs: `text_encoder` of the loaded model.
    name
        The list's name where it is known; else it is the outermost list as long as the configuration says. Blocks
        with shared weights (ALBERT) are a shorter list whose blocks run several times.

    Raises
    ------
    InputError
        When there is no such list.
    """
    lists = {key: module for key, module in model.named_modules() if isinstance(module, nn.ModuleList)}
    if name is not None:
        if name not in lists:
            raise InputError(f"{type(model).__name__} has no list of blocks '{name}'; it has {', '.join(lists)}.")
        return name, lists[name]
    depths = [number_of_blocks(model), getattr(model.config, "num_hidden_groups", None)]
    for depth in depths:
        candidates = [key for key, module in lists.items() if len(module) == depth]
        if candidates:
            # The outermost: a list of experts or sub-layers inside a block can have the same length.
            key = min(candidates, key=lambda candidate: (candidate.count("."), list(lists).index(candidate)))
            return key, lists[key]
    found = ", ".join(f"{key} ({len(module)})" for key, module in lists.items()) or "none"
    raise InputError(
        f"{type(model).__name__}: no list of {depths[0]} blocks was found; its lists are {found}: name the right one "
        "by 'blocks' in the model's entry."
    )


def longest_input(network: Any) -> int | None:
    """Return the most tokens that the model reads, or None for a model without a limit (Mamba, T5, BLOOM)."""
    for name, module in network.named_modules():
        # RoBERTa's positions start after the padding index, so its table is longer than what it reads.
        if name.endswith("position_embeddings") and isinstance(module, nn.Embedding):
            return module.num_embeddings - (0 if module.padding_idx is None else module.padding_idx + 1)
    config = network.config
    config = config.get_text_config() if hasattr(config, "get_text_config") else config
    limits = [getattr(config, key, None) for key in ("max_position_embeddings", "max_seq_len")]
    return next((limit for limit in limits if isinstance(limit, int) and limit > 0), None)


def vocabulary_size(network: Any) -> int:
    """Return the number of input embeddings."""
    return network.get_input_embeddings().weight.shape[0]


class Capture:
    """Take the vectors of some tokens out of every wanted layer during a forward pass.

    Parameters
    ----------
    blocks
        The model's blocks; their calls are counted, so that a block that runs several times counts as several.
    wanted
        Layer numbers: 0 is the input of the first block, i the output of the i-th call.
    """

    def __init__(self, blocks: nn.ModuleList, wanted: Iterable[int]) -> None:
        self.blocks = blocks
        self.wanted = frozenset(wanted)
        self.calls = 0
        self.vectors: dict[int, torch.Tensor] = {}
        self._handles: list[Any] = []
        self._selection = Selection(torch.empty(0, dtype=torch.long), torch.empty(0, dtype=torch.long))

    def __enter__(self) -> "Capture":
        for block in self.blocks:
            self._handles.append(block.register_forward_pre_hook(self._before, with_kwargs=True))
            self._handles.append(block.register_forward_hook(self._after))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles.clear()

    def begin(self, selection: "Selection") -> None:
        """Forget what was taken; the next forward pass takes the tokens of `selection`."""
        self.calls, self.vectors, self._selection = 0, {}, selection

    def _before(self, block: nn.Module, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        if self.calls == 0 and 0 in self.wanted:
            hidden = arguments[0] if arguments else keywords["hidden_states"]
            self.vectors[0] = self._selection.take(hidden)

    def _after(self, block: nn.Module, arguments: tuple[Any, ...], output: Any) -> None:
        self.calls += 1
        if self.calls in self.wanted:
            hidden = output if isinstance(output, torch.Tensor) else output[0]
            self.vectors[self.calls] = self._selection.take(hidden)


class Selection:
    """Some tokens of a batch: row and column of each, as integer tensors of shape (k,)."""

    def __init__(self, rows: torch.Tensor, columns: torch.Tensor) -> None:
        self._on_device = {rows.device: (rows, columns)}
        self._home = rows.device

    def take(self, hidden: torch.Tensor) -> torch.Tensor:
        """Return float32 vectors of shape (k, units) from hidden states of shape (batch, tokens, units)."""
        if hidden.ndim != 3:
            raise InputError(
                f"A block gave an array of shape {tuple(hidden.shape)} instead of (sentences, tokens, units); name "
                "another list of blocks by 'blocks' in the model's entry."
            )
        if hidden.device not in self._on_device:
            rows, columns = self._on_device[self._home]
            self._on_device[hidden.device] = (rows.to(hidden.device), columns.to(hidden.device))
        rows, columns = self._on_device[hidden.device]
        return hidden[rows, columns].float()
