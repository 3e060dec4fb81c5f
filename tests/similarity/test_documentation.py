"""The documentation's table of measures is the one that the metadata give."""

from pathlib import Path

from thinkalike.similarity import MEASURES
from thinkalike.similarity.documentation import measures_table, with_table

PAGE = Path(__file__).parents[2] / "docs" / "similarity.md"


def test_the_page_is_in_step_with_the_measures():
    text = PAGE.read_text(encoding="utf-8")
    assert with_table(text) == text, "run: python -m thinkalike.similarity.documentation docs/similarity.md"


def test_every_measure_and_every_option_is_in_the_table():
    table = measures_table()
    for name, entry in MEASURES.items():
        assert f"| `{name}` |" in table
        assert all(f"`{option}=" in table for option in entry.options)
