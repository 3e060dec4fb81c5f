"""What is written is read back bit by bit, and nothing half-written is ever read."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from thinkalike.errors import InputError
from thinkalike.representations.layer_writer import RepresentationWriter
from thinkalike.representations.storage import (
    layer_path,
    properties_of,
    read_representation,
    write_representation,
)

IDS = [f"s{number}" for number in range(500)]
VECTORS = np.random.default_rng(0).normal(size=(500, 24)).astype(np.float32)


def test_round_trip_is_exact(tmp_path: Path) -> None:
    path = tmp_path / "layer-0.parquet"
    write_representation(path, IDS, VECTORS, {"model": "m", "layer": "0"})
    found = read_representation(path)
    assert found.stimulus_ids.tolist() == IDS
    assert found.vectors.dtype == np.float32
    assert found.vectors.flags.c_contiguous
    np.testing.assert_array_equal(found.vectors, VECTORS)
    assert found.metadata["model"] == "m"


def test_the_properties_of_a_model_are_those_in_its_files(tmp_path: Path) -> None:
    known = {"architecture": "gpt2", "width": 24}
    for layer, metadata in (("0", {"properties": known}), ("1", {})):
        write_representation(layer_path(tmp_path, layer), IDS, VECTORS, metadata)
    assert properties_of(tmp_path, ["0", "1"]) == known
    assert properties_of(tmp_path, ["1"]) == {}


def test_file_is_what_the_contract_says(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    write_representation(path, IDS, VECTORS)
    schema = pq.read_schema(path)
    assert schema.names == ["stimulus_id", "vector"]
    assert schema.field("vector").type == pa.list_(pa.float32(), 24)
    assert pq.ParquetFile(path).metadata.row_group(0).column(1).compression == "UNCOMPRESSED"


def test_same_content_same_bytes(tmp_path: Path) -> None:
    write_representation(tmp_path / "a.parquet", IDS, VECTORS, {"b": 1, "a": 2})
    with RepresentationWriter(tmp_path / "folder", IDS, ["7"], {"a": 2, "b": 1}) as writer:
        order = np.random.default_rng(1).permutation(500)
        for rows in np.array_split(order, 9):
            writer.write(rows, {"7": VECTORS[rows]})
    write_representation(tmp_path / "b.parquet", IDS, VECTORS, {"a": 2, "b": 1, "layer": "7"})
    assert (tmp_path / "b.parquet").read_bytes() == layer_path(tmp_path / "folder", "7").read_bytes()
    assert (tmp_path / "b.parquet").read_bytes() != (tmp_path / "a.parquet").read_bytes()


def test_many_row_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("thinkalike.representations.storage._ROW_GROUP_BYTES", 4 * 24 * 33)
    write_representation(tmp_path / "a.parquet", IDS, VECTORS)
    assert pq.ParquetFile(tmp_path / "a.parquet").num_row_groups == 16
    np.testing.assert_array_equal(read_representation(tmp_path / "a.parquet").vectors, VECTORS)


@pytest.mark.parametrize("share", [0.001, 0.5, 0.999])
def test_truncated_file_is_refused(tmp_path: Path, share: float) -> None:
    path = tmp_path / "a.parquet"
    write_representation(path, IDS, VECTORS)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(InputError, match=r"a\.parquet.*remove it and run again"):
        read_representation(path)


def test_damaged_page_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    write_representation(path, IDS, VECTORS)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 50] = bytes(50)
    path.write_bytes(content)
    with pytest.raises(InputError, match="remove it and run again"):
        read_representation(path)


def test_absent_file_and_foreign_table_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_representation(tmp_path / "nothing.parquet")
    pq.write_table(pa.table({"stimulus_id": ["a"], "vector": [1.0]}), tmp_path / "a.parquet")
    with pytest.raises(InputError, match="fixed-size list"):
        read_representation(tmp_path / "a.parquet")
    pq.write_table(pa.table({"word": ["a"]}), tmp_path / "b.parquet")
    with pytest.raises(InputError, match="stimulus_id"):
        read_representation(tmp_path / "b.parquet")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(tmp_path: Path, value: float) -> None:
    broken = VECTORS.copy()
    broken[17, 3] = value
    with pytest.raises(InputError, match="'s17'"):
        write_representation(tmp_path / "a.parquet", IDS, broken)
    assert list(tmp_path.iterdir()) == []


def test_wrong_shape_and_repeated_id_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="shape"):
        write_representation(tmp_path / "a.parquet", IDS[:-1], VECTORS)
    with pytest.raises(InputError, match="'s0' occurs 2 times"):
        write_representation(tmp_path / "a.parquet", [*IDS[:-1], "s0"], VECTORS)


def test_failed_writing_keeps_the_old_folder(tmp_path: Path) -> None:
    folder = tmp_path / "representations"
    for attempt in range(2):
        try:
            with RepresentationWriter(folder, IDS, ["0"], {}) as writer:
                writer.write(np.arange(500), {"0": VECTORS})
                if attempt:
                    raise KeyboardInterrupt
        except KeyboardInterrupt:
            pass
        assert [path.name for path in tmp_path.iterdir()] == ["representations"]
        np.testing.assert_array_equal(read_representation(layer_path(folder, "0")).vectors, VECTORS)


def test_incomplete_or_repeated_rows_are_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match="never written"),
        RepresentationWriter(tmp_path / "r", IDS, ["0"], {}) as writer,
    ):
        writer.write(np.arange(499), {"0": VECTORS[:499]})
    with pytest.raises(ValueError, match="twice"), RepresentationWriter(tmp_path / "r", IDS, ["0"], {}) as writer:
        writer.write(np.arange(3), {"0": VECTORS[:3]})
        writer.write(np.arange(2, 4), {"0": VECTORS[2:4]})
    assert list(tmp_path.iterdir()) == []


def test_leftovers_of_dead_writers_are_removed(tmp_path: Path) -> None:
    process = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    leftover = tmp_path / f".r.{int(process.stdout)}.partial"
    leftover.mkdir()
    (leftover / "0.scratch").write_bytes(bytes(100))
    with RepresentationWriter(tmp_path / "r", IDS, ["0"], {}) as writer:
        writer.write(np.arange(500), {"0": VECTORS})
    assert [path.name for path in tmp_path.iterdir()] == ["r"]
    assert [path.name for path in (tmp_path / "r").iterdir()] == ["layer-0.parquet"]


def test_storage_does_not_import_torch() -> None:
    code = (
        "import sys, thinkalike.representations.storage; print('torch' in sys.modules, 'transformers' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert found.stdout.split() == ["False", "False"]
