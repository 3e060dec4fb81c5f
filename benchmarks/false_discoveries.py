"""How often a study in which nothing is true finds something: the share of null studies with any q of at most .05.

python benchmarks/false_discoveries.py

Three families of tests: the features of a layer whose vectors are noise (`result.infer`, importance and weight); all
pairs of layers of two unrelated models (`compare_models`); which of two alike layers a third is nearer to is in
`profile_intervals.py`. Where nothing is true every discovery is false, so that share should be at most .05.
"""

import argparse
import logging
import time
import warnings

import numpy as np
import pandas as pd

from thinkalike import cross_validate
from thinkalike.mlem import MLEM
from thinkalike.similarity import compare_models


def features_of_noise(seed: int, n: int, permutations: int) -> dict[str, pd.DataFrame]:
    """Return the tests of a layer's features, by quantity."""
    rng = np.random.default_rng([seed, 1])
    features = pd.DataFrame({name: rng.integers(k, size=n) for name, k in zip("abcd", (2, 2, 3, 4), strict=True)})
    result = cross_validate(
        features, rng.normal(size=(n, 5)), model=MLEM(coding="difference"), folds=2, alphas=[1.0], ceiling=False
    )
    table = result.infer(n_resamples=0, n_permutations=permutations, units=None, seed=seed)
    return {f"features, {name}": rows for name, rows in table.groupby("quantity") if name != "score"}


def unrelated_models(seed: int, n: int, permutations: int) -> dict[str, pd.DataFrame]:
    """Return the tests of all pairs of layers of two models of three layers, each layer like the one before it."""
    rng = np.random.default_rng([seed, 2])
    models = []
    for _ in range(2):
        first = rng.normal(size=(n, 5))
        models.append({str(k): first + k * 0.7 * rng.normal(size=(n, 5)) for k in range(3)})
    return {
        "pairs of layers, rsa": compare_models(
            *models, model_a="a", model_b="b", measure="rsa", permutations=2 * permutations, seed=seed
        )
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=40, help="stimuli")
    parser.add_argument("--repetitions", type=int, default=300)
    parser.add_argument("--permutations", type=int, default=99)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    started, rows = time.process_time(), []
    for seed in range(arguments.repetitions):
        for study in (features_of_noise, unrelated_models):
            for family, table in study(seed, arguments.n, arguments.permutations).items():
                p, q = table["p"], table["q"]
                rows.append((family, len(table), (p <= 0.05).mean(), (p <= 0.05).any(), (q <= 0.05).any()))
    columns = ["family", "tests", "p <= .05", "any p <= .05", "any q <= .05"]
    print(pd.DataFrame(rows, columns=columns).groupby("family", sort=False).mean().round(3).to_string())
    print(f"{arguments.repetitions} null studies: {time.process_time() - started:.0f} s of CPU")


if __name__ == "__main__":
    main()
