"""Name points without names on top of each other or of other points."""

from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from thinkalike.figures.parts.theme import GREY, SMALL

_RADII = (5.0, 9.0, 14.0, 20.0, 28.0, 38.0, 50.0, 64.0)
_ANGLES = np.deg2rad([0, 180, 45, 315, 135, 225, 90, 270, 22, 338, 158, 202, 68, 292, 112, 248])


class PointLabels(Artist):
    """The names of points, placed when the figure is drawn and hence right at any size.

    The nearest free place is taken, with a thin line to the point where it is not beside it. The most crowded point is
    served first, so the result does not depend on the points' order.

    Parameters
    ----------
    axes
        The axes in which the points are.
    points
        Their coordinates, (points, 2).
    labels, colours
        A label and a colour per point.

    Attributes
    ----------
    boxes
        The labels' boxes in pixels, after the figure was drawn.
    """

    def __init__(self, axes: Axes, points: np.ndarray, labels: Sequence[str], colours: Sequence[str]) -> None:
        super().__init__()
        self._points = points
        self.texts = [
            Text(0, 0, label, color=colour, fontsize=SMALL) for label, colour in zip(labels, colours, strict=True)
        ]
        self.boxes: list[Bbox] = []
        self.set_zorder(4)
        self.set_in_layout(False)
        axes.add_artist(self)
        for text in self.texts:
            text.set_figure(axes.figure)

    def draw(self, renderer: RendererBase) -> None:
        """Place the names and draw them."""
        assert self.axes is not None
        pixels = self.axes.transData.transform(self._points)
        frame = self.axes.get_window_extent(renderer)
        point = float(np.asarray(renderer.points_to_pixels(1.0)))
        taken = [Bbox.from_bounds(x - 3 * point, y - 3 * point, 6 * point, 6 * point) for x, y in pixels]
        self.boxes = []
        for index in _crowded_first(pixels, [text.get_text() for text in self.texts]):
            text = self.texts[index]
            text.set_position((0, 0))
            text.set_verticalalignment("bottom")
            size = text.get_window_extent(renderer)
            box = _free_place(pixels[index], size.width, size.height, frame, taken, self.boxes, point)
            self.boxes.append(box)
            nearest = _nearest(pixels[index], box)
            if np.hypot(*(nearest - pixels[index])) > 7 * point:
                tie = Line2D(*zip(pixels[index], nearest, strict=True), color=GREY, linewidth=0.4)
                tie.set_figure(text.figure)
                tie.draw(renderer)
            text.set_position((box.x0, box.y0))
            text.draw(renderer)


def _crowded_first(pixels: np.ndarray, labels: Sequence[str]) -> list[int]:
    gaps = np.sqrt(((pixels[:, None] - pixels[None]) ** 2).sum(axis=-1))
    room = np.sort(gaps, axis=1)[:, 1:3].sum(axis=1)
    return sorted(range(len(labels)), key=lambda index: (round(float(room[index]), 3), labels[index]))


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
            box = Bbox.from_bounds(float(corner[0]), float(corner[1]), width, height)
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
    hits = [any(dot.contains(*step) for dot in others) for step in steps]
    return float(np.hypot(*(end - point))) * float(np.mean(hits))
