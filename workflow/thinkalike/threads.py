"""How many threads this process may use."""

import os

_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def limit_threads(threads: int) -> None:
    """Limit the numerical libraries to `threads`; call it before numpy is imported.

    Four OpenBLAS threads on a busy machine made small decompositions up to fifty times slower than one.
    """
    for variable in _VARIABLES:
        os.environ[variable] = str(threads)
