"""From a model and a dataset to the vectors of every layer, in memory batch by batch or as one file per layer."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from thinkalike.representations.activations import match_activations
from thinkalike.representations.layer_numbering import check_numbering
from thinkalike.representations.layer_writer import RepresentationWriter
from thinkalike.representations.units import check_plan, choose_unit, lacks_bos, plan_tokens

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LayerStream:
    """The vectors of a model's layers, computed while they are read.

    Attributes
    ----------
    layers
        Labels of the layers that were asked for.
    metadata
        What made the vectors: source, revision, architecture, numbering, sub-token, versions.
    batches
        Gives, until every stimulus was given once, the rows of some stimuli (k integers) and by label their vectors
        (float32, shape (k, units)).
    """

    layers: list[str]
    metadata: dict[str, Any]
    batches: Iterable[tuple[np.ndarray, dict[str, np.ndarray]]]


def extract_to_folder(
    source: Mapping[str, Any],
    sentences: pd.DataFrame,
    stimuli: pd.DataFrame,
    *,
    layers: Iterable[str],
    folder: str | Path,
    metadata: Mapping[str, Any] | None = None,
    threads: int = 1,
    **settings: Any,
) -> None:
    """Write the vectors of all stimuli in the asked layers to `folder`, whole or not at all.

    Memory holds the model and one batch of all layers. Results do not depend on `tokens_per_batch` beyond the
    rounding of float32, and the same call gives the same bytes.

    Parameters
    ----------
    source, sentences, stimuli, layers, threads
        As in `open_layers`. The files' rows are in the order of `stimuli`, and the file of a label is
        `layer-{label}.parquet`.
    folder
        Replaced as a whole.
    metadata
        Stored in every file, beside what the extraction knows itself.
    **settings
        The other arguments of `open_layers`.

    Raises
    ------
    InputError
        For everything that the user has to mend, in one sentence.
    """
    with open_layers(source, sentences, stimuli, layers=layers, threads=threads, **settings) as stream:
        ids = stimuli["stimulus_id"].astype(str)
        known = {**(metadata or {}), **stream.metadata}
        with RepresentationWriter(folder, ids, stream.layers, known, threads) as writer:
            for rows, vectors in stream.batches:
                writer.write(rows, vectors)


@contextmanager
def open_layers(
    source: Mapping[str, Any],
    sentences: pd.DataFrame,
    stimuli: pd.DataFrame,
    *,
    layers: Iterable[str | int] | None = None,
    numbering: str = "blocks",
    unit: str | None = None,
    bos: str = "tokenizer",
    dtype: str = "float32",
    tokens_per_batch: int = 512,
    device: str = "auto",
    threads: int = 1,
) -> Iterator[LayerStream]:
    """Load a model and give the vectors of all stimuli, batch by batch, as long as the context is open.

    Parameters
    ----------
    source
        One of `{"checkpoint": folder}`, `{"hub": id, folder or package, "revision": ..., "trust": [...], "blocks": ...,
        "part": ..., "device_map": ..., "untrained": True, "seed": ...}`, `{"activations": Parquet or NPZ file}`.
        `blocks_declared`, if given, is the number of blocks that the user stated; another one is refused.
    sentences
        `sentence_id`, `words` (list), and `text` where there is running text.
    stimuli
        `stimulus_id`, `sentence_id`, and for words `position`, `word`.
    layers
        Labels: "0" the input of the first block, "i" the raw output of block i, "final" after the final norm, "last"
        the last of them; None for all that the model has.
    numbering
        `blocks`, or `hidden_states` for the list that transformers returns.
    unit
        `last`, `first` or `mean` sub-token of a word; `final`, `mean` or `cls` token of a whole sentence. The default
        is `last` for words and `final` for sentences.
    bos
        Whether the beginning-of-sequence token comes first: as the `tokenizer` does it, `always` or `never`.
    dtype
        float32, bfloat16, float16 or int8 for the computation; the vectors are float32.
    tokens_per_batch
        The most tokens of one forward pass; halved when memory does not suffice.
    device
        `auto`, `cpu`, `cuda`, `cuda:1`.
    threads
        Number of threads of torch on the CPU.

    Yields
    ------
    LayerStream

    Raises
    ------
    InputError
        For everything that the user has to mend, in one sentence.
    """
    check_numbering(numbering)
    unit = choose_unit(unit, stimuli)
    asked = None if layers is None else [str(layer) for layer in layers]
    if "activations" in source:
        arrays, known = match_activations(Path(source["activations"]), stimuli, asked)
        yield LayerStream(list(arrays), known, [(np.arange(len(stimuli)), arrays)])
        return
    from thinkalike.representations import forward, loading, state_space

    with _torch_threads(threads), _whole_float32():
        loaded = loading.load_model(source, dtype, device)
        plan = plan_tokens(loaded.tokenizer, sentences, stimuli, unit, bos)
        if bos == "tokenizer" and loaded.is_decoder and lacks_bos(loaded.tokenizer, plan):
            _logger.warning(
                "%s: its tokenizer has a beginning-of-sequence token (%s) that it does not put in front; a decoder "
                "that was trained with it gives other vectors without: set 'bos: always', or 'bos: never' otherwise",
                loaded.name, loaded.tokenizer.bos_token,
            )  # fmt: skip
        check_plan(plan, stimuli, loaded.name, loaded.part.longest_input(), loaded.part.vocabulary_size())
        state_space.cap_chunk_size(loaded.network, loaded.device)
        with state_space.suitable_kernels(loaded.network, loaded.device) as path:
            inspection = forward.inspect_layers(loaded, numbering)  # type: ignore[arg-type]
            listed = inspection.layers
            listed.check_declared(source.get("blocks_declared"))
            resolved = listed.resolve(listed.labels if asked is None else asked)
            known = {
                **loaded.metadata,
                **loading.versions(),
                "blocks": inspection.blocks.name if inspection.blocks else None,
                "layers": listed.labels,
                "numbering": numbering,
                "subtoken": unit,
                "bos": bos,
                "begins_with_bos": not lacks_bos(loaded.tokenizer, plan),
                "tokens_per_batch": tokens_per_batch,
                "device": loaded.device.type,
                "state_space_path": path,
                "unknown_subtokens": plan.unknown,
            }
            wanted = sorted(set(resolved.values()), key=listed.labels.index)
            batches = forward.run_batches(loaded, inspection, plan, wanted, tokens_per_batch)
            labelled = ((rows, {label: found[layer] for label, layer in resolved.items()}) for rows, found in batches)
            yield LayerStream(list(resolved), known, labelled)


@contextmanager
def _whole_float32() -> Iterator[None]:
    """Keep CUDA from rounding float32 to TF32, which it does in convolutions (Mamba's) unless told not to."""
    import torch

    backends: tuple[Any, ...] = (torch.backends.cuda.matmul, torch.backends.cudnn)
    before = [backend.allow_tf32 for backend in backends]
    for backend in backends:
        backend.allow_tf32 = False
    try:
        yield
    finally:
        for backend, allowed in zip(backends, before, strict=True):
            backend.allow_tf32 = allowed


@contextmanager
def _torch_threads(threads: int) -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
