"""Numbers and lists as a sentence has them."""

from collections.abc import Sequence


def number(value: float) -> str:
    """Return two decimals without a leading 0: .31, 1.00, or a dash where the value is not defined."""
    if value != value:
        return "–"
    text = f"{round(float(value), 2) + 0.0:.2f}".replace("-", "−")
    return text.replace("0.", ".", 1) if text.lstrip("−").startswith("0.") else text


def share(value: float) -> str:
    """Return a share in whole percent."""
    return "–" if value != value else f"{round(100 * float(value)):d} %"


def enumerated(parts: Sequence[str]) -> str:
    """Return "a, b and c"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
