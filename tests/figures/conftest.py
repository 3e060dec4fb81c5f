"""Tables of a made-up study, made once."""

import figure_tables
import pandas as pd
import pytest


@pytest.fixture(scope="session")
def importance() -> pd.DataFrame:
    """Feature importance of twelve models."""
    return figure_tables.importance_table()


@pytest.fixture(scope="session")
def similarity() -> pd.DataFrame:
    """Three measures between all layers of twelve models."""
    return figure_tables.similarity_table()


@pytest.fixture(scope="session")
def stimuli() -> pd.DataFrame:
    """Six hundred words with nine features."""
    return figure_tables.stimuli_table()
