"""Files that are whole or not there, and what killed writers leave."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from thinkalike.files import whole_file, whole_folder


def dead_process() -> int:
    """Return the number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "new" / "table.csv"
    with whole_file(path) as temporary:
        temporary.write_text("old")
        assert not path.exists() and temporary.suffix == ".csv"
    with pytest.raises(ValueError, match="no"), whole_file(path) as temporary:
        temporary.write_text("half")
        raise ValueError("no")
    assert path.read_text() == "old" and names(path.parent) == ["table.csv"]


def test_a_folder_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "vectors"
    for name in ("a", "b"):
        with whole_folder(path) as temporary:
            (temporary / name).touch()
    assert names(path) == ["b"]
    with pytest.raises(ValueError, match="no"), whole_folder(path) as temporary:
        raise ValueError("no")
    assert names(tmp_path) == ["vectors"] and names(path) == ["b"]


def test_what_killed_writers_left_is_removed_and_what_others_write_is_not(tmp_path: Path) -> None:
    dead, alive = dead_process(), os.getppid()
    for number in (dead, alive):
        (tmp_path / f".table.{number}.partial.csv").touch()
        (tmp_path / f".table[0].{number}.partial.csv").touch()
        (tmp_path / f".vectors.{number}.partial").mkdir()
        (tmp_path / f".vectors.{number}.partial" / "layer-0").touch()
    for name in ("table.csv", "table[0].csv"):
        with whole_file(tmp_path / name) as temporary:
            temporary.touch()
    with whole_folder(tmp_path / "vectors"):
        pass
    left = {path.name for path in tmp_path.iterdir() if path.name.startswith(".")}
    assert left == {f".table.{alive}.partial.csv", f".table[0].{alive}.partial.csv", f".vectors.{alive}.partial"}


def test_what_a_link_leads_to_is_not_removed_with_what_killed_writers_left(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").touch()
    (tmp_path / f".table.{dead_process()}.partial.csv").symlink_to(kept)
    with whole_file(tmp_path / "table.csv") as temporary:
        temporary.write_text("new")
    assert sorted(names(tmp_path)) == ["kept", "table.csv"] and names(kept) == ["file"]
