"""Find a model's blocks by running it: a list whose blocks pass the sentence on, each to the next.

A list of the right length can be the wrong one (XLM keeps its attentions in one list and its norms in another), and
rows can be other than tokens. So the model reads two made-up sentences, and a list is taken only if every block gives
a row per token and the next block reads just what the one before gave.
"""

from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import torch
from torch import nn

from thinkalike.errors import InputError
from thinkalike.representations.blocks import BlockList, Layout, block_input, block_output, final_output
from thinkalike.representations.provenance import same
from thinkalike.representations.text_part import TextPart
from thinkalike.representations.token_run import SENTENCES, TOKENS, check_hidden_states, run


@dataclass
class _Trace:
    """What went in and out of the blocks of one list."""

    inputs: list[torch.Tensor] = field(default_factory=list)
    outputs: list[torch.Tensor] = field(default_factory=list)


def candidate_lists(part: TextPart, named: str | None) -> dict[str, nn.ModuleList]:
    """Return the lists that may be the blocks, the likeliest first.

    Those are the lists as long as the configuration says, outermost first (a list of experts or sub-layers inside a
    block can have the same length), then lists of blocks that run several times (ALBERT); the one that the user named
    where there is one.

    Raises
    ------
    InputError
        When there is none, or none of that name.
    """
    lists = {key: module for key, module in part.where_blocks_are.named_modules() if isinstance(module, nn.ModuleList)}
    kind = type(part.network).__name__
    if named is not None:
        if named not in lists:
            raise InputError(f"{kind} has no list of blocks '{named}'; it has {', '.join(lists) or 'none'}.")
        return {named: lists[named]}
    depths = [part.depth(), getattr(part.config, "num_hidden_groups", None)]
    found: dict[str, nn.ModuleList] = {}
    for depth in depths:
        matching = [key for key, module in lists.items() if len(module) == depth]
        matching.sort(key=lambda key: (key.count("."), list(lists).index(key)))
        found.update({key: lists[key] for key in matching if key not in found})
    if found:
        return found
    listed = ", ".join(f"{key} ({len(module)})" for key, module in lists.items())
    if not listed:
        raise InputError(f"{kind} keeps its blocks in no list, so that they cannot be found; use 'activations'.")
    stated = f"no list of {depths[0]} blocks was found" if depths[0] else "its configuration states no number of blocks"
    raise InputError(f"{kind}: {stated}; its lists are {listed}: name the right one by 'blocks' in the model's entry.")


def find_blocks(part: TextPart, name: str, ids: torch.Tensor, named: str | None = None) -> BlockList:
    """Run the model and return the first list of blocks that passes its sentences on from block to block.

    Parameters
    ----------
    part
        What reads text.
    name
        The model's name in messages.
    ids
        Token ids of two sentences, shape (2, 7); see `probe_ids`.
    named
        The list that the user named, if any.

    Raises
    ------
    InputError
        When no list does; the sentence tells what is wrong with the likeliest one.
    """
    found, reasons = _search(part, name, ids, candidate_lists(part, named))
    if found is not None:
        return found
    raise InputError(
        f"Model '{name}' ({type(part.network).__name__}): its blocks cannot be read one by one "
        f"({'; '.join(reasons[:2])}); {_way_out(part, name, ids)}."
    )


def _search(
    part: TextPart, name: str, ids: torch.Tensor, candidates: dict[str, nn.ModuleList]
) -> tuple[BlockList | None, list[str]]:
    """Return the first list that passes its sentences on, and what speaks against those before it."""
    traces = {key: _Trace() for key in candidates}
    with _traced(candidates, traces):
        output = run(part, name, ids)
    reasons: list[str] = []
    for key, modules in candidates.items():
        found = _examine(part, name, ids, key, modules, traces[key], output)
        if isinstance(found, BlockList):
            return found, reasons
        reasons.append(f"'{key}': {found}")
    return None, reasons


def _way_out(part: TextPart, name: str, ids: torch.Tensor) -> str:
    """Return what can be done about a model whose blocks were not found, after it was tried."""
    lists = {
        key: one
        for key, one in part.where_blocks_are.named_modules()
        if isinstance(one, nn.ModuleList) and len(one) > 1
    }
    other, _ = _search(part, name, ids, dict(sorted(lists.items(), key=lambda item: item[0].count("."))))
    if other is not None:
        return f"if '{other.name}' ({other.calls} blocks) is meant, name it by 'blocks' in the model's entry"
    try:
        check_hidden_states(name, getattr(run(part, name, ids, hidden_states=True), "hidden_states", None))
    except InputError:
        return "compute its responses elsewhere and give them as 'activations'"
    return "'numbering: hidden_states' in the model's entry takes transformers' own list instead"


@contextmanager
def _traced(candidates: dict[str, nn.ModuleList], traces: dict[str, _Trace]) -> Any:
    handles = []
    for key, modules in candidates.items():
        for block in modules:
            handles.append(block.register_forward_pre_hook(_keep_input(traces[key]), with_kwargs=True))
            handles.append(block.register_forward_hook(_keep_output(traces[key])))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _keep_input(trace: _Trace) -> Callable[..., None]:
    def keep(block: nn.Module, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        trace.inputs.append(_snapshot(block_input(arguments, keywords)))

    return keep


def _keep_output(trace: _Trace) -> Callable[..., None]:
    def keep(block: nn.Module, arguments: tuple[Any, ...], output: Any) -> None:
        trace.outputs.append(_snapshot(block_output(output)))

    return keep


def _snapshot(hidden: torch.Tensor) -> torch.Tensor:
    # A block may change its input in place; arrays without numbers are told by their identity.
    return hidden if hidden.device.type == "meta" or not isinstance(hidden, torch.Tensor) else hidden.clone()


def _examine(
    part: TextPart, name: str, ids: torch.Tensor, key: str, modules: nn.ModuleList, trace: _Trace, output: Any
) -> BlockList | str:
    """Return the list with its layout, or what speaks against it."""
    if not trace.outputs or len(trace.inputs) != len(trace.outputs):
        return "its blocks never run by themselves"
    if len(trace.outputs) < len(modules):
        return f"only {len(trace.outputs)} of its {len(modules)} blocks run"
    arrays = [*trace.inputs, *trace.outputs]
    layouts = {Layout.find(tuple(array.shape), ids.shape[0], ids.shape[1]) for array in arrays}
    layout = layouts.pop()
    if layouts or layout is None:
        shapes = sorted({tuple(array.shape) for array in arrays})
        return f"its blocks give {', '.join(map(str, shapes))} for {SENTENCES} sentences of {TOKENS} tokens"
    for number, (given, taken) in enumerate(zip(trace.outputs, trace.inputs[1:], strict=False), start=1):
        if not same(given, taken):
            return f"block {number + 1} does not read what block {number} gave"
    if layout.shift:
        surplus, shift = layout.shift, _certain_shift(part, name, ids, modules, layout)
        if shift is None:
            return f"it puts {surplus} rows among the tokens of a sentence, and which ones cannot be told"
        layout = replace(layout, shift=shift)
    last = layout.arrange(trace.outputs[-1], ids.shape[1])
    final = final_output(output)
    # Some give a vector per sentence alone (DPR), which is no layer.
    has_final = (
        "logits" not in _names(output)
        and tuple(final.shape[:2]) == tuple(ids.shape)
        and final.ndim == 3
        and not same(last, final)
    )
    return BlockList(key, modules, len(trace.outputs), layout, has_final)


def _names(output: Any) -> list[str]:
    return list(output) if isinstance(output, Mapping) else []


def _certain_shift(part: TextPart, name: str, ids: torch.Tensor, modules: nn.ModuleList, layout: Layout) -> int | None:
    """Return the rows in front of the tokens: changing a token has to change its row of the first input, no other."""
    if ids.device.type == "meta":
        return 0
    before = layout.arrange(_first_input(part, name, ids, modules))
    shifts = set()
    for column, other in pairwise(range(ids.shape[1])):
        changed = ids.clone()
        changed[:, column] = ids[:, other]
        after = layout.arrange(_first_input(part, name, changed, modules))
        rows = torch.nonzero((before != after).any(dim=2).any(dim=0)).flatten().tolist()
        if len(rows) != 1:
            return None
        shifts.add(rows[0] - column)
    return shifts.pop() if len(shifts) == 1 and max(shifts) <= layout.shift else None


def _first_input(part: TextPart, name: str, ids: torch.Tensor, modules: nn.ModuleList) -> torch.Tensor:
    trace = _Trace()
    with _traced({"": modules}, {"": trace}):
        run(part, name, ids)
    return trace.inputs[0]
