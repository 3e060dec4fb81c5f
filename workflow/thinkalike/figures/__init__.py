"""Figures: one module per figure, whose function of the same name draws tidy tables as a matplotlib `Figure`.

What figures share is in `parts`: sizes and fonts (`theme`), the look of a feature and of a model, axes of layers. None
depends on the order of a table's rows, and none touches pyplot: nothing has to be closed and no display is needed.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from thinkalike.catalogue import FIGURES
from thinkalike.figures.parts.matrix import similarity_matrix
from thinkalike.figures.parts.save import save_figure

# Every module of this folder is a figure: a new one needs no line here.
globals().update({name: getattr(import_module(f"{__name__}.{name}"), name) for name in FIGURES})

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...


__all__ = [*FIGURES, "save_figure", "similarity_matrix"]
