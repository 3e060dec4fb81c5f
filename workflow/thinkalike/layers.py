"""The order of layer labels: numbers, then names, then what comes after the last block."""

import re

FINAL = "final"
_AFTER_ALL = (FINAL, "last")
_NUMBER = re.compile(r"\d+")


def layer_order(label: str) -> tuple[int, int, str]:
    """Return what sorts layer labels.

    Numbers go by size, and so do names that begin with one (`2_dense`); other names go by letters after them; `final`
    and `last` come after all.
    """
    label = str(label)
    number = _NUMBER.match(label)
    if label in _AFTER_ALL:
        return 2, 0, label
    return (0, int(number.group()), label) if number else (1, 0, label)
