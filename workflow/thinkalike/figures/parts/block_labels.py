"""Names beside the blocks of a matrix, moved apart where blocks are too thin for them."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from thinkalike.figures.parts.model_styles import ModelStyle
from thinkalike.figures.parts.theme import GREY, SMALL

#: Height of a line of small letters, and the room between matrix and names for lines that tie them, in points.
_LINE, _TIE = 1.25 * SMALL, 9.0


@dataclass(frozen=True)
class BlockLabel:
    """A name and the rows that it stands for, from `start` up to but without `stop`."""

    text: str
    colour: str
    start: int
    stop: int


def labels_that_fit(blocks: Sequence[tuple[ModelStyle, int, int]], points: float) -> list[BlockLabel]:
    """Return names of the models, or where these are too many of their families, or of the families with most layers.

    Parameters
    ----------
    blocks
        Each model's look and its rows, from start to stop.
    points
        Height of a row in points.
    """
    room = int(points * blocks[-1][2] / _LINE)
    by_model = [BlockLabel(style.label, style.text_colour, start, stop) for style, start, stop in blocks]
    if len(by_model) <= room:
        return by_model
    by_family = []
    for _, members in itertools.groupby(blocks, key=lambda block: block[0].family):
        group = list(members)
        style = group[0][0]
        by_family.append(BlockLabel(style.family_label, style.text_colour, group[0][1], group[-1][2]))
    largest = sorted(by_family, key=lambda label: (label.start - label.stop, label.start))[: max(room, 1)]
    return sorted(largest, key=lambda label: label.start)


def label_blocks(axes: Axes, labels: Sequence[BlockLabel], points: float, *, columns: bool) -> None:
    """Write the names beside the rows of a matrix, and below its columns where they are asked for.

    A name that had to move is tied to its block by a thin line.
    """
    centres = [(label.start + label.stop - 1) / 2 for label in labels]
    rows = round(axes.get_ylim()[0] + 0.5)
    places = spread(centres, _LINE / points, -0.5, rows - 0.5)
    moved = bool(np.any(np.abs(places - centres) > 0.25 * _LINE / points))
    texts = [label.text for label in labels]
    axes.set_xticks(places if columns else [], texts if columns else [], rotation=90)
    axes.set_yticks(places, texts, va="center")
    axes.tick_params(length=0, labelsize=SMALL, pad=_TIE + 2 if moved else 2)
    for text, label in zip([*axes.get_yticklabels(), *axes.get_xticklabels()], [*labels, *labels], strict=False):
        text.set_color(label.colour)
    if moved:
        length = _TIE / (points * rows)
        look: dict[str, Any] = {"color": GREY, "linewidth": 0.4, "clip_on": False}
        for centre, place in zip(centres, places, strict=True):
            axes.plot([0, -length], [centre, place], transform=axes.get_yaxis_transform(), **look)
            if columns:
                axes.plot([centre, place], [0, -length], transform=axes.get_xaxis_transform(), **look)


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> np.ndarray:
    """Return places at least `gap` apart, as near to the wanted ones (in rising order) as least squares has it.

    They lie between `low` and `high` with half a gap to spare, where there is room for all.
    """
    from scipy.optimize import isotonic_regression

    steps = gap * np.arange(len(wanted))
    free = isotonic_regression(np.asarray(wanted, dtype=float) - steps).x
    ends = low + gap / 2, high - gap / 2 - steps[-1]
    return np.clip(free, ends[0], max(ends)) + steps
