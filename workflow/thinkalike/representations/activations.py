"""Vectors that were computed elsewhere: recordings, vision models, anything with one vector per stimulus and layer."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from thinkalike.errors import InputError

_logger = logging.getLogger(__name__)
_KEY = "stimulus_id"
_ALONE = "vector"


def match_activations(
    path: Path, stimuli: pd.DataFrame, layers: Sequence[str] | None = None
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Return the asked layers of a file of activations, in the order of the stimuli, and what is known of them.

    Parameters
    ----------
    path
        Parquet with the column `stimulus_id` and one list column per layer, or the single column `vector`; or NPZ with
        the array `stimulus_id` and one array (n, units) per layer.
    stimuli
        The table of stimuli, with the column `stimulus_id`.
    layers
        Names of columns or arrays; `last` is the last one; None for all. A file with one layer gives it under any
        label.

    Raises
    ------
    InputError
        For stimuli that are missing or repeated, and for vectors that are ragged or not finite. Vectors of stimuli
        that the dataset left out (it keeps one stimulus per context, or a sample) are counted and left out too.
    """
    ids, arrays = read_activations(path)
    wanted = stimuli["stimulus_id"].astype(str).to_numpy()
    order = _match(path, ids, wanted)
    surplus = len(ids) - len(order)
    if surplus:
        _logger.info("%s: %d vectors belong to no stimulus of the dataset and are left out", path, surplus)
    chosen = {label: _choose(path, label, list(arrays)) for label in (arrays if layers is None else layers)}
    known = {
        "source": str(path),
        "architecture": "activations",
        "layers": list(arrays),
        "dtype": "float32",
        "surplus_vectors": surplus,
    }
    return {label: arrays[name][order] for label, name in chosen.items()}, known


def read_activations(path: Path) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return stimulus ids and, by layer, arrays of shape (n, units).

    Raises
    ------
    InputError
        When the file is not readable or not of the shape described in `match_activations`.
    """
    if not path.is_file():
        raise InputError(f"{path}: there is no such file; correct 'activations' in the model's entry.")
    if path.suffix not in (".npz", ".parquet"):
        raise InputError(f"{path}: activations are a .parquet or .npz file; convert it.")
    ids, arrays = _read_npz(path) if path.suffix == ".npz" else _read_parquet(path)
    if not arrays:
        raise InputError(f"{path}: there is no layer beside '{_KEY}'; add one array or list column a layer.")
    for name, values in arrays.items():
        _check_array(path, name, values, ids)
    return ids, arrays


def _read_npz(path: Path) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    try:
        with np.load(path, allow_pickle=False) as content:
            arrays = {name: content[name] for name in content.files}
    except (OSError, ValueError, BadZipFile, EOFError) as error:
        raise InputError(
            f"{path}: this is not a readable NPZ file of plain arrays ({error}); write it with numpy.savez, ids as "
            "an array of strings."
        ) from error
    if _KEY not in arrays:
        raise InputError(f"{path}: there is no array '{_KEY}'; it has {', '.join(arrays) or 'none'}.")
    return arrays.pop(_KEY).astype(str), arrays


def _read_parquet(path: Path) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path}: this is not a readable Parquet file ({error}); write it again.") from error
    if _KEY not in table.column_names:
        raise InputError(f"{path}: there is no column '{_KEY}'; it has {', '.join(table.column_names)}.")
    ids = table[_KEY].cast(pa.string()).to_numpy(zero_copy_only=False).astype(str)
    lists = [name for name in table.column_names if _is_list(table[name].type)]
    return ids, {name: _to_matrix(path, name, table[name], ids) for name in lists}


def _is_list(kind: pa.DataType) -> bool:
    return pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)


def _to_matrix(path: Path, name: str, column: pa.ChunkedArray, ids: np.ndarray) -> np.ndarray:
    lengths = np.array([-1 if value is None else len(value) for value in column.to_numpy()])
    if len(lengths) and (lengths != lengths[0]).any():
        row = int(np.argmax(lengths != lengths[0]))
        raise InputError(
            f"{path}: the vector of stimulus '{ids[row]}' in '{name}' has {max(lengths[row], 0)} numbers, but the "
            f"first one has {max(lengths[0], 0)}; give all stimuli of a layer equally many."
        )
    return np.stack(column.to_numpy()).astype(np.float32) if len(lengths) else np.empty((0, 0), np.float32)


def _check_array(path: Path, name: str, values: np.ndarray, ids: np.ndarray) -> None:
    if values.ndim != 2 or len(values) != len(ids) or values.shape[1] == 0 or values.dtype.kind not in "fiu":
        raise InputError(
            f"{path}: layer '{name}' is an array of {values.dtype} of shape {values.shape}, but {len(ids)} stimuli "
            f"need numbers of shape ({len(ids)}, units)."
        )
    finite = np.isfinite(values).all(axis=1)
    if not finite.all():
        raise InputError(
            f"{path}: the vector of stimulus '{ids[int(np.argmin(finite))]}' in '{name}' holds a value that is not "
            "finite; correct or remove the stimulus."
        )


def _match(path: Path, ids: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return the row of each wanted stimulus."""
    row_of: dict[str, int] = {}
    for row, name in enumerate(ids):
        if name in row_of:
            raise InputError(f"{path}: the stimulus '{name}' occurs more than once; keep one row of it.")
        row_of[str(name)] = row
    missing = [name for name in wanted if name not in row_of]
    if missing:
        raise InputError(
            f"{path}: {len(missing)} of {len(wanted)} stimuli have no vector, for example '{missing[0]}'; add them or "
            "remove them from the dataset."
        )
    return np.array([row_of[name] for name in wanted], dtype=np.int64)


def _choose(path: Path, label: str, names: list[str]) -> str:
    if label in names:
        return label
    if label == "last":
        return names[-1]
    if names == [_ALONE]:
        return _ALONE
    raise InputError(f"{path}: there is no layer '{label}'; it has {', '.join(names)}.")
