"""How a feature looks, the same in every figure: a colour and a marker; controls are grey.

Colours are told apart with the common colour deficiencies, and markers and dashes carry the same message in grey print.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from thinkalike.figures.parts.theme import GREY, darken

#: Colours that stay apart under red-green and blue-yellow deficiencies (Okabe and Ito's set, without its yellow, which
#: is lost on white), each with its own marker.
_FEATURE_LOOKS: tuple[tuple[str, str], ...] = (
    ("#0072b2", "o"),
    ("#d55e00", "s"),
    ("#009e73", "^"),
    ("#cc79a7", "D"),
    ("#56b4e9", "v"),
    ("#e69f00", "P"),
    ("#1a1a1a", "X"),
    ("#7a5230", "*"),
    ("#5e3c99", "<"),
    ("#a6761d", ">"),
    ("#66a61e", "h"),
    ("#e7298a", "p"),
)
#: Table S1's features have fixed looks; others take the looks that are left, in alphabetical order.
_KNOWN_FEATURES = (
    "part_of_speech",
    "word_position",
    "number",
    "gender",
    "tense",
    "person",
    "word_length",
    "question",
)
_CONTROL_LOOKS = ((GREY, "o"), ("#b3b3b3", "s"), ("#6e6e6e", "^"), ("#c9c9c9", "D"))


@dataclass(frozen=True)
class FeatureStyle:
    """The look of a feature."""

    name: str
    label: str
    colour: str
    marker: str
    control: bool

    @property
    def text_colour(self) -> str:
        """The colour, dark enough to read in small print."""
        return darken(self.colour)

    @property
    def line(self) -> dict[str, Any]:
        """Keywords for a line of this feature."""
        dashes = (0, (1, 1.2)) if self.control else "solid"
        return {"color": self.colour, "marker": self.marker, "linestyle": dashes, "markeredgewidth": 0}


def feature_label(feature: str) -> str:
    """Return a column's name as a reader writes it: `part_of_speech` is "Part of speech"."""
    words = str(feature).replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def feature_styles(roles: Mapping[str, str] | Iterable[str]) -> dict[str, FeatureStyle]:
    """Return each feature's look, in the order in which figures list them: Table S1's, others, controls.

    Parameters
    ----------
    roles
        Role (`feature` or `control`) by name; names alone are features.
    """
    by_name = dict(roles) if isinstance(roles, Mapping) else dict.fromkeys(roles, "feature")
    controls = sorted(name for name, role in by_name.items() if role == "control")
    known = [name for name in _KNOWN_FEATURES if name in by_name and name not in controls]
    others = sorted(set(by_name) - set(known) - set(controls))
    taken = {_KNOWN_FEATURES.index(name) for name in known}
    # Others start behind the fixed looks: they look the same whether or not a known feature is in the table.
    free = [index for index in (*range(8, 12), *range(8)) if index not in taken] or list(range(12))
    indices = {name: _KNOWN_FEATURES.index(name) for name in known}
    indices |= {name: free[place % len(free)] for place, name in enumerate(others)}
    styles = {name: FeatureStyle(name, feature_label(name), *_FEATURE_LOOKS[indices[name]], False) for name in indices}
    for place, name in enumerate(controls):
        look = _CONTROL_LOOKS[place % len(_CONTROL_LOOKS)]
        styles[name] = FeatureStyle(name, f"{feature_label(name)} (control)", *look, True)
    return styles
