"""The faults that the audit found, asked again; what takes longer is asked by `python benchmarks/audit.py` alone."""

import re
from pathlib import Path

import pytest
from audit import MARKS, REPRODUCTIONS, Found, Reproduction, rows_of

ROOT = Path(__file__).parents[2]
FAST = [one for one in REPRODUCTIONS if not one.slow]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("fault", FAST, ids=[one.run.__name__ for one in FAST])
def test_the_value_is_what_it_has_to_be(fault):
    found = fault.run()
    assert found.right, found


def test_every_fault_of_the_audit_is_asked():
    assert {one.fault for one in REPRODUCTIONS} == {*(f"F{number}" for number in range(1, 13)), "claims"}


def test_a_wrong_value_is_called_wrong():
    entry = Reproduction("F0", "asked", "before", "why", lambda: Found("2", right=False), slow=False)
    lines, right = rows_of([entry])
    assert not right and lines[-1] == "| F0 | asked | before |  | 2 **WRONG** | why |"


def test_the_page_has_every_row():
    page = (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")
    table = re.search(f"{re.escape(MARKS[0])}(.*){re.escape(MARKS[1])}", page, re.DOTALL).group(1)
    asked = [line.split(" | ")[1] for line in table.strip().splitlines()[2:]]
    assert asked == [one.asked for one in REPRODUCTIONS]
    assert "WRONG" not in table
