"""Run over layers or pairs in threads, each with single-threaded linear algebra.

One BLAS thread a worker gives the same bits whatever the number of workers, and avoids the up to fiftyfold slowdown
of small decompositions that compete for cores.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import TypeVar

from threadpoolctl import ThreadpoolController

Item = TypeVar("Item")
Result = TypeVar("Result")


def parallel_map(function: Callable[[Item], Result], items: Iterable[Item], threads: int = 1) -> list[Result]:
    """Return [function(item) for item in items], in that order, computed by `threads` workers."""
    with single_threaded():
        if threads <= 1:
            return [function(item) for item in items]
        with ThreadPoolExecutor(threads) as workers:
            return list(workers.map(function, items))


def single_threaded() -> AbstractContextManager[object]:
    """Limit linear algebra to one thread inside a `with` block, so that its last bits do not depend on the machine."""
    return _controller().limit(limits=1)


@lru_cache(maxsize=1)
def _controller() -> ThreadpoolController:
    """Return what controls the BLAS of numpy and of scipy; to look for them takes milliseconds, so once."""
    import scipy.linalg  # noqa: F401  (has a BLAS of its own, which must be loaded to be found)

    return ThreadpoolController()
