"""How often do arbitrary labels of words "explain" representations? With and without lexical control.

    python benchmarks/lexical_control.py [--simulations 100] [--permutations 99] [--seed 0]
    python benchmarks/lexical_control.py --simulations 250 --seed 1 --analyses "lemmas + same word"

200 stimuli are occurrences of 12 or 24 lemmas; every lemma has a random vector, and every occurrence noise around it.
Three binary features are arbitrary labels of the lemmas: nothing in the vectors follows them beyond which lemma it is.
Every analysis gives a p-value for each label's importance; a sound one calls 5 % of them significant at .05.

pairs                      2-fold cross-validation over pairs, importance as the increase of the squared error of pairs
                           when a feature is permuted over pairs, z-test over pairs
stimuli                    cross-validation over stimuli, Spearman, null: single stimuli exchange labels
stimuli + same word        the same with the covariate "same lemma"
stimuli, no same-word pairs  the same on pairs of different lemmas only
lemmas                     null: lemmas exchange labels
lemmas + same word         the same with the covariate: what a study does by default once a feature's level is lemma

Prints a table and writes it to benchmarks/results/lexical_control.csv.
"""

import argparse
import os
from pathlib import Path
from typing import Any

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import nnls
from scipy.stats import norm
from tqdm import tqdm

from thinkalike.mlem import MLEM, cross_validate

RESULTS = Path(__file__).parent / "results"
N_STIMULI, N_LABELS, N_UNITS = 200, 3, 48
ALPHAS = [1.0]  # the penalty hardly matters with three features; choosing it would take most of the time


def simulate(rng: np.random.Generator, n_lemmas: int) -> tuple[pd.DataFrame, NDArray[np.float64], NDArray[np.int64]]:
    """Return arbitrary labels, vectors of lemmas with noise, and the lemmas."""
    lemmas = rng.permutation(np.arange(N_STIMULI) % n_lemmas)
    vectors = rng.normal(size=(n_lemmas, N_UNITS))[lemmas] + rng.normal(size=(N_STIMULI, N_UNITS))
    labels = {f"label{i}": rng.permutation(np.arange(n_lemmas) % 2)[lemmas] for i in range(N_LABELS)}
    return pd.DataFrame(labels), vectors, lemmas


def pair_p_values(features: pd.DataFrame, vectors: NDArray[np.float64], rng: np.random.Generator) -> dict[str, float]:
    """Return p-values that count pairs as observations."""
    i, j = np.triu_indices(len(features), k=1)
    target = ((vectors[i] - vectors[j]) ** 2).sum(axis=1)
    target = (target - target.min()) / np.ptp(target)
    values = features.to_numpy()
    differences = (values[i] != values[j]).astype(float)
    fold = rng.permutation(len(target)) % 2
    increase = np.zeros((len(target), features.shape[1]))
    for part in (0, 1):
        train, test = fold != part, fold == part
        weights, _ = nnls(np.column_stack([differences[train], np.ones(train.sum())]), target[train])
        base = (target[test] - differences[test] @ weights[:-1] - weights[-1]) ** 2
        for f in range(features.shape[1]):
            permuted = differences[test].copy()
            permuted[:, f] = rng.permutation(permuted[:, f])
            increase[test, f] = (target[test] - permuted @ weights[:-1] - weights[-1]) ** 2 - base
    z = increase.mean(axis=0) / np.maximum(increase.std(axis=0, ddof=1) / np.sqrt(len(target)), 1e-300)
    return dict(zip(map(str, features.columns), norm.sf(z).tolist(), strict=True))


def mlem_p_values(
    features: pd.DataFrame,
    vectors: NDArray[np.float64],
    lemmas: NDArray[np.int64],
    *,
    level: str,
    control: bool = False,
    exclude: bool = False,
    permutations: int,
    seed: int,
) -> dict[str, float]:
    """Return p-values of the importances from a permutation null at the level of stimuli or of lemmas."""
    names = list(features)
    given = features.assign(same_word=lemmas) if control else features
    excluded = lemmas if exclude else None
    model = MLEM(coding="difference", scoring="spearman")
    result = cross_validate(given, vectors, model=model, alphas=ALPHAS, seed=seed, drop_column=False, exclude=excluded)
    table = result.infer(
        units=dict.fromkeys(names, lemmas) if level == "lemma" else None,
        controls=["same_word"] if control else [],
        n_resamples=0,
        n_permutations=permutations,
        seed=seed,
    )
    found = table[(table["quantity"] == "importance") & table["feature"].isin(names)]
    return dict(zip(found["feature"], found["p"], strict=True))


ANALYSES: dict[str, dict[str, Any]] = {
    "stimuli": {"level": "stimulus"},
    "stimuli + same word": {"level": "stimulus", "control": True},
    "stimuli, no same-word pairs": {"level": "stimulus", "exclude": True},
    "lemmas": {"level": "lemma"},
    "lemmas + same word": {"level": "lemma", "control": True},
}


def p_values(
    name: str,
    features: pd.DataFrame,
    vectors: NDArray[np.float64],
    lemmas: NDArray[np.int64],
    rng: np.random.Generator,
    **settings: int,
) -> dict[str, float]:
    """Return the p-values of one analysis."""
    if name == "pairs":
        return pair_p_values(features, vectors, rng)
    return mlem_p_values(features, vectors, lemmas, **ANALYSES[name], **settings)


def summarise(rows: list[tuple[int, str, float]]) -> pd.DataFrame:
    """Return, and write, the share of small p-values of each analysis."""
    table = pd.DataFrame(rows, columns=["lemmas", "analysis", "p"])
    table = table.assign(below_05=table["p"] <= 0.05, below_01=table["p"] <= 0.01)
    shares = table.groupby(["lemmas", "analysis"], sort=False).agg(
        tests=("p", "size"), below_05=("below_05", "mean"), below_01=("below_01", "mean")
    )
    shares["standard_error_05"] = np.sqrt(shares["below_05"] * (1 - shares["below_05"]) / shares["tests"])
    RESULTS.mkdir(exist_ok=True)
    shares.to_csv(RESULTS / "lexical_control.csv")
    return shares


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulations", type=int, default=100)
    parser.add_argument("--permutations", type=int, default=99)
    parser.add_argument("--seed", type=int, default=0)
    names = ["pairs", *ANALYSES]
    parser.add_argument("--analyses", nargs="+", choices=names, default=names, metavar="NAME", help="some of them")
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    rows = []
    for simulation in tqdm(range(arguments.simulations)):
        for n_lemmas in (12, 24):
            features, vectors, lemmas = simulate(rng, n_lemmas)
            given = features, vectors, lemmas
            found = {
                name: p_values(name, *given, rng, permutations=arguments.permutations, seed=simulation)
                for name in arguments.analyses
            }
            rows += [(n_lemmas, name, p) for name, values in found.items() for p in values.values()]
        shares = summarise(rows)  # after every simulation, so that an interrupted run leaves its result
    print(shares.round(3).to_string())


if __name__ == "__main__":
    main()
