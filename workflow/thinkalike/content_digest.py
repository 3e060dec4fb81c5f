"""A digest of what a table holds, the same however its rows are stored in a file."""

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def content_digest(table: pa.Table) -> str:
    """Return the SHA-256 of a table's column names, types and values; its metadata does not count."""
    digest = hashlib.sha256()
    for name, column in zip(table.column_names, table.columns, strict=True):
        array = column.combine_chunks()
        if isinstance(array, pa.ChunkedArray):
            array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
        if pa.types.is_dictionary(array.type):
            array = array.dictionary_decode()
        digest.update(f"{name}:{_name(array.type)}:{len(array)};".encode())
        _add(digest, array)
    return digest.hexdigest()


def _name(kind: pa.DataType) -> str:
    """Return a type's name without that of a list's items, which a file may change."""
    if _is_list(kind):
        return f"list<{_name(kind.value_type)}>"
    return "string" if pa.types.is_large_string(kind) else str(kind)


def _is_list(kind: pa.DataType) -> bool:
    return pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)


def _add(digest: "hashlib._Hash", array: pa.Array) -> None:
    """Add the values of an array, independent of the offsets and the padding of its buffers."""
    if pa.types.is_null(array.type):
        return
    if array.null_count:
        digest.update(np.flatnonzero(array.is_null().to_numpy(zero_copy_only=False)).tobytes())
        array = array.drop_null()
    if _is_list(array.type):
        _add(digest, pc.list_value_length(array).cast(pa.int64()))
        _add(digest, array.flatten())
    elif pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        texts = array.to_pylist()
        digest.update(np.array([len(text) for text in texts], dtype=np.int64).tobytes())
        digest.update("".join(texts).encode("utf-8", "surrogatepass"))
    else:
        digest.update(np.ascontiguousarray(array.to_numpy(zero_copy_only=False)).tobytes())
