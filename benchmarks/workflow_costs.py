"""Measure what one fit and one comparison cost in seconds of one core and in memory, as N and D grow.

    python benchmarks/workflow_costs.py [--large]

The constants of workflow/thinkalike/study/needs.py and the planning table of docs/cluster.md come from here. Times are
processor times of one thread, which a busy machine changes little.
"""

import argparse
import os
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import numpy as np
import pandas as pd

SMALL = [(2000, 768), (2000, 3072), (5000, 768)]
LARGE = [(10_000, 768), (30_000, 768), (30_000, 4096)]
LAYERS = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--large", action="store_true", help="up to 30,000 stimuli; needs 10 GB")
    sizes = SMALL + (LARGE if parser.parse_args().large else [])
    print(f"{'what':<26}{'N':>8}{'D':>7}{'seconds':>10}{'MB':>8}")
    for n, d in sizes:
        for what in ("fit", "100 resamples of a fit", "rsa", "cka_debiased"):
            if what == "100 resamples of a fit" and n > 2000:
                continue
            # A process of its own: peak memory is counted per process.
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                seconds, memory = pool.submit(_measure, what, n, d).result()
            print(f"{what:<26}{n:>8}{d:>7}{seconds:>10.1f}{memory:>8.0f}", flush=True)
    print(f"rsa and cka_debiased: {LAYERS} layers with {LAYERS} others, N at most 10,000 for rsa")


def _measure(what: str, n: int, d: int) -> tuple[float, float]:
    draw = np.random.default_rng(0)
    if "fit" in what:
        run = _fit(draw, n, d, resamples=100 if "resamples" in what else 0)
    else:
        layers = [{str(i): draw.standard_normal((n, d), dtype=np.float32) for i in range(LAYERS)} for _ in range(2)]

        def run() -> Any:
            from thinkalike.similarity import compare_models

            return compare_models(*layers, measure=what, model_a="a", model_b="b", options={})

    start = time.process_time()
    run()
    seconds = time.process_time() - start
    divisor = 1 if sys.platform == "darwin" else 1024
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / divisor * (1 if divisor == 1024 else 2**-20)


def _fit(draw: np.random.Generator, n: int, d: int, resamples: int) -> Any:
    from thinkalike.features import Feature
    from thinkalike.mlem import analyse_layer

    names = [f"feature{number}" for number in range(9)]
    # As many values as Table S1's features have, and a control with some hundred words.
    codes = np.stack([draw.integers(0, count, n) for count in (8, 3, 2, 7, 3, 4, 9, 3, 300)])
    stimuli = pd.DataFrame({name: code.astype(str) for name, code in zip(names, codes, strict=True)})
    stimuli["word"] = stimuli["feature8"]
    stimuli["sentence_id"] = [f"s{number // 4}" for number in range(n)]
    vectors = draw.standard_normal((n, d), dtype=np.float32)
    vectors[:, :8] += codes[:8].T
    features = {name: Feature(name, "categorical") for name in names}
    inference = {"inference": {"n_resamples": resamples, "n_permutations": 0}} if resamples else {}
    return lambda: analyse_layer(stimuli, features, vectors, model="m", layer="0", **inference)


if __name__ == "__main__":
    main()
