"""Stimuli: sentences from grammars, tables, treebanks and prompts, with declared features.

Reading what was written needs neither NLTK nor the other libraries of the sources: they are imported where a
dataset is built.
"""

from typing import TYPE_CHECKING, Any

from thinkalike.stimuli.dataset import Dataset, read_sentences, read_stimuli, write_dataset

if TYPE_CHECKING:
    from thinkalike.stimuli.build import build_dataset

__all__ = ["Dataset", "build_dataset", "read_sentences", "read_stimuli", "write_dataset"]


def __getattr__(name: str) -> Any:
    if name == "build_dataset":
        from thinkalike.stimuli.build import build_dataset

        return build_dataset
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
