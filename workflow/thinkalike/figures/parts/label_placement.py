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

Boxes = np.ndarray  # (boxes, 4): left, bottom, right, top in pixels

_ANGLES = np.deg2rad([0, 180, 45, 315, 135, 225, 90, 270, 22, 338, 158, 202, 68, 292, 112, 248])
# Where a label may be, the nearest places first: distances from its point, and directions.
_RADII = np.repeat([5.0, 9.0, 14.0, 20.0, 28.0, 38.0, 50.0, 64.0], len(_ANGLES))
_DIRECTIONS = np.tile(np.column_stack([np.cos(_ANGLES), np.sin(_ANGLES)]), (8, 1))


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
        dots = np.hstack([pixels - 3 * point, pixels + 3 * point])
        self.boxes = []
        for index in _crowded_first(pixels, [text.get_text() for text in self.texts]):
            text = self.texts[index]
            text.set_position((0, 0))
            text.set_verticalalignment("bottom")
            size = np.array(text.get_window_extent(renderer).size)
            placed = np.array([other.extents for other in self.boxes]).reshape(-1, 4)
            box = Bbox.from_extents(*_free_place(pixels[index], size, np.array(frame.extents), dots, placed, point))
            self.boxes.append(box)
            nearest = np.clip(pixels[index], box.min, box.max)
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
    point: np.ndarray, size: np.ndarray, frame: np.ndarray, dots: Boxes, placed: Boxes, scale: float
) -> np.ndarray:
    """Return the box for a label of some size: free of dots, of what is placed, within the frame, and near its point.

    `scale` is the number of pixels in a typographic point.
    """
    # A box touches its anchor with the side that faces the point.
    corners = point + _RADII[:, None] * scale * _DIRECTIONS - size * (1 - _DIRECTIONS) / 2
    boxes = np.hstack([corners, corners + size])
    roomy = boxes + 1.5 * scale * np.array([-1, -1, 1, 1])
    area = float(size.prod())
    cost = 20 * _overlaps(roomy, placed) + 4 * _overlaps(boxes, dots) + 20 * (area - _overlaps(boxes, frame[None]))
    cost += 2 * size[1] * _crossed(point, boxes, dots)
    place: np.ndarray = boxes[np.argmin(cost / area + 0.002 * _RADII)]
    return place


def _overlaps(boxes: Boxes, others: Boxes) -> np.ndarray:
    """Return the area of each box that lies on the others, counted once for each of these."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    areas: np.ndarray = np.clip(high - low, 0, None).prod(axis=-1).sum(axis=-1)
    return areas


def _crossed(point: np.ndarray, boxes: Boxes, dots: Boxes) -> np.ndarray:
    """Return the length of the line from `point` to each of the boxes that lies on other points."""
    ends = np.clip(point, boxes[:, :2], boxes[:, 2:])
    steps = point + np.linspace(0, 1, 12)[None, :, None] * (ends - point)[:, None, :]
    others = dots[~_inside(point, dots)]
    hits = _inside(steps[:, :, None, :], others).any(axis=-1)
    lengths: np.ndarray = np.linalg.norm(ends - point, axis=1) * hits.mean(axis=1)
    return lengths


def _inside(points: np.ndarray, boxes: Boxes) -> np.ndarray:
    return np.asarray(((points >= boxes[:, :2]) & (points <= boxes[:, 2:])).all(axis=-1))
