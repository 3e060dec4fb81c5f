"""A grid of panels, one for each entry of a study: trained models above, their untrained controls below."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from thinkalike.errors import InputError
from thinkalike.figures.parts.layer_axis import FINAL, is_shared, layer_positions, layer_ticks, limits
from thinkalike.figures.parts.model_styles import ModelStyle
from thinkalike.figures.parts.theme import DOUBLE_COLUMN, LIGHT_GREY, SINGLE_COLUMN, new_figure, root_figure


@dataclass(frozen=True)
class Panel:
    """Models that share a panel."""

    title: str
    models: tuple[ModelStyle, ...]

    @property
    def names(self) -> list[str]:
        """The names of the models in this panel."""
        return [model.name for model in self.models]


def entry_panels(
    styles: Mapping[str, ModelStyle], *, separate_controls: bool, columns: int = 4, ax: Axes | None = None
) -> tuple[Figure, list[tuple[Axes, Panel]]]:
    """Return a figure and its panels with what belongs into each: the models of one entry, which differ in their seed.

    Entries run from left to right by family and wrap; with `separate_controls` the controls of a row are the row below
    it, otherwise they share the panel of their family's trained entry where there is one such entry alone. Axes share
    y. With `ax`, that is the one panel; `InputError` where there are several.
    """
    stacks = [stack for family in _by_family(styles) for stack in _stacks(family, separate_controls)]
    if ax is not None:
        shown = [panel for stack in stacks for panel in stack if panel is not None]
        if len(shown) != 1:
            raise InputError(
                f"These tables make {len(shown)} panels, but ax takes one; keep the rows of one model, or leave out ax."
            )
        ax.set_title(shown[0].title)
        return root_figure(ax), [(ax, shown[0])]
    columns = min(columns if len(stacks) <= 12 else columns + 1, len(stacks))
    rows: list[list[Panel | None]] = []
    for start in range(0, len(stacks), columns):
        for place in (0, 1):
            row = [stack[place] for stack in stacks[start : start + columns]]
            if any(row):
                rows.append([*row, *[None] * (columns - len(row))])
    figure, grid = _grid(len(rows), columns)
    panels = []
    for axes_row, row in zip(grid, rows, strict=True):
        shown_row = [(axes, panel) for axes, panel in zip(axes_row, row, strict=True) if panel is not None]
        for axes, panel in shown_row:
            axes.set_title(panel.title)
        shown_row[0][0].tick_params(labelleft=True)  # what would carry the row's labels may be an empty place
        panels += shown_row
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


def _by_family(styles: Mapping[str, ModelStyle]) -> list[list[Panel]]:
    """Return the entries of each family, each as a panel."""
    families: dict[str, dict[str, list[ModelStyle]]] = {}
    for style in styles.values():
        families.setdefault(style.family, {}).setdefault(style.entry, []).append(style)
    return [[_panel(models) for models in entries.values()] for entries in families.values()]


def _panel(models: Sequence[ModelStyle]) -> Panel:
    return Panel(models[0].entry_label, tuple(models))


def _stacks(family: Sequence[Panel], separate_controls: bool) -> list[tuple[Panel | None, Panel | None]]:
    """Return a family's columns: what stands above and what below."""
    trained = [panel for panel in family if not panel.models[0].control]
    controls = [panel for panel in family if panel.models[0].control]
    if separate_controls:
        return list(zip_longest(trained, controls))
    if len(trained) == 1:
        shared = [style for panel in family for style in panel.models]
        return [(Panel(trained[0].title, tuple(shared)), None)]
    return [(panel, None) for panel in [*trained, *controls]]


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
