"""What makes two language models think alike?

Everything that a notebook needs is offered here, and imported when it is first used:

    extract             vectors of some sentences in every layer of a model
    MLEM                the metric-learning encoding model: which features explain a layer's distances
    cross_validate      its score and the features' importance on held-out stimuli
    analyse_layers      the same for all layers of some models, as tables from which figures are drawn
    compare             how alike two layers are, by one measure
    compare_all         the same for all pairs of a collection
    explain_similarity  how much of it each feature of the stimuli carries
    MEASURES            the measures, and what the number of each means
    figures             one function per figure
    InputError          what a user's mistake raises

The package computes; the Snakemake workflow beside it only says what is computed from what. One sub-package per
stage, and data flows one way: stimuli -> representations -> mlem -> similarity -> figures.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from thinkalike import figures
    from thinkalike.errors import InputError
    from thinkalike.mlem import MLEM, analyse_layers, cross_validate
    from thinkalike.representations.in_memory import extract
    from thinkalike.similarity import MEASURES, compare, compare_all, explain_similarity
    from thinkalike.version import __version__

_HOMES = {
    "InputError": "thinkalike.errors",
    "MEASURES": "thinkalike.similarity",
    "MLEM": "thinkalike.mlem",
    "__version__": "thinkalike.version",
    "analyse_layers": "thinkalike.mlem",
    "compare": "thinkalike.similarity",
    "compare_all": "thinkalike.similarity",
    "cross_validate": "thinkalike.mlem",
    "explain_similarity": "thinkalike.similarity",
    "extract": "thinkalike.representations.in_memory",
}

_STAGES = ("stimuli", "representations", "mlem", "similarity", "figures")

__all__ = [
    "MEASURES",
    "MLEM",
    "InputError",
    "__version__",
    "analyse_layers",
    "compare",
    "compare_all",
    "cross_validate",
    "explain_similarity",
    "extract",
    "figures",
]


def __getattr__(name: str) -> Any:
    """Import what is asked for the first time (PEP 562): `import thinkalike` itself takes some milliseconds."""
    if name in _STAGES:
        return import_module(f"thinkalike.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'thinkalike' has no attribute '{name}'; it offers {', '.join(__all__)}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*__all__, *_STAGES})
