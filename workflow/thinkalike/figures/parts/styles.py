"""How a feature and how a model looks, the same in every figure.

Features have a colour and a marker; controls among them are grey. Models have their family's colour; a seed is a shade
of it, an untrained control is lighter and dashed. Colours are told apart with the common colour deficiencies, and
markers, dashes and shades carry the same message in grey print.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from matplotlib.colors import to_hex, to_rgb
from matplotlib.lines import Line2D

from thinkalike.figures.parts.theme import GREY

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

#: Chosen for their distance (CIELAB, at least 29) also with red-green deficiencies, and for different lightness.
_KNOWN_FAMILIES = {"bert": "#33508f", "gpt2": "#c2503c", "mamba": "#2a9d8f", "lstm": "#d99a1c"}
_FAMILY_NAMES = {"bert": "BERT", "gpt2": "GPT-2", "mamba": "Mamba", "lstm": "LSTM"}
_MORE_COLOURS = (
    *_KNOWN_FAMILIES.values(),
    "#7a1f57",
    "#77bbe8",
    "#666633",
    "#e3a3b8",
    "#1f6f3a",
    "#8d6bb8",
    "#7f4f24",
    "#2f4858",
)
_FAMILY_MARKERS = {"bert": "o", "gpt2": "s", "mamba": "D", "lstm": "^"}
_MORE_MARKERS = ("o", "s", "D", "^", "h", "v", "p", "8")
_CONTROL_DASHES = (0, (3, 1.2))
_SEED_MARKERS = ("o", "o", "s", "^", "D")
_SEED = re.compile(r"-seed(\d+)")
_CONTROL = re.compile(r"[-_]?\b(untrained|random[-_]init)\b")


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
        return _darken(self.colour)

    @property
    def line(self) -> dict[str, Any]:
        """Keywords for a line of this feature."""
        dashes = (0, (1, 1.2)) if self.control else "solid"
        return {"color": self.colour, "marker": self.marker, "linestyle": dashes, "markeredgewidth": 0}


@dataclass(frozen=True)
class ModelStyle:
    """The look of a model; `family` is without the ending that marks a control."""

    name: str
    family: str
    label: str
    colour: str
    family_colour: str
    family_marker: str
    control: bool
    seed: int | None
    #: Place among the models of the same family and kind: 0 is the full shade.
    shade: int

    @property
    def line(self) -> dict[str, Any]:
        """Keywords for a line of this model."""
        return {"color": self.colour, "linestyle": _CONTROL_DASHES if self.control else "solid"}

    @property
    def point(self) -> dict[str, Any]:
        """Keywords for the points on such a line: the first seed's are full, the others' hollow."""
        marker = _SEED_MARKERS[self.shade % len(_SEED_MARKERS)]
        face = self.colour if self.shade == 0 else "white"
        return {"marker": marker, "markersize": 2.8, "markerfacecolor": face, "markeredgewidth": 0.7}

    @property
    def text_colour(self) -> str:
        """The family's hue, dark enough to read in small print."""
        return _darken(self.family_colour)

    @property
    def family_label(self) -> str:
        """The family's name as it is written."""
        return family_label(self.family)


def family_label(family: str) -> str:
    """Return a family's name as it is written."""
    return _FAMILY_NAMES.get(family, family)


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


def written(value: float) -> str:
    """Return a number with two decimals and a minus that is one."""
    return f"{round(float(value), 2) + 0.0:.2f}".replace("-", "−")


def is_control(name: str) -> bool:
    """Return whether a model's or family's name says that it was never trained."""
    return _CONTROL.search(str(name)) is not None


def base_family(name: str) -> str:
    """Return a model's family by its name: without seed and without the mark of a control."""
    return _CONTROL.sub("", _SEED.sub("", str(name))) or str(name)


def model_styles(models: Iterable[str], families: Mapping[str, str] | None = None) -> dict[str, ModelStyle]:
    """Return each model's look, in the order in which figures list them.

    Parameters
    ----------
    models
        Names of the models to draw, in any order.
    families
        Family by model name, for all models of the study: its order is the figures' order, and a family keeps its
        colour where only some models are drawn. Without it families are told from the names (`gpt2-seed1`,
        `gpt2-untrained`) and sorted.
    """
    names = {str(model) for model in models}
    family_of = {name: name for name in sorted(names)} | dict(families or {})
    bases = {name: base_family(family) for name, family in family_of.items()}
    control = {name: is_control(name) or is_control(family_of[name]) for name in bases}
    order = list(dict.fromkeys(bases[name] for name in (families or sorted(bases)))) + sorted(set(bases.values()))
    order = list(dict.fromkeys(order))
    colours = _allotted(order, _KNOWN_FAMILIES, _MORE_COLOURS)
    markers = _allotted(order, _FAMILY_MARKERS, _MORE_MARKERS)
    styles: dict[str, ModelStyle] = {}
    shades: dict[tuple[str, bool], int] = {}
    listed = sorted(bases, key=lambda name: (order.index(bases[name]), control[name], _seed(name) or 0, name))
    for name in listed:
        kind = (bases[name], control[name])
        shade = shades[kind] = shades.get(kind, -1) + 1
        fade = min(0.45 + 0.15 * shade, 0.75) if control[name] else min(0.28 * shade, 0.6)
        colour = _lighten(colours[bases[name]], fade)
        styles[name] = ModelStyle(
            name=name,
            family=bases[name],
            label=_label(name),
            colour=colour,
            family_colour=colours[bases[name]],
            family_marker=markers[bases[name]],
            control=control[name],
            seed=_seed(name),
            shade=shade,
        )
    return {name: style for name, style in styles.items() if name in names}


def kind_handles(styles: Mapping[str, ModelStyle], *, points: bool = True) -> list[Line2D]:
    """Return legend entries, in grey, for what tells the models of a family apart: seeds and untrained controls."""
    handles = []
    trained = [style for style in styles.values() if not style.control]
    for shade in sorted({style.shade for style in trained}):
        seeds = {style.seed for style in trained if style.shade == shade}
        several = any(style.shade for style in trained)
        label = f"Seed {seeds.pop()}" if several and len(seeds) == 1 and None not in seeds else "Trained"
        handles.append(_grey_handle(next(style for style in trained if style.shade == shade), label, points))
    controls = [style for style in styles.values() if style.control]
    return handles + ([_grey_handle(controls[0], "Untrained control", points)] if controls else [])


def _grey_handle(style: ModelStyle, label: str, points: bool) -> Line2D:
    grey = replace(style, colour=_lighten("#404040", 0.5 if style.control else min(0.28 * style.shade, 0.6)))
    return Line2D([], [], label=label, **grey.line, **(grey.point if points else {}))


def _allotted(families: list[str], known: Mapping[str, str], more: Sequence[str]) -> dict[str, str]:
    """Return each family's own look if it has one, else the next that is free; they repeat where none is left."""
    looks = {family: known[family] for family in families if family in known}
    free = [look for look in more if look not in looks.values()] or list(more)
    others = [family for family in families if family not in looks]
    return looks | {family: free[place % len(free)] for place, family in enumerate(others)}


def _lighten(colour: str, share: float) -> str:
    red, green, blue = (1 - (1 - channel) * (1 - share) for channel in to_rgb(colour))
    return to_hex((red, green, blue))


def _darken(colour: str) -> str:
    red, green, blue = (0.75 * channel for channel in to_rgb(colour))
    return to_hex((red, green, blue))


def _seed(name: str) -> int | None:
    match = _SEED.search(name)
    return int(match.group(1)) if match else None


def _label(name: str) -> str:
    base = base_family(name)
    if name != base and not name.startswith(base):
        return name
    ending = re.sub(r"\bseed(\d+)", r"seed \1", name.removeprefix(base).replace("-", " ").replace("_", " "))
    return " ".join([family_label(base), *ending.split()])
