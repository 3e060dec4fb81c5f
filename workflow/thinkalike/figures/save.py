"""Write a figure as PDF, SVG and PNG: whole, and with the same bytes every time."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from thinkalike.errors import InputError
from thinkalike.figures.theme import theme
from thinkalike.files import whole_file

#: Dates and versions are left out, so that equal figures are equal files.
_METADATA: dict[str, dict[str, Any]] = {
    ".pdf": {"CreationDate": None, "ModDate": None, "Creator": "thinkalike", "Producer": None},
    ".svg": {"Date": None, "Creator": "thinkalike"},
    ".png": {"Software": None},
}


def save_figure(figure: Figure, paths: str | Path | Iterable[str | Path]) -> None:
    """Write `figure` to each of `paths`; the ending (.pdf, .svg or .png) chooses the format.

    Fonts are embedded in PDF as TrueType; SVG holds letters as outlines; PNG has 300 dots an inch. Raises `InputError`
    for another ending, before anything is written.
    """
    targets = [Path(path) for path in ([paths] if isinstance(paths, str | Path) else paths)]
    for target in targets:
        if target.suffix not in _METADATA:
            raise InputError(f"{target}: a figure is written as {', '.join(_METADATA)}, so name it with one of these.")
    for target in targets:
        with theme(), whole_file(target) as temporary:
            figure.savefig(temporary, metadata=_METADATA[target.suffix], dpi=300)
