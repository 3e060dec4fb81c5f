"""The measures of similarity, one module per family; importing this package registers them all in `MEASURES`."""

from importlib import import_module
from pkgutil import iter_modules

from thinkalike.similarity.measures.measure import MEASURES, Measure, find_measure

# Every module of this folder may hold measures: a new one needs no line here.
for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["MEASURES", "Measure", "find_measure"]
