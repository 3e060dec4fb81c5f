"""Name points without names on top of each other or of other points."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from thinkalike.figures.theme import GREY, SMALL

_RADII = (5.0, 9.0, 14.0, 20.0, 28.0, 38.0, 50.0, 64.0)
_ANGLES = np.deg2rad([0, 180, 45, 315, 135, 225, 90, 270, 22, 338, 158, 202, 68, 292, 112, 248])


def place_labels(
    figure: Figure, axes: Axes, points: np.ndarray, labels: Sequence[str], colours: Sequence[str]
) -> list[Bbox]:
    """Write each of `labels` near its point, the nearest free place first, with a thin line where it is not beside it.

    The figure's layout is computed and kept: call it last. Points are served from the most crowded to the loneliest,
    so the result does not depend on their order. Returns the boxes of the labels in pixels.
    """
    canvas = FigureCanvasAgg(figure)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    renderer = canvas.get_renderer()
    pixels = axes.transData.transform(points)
    scale = figure.dpi / 72
    frame = axes.get_window_extent(renderer)
    taken = [Bbox.from_bounds(x - 3 * scale, y - 3 * scale, 6 * scale, 6 * scale) for x, y in pixels]
    placed: list[Bbox] = []
    for index in _crowded_first(pixels, labels):
        text = axes.annotate(
            labels[index],
            points[index],
            xytext=(0, 0),
            textcoords="offset points",
            fontsize=SMALL,
            color=colours[index],
        )
        text.set_in_layout(False)
        size = text.get_window_extent(renderer)
        box = _free_place(pixels[index], size.width, size.height, frame, taken, placed, scale)
        placed.append(box)
        text.set_verticalalignment("bottom")
        text.set_position(tuple((np.array([box.x0, box.y0]) - pixels[index]) / scale))
        _tie(axes, pixels[index], box, scale)
    return placed


def _crowded_first(pixels: np.ndarray, labels: Sequence[str]) -> list[int]:
    gaps = np.sqrt(((pixels[:, None] - pixels[None]) ** 2).sum(axis=-1))
    np.fill_diagonal(gaps, np.inf)
    nearest = np.sort(gaps, axis=1)[:, :2].sum(axis=1) if len(pixels) > 2 else np.zeros(len(pixels))
    return sorted(range(len(labels)), key=lambda index: (-round(float(nearest[index]), 3), labels[index]))[::-1]


def _free_place(
    point: np.ndarray, width: float, height: float, frame: Bbox, taken: list[Bbox], placed: list[Bbox], scale: float
) -> Bbox:
    best, least = None, np.inf
    for radius in _RADII:
        for angle in _ANGLES:
            direction = np.array([np.cos(angle), np.sin(angle)])
            anchor = point + radius * scale * direction
            # The box touches the anchor with the side that faces the point.
            corner = anchor - np.array([width, height]) * (1 - direction) / 2
            box = Bbox.from_bounds(*corner, width, height)
            roomy = box.padded(1.5 * scale)
            cost = 20 * sum(_overlap(roomy, other) for other in placed) + 4 * sum(_overlap(box, dot) for dot in taken)
            cost += 20 * (width * height - _overlap(box, frame)) + 2 * height * _crossed(point, box, taken)
            cost = cost / (width * height) + 0.002 * radius
            if cost < least:
                best, least = box, cost
    assert best is not None
    return best


def _overlap(box: Bbox, other: Bbox) -> float:
    width = min(box.x1, other.x1) - max(box.x0, other.x0)
    height = min(box.y1, other.y1) - max(box.y0, other.y0)
    return width * height if width > 0 and height > 0 else 0.0


def _nearest(point: np.ndarray, box: Bbox) -> np.ndarray:
    return np.clip(point, [box.x0, box.y0], [box.x1, box.y1])


def _crossed(point: np.ndarray, box: Bbox, taken: list[Bbox]) -> float:
    """Return the length of the line from `point` to `box` that lies on other points."""
    end = _nearest(point, box)
    steps = point + np.linspace(0, 1, 12)[:, None] * (end - point)
    others = [dot for dot in taken if not dot.contains(*point)]
    return float(np.hypot(*(end - point))) * np.mean([any(dot.contains(*step) for dot in others) for step in steps])


def _tie(axes: Axes, point: np.ndarray, box: Bbox, scale: float) -> None:
    nearest = _nearest(point, box)
    if np.hypot(*(nearest - point)) < 7 * scale:
        return
    ends = axes.transData.inverted().transform([point, nearest])
    axes.plot(*ends.T, color=GREY, linewidth=0.4, zorder=1, scalex=False, scaley=False)
