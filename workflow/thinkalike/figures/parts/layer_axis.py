"""Layer labels on axes: "0", "1", ..., "L" and "final", which is after the model's last norm; or names."""

import re
from collections.abc import Iterable

import numpy as np

from thinkalike.layers import FINAL, layer_order


def sort_layers(labels: Iterable[str]) -> list[str]:
    """Return the distinct labels in the order in which the model computes them."""
    return sorted({str(label) for label in labels}, key=layer_order)


def short_layer(label: str) -> str:
    """Return what fits into a point: the number, F for `final`, or a name's first two letters."""
    number = re.match(r"\d+", str(label))
    return number.group() if number else "F" if str(label) == FINAL else str(label)[:2]


def layer_positions(labels: Iterable[str]) -> dict[str, float]:
    """Return each label's place on an axis: its number, and one after the last number for `final`.

    Layers with names are one apart.
    """
    ordered = sort_layers(labels)
    if not _are_numbers(ordered):
        return {label: float(place) for place, label in enumerate(ordered)}
    numbers = [float(label) for label in ordered if label != FINAL]
    final = (max(numbers) + 1) if numbers else 0.0
    return {label: final if label == FINAL else float(label) for label in ordered}


def layer_ticks(labels: Iterable[str], most: int = 6) -> tuple[list[float], list[str]]:
    """Return at most about `most` tick positions and their labels, `final` always among them."""
    positions = layer_positions(labels)
    if not _are_numbers(positions):
        return list(positions.values()), [readable_layer(label) for label in positions]
    numbers = sorted(value for label, value in positions.items() if label != FINAL)
    steps = (1, 2, 3, 4, 5, 6, 8, 10, 12, 20, 25, 50, 100)
    # The first step that is wide enough, or better a little wider one that meets the last number.
    wide = [step for step in steps if len(numbers) - 1 <= most * step] or [steps[-1]]
    meets = [step for step in wide if (len(numbers) - 1) % step == 0 and (len(numbers) - 1) / step >= 3]
    step = next(iter(meets), wide[0])
    ticks = [value for value in numbers if (value - numbers[0]) % step == 0]
    if FINAL in positions:
        # The last number gives way where it would touch the word.
        span = positions[FINAL] - min(positions.values())
        ticks = [value for value in ticks if span <= most or positions[FINAL] - value > 0.16 * span]
        return [*ticks, positions[FINAL]], [*(f"{value:g}" for value in ticks), FINAL]
    return ticks, [f"{value:g}" for value in ticks]


def split_final(labels: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the numbered labels in order, and `["final"]` where there is one."""
    ordered = sort_layers(labels)
    return [label for label in ordered if label != FINAL], [label for label in ordered if label == FINAL]


def is_shared(groups: Iterable[Iterable[str]]) -> bool:
    """Return whether all groups have the same layers."""
    return len({tuple(sort_layers(group)) for group in groups}) <= 1


def limits(labels: Iterable[str]) -> tuple[float, float]:
    """Return axis limits with a margin of 5 % around all positions."""
    values = np.array(list(layer_positions(labels).values()))
    margin = 0.05 * max(float(np.ptp(values)), 1.0)
    return float(values.min()) - margin, float(values.max()) + margin


def _are_numbers(labels: Iterable[str]) -> bool:
    return all(label == FINAL or label.isdigit() for label in labels)


def readable_layer(label: str) -> str:
    """Return a name without the number that it is ordered by, and with spaces."""
    return re.sub(r"^\d+_", "", label).replace("_", " ")
