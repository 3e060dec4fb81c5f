"""Vectors computed elsewhere are matched by stimulus id, and anything odd about them is named."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from thinkalike.errors import InputError
from thinkalike.representations.extraction import extract_to_folder
from thinkalike.representations.storage import layer_path, read_representation

IDS = [f"image-{number}" for number in range(20)]
LAYERS = {
    "input": np.random.default_rng(0).normal(size=(20, 64)),
    "v1": np.random.default_rng(1).normal(size=(20, 5)).astype(np.float32),
}
STIMULI = pd.DataFrame({"stimulus_id": IDS[::-1]})


def run(path: Path, folder: Path, layers: list[str], stimuli: pd.DataFrame = STIMULI) -> dict[str, np.ndarray]:
    """Extract and read back."""
    extract_to_folder({"activations": str(path)}, pd.DataFrame(), stimuli, layers=layers, folder=folder)
    return {layer: read_representation(layer_path(folder, layer)).vectors for layer in layers}


def write_npz(path: Path, ids: list[str] | None = None, **changes: Any) -> Path:
    """Write the layers as NPZ."""
    np.savez(path, stimulus_id=np.array(IDS if ids is None else ids), **{**LAYERS, **changes})
    return path


def write_parquet(path: Path, fixed: bool = True) -> Path:
    """Write the layers as Parquet."""
    columns = {"stimulus_id": pa.array(IDS)}
    for name, values in LAYERS.items():
        kind = pa.list_(pa.float64(), values.shape[1] if fixed else -1)
        columns[name] = pa.array(values.astype(float).tolist(), kind)
    pq.write_table(pa.table(columns), path)
    return path


@pytest.mark.parametrize("kind", ["npz", "fixed", "list"])
def test_layers_come_in_the_order_of_the_stimuli(kind: str, tmp_path: Path) -> None:
    path = write_npz(tmp_path / "a.npz") if kind == "npz" else write_parquet(tmp_path / "a.parquet", kind == "fixed")
    found = run(path, tmp_path / "r", ["v1", "input", "last"])
    for name, values in {**LAYERS, "last": LAYERS["v1"]}.items():
        np.testing.assert_array_equal(found[name], values[::-1].astype(np.float32))
    metadata = read_representation(tmp_path / "r" / "layer-input.parquet").metadata
    assert metadata["layers"] == ["input", "v1"]
    assert metadata["layer"] == "input"


def test_single_column_serves_under_any_label(tmp_path: Path) -> None:
    vectors = pa.array(LAYERS["input"].tolist(), pa.list_(pa.float32(), 64))
    pq.write_table(pa.table({"stimulus_id": IDS, "vector": vectors}), tmp_path / "a.parquet")
    assert run(tmp_path / "a.parquet", tmp_path / "r", ["0"])["0"].shape == (20, 64)


def test_our_own_files_can_be_read(tmp_path: Path) -> None:
    found = run(write_npz(tmp_path / "a.npz"), tmp_path / "r", ["v1"])["v1"]
    again = run(layer_path(tmp_path / "r", "v1"), tmp_path / "s", ["v1"], STIMULI)["v1"]
    np.testing.assert_array_equal(found, again)


@pytest.mark.parametrize(
    ("ids", "changes", "message"),
    [
        ([*IDS[:-1], "other"], {}, r"1 of 20 stimuli have no vector, for example 'image-19'"),
        ([*IDS[:-1], IDS[0]], {}, "'image-0' occurs more than once"),
        (None, {"v1": np.where(np.eye(20, 5) * [0, 0, 1, 0, 0] > 0, np.nan, 1.0)}, "'image-2' in 'v1' .* not finite"),
        (None, {"v1": np.ones((19, 5))}, r"shape \(19, 5\), but 20 stimuli"),
        (None, {"v1": np.array(["a"] * 20)[:, None]}, "need numbers"),
        (None, {"v1": np.ones(20)}, r"shape \(20,\)"),
    ],
)
def test_what_is_odd_is_named(ids: list[str] | None, changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        run(write_npz(tmp_path / "a.npz", ids, **changes), tmp_path / "r", ["input"])
    assert not (tmp_path / "r").exists()


def test_vectors_of_stimuli_that_were_left_out_are_counted(tmp_path: Path) -> None:
    """A dataset may keep a sample of its stimuli; a recording has them all."""
    stimuli = pd.DataFrame({"stimulus_id": IDS[5:15]})
    found = run(write_npz(tmp_path / "a.npz"), tmp_path / "r", ["input"], stimuli)["input"]
    np.testing.assert_array_equal(found, LAYERS["input"][5:15].astype(np.float32))
    assert read_representation(layer_path(tmp_path / "r", "input")).metadata["surplus_vectors"] == 10


def test_ragged_and_missing_vectors_are_refused(tmp_path: Path) -> None:
    for ragged, numbers in (([[1.0, 2.0], [1.0]], 1), ([[1.0, 2.0], None], 0)):
        pq.write_table(pa.table({"stimulus_id": ["a", "b"], "v": ragged}), tmp_path / "a.parquet")
        with pytest.raises(InputError, match=f"'b' in 'v' has {numbers} numbers, but the first one has 2"):
            run(tmp_path / "a.parquet", tmp_path / "r", ["v"], pd.DataFrame({"stimulus_id": ["a", "b"]}))


def test_files_of_another_kind_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        run(tmp_path / "nothing.npz", tmp_path / "r", ["0"])
    (tmp_path / "a.csv").write_text("stimulus_id")
    with pytest.raises(InputError, match=r"a \.parquet or \.npz file"):
        run(tmp_path / "a.csv", tmp_path / "r", ["0"])
    (tmp_path / "a.npz").write_bytes(write_npz(tmp_path / "whole.npz").read_bytes()[:500])
    with pytest.raises(InputError, match="not a readable NPZ"):
        run(tmp_path / "a.npz", tmp_path / "r", ["0"])
    np.savez(tmp_path / "objects.npz", stimulus_id=np.array(IDS, dtype=object), v=LAYERS["v1"])
    with pytest.raises(InputError, match="not a readable NPZ file of plain arrays"):
        run(tmp_path / "objects.npz", tmp_path / "r", ["v"])
    np.savez(tmp_path / "anonymous.npz", v=LAYERS["v1"])
    with pytest.raises(InputError, match="no array 'stimulus_id'"):
        run(tmp_path / "anonymous.npz", tmp_path / "r", ["v"])
    with pytest.raises(InputError, match="no layer 'v4'; it has input, v1"):
        run(tmp_path / "whole.npz", tmp_path / "r", ["v4"])
