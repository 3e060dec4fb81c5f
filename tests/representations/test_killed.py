"""An extraction that is killed leaves nothing that could be taken for a result, and the next one is right."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from thinkalike.representations.extraction import extract_to_folder
from thinkalike.representations.storage import layer_path


@pytest.mark.slow
def test_kill_in_the_middle(
    saved_model: Callable[[str], Path], dataset: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path
) -> None:
    model = saved_model("gpt2")
    for name, table in zip(("sentences", "stimuli"), dataset, strict=True):
        table.to_parquet(tmp_path / f"{name}.parquet")
    # One sentence in a while, so that the kill comes after some were written and before all were.
    code = f"""
import time, pandas as pd
from thinkalike.representations import forward
from thinkalike.representations.extraction import extract_to_folder
call = forward._call
def slow(*arguments):
    print("pass", flush=True)
    time.sleep(0.05)
    return call(*arguments)
forward._call = slow
extract_to_folder({{"hub": {str(model)!r}}}, pd.read_parquet("sentences.parquet"), pd.read_parquet("stimuli.parquet"),
        layers=["0", "3"], folder="r", device="cpu", tokens_per_batch=1)
"""
    with subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(10):
            process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    left = [path.name for path in tmp_path.iterdir() if path.name not in ("sentences.parquet", "stimuli.parquet")]
    assert left == [f".r.{process.pid}.partial"]
    assert not list((tmp_path / left[0]).glob("*.parquet"))

    start = time.monotonic()
    for folder in ("r", "undisturbed"):
        extract_to_folder({"hub": str(model)}, *dataset, layers=["0", "3"], folder=tmp_path / folder, device="cpu")
    assert time.monotonic() - start < 60
    assert not (tmp_path / left[0]).exists()
    for layer in ("0", "3"):
        assert (
            layer_path(tmp_path / "r", layer).read_bytes() == layer_path(tmp_path / "undisturbed", layer).read_bytes()
        )
