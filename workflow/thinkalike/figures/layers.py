"""Layer labels in order: "0", "1", ..., "L", and "final", which is after the model's last norm."""

from collections.abc import Iterable

import numpy as np

FINAL = "final"


def layer_rank(label: str) -> float:
    """Return a number that sorts layer labels; `final` comes last."""
    return float("inf") if str(label) == FINAL else float(label)


def sort_layers(labels: Iterable[str]) -> list[str]:
    """Return the distinct labels in the order in which the model computes them."""
    return sorted({str(label) for label in labels}, key=layer_rank)


def short_layer(label: str) -> str:
    """Return what fits into a point: the number, or F for `final`."""
    return "F" if str(label) == FINAL else str(label)


def layer_positions(labels: Iterable[str]) -> dict[str, float]:
    """Return each label's place on an axis: its number, and one after the last number for `final`."""
    ordered = sort_layers(labels)
    numbers = [float(label) for label in ordered if label != FINAL]
    final = (max(numbers) + 1) if numbers else 0.0
    return {label: final if label == FINAL else float(label) for label in ordered}


def layer_ticks(labels: Iterable[str], most: int = 6) -> tuple[list[float], list[str]]:
    """Return at most about `most` tick positions and their labels, `final` always among them."""
    positions = layer_positions(labels)
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
