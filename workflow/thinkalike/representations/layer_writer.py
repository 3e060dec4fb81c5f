"""Write the layers of a model side by side, as batches of stimuli come."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np

from thinkalike.files import whole_folder
from thinkalike.representations.storage import layer_path, refuse_not_finite, refuse_repeated, write_rows


class RepresentationWriter:
    """Write many layers at once, some rows at a time and in any order; the folder appears when all is written.

    Rows are appended to scratch files on disk, so that memory holds one batch of all layers and never the dataset;
    at the end every scratch file becomes a Parquet file in the order of the stimuli.

    Parameters
    ----------
    folder
        Replaced as a whole on success; untouched on failure.
    stimulus_ids
        All stimuli, in the order of the rows in the files.
    layers
        The labels; the file of a label is `layer-{label}.parquet`.
    metadata
        Stored in every file, with the file's label as `layer`.
    threads
        How many files are encoded at once at the end.

    Examples
    --------
    >>> with RepresentationWriter("somewhere", ["a", "b"], ["0"], {}) as writer:  # doctest: +SKIP
    ...     writer.write(np.array([1, 0]), {"0": np.ones((2, 8))})
    """

    def __init__(
        self,
        folder: str | Path,
        stimulus_ids: Iterable[str],
        layers: Iterable[str],
        metadata: Mapping[str, Any],
        threads: int = 1,
    ) -> None:
        self.folder = Path(folder)
        self.stimulus_ids = np.asarray(list(stimulus_ids), dtype=object)
        self.layers = list(layers)
        self.metadata = dict(metadata)
        self.threads = threads
        self._scratch: dict[str, _Scratch] = {}
        # Where each stimulus lies in the scratch files.
        self._place = np.full(len(self.stimulus_ids), -1)
        self._count = 0
        self._stack = ExitStack()
        refuse_repeated(self.stimulus_ids, str(folder))

    def __enter__(self) -> "RepresentationWriter":
        self._temporary = self._stack.enter_context(whole_folder(self.folder))
        return self

    def write(self, rows: np.ndarray, vectors: Mapping[str, np.ndarray]) -> None:
        """Write the vectors of some stimuli.

        Parameters
        ----------
        rows
            Indices into `stimulus_ids`, k integers.
        vectors
            An array of shape (k, units) for every label.
        """
        if set(vectors) != set(self.layers):
            raise ValueError(f"expected the layers {self.layers}, got {list(vectors)}")
        if (self._place[rows] >= 0).any():
            raise ValueError("a row was written twice")
        for layer, values in vectors.items():
            refuse_not_finite(values, self.stimulus_ids[rows], f"layer {layer}")
            if layer not in self._scratch:
                path = self._temporary / f"{layer}.scratch"
                self._scratch[layer] = _Scratch(path, values.shape[1], self._stack.enter_context(path.open("wb")))
            self._scratch[layer].file.write(np.ascontiguousarray(values, dtype=np.float32).data)
        self._place[rows] = np.arange(self._count, self._count + len(rows))
        self._count += len(rows)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            with self._stack:
                self._finish()
        else:
            self._stack.__exit__(kind, error, trace)

    def _finish(self) -> None:
        missing = self.stimulus_ids[self._place < 0]
        if len(missing):
            raise ValueError(f"{len(missing)} stimuli were never written, for example {missing[0]}")
        with ThreadPoolExecutor(self.threads) as pool:
            # list() raises what a thread raised.
            list(pool.map(self._encode, self.layers))

    def _encode(self, layer: str) -> None:
        scratch = self._scratch[layer]
        scratch.file.close()
        shape = (len(self.stimulus_ids), scratch.units)
        vectors = np.memmap(scratch.path, dtype=np.float32, mode="r", shape=shape)
        path = layer_path(self._temporary, layer)
        write_rows(path, self.stimulus_ids, vectors, {**self.metadata, "layer": layer}, self._place)
        scratch.path.unlink()


@dataclass(frozen=True)
class _Scratch:
    """A layer's vectors in the order in which they came."""

    path: Path
    units: int
    file: BinaryIO
