"""Write a figure as PDF, SVG and PNG: whole, and with the same bytes every time."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from thinkalike.errors import InputError
from thinkalike.figures.parts.theme import theme
from thinkalike.files import whole_file

#: Dates and versions are left out, so that equal figures are equal files.
_METADATA: dict[str, dict[str, Any]] = {
    ".pdf": {"CreationDate": None, "ModDate": None, "Creator": "thinkalike", "Producer": None},
    ".svg": {"Date": None, "Creator": "thinkalike"},
    ".png": {"Software": None},
}


def save_figure(
    figure: Figure, paths: str | Path | Iterable[str | Path], *, scale: float = 1.0, dpi: int = 300
) -> None:
    """Write `figure` to each of `paths`; the ending (.pdf, .svg or .png) chooses the format.

    Fonts are embedded in PDF as TrueType; SVG holds letters as outlines.

    Parameters
    ----------
    figure
        What one of the figure functions returned; it is left as it was.
    paths
        Where to. `InputError` for another ending, before anything is written.
    scale
        Size relative to the figure's own; letters and lines keep theirs.
    dpi
        Dots an inch of a PNG, and of the parts of the others that are images.
    """
    targets = [Path(path) for path in ([paths] if isinstance(paths, str | Path) else paths)]
    for target in targets:
        if target.suffix not in _METADATA:
            raise InputError(f"{target}: a figure is written as {', '.join(_METADATA)}, so name it with one of these.")
    width, height = (float(side) for side in figure.get_size_inches())
    layout = figure.get_layout_engine()
    figure.set_size_inches(width * scale, height * scale)
    try:
        with theme():
            # Laid out once: all formats are alike, and none is drawn twice.
            figure.draw_without_rendering()
            figure.set_layout_engine("none")
            for target in targets:
                with whole_file(target) as temporary:
                    figure.savefig(temporary, metadata=_METADATA[target.suffix], dpi=dpi)
    finally:
        figure.set_layout_engine(layout)
        figure.set_size_inches(width, height)
