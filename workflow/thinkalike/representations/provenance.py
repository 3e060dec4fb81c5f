"""Whether two arrays are the same numbers, also where there are no numbers (a model without weights)."""

from collections.abc import Callable
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

# What leaves hidden states as they are, or scales all of them alike.
_HARMLESS = {
    "div", "mul", "truediv", "dropout", "to", "float", "contiguous", "permute", "transpose", "movedim", "clone",
    "view_as", "view", "reshape", "getitem", "type_as", "detach",
}  # fmt: skip
_ROOT = "_thinkalike_root"


class Provenance(TorchFunctionMode):
    """Note of every array without numbers which one it is a mere copy, view or multiple of."""

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = function(*args, **(kwargs or {}))
        name = getattr(function, "__name__", "").strip("_")
        if name in _HARMLESS and isinstance(result, torch.Tensor) and args and isinstance(args[0], torch.Tensor):
            others = [value for value in args[1:] if isinstance(value, torch.Tensor)]
            if not others and result is not args[0]:
                setattr(result, _ROOT, root(args[0]))
        return result


def root(array: torch.Tensor) -> torch.Tensor:
    """Return the array that this one is a copy, view or multiple of; itself where it is none."""
    return getattr(array, _ROOT, array)


def same(first: torch.Tensor, second: torch.Tensor) -> bool:
    """Return whether two arrays hold the same numbers, or one a multiple of the other's (RWKV halves its states)."""
    if first.device.type == "meta" or second.device.type == "meta":
        return root(first) is root(second)
    if first.shape != second.shape:
        return False
    first, second = first.double(), second.to(first.device).double()
    if torch.equal(first, second):
        return True
    scale = (first * second).sum() / (first * first).sum().clamp_min(1e-300)
    return bool(scale > 0) and bool((first * scale - second).abs().max() <= 1e-6 * second.abs().max())
