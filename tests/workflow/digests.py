"""Numbers by which a change of a study's results is noticed, stage by stage, on any machine.

A text column is a hash. A column of numbers is two sums, plain and weighted by place, each with the sum of its terms'
sizes: what processors and libraries differ by is far below a thousandth of that, and what a change of the code does is
hardly ever.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import pandas as pd

from thinkalike.representations.storage import read_representation
from thinkalike.tables import read_table

# In the order in which data flows: the results of a stage are those of its own code and of all stages before it.
STAGES = ("stimuli", "training", "representations", "mlem", "similarity", "figures")
TABLES = {
    "stimuli": ("stimuli", "sentences", "corpus", "minimal_pairs"),
    "training": ("tables/training", "tables/grammaticality"),
    "mlem": ("tables/importance", "tables/scores"),
    "similarity": ("tables/similarity", "tables/agreement", "tables/explained", "tables/pairs", "tables/layer_maps"),
}
# A map of layers may as well be turned or mirrored; a judgement that hangs by a last bit counts as a whole one.
WITHOUT = ("x", "y", "accuracy")
TOLERANCE = 1e-3
_BLOCKS = 6

Digest = dict[str, Any]


def digests_of(dataset: Path) -> dict[str, Digest]:
    """Return, for each stage, the digest of each part of its results below a dataset's folder."""
    found: dict[str, Digest] = {
        stage: {name: table_digest(read_table(dataset / f"{name}.parquet")) for name in TABLES.get(stage, ())}
        for stage in STAGES
    }
    for path in sorted(dataset.glob("*/representations/*.parquet")):
        name = f"{path.parts[-3]}/{path.stem}"
        found["representations"][name] = sums(read_representation(path).vectors.reshape(-1))
    for path in sorted(dataset.glob("figures/*.png")):
        found["figures"][path.stem] = picture_digest(path)
    return found


def table_digest(table: pd.DataFrame) -> Digest:
    """Return the digest of every column of a table."""
    columns = {str(name): table[name] for name in table if name not in WITHOUT}
    return {name: column_digest(column) for name, column in columns.items()}


def column_digest(column: pd.Series) -> Any:
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return sums(column.to_numpy(dtype=float, na_value=np.nan))
    text = "\n".join(str(list(value) if isinstance(value, np.ndarray) else value) for value in column)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def sums(values: np.ndarray) -> list[float]:
    """Return how many values are defined, their sum, their sum weighted by place, and the sizes of these sums."""
    defined = np.isfinite(values)
    numbers = np.where(defined, values, 0.0).astype(np.float64)
    weighted = numbers * np.cos(np.arange(1, len(numbers) + 1))
    parts = [numbers.sum(), np.abs(numbers).sum(), weighted.sum(), np.abs(weighted).sum()]
    return [float(defined.sum()), *(float(f"{part:.5g}") for part in parts)]


def picture_digest(path: Path) -> list[float]:
    """Return a picture's shape in inches of 300 dots and how dark each of 36 parts of it is."""
    image = matplotlib.image.imread(path)[..., :3].mean(axis=2)
    rows = [part for band in np.array_split(image, _BLOCKS) for part in np.array_split(band, _BLOCKS, axis=1)]
    return [*(round(size / 300, 1) for size in image.shape), *(round(float(1 - part.mean()), 3) for part in rows)]


def differences(stored: Any, found: Any, where: str = "") -> Iterator[str]:
    """Yield where two digests differ by more than machines do."""
    if isinstance(stored, dict) and isinstance(found, dict):
        for name in sorted({*stored, *found}):
            yield from differences(stored.get(name), found.get(name), f"{where}, {name}" if where else name)
    elif isinstance(stored, list) and isinstance(found, list) and len(stored) == len(found) == 5:
        count, *rest = stored
        sizes = (rest[1], rest[1], rest[3], rest[3])
        close = (abs(a - b) <= TOLERANCE * size + 1e-9 for a, b, size in zip(rest, found[1:], sizes, strict=True))
        if count != found[0] or not all(close):
            yield f"{where} ({stored} before, now {found})"
    elif isinstance(stored, list) and isinstance(found, list) and len(stored) == len(found):
        if not np.allclose(stored, found, atol=0.02):
            yield where
    elif stored != found:
        yield f"{where} ({_word(stored)} before, now {_word(found)})"


def _word(digest: Any) -> str:
    return "not there" if digest is None else digest if isinstance(digest, str) else "there"
