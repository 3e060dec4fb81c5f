"""One Parquet file a layer: `stimulus_id` and `vector`, a fixed-size list of float32, uncompressed.

This module does not import torch: the stages that read representations start fast.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from thinkalike.errors import InputError
from thinkalike.files import whole_file
from thinkalike.tables import attach_metadata, read_metadata

_ROW_GROUP_BYTES = 64 * 2**20
# Larger than the defaults: encoding takes a fifth less time.
_PAGE_BYTES = 4 * 2**20
_VALUES_PER_CALL = 2**16


@dataclass(frozen=True)
class Representation:
    """The vectors of one layer.

    Attributes
    ----------
    stimulus_ids
        Array of n strings.
    vectors
        C-contiguous float32 array of shape (n, units), finite.
    metadata
        What made them: dataset, model, source, revision, layer, numbering, sub-token, dtype.
    """

    stimulus_ids: np.ndarray
    vectors: np.ndarray
    metadata: dict[str, Any] = field(default_factory=dict)


def layer_path(folder: str | Path, layer: str) -> Path:
    """Return where the layer of that label lies in a model's folder of representations."""
    return Path(folder) / f"layer-{layer}.parquet"


def write_representation(
    path: str | Path, stimulus_ids: Iterable[str], vectors: np.ndarray, metadata: Mapping[str, Any] | None = None
) -> None:
    """Write one layer, whole or not at all.

    Parameters
    ----------
    path
        A Parquet file; an existing one is replaced.
    stimulus_ids
        One string per row, no two of them equal.
    vectors
        Array of shape (n, units), stored as float32.
    metadata
        Anything that JSON can hold.

    Raises
    ------
    InputError
        When a value is not finite, or shapes or identifiers do not fit.
    """
    ids = np.asarray(list(stimulus_ids), dtype=object)
    vectors = np.asarray(vectors)
    if vectors.ndim != 2 or len(vectors) != len(ids):
        raise InputError(
            f"{path}: {len(ids)} stimuli need an array of {len(ids)} rows and one column per unit, but the vectors "
            f"have shape {vectors.shape}; give one row per stimulus."
        )
    refuse_repeated(ids, str(path))
    refuse_not_finite(vectors, ids, str(path))
    with whole_file(path) as temporary:
        write_rows(temporary, ids, vectors, metadata or {})


def read_representation(path: str | Path) -> Representation:
    """Read one layer that `write_representation` or the extraction wrote.

    Raises
    ------
    InputError
        When the file is absent, truncated, has other columns, or holds a value that is not finite.
    """
    metadata = read_metadata(path)
    try:
        table = pq.read_table(path, columns=["stimulus_id", "vector"], page_checksum_verification=True)
    except (pa.ArrowException, OSError, KeyError) as error:
        raise InputError(
            f"{path}: this is not a whole representation with the columns stimulus_id and vector "
            f"({_first_line(error)}); remove it and run again."
        ) from error
    if table.column_names != ["stimulus_id", "vector"] or not pa.types.is_fixed_size_list(table["vector"].type):
        raise InputError(
            f"{path}: a representation has the columns stimulus_id (string) and vector (fixed-size list of float32), "
            f"but this file has {table.schema.to_string(show_schema_metadata=False)!r}; write it with "
            "thinkalike.representations.storage."
        )
    ids = table["stimulus_id"].to_numpy(zero_copy_only=False).astype(object)
    vectors = _to_matrix(table["vector"], str(path))
    refuse_not_finite(vectors, ids, str(path))
    return Representation(ids.astype(str), vectors, metadata)


def read_layers(folder: str | Path, layers: Iterable[str]) -> dict[str, Representation]:
    """Read several layers of a model, by label."""
    return {layer: read_representation(layer_path(folder, layer)) for layer in layers}


def table_of_layers(folder: str | Path, layers: Iterable[str]) -> pd.DataFrame:
    """Return one row per layer that lies in a folder: `layer, stimuli, units, sha256` (of the file)."""
    rows = []
    for layer in layers:
        path = layer_path(folder, layer)
        file = pq.ParquetFile(path)
        units = file.schema_arrow.field("vector").type.list_size
        with path.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        rows.append({"layer": layer, "stimuli": file.metadata.num_rows, "units": units, "sha256": digest})
    return pd.DataFrame(rows)


def properties_of(folder: str | Path, layers: Iterable[str]) -> dict[str, Any]:
    """Return the properties of the model (`model_properties`) that its layers' files hold."""
    return read_metadata(layer_path(folder, next(iter(layers)))).get("properties", {})


def in_order(representation: Representation, stimulus_ids: Iterable[str]) -> Representation:
    """Return the representation with its rows in the order of `stimulus_ids`.

    Raises
    ------
    InputError
        When it does not hold exactly these stimuli.
    """
    wanted = np.asarray(list(stimulus_ids), dtype=str)
    if np.array_equal(wanted, representation.stimulus_ids):
        return representation
    places = {identifier: row for row, identifier in enumerate(representation.stimulus_ids)}
    different = set(places).symmetric_difference(wanted)
    if different or len(places) != len(wanted):
        example = f" ('{min(different)}' is in one of them alone)" if different else ""
        raise InputError(
            f"Layer {representation.metadata.get('layer', '?')} of {representation.metadata.get('model', '?')} holds "
            f"{len(places)} stimuli and the stimulus table {len(wanted)}, and they are not the same{example}; extract "
            "the representations again from this table."
        )
    rows = np.array([places[identifier] for identifier in wanted])
    return Representation(wanted, np.ascontiguousarray(representation.vectors[rows]), representation.metadata)


def refuse_not_finite(vectors: np.ndarray, ids: np.ndarray, where: str) -> None:
    """Refuse vectors that hold NaN or infinity; the sentence begins with `where` and names the first stimulus."""
    # A sum is finite only if all its terms are, and much faster than looking at each.
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(vectors.sum(axis=1)).all():
            return
    finite = np.isfinite(vectors).all(axis=1)
    if not finite.all():
        raise InputError(
            f"{where}: the vector of stimulus '{ids[int(np.argmin(finite))]}' holds a value that is not finite "
            f"(so do {int((~finite).sum())} of {len(finite)}); check the model's weights and its dtype."
        )


def write_rows(
    path: Path, ids: np.ndarray, vectors: np.ndarray, metadata: Mapping[str, Any], order: np.ndarray | None = None
) -> None:
    """Write row groups of bounded size, so that a memory-mapped array never enters memory as a whole."""
    units = vectors.shape[1]
    rows = max(1, _ROW_GROUP_BYTES // (4 * max(1, units)))
    vector_type = pa.list_(pa.float32(), units)
    schema = pa.schema([pa.field("stimulus_id", pa.string()), pa.field("vector", vector_type)])
    schema = attach_metadata(schema.empty_table(), metadata).schema
    with pq.ParquetWriter(
        path,
        schema,
        compression="none",  # zstd would save 15 % of the disk and take two to three times as long, to read too
        use_dictionary=False,
        write_statistics=False,
        write_page_checksum=True,
        data_page_size=_PAGE_BYTES,
        write_batch_size=_VALUES_PER_CALL,
    ) as writer:
        for start in range(0, len(ids), rows):
            part = vectors[start : start + rows] if order is None else vectors[order[start : start + rows]]
            part = np.ascontiguousarray(part, dtype=np.float32)
            flat = pa.FixedSizeListArray.from_arrays(pa.array(part.reshape(-1)), type=vector_type)
            names = pa.array(ids[start : start + rows].tolist(), pa.string())
            writer.write_table(pa.table([names, flat], schema=schema))


def _to_matrix(column: pa.ChunkedArray, where: str) -> np.ndarray:
    units = column.type.list_size
    result = np.empty((len(column), units), dtype=np.float32)
    start = 0
    for chunk in column.chunks:
        if chunk.null_count or chunk.values.null_count:
            raise InputError(f"{where}: a vector is missing; give every stimulus a vector of {units} numbers.")
        values = chunk.values.to_numpy(zero_copy_only=False)
        values = values[chunk.offset * units : (chunk.offset + len(chunk)) * units]
        result[start : start + len(chunk)] = values.reshape(-1, units)
        start += len(chunk)
    return result


def refuse_repeated(ids: np.ndarray, where: str) -> None:
    values, counts = np.unique(ids.astype(str), return_counts=True)
    if (counts > 1).any():
        raise InputError(
            f"{where}: the stimulus_id '{values[int(np.argmax(counts))]}' occurs {int(counts.max())} times; give every "
            "stimulus an id of its own."
        )


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
