"""Colours for the levels of a feature: one each where they are few, a scale where they are numbers and many."""

from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
import pandas as pd

_UNDEFINED_COLOUR = "#bdbdbd"
_COLOURS = ("#332288", "#cc6677", "#117733", "#ddaa33", "#88ccee", "#882255", "#44aa99", "#aa4499")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<")
UNDEFINED = "undefined"


@dataclass(frozen=True)
class Level:
    """A level's look and the rows that have it."""

    label: str
    colour: str
    marker: str
    rows: np.ndarray
    in_legend: bool = True


def level_styles(values: pd.Series) -> list[Level]:
    """Return the levels of a column in order; undefined values, hollow and light, come first and lie below.

    Numbers get a scale from light to dark, other values a colour and a marker each; of more than eight such levels the
    rarer ones share one look, "other".
    """
    undefined = values.isna().to_numpy()
    levels = [Level(UNDEFINED, _UNDEFINED_COLOUR, "o", undefined)] if undefined.any() else []
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        return levels + _scaled(values)
    text = values.astype("string").fillna("").to_numpy(dtype=object).astype(str)
    counts = pd.Series(text[~undefined]).value_counts()
    by_count = sorted(counts.index, key=lambda level: (-counts[level], level))
    kept = sorted(by_count if len(by_count) <= len(_COLOURS) else by_count[: len(_COLOURS) - 1], key=_natural)
    for index, level in enumerate(kept):
        rows = ~undefined & (text == level)
        levels.append(Level(written_level(level), _COLOURS[index], _MARKERS[index], rows))
    if len(kept) < len(by_count):
        rows = ~undefined & ~np.isin(text, kept)
        levels.append(Level("other", _COLOURS[-1], _MARKERS[-1], rows))
    return levels


def _scaled(values: pd.Series) -> list[Level]:
    numbers = values.to_numpy(dtype=float, na_value=np.nan)
    distinct = np.unique(numbers[np.isfinite(numbers)])
    colours = mpl.colormaps["viridis_r"]
    # The lightest tenth of the scale is lost on white.
    shares = 0.1 + 0.9 * (distinct - distinct.min(initial=0)) / max(
        float(np.ptp(distinct)) if len(distinct) else 0, 1e-12
    )
    most = len(distinct) if len(distinct) <= 10 else 6
    shown = set(np.linspace(0, len(distinct) - 1, most).round().astype(int))
    return [
        Level(f"{value:g}", mpl.colors.to_hex(colours(share)), "o", numbers == value, index in shown)
        for index, (value, share) in enumerate(zip(distinct, shares, strict=True))
    ]


def _natural(level: str) -> tuple[int, float, str]:
    try:
        return 0, float(level), level
    except ValueError:
        return 1, 0.0, level


def written_level(level: str) -> str:
    """Return how figures write a level: yes and no for truth values."""
    return {"True": "yes", "False": "no"}.get(level, level)


def are_numbers(levels: pd.Series) -> bool:
    """Return whether all defined levels, as a table holds them in letters, are numbers."""
    return bool(pd.to_numeric(levels.dropna(), errors="coerce").notna().all())


def ordered_levels(levels: pd.Series, counts: pd.Series) -> pd.Series:
    """Return the counts of the defined levels, index as written: numbers in order, else the most frequent first."""
    table = pd.Series(counts[levels.notna()].to_numpy(), index=levels.dropna().astype(str))
    if are_numbers(levels):
        ordered = sorted(table.index, key=float)
        return table.loc[ordered].rename(index=lambda level: f"{float(level):g}")
    return table.loc[sorted(table.index, key=lambda level: (-table[level], _natural(level)))].rename(
        index=written_level
    )
