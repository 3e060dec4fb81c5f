"""Checkpoints made once for the session, and a table of the architectures at the end of a run."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parent))

_TABLE = "representations"


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    """Keep torch from using all cores of a shared machine."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def saved_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a function that gives the folder of a random checkpoint of an architecture."""
    import small_models

    folders: dict[str, Path] = {}

    def give(architecture: str) -> Path:
        if architecture not in folders:
            folder = tmp_path_factory.mktemp("checkpoints") / architecture
            folders[architecture] = small_models.save_model(folder, architecture)
        return folders[architecture]

    return give


@pytest.fixture(scope="session")
def dataset() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return sentences and stimuli."""
    import small_models

    return small_models.random_sentences(40)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the lines that tests recorded under the name of the table."""
    reports = [report for reports in terminalreporter.stats.values() for report in reports]
    lines = [value for report in reports for name, value in getattr(report, "user_properties", ()) if name == _TABLE]
    if lines:
        terminalreporter.section("representations: largest difference from one sentence at a time, relative")
        for line in sorted(set(lines)):
            terminalreporter.write_line(line)
