"""A model's blocks: take vectors out of them while it runs.

`hidden_states` of transformers means different depths in different architectures, so vectors are taken by hooks: the
input of the first block, and the raw output of every block.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import torch
from torch import nn

from thinkalike.errors import InputError


@dataclass(frozen=True)
class Layout:
    """Where sentences and tokens are in what a block gives.

    Attributes
    ----------
    sentences, tokens
        The two axes; (0, 1) nearly everywhere, (1, 0) where time comes first (XLNet, FSMT).
    shift
        How many rows of its own a model puts in front of a sentence's tokens (CPM-Ant). Rows behind them (Longformer
        pads to its window) are left out whatever their number.
    """

    sentences: int = 0
    tokens: int = 1
    shift: int = 0

    @classmethod
    def find(cls, shape: Sequence[int], sentences: int, tokens: int) -> "Layout | None":
        """Return the layout of an array with three axes, or None where no axis holds the tokens."""
        if len(shape) != 3:
            return None
        if shape[0] == sentences and shape[1] >= tokens:
            return cls(0, 1, int(shape[1]) - tokens)
        if shape[1] == sentences and shape[0] >= tokens:
            return cls(1, 0, int(shape[0]) - tokens)
        if shape[0] == sentences and shape[2] == tokens:
            return cls(0, 2)
        return None

    def arrange(self, hidden: torch.Tensor, tokens: int | None = None) -> torch.Tensor:
        """Return a view of shape (sentences, tokens, units), without rows that are no tokens."""
        if self.sentences != 0 or self.tokens != 1:
            hidden = hidden.movedim((self.sentences, self.tokens), (0, 1))
        if tokens is None or hidden.shape[1] == tokens:
            return hidden
        return hidden[:, self.shift : self.shift + tokens]


@dataclass(frozen=True)
class BlockList:
    """The blocks of a model, after they were seen running.

    Attributes
    ----------
    name
        Name of the list inside the network.
    modules
        The blocks.
    calls
        How often blocks run in one forward pass; more than there are blocks where they share their weights (ALBERT).
    layout
        The order of the axes in what the blocks return.
    has_final
        Whether something (a norm, a projection) comes after the last block.
    """

    name: str
    modules: nn.ModuleList
    calls: int
    layout: Layout
    has_final: bool


class Capture:
    """Take the vectors of some tokens out of every wanted layer during a forward pass.

    Parameters
    ----------
    blocks
        The model's blocks; their calls are counted, so that a block that runs several times counts as several.
    wanted
        Layer numbers: 0 is the input of the first block, i the output of the i-th call.
    """

    def __init__(self, blocks: BlockList, wanted: Iterable[int]) -> None:
        self.blocks = blocks
        self.wanted = frozenset(wanted)
        self.calls = 0
        self.vectors: dict[int, torch.Tensor] = {}
        self._handles: list[Any] = []
        self._selection = Selection.nothing()

    def __enter__(self) -> "Capture":
        for block in self.blocks.modules if self.wanted else ():
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

    def _take(self, hidden: torch.Tensor) -> torch.Tensor:
        return self._selection.take(self.blocks.layout.arrange(hidden, self._selection.tokens))

    def _before(self, block: nn.Module, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        if self.calls == 0 and 0 in self.wanted:
            self.vectors[0] = self._take(block_input(arguments, keywords))

    def _after(self, block: nn.Module, arguments: tuple[Any, ...], output: Any) -> None:
        self.calls += 1
        if self.calls in self.wanted:
            self.vectors[self.calls] = self._take(block_output(output))


def block_input(arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> torch.Tensor:
    """Return the hidden states among the arguments of a block's call."""
    candidates = [*arguments[:1], keywords.get("hidden_states"), *arguments[1:], *keywords.values()]
    tensors = [value for value in candidates if isinstance(value, torch.Tensor) and value.is_floating_point()]
    if not tensors:
        raise InputError("A block takes no array of hidden states; name another list by 'blocks' in the model's entry.")
    return tensors[0]


def block_output(output: Any) -> torch.Tensor:
    """Return the hidden states among what a block gives."""
    if isinstance(output, Mapping):
        return next(iter(output.values()))
    return output if isinstance(output, torch.Tensor) else output[0]


def final_output(output: Any) -> torch.Tensor:
    """Return what a model gives after its last block."""
    last = getattr(output, "last_hidden_state", None)
    return last if isinstance(last, torch.Tensor) else block_output(output)


class Selection:
    """Some tokens of a batch: row and column of each, as integer tensors of shape (k,).

    Parameters
    ----------
    rows, columns
        Sentence and token of each.
    shape
        Numbers of sentences and of tokens of the batch, which what is taken from must have.
    """

    def __init__(self, rows: torch.Tensor, columns: torch.Tensor, shape: tuple[int, int] | None = None) -> None:
        self._on_device = {rows.device: (rows, columns)}
        self._home = rows.device
        self._shape = shape

    @property
    def tokens(self) -> int | None:
        """The number of tokens of each sentence of the batch."""
        return None if self._shape is None else self._shape[1]

    @classmethod
    def nothing(cls) -> "Selection":
        """Return a selection of no token."""
        return cls(torch.empty(0, dtype=torch.long), torch.empty(0, dtype=torch.long))

    def take(self, hidden: torch.Tensor) -> torch.Tensor:
        """Return float32 vectors of shape (k, units) from hidden states of shape (sentences, tokens, units)."""
        if hidden.ndim != 3 or (self._shape is not None and tuple(hidden.shape[:2]) != self._shape):
            raise InputError(
                f"A layer gave an array of shape {tuple(hidden.shape)} for a batch of (sentences, tokens) "
                f"{self._shape}, so that its rows are not the tokens; name another list of blocks by 'blocks' in the "
                "model's entry."
            )
        if hidden.device not in self._on_device:
            rows, columns = self._on_device[self._home]
            self._on_device[hidden.device] = (rows.to(hidden.device), columns.to(hidden.device))
        rows, columns = self._on_device[hidden.device]
        return hidden[rows, columns].float()
