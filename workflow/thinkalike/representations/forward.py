"""Run a model over batches and take the vectors of the wanted tokens: one forward pass for all layers.

Batches hold sentences of one length: no padding, hence nothing that padding could change. Right padding with a mask
would be exact too for every architecture tested, but left padding is wrong for many, and positions after a pad token
for some. Equal lengths need no rule per architecture, and are as fast.
"""

import logging
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from thinkalike.errors import InputError
from thinkalike.representations.blocks import BlockList, Capture, Layout, Selection, final_output
from thinkalike.representations.layer_numbering import FINAL, LayerList, Numbering
from thinkalike.representations.loading import LoadedModel
from thinkalike.representations.probing import find_blocks
from thinkalike.representations.token_plan import TokenPlan
from thinkalike.representations.token_run import call, check_hidden_states, is_out_of_memory, probe_ids, run

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Inspection:
    """What a model showed when it read made-up sentences.

    Attributes
    ----------
    layers
        The layers that it has.
    blocks
        Its blocks; None where transformers' own list is taken instead.
    """

    layers: LayerList
    blocks: BlockList | None


def inspect_layers(loaded: LoadedModel, numbering: Numbering) -> Inspection:
    """Run two made-up sentences and return the layers that the model has.

    Raises
    ------
    InputError
        When no list of blocks passes the sentences on, or rows are not tokens.
    """
    special = {*getattr(loaded.tokenizer, "all_special_ids", ()), *loaded.part.special_ids()}
    ids = probe_ids(loaded.part.vocabulary_size(), special, loaded.device)
    if numbering == "hidden_states":
        output = run(loaded.part, loaded.name, ids, hidden_states=True)
        last = check_hidden_states(loaded.name, getattr(output, "hidden_states", None))
        return Inspection(LayerList(loaded.name, numbering, last, has_final=False), None)
    blocks = find_blocks(loaded.part, loaded.name, ids, loaded.named_blocks)
    return Inspection(LayerList(loaded.name, numbering, blocks.calls, blocks.has_final), blocks)


def run_batches(
    loaded: LoadedModel, inspection: Inspection, plan: TokenPlan, layers: Iterable[str], tokens_per_batch: int
) -> Iterator[tuple[np.ndarray, dict[str, np.ndarray]]]:
    """Give, batch by batch, the rows of some stimuli and their vectors in every layer.

    A batch that does not fit into memory is halved, and so are the batches after it; what was done stays done.

    Parameters
    ----------
    inspection
        What `inspect_layers` returned.
    layers
        Labels as `LayerList.resolve` gives them.
    tokens_per_batch
        The most tokens of a batch.

    Yields
    ------
    rows
        Which stimuli: integers of shape (k,).
    vectors
        A float32 array of shape (k, units) for every layer.
    """
    layers = list(layers)
    stimuli_of = _stimuli_by_sentence(plan)
    queue = deque(equal_length_batches(plan.lengths, tokens_per_batch))
    budget = tokens_per_batch
    numbering = inspection.layers.numbering
    with (
        _capture(inspection.blocks, layers) as capture,
        tqdm(total=len(plan.ids), desc=loaded.name, unit="sentence", disable=None) as progress,
    ):
        while queue:
            batch = queue.popleft()
            length = len(plan.ids[batch[0]])
            if len(batch) > 1 and len(batch) * length > budget:
                half = (len(batch) + 1) // 2
                queue.extendleft((batch[half:], batch[:half]))
                continue
            rows = np.concatenate([stimuli_of[sentence] for sentence in batch])
            vectors = _try_batch(loaded, plan, batch, rows, capture, layers, numbering)
            if vectors is None:
                budget = _halved(loaded, len(batch), length)
                queue.appendleft(batch)
                continue
            progress.update(len(batch))
            yield rows, vectors


def equal_length_batches(lengths: np.ndarray, tokens_per_batch: int) -> list[np.ndarray]:
    """Return index arrays, one a batch, in order of length.

    The composition of the batches depends on the lengths and the budget alone, so that the same input gives the same
    bytes: a matrix product's rounding depends on its shape.

    Parameters
    ----------
    lengths
        Number of tokens of each sentence, integers of shape (n,).
    tokens_per_batch
        A batch holds at most this many tokens, but at least one sentence.

    Examples
    --------
    >>> [batch.tolist() for batch in equal_length_batches(np.array([3, 5, 3, 3]), 6)]
    [[0, 2], [3], [1]]
    """
    order = np.argsort(lengths, kind="stable")
    starts = np.flatnonzero(np.diff(lengths[order], prepend=-1))
    batches: list[np.ndarray] = []
    for group in np.split(order, starts[1:]):
        if len(group):
            size = max(1, tokens_per_batch // max(1, int(lengths[group[0]])))
            batches += [group[start : start + size] for start in range(0, len(group), size)]
    return batches


def _capture(blocks: BlockList | None, layers: list[str]) -> Capture:
    if blocks is None:
        return Capture(BlockList("", nn.ModuleList(), 0, Layout(), False), ())
    return Capture(blocks, [int(layer) for layer in layers if layer != FINAL])


def _try_batch(
    loaded: LoadedModel,
    plan: TokenPlan,
    batch: np.ndarray,
    rows: np.ndarray,
    capture: Capture,
    layers: list[str],
    numbering: Numbering,
) -> dict[str, np.ndarray] | None:
    """Return the batch's vectors, or None when memory did not suffice."""
    try:
        return _run_batch(loaded, plan, batch, rows, capture, layers, numbering)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
    # Outside the except clause: the traceback would keep the batch's tensors alive.
    capture.begin(Selection.nothing())
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return None


def _run_batch(
    loaded: LoadedModel,
    plan: TokenPlan,
    batch: np.ndarray,
    rows: np.ndarray,
    capture: Capture,
    layers: list[str],
    numbering: Numbering,
) -> dict[str, np.ndarray]:
    place_in_batch = np.searchsorted(np.sort(batch), plan.sentence_of[rows])
    place_in_batch = np.argsort(batch)[place_in_batch]
    ranges = plan.ranges[rows]
    counts = ranges[:, 1] - ranges[:, 0]
    starts = np.cumsum(counts) - counts
    columns = np.arange(counts.sum()) - np.repeat(starts - ranges[:, 0], counts)
    ids = torch.as_tensor(np.stack([plan.ids[sentence] for sentence in batch]), device=loaded.device)
    selection = _selection(loaded, np.repeat(place_in_batch, counts), columns, ids)
    with torch.inference_mode():
        capture.begin(selection)
        output = _call(loaded, ids, numbering == "hidden_states")
        taken = {layer: _layer(layer, output, capture, selection, numbering) for layer in layers}
        vectors = {layer: vector.cpu().numpy() for layer, vector in taken.items()}
    if (counts > 1).any():
        vectors = {
            layer: np.add.reduceat(values, starts, axis=0) / counts[:, None].astype(np.float32)
            for layer, values in vectors.items()
        }
    return vectors


def _layer(layer: str, output: Any, capture: Capture, selection: Selection, numbering: Numbering) -> torch.Tensor:
    if layer == FINAL:
        return selection.take(final_output(output))
    if numbering == "hidden_states":
        return selection.take(output.hidden_states[int(layer)])
    return capture.vectors[int(layer)]


def _call(loaded: LoadedModel, ids: torch.Tensor, hidden_states: bool) -> Any:
    return call(loaded.network, ids, hidden_states)


def _selection(loaded: LoadedModel, rows: np.ndarray, columns: np.ndarray, ids: torch.Tensor) -> Selection:
    on_device = [torch.as_tensor(values, device=loaded.device) for values in (rows, columns)]
    return Selection(on_device[0], on_device[1], (ids.shape[0], ids.shape[1]))


def _stimuli_by_sentence(plan: TokenPlan) -> list[np.ndarray]:
    order = np.argsort(plan.sentence_of, kind="stable")
    bounds = np.searchsorted(plan.sentence_of[order], np.arange(len(plan.ids) + 1))
    return [order[start:end] for start, end in pairwise(bounds)]


def _halved(loaded: LoadedModel, sentences: int, length: int) -> int:
    if sentences == 1:
        raise InputError(
            f"Model '{loaded.name}': one sentence of {length} tokens does not fit into memory; use a smaller dtype "
            "(bfloat16), a device with more memory, or device_map."
        )
    budget = max(length, sentences * length // 2)
    _logger.warning("%s: a batch did not fit into memory; going on with %d tokens a batch", loaded.name, budget)
    return budget
