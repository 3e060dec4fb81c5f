"""How a model looks, the same in every figure: its family's colour; a seed is a shade of it.

Untrained controls are lighter and dashed. Colours are told apart with the common colour deficiencies, and dashes and
shades carry the same message in grey print.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from matplotlib.lines import Line2D

from thinkalike.figures.parts.theme import darken, lighten
from thinkalike.study.study import entry_of
from thinkalike.tables import require

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
class ModelStyle:
    """The look of a model. Models of one `entry` differ in their seed alone; those of one `family` share its colour."""

    name: str
    entry: str
    family: str
    label: str
    colour: str
    family_colour: str
    family_marker: str
    control: bool
    seed: int | None
    #: Place among the models of the same family and kind: 0 is the full shade.
    shade: int
    #: Place among the models of the same entry.
    place: int

    @property
    def line(self) -> dict[str, Any]:
        """Keywords for a line of this model."""
        return {"color": self.colour, "linestyle": _CONTROL_DASHES if self.control else "solid"}

    @property
    def point(self) -> dict[str, Any]:
        """Keywords for the points on such a line: the first seed's are full, the others' hollow."""
        marker = _SEED_MARKERS[self.place % len(_SEED_MARKERS)]
        face = self.colour if self.place == 0 else "white"
        return {"marker": marker, "markersize": 2.8, "markerfacecolor": face, "markeredgewidth": 0.7}

    @property
    def text_colour(self) -> str:
        """The family's hue, dark enough to read in small print."""
        return darken(self.family_colour)

    @property
    def entry_label(self) -> str:
        """The entry's name as it is written, above a panel of its models."""
        label = _label(base_family(self.entry)) if self.control else _label(self.entry)
        return f"{label}, untrained" if self.control else label

    @property
    def family_label(self) -> str:
        """The family's name as it is written."""
        return family_label(self.family)


def family_label(family: str) -> str:
    """Return a family's name as it is written."""
    return _FAMILY_NAMES.get(family, family)


def is_control(name: str) -> bool:
    """Return whether a model's or family's name says that it was never trained."""
    return _CONTROL.search(str(name)) is not None


def base_family(name: str) -> str:
    """Return a model's family by its name: without seed and without the mark of a control."""
    return _CONTROL.sub("", _SEED.sub("", str(name))) or str(name)


def model_styles(
    tables: pd.DataFrame | Sequence[pd.DataFrame], models: pd.DataFrame | None = None
) -> dict[str, ModelStyle]:
    """Return the look of each model of some tables, in the order in which figures list them.

    Parameters
    ----------
    tables
        One table or several that name models, in the columns `model` or `model_a` and `model_b`.
    models
        The study's table of models, `model, family, control`, and `entry`, which models share that differ in their seed
        alone: its order is the figures' order, and a family keeps its colour where only some models are drawn. Without
        it the tables' own columns of these names count; what neither has is told from the models' names (`gpt2-seed1`
        and `gpt2-untrained` are of the family gpt2), and families are sorted.
    """
    tables = [tables] if isinstance(tables, pd.DataFrame) else list(tables)
    names = {
        str(name) for table in tables for column in ("model", "model_a", "model_b") for name in _distinct(table, column)
    }
    known = _records(models if models is not None else next((table for table in tables if "family" in table), None))
    if models is None:
        known = dict(sorted(known.items()))
    records = {**known, **{name: _told(name) for name in sorted(names - set(known))}}
    order = list(dict.fromkeys(record.family for record in records.values()))
    order = order if models is not None else sorted(order)
    colours = _allotted(order, _KNOWN_FAMILIES, _MORE_COLOURS)
    markers = _allotted(order, _FAMILY_MARKERS, _MORE_MARKERS)
    entries = list(dict.fromkeys(record.entry for record in records.values()))
    styles: dict[str, ModelStyle] = {}
    shades: Counter[tuple[str, bool]] = Counter()
    places: Counter[str] = Counter()
    listed = sorted(records.items(), key=lambda item: _rank(item[0], item[1], order, entries))
    for name, record in listed:
        kind = (record.family, record.control)
        shade = shades[kind]
        fade = min(0.45 + 0.15 * shade, 0.75) if record.control else min(0.28 * shade, 0.6)
        styles[name] = ModelStyle(
            name=name,
            entry=record.entry,
            family=record.family,
            label=_label(name),
            colour=lighten(colours[record.family], fade),
            family_colour=colours[record.family],
            family_marker=markers[record.family],
            control=record.control,
            seed=_seed(name),
            shade=shade,
            place=places[record.entry],
        )
        shades[kind] += 1
        places[record.entry] += 1
    return {name: style for name, style in styles.items() if name in names}


def _distinct(table: pd.DataFrame, column: str) -> Iterable[str]:
    return table[column].unique() if column in table else ()


@dataclass(frozen=True)
class _Record:
    """What is known of a model."""

    entry: str
    family: str
    control: bool


def _told(name: str) -> _Record:
    """Return what a model's name tells."""
    return _Record(entry_of(name), base_family(name), is_control(name))


def _records(table: pd.DataFrame | None) -> dict[str, _Record]:
    """Return what a table says of its models, the rest by their names."""
    if table is None:
        return {}
    require(table, ("model", "family"), "models")
    columns = [column for column in ("model", "family", "control", "entry") if column in table]
    records = {}
    for row in table[columns].drop_duplicates("model").astype({"model": str}).to_dict("records"):
        told = _told(row["model"])
        control = bool(row.get("control", told.control or is_control(row["family"])))
        records[row["model"]] = _Record(str(row.get("entry", told.entry)), base_family(row["family"]), control)
    return records


def _rank(name: str, record: _Record, families: list[str], entries: list[str]) -> tuple:
    return families.index(record.family), record.control, entries.index(record.entry), _seed(name) or 0, name


def kind_handles(styles: Mapping[str, ModelStyle], *, points: bool = True) -> list[Line2D]:
    """Return legend entries, in grey, for what tells the models of a family apart: seeds and untrained controls."""
    handles = []
    trained = [style for style in styles.values() if not style.control]
    several = any(style.place for style in trained)
    for place in sorted({style.place for style in trained}):
        seeds = {style.seed for style in trained if style.place == place}
        label = f"Seed {seeds.pop()}" if several and len(seeds) == 1 and None not in seeds else "Trained"
        handles.append(_grey_handle(next(style for style in trained if style.place == place), label, points))
    controls = [style for style in styles.values() if style.control]
    return handles + ([_grey_handle(controls[0], "Untrained control", points)] if controls else [])


def _grey_handle(style: ModelStyle, label: str, points: bool) -> Line2D:
    grey = replace(style, colour=lighten("#404040", 0.5 if style.control else min(0.28 * style.place, 0.6)))
    return Line2D([], [], label=label, **grey.line, **(grey.point if points else {}))


def _allotted(families: list[str], known: Mapping[str, str], more: Sequence[str]) -> dict[str, str]:
    """Return each family's own look if it has one, else the next that is free; they repeat where none is left."""
    looks = {family: known[family] for family in families if family in known}
    free = [look for look in more if look not in looks.values()] or list(more)
    others = [family for family in families if family not in looks]
    return looks | {family: free[place % len(free)] for place, family in enumerate(others)}


def _seed(name: str) -> int | None:
    match = _SEED.search(name)
    return int(match.group(1)) if match else None


def _label(name: str) -> str:
    base = base_family(name)
    if name != base and not name.startswith(base):
        return name
    ending = re.sub(r"\bseed(\d+)", r"seed \1", name.removeprefix(base).replace("-", " ").replace("_", " "))
    return " ".join([family_label(base), *ending.split()])
