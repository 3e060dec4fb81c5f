"""Time all-pairs similarity of a study's layers beside public libraries, in one run on one machine.

    python benchmarks/similarity_speed.py                       # 13 + 13 + 25 layers, 2000 stimuli, 768 units
    python benchmarks/similarity_speed.py --layers 3 3 5 --stimuli 500 --permutations 20

Every job runs in a process of its own, with `--threads` threads (numerical libraries included), and is timed from raw
vectors in memory to the table of values. Jobs of libraries that compare one pair at a time are timed on that pair and
extrapolated to all pairs; their rows say so. Peak memory is that of the process.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
JOBS = (
    "thinkalike rsa",
    "thinkalike cka",
    "thinkalike cka_debiased",
    "thinkalike procrustes",
    "thinkalike rsa null",
    "rsatoolbox rsa",
    "scipy rsa",
    "ckatorch cka",
    "scipy procrustes",
)


def main() -> None:
    """Run the jobs and print and write their table."""
    arguments = parse()
    if arguments.job:
        print(json.dumps(run_job(arguments)))
        return
    rows = []
    for threads in arguments.threads:
        for job in JOBS if arguments.only is None else arguments.only:
            rows.append({"job": job, "threads": threads, **in_own_process(job, threads, arguments)})
            print(" | ".join(f"{key}: {value}" for key, value in rows[-1].items()), flush=True)
    import pandas as pd

    table = pd.DataFrame(rows)
    RESULTS.mkdir(exist_ok=True)
    table.to_csv(RESULTS / "similarity_speed.csv", index=False)
    print(table.to_string(index=False))


def parse() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layers", type=int, nargs="+", default=[13, 13, 25], help="layers of each model")
    parser.add_argument("--stimuli", type=int, default=2000)
    parser.add_argument("--units", type=int, default=768)
    parser.add_argument("--permutations", type=int, default=200)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--only", nargs="+", choices=JOBS, default=None)
    parser.add_argument("--job", choices=JOBS, help=argparse.SUPPRESS)
    return parser.parse_args()


def in_own_process(job: str, threads: int, arguments: argparse.Namespace) -> dict:
    """Run one job in a fresh process, so that its peak memory is its own."""
    limits = {name: str(threads) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    command = [sys.executable, __file__, "--job", job, "--threads", str(threads)]
    for name in ("layers", "stimuli", "units", "permutations"):
        value = getattr(arguments, name)
        command += [f"--{name}", *map(str, value if isinstance(value, list) else [value])]
    done = subprocess.run(command, env={**os.environ, **limits}, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"seconds": None, "peak_gb": None, "note": done.stderr.strip().splitlines()[-1]}
    return json.loads(done.stdout.splitlines()[-1])


def run_job(arguments: argparse.Namespace) -> dict:
    """Make the layers, run the job, return seconds and peak memory."""
    import numpy as np

    generator = np.random.default_rng(0)
    models = []
    for count in arguments.layers:
        X = generator.normal(size=(arguments.stimuli, arguments.units)).astype(np.float32)
        models.append([X + k / 4 * generator.normal(size=X.shape).astype(np.float32) for k in range(count)])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    system, *what = arguments.job.split()
    function = {
        "thinkalike": thinkalike_job,
        "rsatoolbox": rsatoolbox_job,
        "scipy": scipy_job,
        "ckatorch": ckatorch_job,
    }[system]
    seconds, note = function(models, what, arguments)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {"seconds": round(seconds, 2), "peak_gb": round(peak, 2), "data_gb": round(before, 2), "note": note}


def all_pairs(models: list) -> int:
    """Return how many pairs of distinct layers there are."""
    count = sum(map(len, models))
    return count * (count - 1) // 2


def thinkalike_job(models: list, what: list[str], arguments: argparse.Namespace) -> tuple[float, str]:
    """Time this project on all pairs, or its permutation null on all pairs of models."""
    from thinkalike.similarity import compare_all, compare_models

    threads = arguments.threads[0]
    named = [{str(k): X for k, X in enumerate(layers)} for layers in models]
    start = time.perf_counter()
    if "null" in what:
        for i, a in enumerate(named):
            for j, b in enumerate(named[i:], i):
                compare_models(
                    a,
                    b,
                    model_a=str(i),
                    model_b=str(j),
                    measure=what[0],
                    permutations=arguments.permutations,
                    threads=threads,
                )
        return (
            time.perf_counter() - start,
            f"{arguments.permutations} permutations, all pairs, one call a pair of models",
        )
    layers = {f"{i} {k}": X for i, model in enumerate(named) for k, X in model.items()}
    compare_all(layers, what[0], threads=threads)
    return time.perf_counter() - start, "all pairs"


def rsatoolbox_job(models: list, what: list[str], arguments: argparse.Namespace) -> tuple[float, str]:
    """Time rsatoolbox on all pairs."""
    import rsatoolbox

    layers = [X for model in models for X in model]
    start = time.perf_counter()
    rdms = rsatoolbox.rdm.calc_rdm([rsatoolbox.data.Dataset(X) for X in layers], method="euclidean")
    rsatoolbox.rdm.compare(rdms, rdms, method="spearman")
    return time.perf_counter() - start, "all pairs"


def scipy_job(models: list, what: list[str], arguments: argparse.Namespace) -> tuple[float, str]:
    """Time scipy on one pair: what a user writes in three lines."""
    import numpy as np
    from scipy.spatial import procrustes
    from scipy.spatial.distance import pdist
    from scipy.stats import spearmanr

    X, Y = (models[side][0].astype(np.float64) for side in (0, -1))
    start = time.perf_counter()
    if what == ["rsa"]:
        spearmanr(pdist(X), pdist(Y))
    else:
        procrustes(X, Y)
    pairs = all_pairs(models)
    return (time.perf_counter() - start) * pairs, f"extrapolated from one pair to {pairs}"


def ckatorch_job(models: list, what: list[str], arguments: argparse.Namespace) -> tuple[float, str]:
    """Time ckatorch on one pair."""
    import torch
    from ckatorch.core import cka_base

    torch.set_num_threads(arguments.threads[0])
    X, Y = (torch.tensor(models[side][0], dtype=torch.float64) for side in (0, -1))
    start = time.perf_counter()
    cka_base(X, Y, kernel="linear", unbiased=False, method="fro_norm")
    pairs = all_pairs(models)
    return (time.perf_counter() - start) * pairs, f"extrapolated from one pair to {pairs}"


if __name__ == "__main__":
    main()
