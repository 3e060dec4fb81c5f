"""From a model and a dataset to one file of vectors a layer."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from thinkalike.representations.activations import extract_activations
from thinkalike.representations.layers import check_numbering
from thinkalike.representations.storage import RepresentationWriter
from thinkalike.representations.units import check_plan, choose_unit, plan_tokens

_logger = logging.getLogger(__name__)


def extract(
    source: Mapping[str, Any],
    sentences: pd.DataFrame,
    stimuli: pd.DataFrame,
    *,
    layers: Iterable[str],
    folder: str | Path,
    numbering: str = "blocks",
    unit: str | None = None,
    prepend_bos: bool = False,
    dtype: str = "float32",
    tokens_per_batch: int = 512,
    device: str = "auto",
    threads: int = 1,
    metadata: Mapping[str, Any] | None = None,
) -> None:
    """Write the vectors of all stimuli in the asked layers to `folder`, whole or not at all.

    Memory holds the model and one batch of all layers. Results do not depend on `tokens_per_batch` beyond the
    rounding of float32, and the same call gives the same bytes.

    Parameters
    ----------
    source
        One of `{"checkpoint": folder}`, `{"hub": id, folder or package, "revision": ..., "trust": [...], "blocks": ...,
        "device_map": ...}`, `{"activations": Parquet or NPZ file}`. `blocks_declared`, if given, is the number of
        blocks that the user stated; another one is refused.
    sentences
        `sentence_id`, `words` (list), and `text` where there is running text.
    stimuli
        `stimulus_id`, `sentence_id`, and for words `position`, `word`. The files' rows are in this order.
    layers
        Labels: "0" the input of the first block, "i" the raw output of block i, "final" after the final norm, "last"
        the last of them. The file of a label is `layer-{label}.parquet`.
    folder
        Replaced as a whole.
    numbering
        `blocks`, or `hidden_states` for the list that transformers returns.
    unit
        `last`, `first` or `mean` sub-token of a word; `final`, `mean` or `cls` token of a whole sentence. The default
        is `last` for words and `final` for sentences.
    prepend_bos
        Whether the beginning-of-sequence token comes first where the tokenizer does not put it there.
    dtype
        float32, bfloat16, float16 or int8 for the computation; vectors are stored as float32.
    tokens_per_batch
        The most tokens of one forward pass; halved when memory does not suffice.
    device
        `auto`, `cpu`, `cuda`, `cuda:1`.
    threads
        Of torch on the CPU.
    metadata
        Stored in every file, beside what the extraction knows itself.

    Raises
    ------
    InputError
        For everything that the user has to mend, in one sentence.
    """
    check_numbering(numbering)
    unit = choose_unit(unit, stimuli)
    labels = [str(layer) for layer in layers]
    if "activations" in source:
        extract_activations(Path(source["activations"]), stimuli, labels, folder, metadata or {})
        return
    from thinkalike.representations import blocks, forward, loading, state_space

    with _torch_threads(threads):
        loaded = loading.load_model(source, dtype, device)
        plan = plan_tokens(loaded.tokenizer, sentences, stimuli, unit, prepend_bos)
        check_plan(
            plan, stimuli, loaded.name, blocks.longest_input(loaded.network), blocks.vocabulary_size(loaded.network)
        )
        state_space.cap_chunk_size(loaded.network, loaded.device)
        with state_space.suitable_kernels(loaded.network, loaded.device) as path:
            listed = forward.inspect_layers(loaded, min(plan.ids, key=len), numbering)  # type: ignore[arg-type]
            listed.check_declared(source.get("blocks_declared"))
            resolved = listed.resolve(labels)
            known = {
                **(metadata or {}),
                **loaded.metadata,
                **loading.versions(),
                "layers": listed.labels,
                "numbering": numbering,
                "subtoken": unit,
                "prepend_bos": prepend_bos,
                "tokens_per_batch": tokens_per_batch,
                "device": loaded.device.type,
                "state_space_path": path,
                "unknown_subtokens": plan.unknown,
            }
            ids = stimuli["stimulus_id"].astype(str)
            with RepresentationWriter(folder, ids, labels, known, threads) as writer:
                wanted = sorted(set(resolved.values()), key=listed.labels.index)
                for rows, vectors in forward.run_batches(loaded, plan, wanted, listed.numbering, tokens_per_batch):
                    writer.write(rows, {label: vectors[layer] for label, layer in resolved.items()})


@contextmanager
def _torch_threads(threads: int) -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
