"""One look for all figures: sizes in inches, fonts, lines, colour maps."""

import functools
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, ParamSpec, TypeVar

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.transforms import Bbox

from thinkalike.errors import InputError

P = ParamSpec("P")
R = TypeVar("R")

#: Widths of one and of two columns of a journal page, and the most that fits its height.
SINGLE_COLUMN, DOUBLE_COLUMN, PAGE_HEIGHT = 3.35, 7.1, 9.4

#: Sizes in points; nothing in a figure is smaller than SMALL.
SMALL, NORMAL, LARGE = 6.0, 7.0, 8.0

GREY, LIGHT_GREY, DARK_GREY = "#8c8c8c", "#d9d9d9", "#404040"

#: Centred at zero, light in the middle; and from light (little) to dark (much).
DIVERGING, SEQUENTIAL = "RdBu_r", "cividis_r"

_SETTINGS: dict[str, Any] = {
    # DejaVu Sans comes with matplotlib: the same glyphs, hence the same bytes, on every machine.
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "mathtext.fontset": "dejavusans",
    # A name or a word is drawn as it is, also with dollar signs in it.
    "text.parse_math": False,
    "font.size": NORMAL,
    "axes.titlesize": NORMAL,
    "axes.titleweight": "bold",
    "axes.titlepad": 4.0,
    "axes.labelsize": NORMAL,
    "axes.labelpad": 2.5,
    "axes.linewidth": 0.6,
    "axes.edgecolor": DARK_GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": "#ebebeb",
    "grid.linewidth": 0.5,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "xtick.major.size": 2.0,
    "ytick.major.size": 2.0,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.pad": 2.0,
    "ytick.major.pad": 2.0,
    "xtick.color": DARK_GREY,
    "ytick.color": DARK_GREY,
    "legend.fontsize": SMALL,
    "legend.title_fontsize": SMALL,
    "legend.frameon": False,
    "legend.handlelength": 2.2,
    "legend.borderaxespad": 0.3,
    "legend.columnspacing": 1.2,
    "lines.linewidth": 1.1,
    "lines.markersize": 3.2,
    "figure.titlesize": LARGE,
    "figure.titleweight": "bold",
    "figure.labelsize": NORMAL,
    "figure.dpi": 100,
    "figure.constrained_layout.h_pad": 0.03,
    "figure.constrained_layout.w_pad": 0.03,
    "savefig.dpi": 300,
    # TrueType fonts embedded in PDF (editable, accepted by journals); letters as paths in SVG (the same anywhere).
    "pdf.fonttype": 42,
    "svg.fonttype": "path",
    "svg.hashsalt": "thinkalike",
}


def theme() -> AbstractContextManager[None]:
    """Return a context within which matplotlib has this project's look, whatever the user's own settings are."""
    keep = ("backend", "backend_fallback", "interactive", "toolbar")
    settings: dict[Any, Any] = {key: value for key, value in mpl.rcParamsDefault.items() if key not in keep}
    return mpl.rc_context(settings | _SETTINGS)


def themed(draw: Callable[P, R]) -> Callable[P, R]:
    """Run `draw` within `theme()`."""

    @functools.wraps(draw)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        with theme():
            return draw(*args, **kwargs)

    return wrapper


def frame_map(axes: Axes) -> None:
    """Make axes a map: one unit for both directions, a thin frame, no ticks, since only distances mean something."""
    axes.set_aspect("equal", adjustable="datalim")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(False)
    for spine in axes.spines.values():
        spine.set(visible=True, color=LIGHT_GREY)


class StableLayout(ConstrainedLayoutEngine):
    """Constrained layout without the last bits of its solver, which depend on where in memory its variables lie."""

    def execute(self, fig: Figure) -> Any:
        """Lay the figure out, and round where its axes are to 9 decimals of its size."""
        result = super().execute(fig)
        for axes in fig.axes:
            in_layout = axes.get_in_layout()
            bounds = axes.get_position(original=True).bounds
            axes.set_position(Bbox.from_bounds(*(round(float(bound), 9) for bound in bounds)), which="original")
            axes.set_in_layout(in_layout)  # `set_position` takes them out
        return result


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of that many inches whose parts make room for each other."""
    return Figure(figsize=(width, height), layout=StableLayout())


def single_panel(ax: Axes | None, width: float, height: float) -> tuple[Figure, Axes]:
    """Return a figure of one panel and the panel: `ax` and its figure where it is given, else new ones."""
    if ax is not None:
        return root_figure(ax), ax
    figure = new_figure(width, height)
    return figure, figure.subplots()


def root_figure(axes: Axes) -> Figure:
    """Return the figure that `axes` are in, whatever else they are nested in."""
    figure = axes.get_figure(root=True)
    if figure is None:
        raise InputError("The axes given as ax are in no figure; make them with figure.subplots().")
    return figure


def legend_below(axes: Axes, handles: Sequence[Artist], *, columns: int, own: bool) -> None:
    """Write a legend below all panels, or, into axes of the user's own, beside what is drawn."""
    if own:
        axes.legend(handles=list(handles))
        return
    figure = root_figure(axes)
    figure.legend(handles=list(handles), loc="outside lower center", ncols=legend_columns(figure, columns))


def panel_letter(axes: Axes, letter: str, title: str = "") -> None:
    """Write a panel's letter, and its title after it, above the upper left corner of `axes`."""
    axes.set_title(f"{letter}   {title}".strip(), loc="left", fontsize=LARGE, fontweight="bold")


def legend_columns(figure: Figure, most: int) -> int:
    """Return how many legend entries fit side by side into the width of the figure, at most `most`."""
    return max(1, min(most, int(figure.get_figwidth() / 1.15)))


def written(value: float, decimals: int = 2) -> str:
    """Return a number with two decimals, or as many as are asked for, and a minus that is one."""
    return f"{round(float(value), decimals) + 0.0:.{decimals}f}".replace("-", "−")


def lighten(colour: str, share: float) -> str:
    """Return a colour mixed with white; a share of 1 is white."""
    red, green, blue = (1 - (1 - channel) * (1 - share) for channel in to_rgb(colour))
    return to_hex((red, green, blue))


def darken(colour: str) -> str:
    """Return a colour dark enough to read in small print."""
    red, green, blue = (0.75 * channel for channel in to_rgb(colour))
    return to_hex((red, green, blue))
