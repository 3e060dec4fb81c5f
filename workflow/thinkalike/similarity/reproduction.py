"""A sheet that puts a study's own values beside published ones: what was said, what was found, what differs."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from thinkalike.representations.numberings import both_labels
from thinkalike.similarity.statements import KINDS, Tables, find


def reproduction_table(statements: Sequence[Mapping[str, Any]], tables: Tables) -> pd.DataFrame:
    """Return one row per statement, several where it is of several models.

    Parameters
    ----------
    statements
        As in `find`; `says` is a statement in words, `where` the place in the source.
    tables
        As in `find`.

    Returns
    -------
    DataFrame
        `statement, where, kind, model, published, value, low, high, difference` (value minus published), `holds` (yes,
        no, or nothing where it cannot be told) and `found`, a sentence.
    """
    rows = []
    for each in statements:
        kind = next(name for name in KINDS if name in each)
        published = float(each.get("published", "nan"))
        for found in find(each, tables):
            rows.append(
                {
                    "statement": each["says"],
                    "where": each.get("where", ""),
                    "kind": kind,
                    "model": found.model or "",
                    "published": published,
                    "value": found.value,
                    "low": found.low,
                    "high": found.high,
                    "difference": found.value - published,
                    "holds": {None: "", True: "yes", False: "no"}[found.holds],
                    "found": found.sentence,
                }
            )
    return pd.DataFrame(rows)


def setup_table(published: Mapping[str, Any], own: Mapping[str, Any]) -> pd.DataFrame:
    """Return one row per item: `item, published, own, same` (yes, no, or nothing where one is not told)."""
    rows = []
    for item in dict.fromkeys([*published, *own]):
        pair = [_text(source[item]) if item in source else "" for source in (published, own)]
        same = "" if "" in pair else "yes" if pair[0].lower() == pair[1].lower() else "no"
        rows.append((item, *pair, same))
    return pd.DataFrame(rows, columns=["item", "published", "own", "same"])


def numbering_table(
    models: pd.DataFrame, properties: Mapping[str, Mapping[str, Any]], numberings: Mapping[str, str]
) -> pd.DataFrame:
    """Return every layer's label in both numberings: `model, layer, numbering, blocks, hidden_states`.

    Parameters
    ----------
    models
        One row per layer: `model, layer`.
    properties
        By model what its configuration says (`architecture`, `layers`).
    numberings
        By model the numbering of the study's labels.

    Returns
    -------
    DataFrame
        `hidden_states` is empty for a layer that is not in that list. Models whose architecture's list is not known are
        left out.
    """
    rows = []
    for model, layer in zip(models["model"].astype(str), models["layer"].astype(str), strict=True):
        known = properties.get(model, {})
        if "architecture" not in known or "layers" not in known:
            continue
        numbering: Any = numberings[model]
        labels = both_labels(layer, numbering, str(known["architecture"]), int(known["layers"]))
        if labels is not None:
            rows.append((model, layer, numbering, *labels))
    return pd.DataFrame(rows, columns=["model", "layer", "numbering", "blocks", "hidden_states"])


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return str(value)
