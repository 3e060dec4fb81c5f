"""A job: its log, one sentence for what went wrong, and tables that say what made them."""

import errno
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from thinkalike.content_digest import content_digest
from thinkalike.errors import InputError
from thinkalike.machine_faults import machine_fault
from thinkalike.tables import read_record, write_table

JOB = """
import sys
from types import SimpleNamespace
from thinkalike.jobs import logged


class Named(dict):
    __getattr__ = dict.__getitem__


job = SimpleNamespace(
    rule="fit", wildcards=Named(model="m"), params=Named({params}), input=[], output=["out.parquet"], log=["job.log"]
)
with logged(job):
    {body}
"""


def run(folder: Path, body: str, params: str = "") -> subprocess.CompletedProcess:
    code = JOB.format(body=body, params=params)
    return subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("raise OSError(28, 'No space left on device', 'x.parquet')", "x.parquet: the disk is full; free some space"),
        ("open('/dev/full', 'w').write('x' * 100_000)", "the disk is full"),
        ("raise PermissionError(13, 'Permission denied', 'x.npz')", "x.npz: there is no permission to read or write"),
        ("raise MemoryError", "not enough memory"),
        ("raise OSError(27, 'File too large', 'x.parquet')", "x.parquet: this file would be larger than is allowed"),
        ("import numpy; numpy.empty((10**9, 10**7))", "not enough memory"),
        ("import pathlib; pathlib.Path('gone/x').write_text('')", "unexpectedly; its traceback is in job.log"),
    ],
)
def test_a_fault_of_the_machine_is_one_sentence(tmp_path, body: str, words: str) -> None:
    result = run(tmp_path, body)
    assert result.returncode == 1
    assert words in result.stderr and result.stderr.count("\n") == 1
    assert words in (tmp_path / "job.log").read_text() or "Traceback" in (tmp_path / "job.log").read_text()


def test_an_input_error_that_the_machine_caused_is_the_machines(tmp_path) -> None:
    try:
        try:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "x.npz")
        except OSError as error:
            raise InputError("x.npz: this is not a readable NPZ file; write it with numpy.savez.") from error
    except InputError as error:
        assert "no permission" in (machine_fault(error) or "")
    assert machine_fault(InputError("a layer is missing")) is None


def test_a_source_that_changes_makes_the_job_fail(tmp_path) -> None:
    (tmp_path / "source.csv").write_text("a")
    result = run(tmp_path, "raise NotImplementedError", "sources={'source.csv': 'another digest'}")
    assert result.returncode == 1 and "source.csv has changed since this run was planned; run again." in result.stderr
    params = f"sources={{'source.csv': '{hashlib.sha256(b'a').hexdigest()}'}}"
    assert run(tmp_path, "pass", params).returncode == 0
    result = run(tmp_path, "open('source.csv', 'w').write('b')", params)
    assert result.returncode == 1 and "source.csv has changed while this job read it; run again." in result.stderr


def test_tables_of_a_job_say_which_job_and_settings_made_them(tmp_path) -> None:
    body = "import pandas; from thinkalike.tables import write_table; "
    body += "write_table(pandas.DataFrame({'a': [1]}), 'out.parquet')"
    assert run(tmp_path, body, "alpha=1.0").returncode == 0
    record = read_record(tmp_path / "out.parquet")
    assert record["rule"] == "fit" and record["wildcards"] == {"model": "m"} and record["settings"] == {"alpha": 1.0}


def test_the_digest_is_of_the_values_however_they_are_stored(tmp_path) -> None:
    frame = pd.DataFrame(
        {
            "text": ["x", "é", None],
            "number": [1.5, float("nan"), 3.0],
            "words": [["a"], ["b", "c"], []],
            "kind": pd.Categorical(["u", "v", "u"]),
        }
    )
    write_table(frame, tmp_path / "table.parquet")
    table = pa.Table.from_pandas(frame, preserve_index=False)
    in_parts = pa.concat_tables([table.slice(0, 1), table.slice(1)])
    assert read_record(tmp_path / "table.parquet")["digest"] == content_digest(table) == content_digest(in_parts)
    assert content_digest(table.slice(1)) != content_digest(table)
    frame.loc[0, "words"].append("d")
    assert content_digest(pa.Table.from_pandas(frame, preserve_index=False)) != content_digest(table)
