"""The columns that a source of stimuli offers as features, from a look at its file that costs nothing."""

import csv
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from thinkalike.catalogue import STIMULUS_SOURCES

# Made by the package itself from the words (thinkalike.stimuli.derive).
DERIVED_COLUMNS = (
    "word_length",
    "word_position",
    "sentence_length",
    "word_identity",
    "lemma_identity",
    "context_group",
)
_ANNOTATION = re.compile(r"[\[,]\s*[+-]?([a-z]\w*)\s*(?=[=,\]])")
_DELIMITERS = {".csv": ",", ".tsv": "\t"}
# Keys that change how a file is read or what its columns are called.
_OPTIONS = ("columns", "separator", "quotes", "encoding")
# Features that a source makes itself.
_MADE = {"pairs": ("acceptable",)}


def offered_columns(source: Mapping[str, Any], base: str | Path = ".") -> list[str] | None:
    """Return the columns of a dataset's source, without those that can be derived.

    Parameters
    ----------
    source
        The dataset's entry in the configuration.
    base
        Folder that its path is relative to.

    Returns
    -------
    list of str or None
        Annotations of a grammar, header of a CSV or TSV file; None where only reading the whole source would tell (a
        treebank, JSON lines, Parquet) or the file cannot be read, which the job that reads it will say.
    """
    key = next(key for key in STIMULUS_SOURCES if key in source)
    if not isinstance(source[key], str) or any(option in source for option in _OPTIONS):
        return None
    path = Path(base) / source[key]
    try:
        if key == "grammar":
            return _annotations(path.read_text(encoding="utf-8"))
        if key != "conllu" and path.suffix in _DELIMITERS:
            with path.open(encoding="utf-8-sig", newline="") as file:
                names = next(csv.reader(file, delimiter=_DELIMITERS[path.suffix]), [])
            return [*names, *_MADE.get(key, ())] if len(names) > 1 and all(map(_is_plain, names)) else None
    except (OSError, UnicodeDecodeError, csv.Error):
        pass
    return None


def _is_plain(name: str) -> bool:
    """Return whether a name in the header needs no closer look at how the file is written."""
    return bool(name) and name == name.strip() and not set(name) & set(";\t|\"'")


def _annotations(grammar: str) -> list[str]:
    lines = (line for line in grammar.splitlines() if not line.lstrip().startswith("#"))
    names = dict.fromkeys(name for line in lines for name in _ANNOTATION.findall(line))
    return [*names, "tree_depth"]
