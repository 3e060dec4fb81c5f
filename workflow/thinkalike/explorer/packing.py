"""Numbers and text as blocks that a page can hold: compressed with gzip, written in base64."""

import base64
import gzip
import json
from typing import Any

import numpy as np
import pandas as pd

#: What stands for a value that is not defined, in whole numbers of 16 bits.
UNDEFINED = -32768
_LARGEST = 32767


def pack(array: np.ndarray) -> dict[str, Any]:
    """Return an array as its type, shape and little-endian bytes; the same array is the same text."""
    flat = np.ascontiguousarray(array)
    flat = flat.astype(flat.dtype.newbyteorder("<"))
    return {"type": array.dtype.name, "shape": list(array.shape), "data": _encode(flat.tobytes())}


def pack_scaled(values: np.ndarray) -> dict[str, Any]:
    """Return numbers as 16-bit multiples of a 32767th of the largest of them; NaN has a code of its own."""
    finite = np.isfinite(values)
    unit = float(np.abs(values[finite]).max(initial=0.0)) / _LARGEST or 1.0
    codes = np.full(values.shape, UNDEFINED, dtype=np.int16)
    codes[finite] = np.rint(values[finite] / unit).astype(np.int16)
    return {**pack(codes), "unit": unit}


def pack_places(points: np.ndarray) -> dict[str, Any]:
    """Return maps of shape (maps, points, 2) as 16-bit numbers, each map on a scale of its own that both axes share."""
    size = np.abs(points).max(axis=(1, 2), initial=0.0)
    size[size == 0] = 1.0
    codes = np.rint(points / size[:, None, None] * _LARGEST).astype(np.int16)
    return {**pack(codes), "sizes": [float(value) for value in size]}


def pack_text(content: Any) -> str:
    """Return what JSON can hold as one block; values that are not defined become null."""
    text = json.dumps(_plain(content), ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True)
    return _encode(text.encode("utf-8"))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(one) for one in value]
    if value is None or value is pd.NA or (isinstance(value, float | np.floating) and not np.isfinite(value)):
        return None
    return value.item() if isinstance(value, np.generic) else value


def _encode(content: bytes) -> str:
    # Without a time in its header the same content is the same block.
    return base64.b64encode(gzip.compress(content, compresslevel=9, mtime=0)).decode("ascii")
