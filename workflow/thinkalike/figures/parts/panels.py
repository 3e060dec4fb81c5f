"""A grid of panels, one for a family of models: trained models above, their untrained controls below."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from thinkalike.figures.parts.layer_axis import FINAL, is_shared, layer_positions, layer_ticks, limits
from thinkalike.figures.parts.styles import ModelStyle
from thinkalike.figures.parts.theme import DOUBLE_COLUMN, LIGHT_GREY, SINGLE_COLUMN, new_figure


@dataclass(frozen=True)
class Panel:
    """Models that share a panel."""

    title: str
    models: tuple[ModelStyle, ...]

    @property
    def names(self) -> list[str]:
        """The models' names."""
        return [model.name for model in self.models]


def family_panels(
    styles: Mapping[str, ModelStyle], *, separate_controls: bool, columns: int = 4
) -> tuple[Figure, list[tuple[Axes, Panel]]]:
    """Return a figure and its panels with what belongs into each.

    Families run from left to right and wrap; with `separate_controls` the controls of a row of families are the row
    below it, otherwise they share their family's panel. Axes share y.
    """
    families = list(dict.fromkeys(style.family for style in styles.values()))
    columns = min(columns if len(families) <= 12 else columns + 1, len(families))
    rows: list[list[Panel | None]] = []
    for start in range(0, len(families), columns):
        chunk = families[start : start + columns]
        kinds = (False, True) if separate_controls else (None,)
        for kind in kinds:
            row = [_panel(styles.values(), family, kind) for family in chunk]
            if any(row):
                rows.append([*row, *[None] * (columns - len(row))])
    figure, grid = _grid(len(rows), columns)
    panels = []
    for axes_row, row in zip(grid, rows, strict=True):
        shown = [(axes, panel) for axes, panel in zip(axes_row, row, strict=True) if panel is not None]
        for axes, panel in shown:
            axes.set_title(panel.title)
        shown[0][0].tick_params(labelleft=True)  # what would carry the row's labels may be an empty place
        panels += shown
        for axes, absent in zip(axes_row, (panel is None for panel in row), strict=True):
            axes.set_visible(not absent)
    return figure, panels


def label_layers(panels: Sequence[tuple[Axes, Sequence[str]]]) -> None:
    """Give each panel its layers as x axis, `final` set apart by a thin line."""
    narrow = len(panels) > 12
    for axes, labels in panels:
        ticks, names = layer_ticks(labels, most=4 if narrow else 6)
        axes.set_xticks(ticks, names)
        axes.set_xlim(*limits(labels))
        positions = layer_positions(labels)
        if FINAL in positions and len(positions) > 1:
            axes.axvline(positions[FINAL] - 0.5, color=LIGHT_GREY, linewidth=0.6, zorder=0)
    everything = [axes for axes, _ in panels]
    shared = is_shared(labels for _, labels in panels)
    for axes in everything:
        lowest = _is_lowest(axes, everything)
        axes.tick_params(labelbottom=lowest or not shared)
        if lowest:
            axes.set_xlabel("Layer")


def _panel(styles: Iterable[ModelStyle], family: str, control: bool | None) -> Panel | None:
    models = tuple(style for style in styles if style.family == family and control in (None, style.control))
    if not models:
        return None
    return Panel(models[0].family_label + (", untrained" if control else ""), models)


def _grid(rows: int, columns: int) -> tuple[Figure, list[list[Axes]]]:
    width = DOUBLE_COLUMN if columns > 2 else SINGLE_COLUMN * (1 if columns == 1 else 1.5)
    height = 0.75 + rows * (1.5 if rows <= 3 else 1.05)
    figure = new_figure(width, height)
    return figure, figure.subplots(rows, columns, sharey=True, squeeze=False).tolist()


def _is_lowest(axes: Axes, others: Sequence[Axes]) -> bool:
    place = axes.get_subplotspec()
    spots = [other.get_subplotspec() for other in others]
    if place is None:
        return True
    return not any(
        spot is not None and spot.colspan.start == place.colspan.start and spot.rowspan.start > place.rowspan.start
        for spot in spots
    )
