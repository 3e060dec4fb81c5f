"""Stimuli: sentences from grammars, tables, treebanks and prompts, with declared features.

Reading what was written needs neither NLTK nor the other libraries of the sources: they are imported where a
dataset is built.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from thinkalike.stimuli.dataset import Dataset, read_sentences, read_stimuli, write_dataset

__all__ = ["Dataset", "build_dataset", "read_sentences", "read_stimuli", "write_dataset"]


def build_dataset(source: Mapping[str, Any], *, name: str, seed: int, base: str | Path = ".") -> Dataset:
    """Build the dataset that a configuration entry describes; see `thinkalike.stimuli.build.build_dataset`."""
    from thinkalike.stimuli.build import build_dataset as build

    return build(source, name=name, seed=seed, base=base)
