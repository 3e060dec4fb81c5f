"""Which implementation of the state-space layers runs: mamba-ssm's CUDA kernels or transformers' plain torch.

Once `mamba_ssm` can be imported, transformers calls it for tensors on the CPU too, where it cannot work. The
functions that choose are found by their closure and replaced by the torch path for the time of an extraction.
"""

import inspect
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

# Measured: the torch path of Mamba-2 pads every sentence to the chunk size; 16 instead of 256 gives the same numbers
# 26 times as fast for sentences.
_CHUNK_SIZE = 16
_logger = logging.getLogger(__name__)
_said: set[str] = set()


def state_space_path(model: torch.nn.Module, device: torch.device) -> str | None:
    """Return `mamba-ssm` or `torch`, whichever will run, or None for a model without such layers."""
    choices = list(_choosing_functions(model))
    if not choices:
        return None
    accelerated = any(_uses_package(function) for _, _, function in choices)
    return "mamba-ssm" if accelerated and device.type == "cuda" else "torch"


@contextmanager
def suitable_kernels(model: torch.nn.Module, device: torch.device) -> Iterator[str | None]:
    """Route state-space layers around CUDA kernels when `device` is not CUDA; give the path that runs."""
    path = state_space_path(model, device)
    if path == "torch" and device.type != "meta":
        _say_once(device)
    replaced = []
    try:
        if device.type != "cuda":
            for module, name, function in _choosing_functions(model):
                replaced.append((module, name, function))
                setattr(module, name, inspect.unwrap(function))
        yield path
    finally:
        for module, name, function in replaced:
            setattr(module, name, function)


def cap_chunk_size(model: torch.nn.Module, device: torch.device) -> None:
    """Lower the chunk size of Mamba-2 layers on the CPU; results stay the same."""
    if device.type == "cuda":
        return
    for module in model.modules():
        if hasattr(module, "A_log") and isinstance(getattr(module, "chunk_size", None), int):
            setattr(module, "chunk_size", min(int(module.chunk_size), _CHUNK_SIZE))  # type: ignore[arg-type] # noqa: B010


def _choosing_functions(model: torch.nn.Module) -> Iterator[tuple[Any, str, Callable[..., Any]]]:
    """Give module, name and function for all that choose between a package's kernel and torch."""
    for name in sorted({type(module).__module__ for module in model.modules()}):
        if not name.startswith("transformers.models."):
            continue
        python_module = sys.modules[name]
        for attribute, value in list(vars(python_module).items()):
            if inspect.isfunction(value) and _cell(value, "is_new_implementation") is not None:
                yield python_module, attribute, value


def _uses_package(function: Callable[..., Any]) -> bool:
    return bool(_cell(function, "is_new_implementation"))


def _cell(function: Any, name: str) -> Any:
    names = function.__code__.co_freevars
    return function.__closure__[names.index(name)].cell_contents if name in names else None


def _say_once(device: torch.device) -> None:
    if device.type not in _said:
        _said.add(device.type)
        _logger.warning(
            "state-space layers run on %s in plain torch: the same numbers as mamba-ssm's kernels, but slower", device
        )
