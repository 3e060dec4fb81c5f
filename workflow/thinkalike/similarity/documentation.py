"""The table of measures in the documentation, written from their metadata."""

import math
import sys
from pathlib import Path

from thinkalike.files import whole_file
from thinkalike.similarity.measures import MEASURES, Measure
from thinkalike.similarity.measures.measure import INVARIANCES, KINDS

_START = "<!-- measures:"
_END = "<!-- end of measures -->"
_SHORT = {
    "orthogonal": "OT",
    "isotropic scaling": "IS",
    "translation": "TR",
    "invertible linear": "ILT",
    "permutation": "PT",
}


def measures_table() -> str:
    """Return all measures as a Markdown table: how to read each number, then the details of each."""
    lines = [
        "| measure | range | more alike | metric | symmetric | invariant to | chance |",
        "|---|---|---|---|---|---|---|",
    ]
    ordered = sorted(MEASURES.values(), key=lambda entry: (KINDS.index(entry.compares), entry.family, entry.name))
    lines += [_row(entry) for entry in ordered]
    return "\n".join([*lines, "", *(line for entry in ordered for line in _details(entry))]).rstrip() + "\n"


def _row(entry: Measure) -> str:
    cells = [
        f"`{entry.name}`",
        f"{_number(entry.range[0])} to {_number(entry.range[1])}",
        "larger" if entry.larger_is_more_similar else "smaller",
        "yes" if entry.is_metric else "no",
        "yes" if entry.is_symmetric else "no",
        " ".join(_SHORT[name] for name in INVARIANCES if name in entry.invariant_to) or "none",
        entry.chance,
    ]
    return "| " + " | ".join(cells) + " |"


def _details(entry: Measure) -> list[str]:
    options = ", ".join(f"`{key}={value!r}`" for key, value in entry.options.items()) or "none"
    equivalents = "; ".join(f"`{call}`" for call in entry.equivalents) or "none"
    return [
        f"**`{entry.name}`** ({entry.reference}): `{entry.formula}`. Preprocessing: {entry.preprocessing}. "
        f"Options: {options}. The same number: {equivalents}.",
        "",
    ]


def _number(value: float) -> str:
    if math.isinf(value):
        return "-∞" if value < 0 else "∞"
    named = {math.sqrt(2): "√2", math.pi / 2: "π/2", math.pi: "π"}
    return named.get(value, f"{value:g}")


def with_table(page: str) -> str:
    """Return a Markdown page with the table between its two marks renewed."""
    head, rest = page.split(_START, 1)
    mark, rest = rest.split("\n", 1)
    return head + _START + mark + "\n\n" + measures_table() + "\n" + _END + rest.split(_END, 1)[1]


if __name__ == "__main__":
    page = Path(sys.argv[1])
    text = with_table(page.read_text(encoding="utf-8"))
    with whole_file(page) as temporary:
        temporary.write_text(text, encoding="utf-8")
