"""A sample of the sweep over all text architectures (benchmarks/architectures.py)."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

OUTCOMES = {
    "electra": "right", "bart": "right", "longformer": "right", "phi3": "right", "gemma3_text": "right",
    "granitemoe": "right", "xlnet": "right", "squeezebert": "refused", "xlm": "refused",
}  # fmt: skip


@pytest.fixture(scope="module")
def sweep() -> Any:
    """Return the script as a module."""
    path = Path(__file__).parents[2] / "benchmarks" / "architectures.py"
    spec = importlib.util.spec_from_file_location("sweep", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.parametrize("architecture", list(OUTCOMES))
def test_layers_are_right_or_refused_and_describe_agrees(architecture: str, sweep: Any, tmp_path: Path) -> None:
    row = sweep.examine(architecture, tmp_path / "model")
    assert (row["outcome"], row["describe"]) == (OUTCOMES[architecture], True), row


@pytest.mark.slow
def test_sweep_is_over_all_text_architectures(sweep: Any) -> None:
    found = sweep.text_architectures()
    assert {"bert", "gpt2", "mamba", "t5", "llama", "clip", "whisper"} - set(found) <= {"whisper"}
    assert len(found) > 300
