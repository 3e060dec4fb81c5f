"""The same bytes whatever the number of threads of the numerical libraries."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import hashlib, warnings
import numpy as np
from thinkalike.representations.diagnostics import diagnose
from thinkalike.similarity import MEASURES, compare_models

warnings.simplefilter("ignore")
rng = np.random.default_rng(0)
shared = rng.normal(size=(300, 20))
a, b = (
    {str(k): shared @ rng.normal(size=(20, 96)) + rng.normal(size=(300, 96)) for k in range(2)} for _ in range(2)
)
digest = hashlib.sha256(str(diagnose(a["0"])).encode())
for name, entry in sorted(MEASURES.items()):
    if entry.compares == "representations":
        table = compare_models(a, b, model_a="a", model_b="b", measure=name, permutations=3)
        digest.update(table.to_numpy()[:, 5:].astype(float).tobytes())
print(digest.hexdigest())
"""


@pytest.mark.slow
def test_bytes_do_not_depend_on_the_threads_of_the_numerical_libraries():
    digests = set()
    for threads in ("1", "3"):
        limits = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), threads)
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM], env={**os.environ, **limits}, capture_output=True, text=True, check=True
        )
        digests.add(done.stdout)
    assert len(digests) == 1
