"""This engine beside scikit-learn and rsatoolbox, one thread, one run, the same data.

    python benchmarks/mlem_speed.py [--sizes 500 1000 2000 5000] [--engines thinkalike sklearn rsatoolbox]
    python benchmarks/mlem_speed.py --engines thinkalike levels
    python benchmarks/mlem_speed.py --large 100000 --threads 2

`thinkalike` is the paper's form (differences, Spearman), as the other engines compute it; `levels` is the package's
default: a weight for every pair of levels, scored by rho_a. Its ratio is what the levels cost, in the worst case: of
independent features, nearly every pair of stimuli has a combination of levels of its own.

The same procedure for the first two: 5 outer folds over stimuli, alpha of nine by 5 inner folds and Spearman,
importance (scikit-learn: `permutation_importance` x 10 on the held-out pairs; here: exact). rsatoolbox:
`fit_regress_nn` once, on all pairs, no folds, no penalty to choose, no importance; it is there for its time, not as
the same procedure.

Every measurement is a process of its own; what takes seconds is run five times, for the median. Ratios are of
processor seconds, which a busy machine changes least; memory is the peak above what the imports and the data take.
Prints a table and writes it to benchmarks/results/mlem_speed.csv (mlem_large.csv).
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
UNITS = 768
LEVELS = (2, 2, 3, 3, 4, 4, 5, 6)
WEIGHTS = (1.0, 0.7, 0.5, 0.35, 0.25, 0.15, 0.05, 0.0)


def planted(n_stimuli, seed=0, dtype="float64"):
    """Return codes of 8 features and vectors with planted squared weights and isotropic noise."""
    import numpy as np

    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(n_stimuli, UNITS)) / np.sqrt(2 * UNITS)
    basis, start = np.linalg.qr(rng.normal(size=(UNITS, sum(LEVELS))))[0].T, 0
    codes = np.empty((n_stimuli, len(LEVELS)), dtype=int)
    for f, (n_levels, weight) in enumerate(zip(LEVELS, WEIGHTS, strict=True)):
        codes[:, f] = rng.integers(n_levels, size=n_stimuli)
        vectors += np.sqrt(weight / 2) * basis[start : start + n_levels][codes[:, f]]
        start += n_levels
    return codes, vectors.astype(dtype)


def run_thinkalike(codes, vectors):
    import pandas as pd

    from thinkalike.mlem import MLEM, cross_validate

    features = pd.DataFrame(codes).rename(columns=str)

    def run():
        result = cross_validate(features, vectors, model=MLEM(coding="difference", scoring="spearman"))
        return {"score": result.score, "importance": result.importance.mean().round(4).tolist()}

    return run


def run_levels(codes, vectors):
    import pandas as pd

    from thinkalike.mlem import cross_validate

    features = pd.DataFrame(codes).rename(columns=str)

    def run():
        result = cross_validate(features, vectors)
        return {"score": result.score, "importance": result.importance.mean().round(4).tolist()}

    return run


def run_sklearn(codes, vectors):
    import numpy as np
    from scipy.spatial.distance import pdist
    from scipy.stats import spearmanr
    from sklearn.inspection import permutation_importance
    from sklearn.linear_model import Ridge
    from sklearn.metrics import make_scorer
    from sklearn.model_selection import GridSearchCV

    from thinkalike.mlem.folds import inner_folds, outer_folds

    def spearman(truth, predicted):
        return spearmanr(truth, predicted).statistic if np.ptp(predicted) > 0 else 0.0

    def run():
        n = len(codes)
        left, right = np.triu_indices(n, 1)
        design = (codes[left] != codes[right]).astype(float)
        distances = pdist(vectors, "sqeuclidean")
        groups = np.arange(n)
        labels = outer_folds(5, groups, 0)
        scores, importance = [], []
        scorer = make_scorer(spearman)
        for fold in range(5):
            held = labels == fold
            train = np.flatnonzero(~held[left] & ~held[right])
            test = np.flatnonzero(held[left] & held[right])
            low, high = distances[train].min(), distances[train].max()
            splits = []
            for part in inner_folds(groups, held, 5, 0, fold):
                inside = np.isin(groups, part)
                touched = inside[left[train]].astype(np.int8) + inside[right[train]]
                splits.append((np.flatnonzero(touched == 0), np.flatnonzero(touched == 2)))
            search = GridSearchCV(
                Ridge(positive=True), {"alpha": [10.0**k for k in range(-4, 5)]}, cv=splits, scoring=scorer
            ).fit(design[train], (distances[train] - low) / (high - low))
            scores.append(spearman(distances[test], search.predict(design[test])))
            drops = permutation_importance(
                search.best_estimator_, design[test], distances[test], scoring=scorer, n_repeats=10, random_state=0
            )
            importance.append(drops.importances_mean)
        return {"score": float(np.mean(scores)), "importance": np.mean(importance, axis=0).round(4).tolist()}

    return run


def run_rsatoolbox(codes, vectors):
    import numpy as np
    from rsatoolbox.data import Dataset
    from rsatoolbox.model import ModelWeighted
    from rsatoolbox.model.fitter import fit_regress_nn
    from rsatoolbox.rdm import RDMs, calc_rdm
    from scipy.stats import spearmanr

    def run():
        left, right = np.triu_indices(len(codes), 1)
        # Its active-set loop ends at an absolute gradient of 2e-14, which rounding never lets larger numbers reach.
        features = RDMs((codes[left] != codes[right]).T * 1e-6)
        model = ModelWeighted("features", features)
        data = calc_rdm(Dataset(vectors), method="euclidean")
        theta = fit_regress_nn(model, data, method="corr")
        predicted = model.predict(theta)
        return {"score": float(spearmanr(predicted, data.dissimilarities[0]).statistic), "importance": []}

    return run


def run_large(codes, vectors):
    import pandas as pd

    from thinkalike.mlem import MLEM

    features = pd.DataFrame(codes).rename(columns=str)

    def run():
        model = MLEM(coding="difference").fit(features, vectors)
        return {"score": float("nan"), "importance": (model.weights_ * (model.high_ - model.low_)).round(4).tolist()}

    return run


ENGINES = {
    "thinkalike": run_thinkalike,
    "levels": run_levels,
    "sklearn": run_sklearn,
    "rsatoolbox": run_rsatoolbox,
    "large": run_large,
}


def worker(engine, size):
    codes, vectors = planted(size, dtype="float32" if engine == "large" else "float64")
    run = ENGINES[engine](codes, vectors)
    if engine in ("thinkalike", "levels"):
        small = planted(60)
        ENGINES[engine](*small)()  # imports that happen at the first call
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    outcome, seconds, cpu_seconds = timed(run)
    outcome |= {"seconds": seconds, "cpu_seconds": cpu_seconds}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        json.dumps({"engine": engine, "stimuli": size, **outcome, "megabytes": peak - before, "peak_megabytes": peak})
    )


def timed(run):
    """Run once, or what is short five times; return the median times."""
    times = []
    while len(times) < 5 and sum(wall for wall, _ in times) < 10:
        start, cpu = time.perf_counter(), time.process_time()
        outcome = run()
        times.append((time.perf_counter() - start, time.process_time() - cpu))
    return outcome, *(statistics.median(column) for column in zip(*times, strict=True))


def measure(engine, size, threads):
    variables = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    environment = {**os.environ, **dict.fromkeys(variables, str(threads))}
    command = [sys.executable, __file__, "--worker", engine, str(size)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[500, 1000, 2000, 5000])
    parser.add_argument("--engines", nargs="+", choices=list(ENGINES)[:4], default=list(ENGINES)[:4])
    parser.add_argument("--large", type=int, help="fit once to this many stimuli instead")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--worker", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        worker(arguments.worker[0], int(arguments.worker[1]))
        return
    import pandas as pd

    jobs = (
        [("large", arguments.large)]
        if arguments.large
        else [(e, s) for s in arguments.sizes for e in arguments.engines]
    )
    rows = [measure(engine, size, arguments.threads) for engine, size in jobs]
    table = pd.DataFrame(rows)
    own = table[table["engine"] == "thinkalike"].set_index("stimuli")["cpu_seconds"]
    table["ratio"] = table["cpu_seconds"] / table["stimuli"].map(own)
    RESULTS.mkdir(parents=True, exist_ok=True)
    table.to_csv(RESULTS / ("mlem_large.csv" if arguments.large else "mlem_speed.csv"), index=False)
    print(table.drop(columns="importance").to_string(index=False, float_format=lambda value: f"{value:.4g}"))


if __name__ == "__main__":
    main()
