"""Do the intervals cover and do the p-values hold their level? Simulations with known answers.

    python benchmarks/mlem_simulations.py coverage [--simulations 200] [--seed 0] [--coding levels]
    python benchmarks/mlem_simulations.py null|lemma|level|credit [--simulations 200] [--seed 0]

coverage  60 sentences of three words, features of sentences and words with planted weights, noise so that penalties
          from the smallest to the largest are chosen, 60 resamples: how often the 95 % interval holds the truth, which
          is the mean of the estimates over simulations (what is estimated at this number of stimuli).
null      Representations that have nothing to do with some or all of the features: share of p <= .05.
lemma     200 sentences of 12 or 24 lemmas whose vectors differ, features that are arbitrary labels of the lemmas: share
          of p <= .05 when labels are exchanged between lemmas, and, to see why, between single stimuli.
level     60 sentences of four words that resemble each other, with an arbitrary label of sentences: share of p <= .05
          where nobody declares its level, and where it is declared to be a property of single stimuli.
credit    120 stimuli of four parts of speech that lie on a line, unevenly, and a feature that is not in the vectors but
          goes with them: share of p <= .05 of that feature, with a weight for each feature, for each pair of levels.

Prints a table and writes it to benchmarks/results/mlem_simulations_{name}.csv; coverage after every 20 simulations, so
that an interrupted run leaves what it has.
"""

import argparse
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import get_args

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np
import pandas as pd
from tqdm import tqdm

from thinkalike.features import Feature
from thinkalike.mlem import MLEM, analyse_layer, cross_validate
from thinkalike.mlem.level_pairs import FeatureCoding

PAPER = MLEM(coding="difference", scoring="spearman")

RESULTS = Path(__file__).parent / "results"
UNITS = 48
PERMUTATIONS = 39  # p <= .05 means at most one null draw as large: the level is 2 / 40 to the dot


def orthogonal(rng: np.random.Generator, n_rows: int) -> np.ndarray:
    return np.linalg.qr(rng.normal(size=(UNITS, n_rows)))[0].T


def coverage(rng: np.random.Generator, n_simulations: int, coding: FeatureCoding = "levels") -> pd.DataFrame:
    planted = {"number": 1.0, "tense": 0.4, "word": 0.2, "gender": 0.1}
    rows = []
    for simulation in tqdm(range(n_simulations)):
        n_sentences, words = 60, 3
        sentence = np.repeat(np.arange(n_sentences), words)
        features = pd.DataFrame(
            {
                "number": rng.integers(2, size=n_sentences)[sentence],
                "tense": rng.integers(3, size=n_sentences)[sentence],
                "word": rng.integers(4, size=n_sentences * words),
                "gender": rng.integers(2, size=n_sentences * words),
            }
        )
        basis, start = orthogonal(rng, 11), 0
        vectors = 2 * rng.normal(size=(len(features), UNITS)) / np.sqrt(2 * UNITS)
        # Words of a sentence share something that no feature knows.
        vectors += rng.normal(size=(n_sentences, UNITS))[sentence] / np.sqrt(2 * UNITS)
        for name, weight in planted.items():
            n_levels = int(features[name].max()) + 1
            vectors += np.sqrt(weight / 2) * basis[start : start + n_levels][features[name]]
            start += n_levels
        model = MLEM(coding=coding)
        result = cross_validate(
            features, vectors, model=model, groups=sentence, seed=simulation, drop_column=False, ceiling=False
        )
        rows.append(result.infer(n_resamples=60, n_permutations=0, seed=simulation).assign(simulation=simulation))
        if (simulation + 1) % 20 == 0:  # an interrupted run leaves what it has
            write(covered(rows, coding), f"coverage_{coding}")
    return covered(rows, coding)


def covered(rows: list[pd.DataFrame], coding: FeatureCoding) -> pd.DataFrame:
    """Return how often the intervals of the simulations hold the mean of the estimates, their width and what is exact.

    `width` is the mean of the intervals' over that of an exact one, 3.92 standard deviations of the estimates.
    """
    table = pd.concat(rows)
    table["feature"] = table["feature"].fillna("")
    table["truth"] = table.groupby(["quantity", "feature"])["estimate"].transform("mean")
    table["covered"] = (table["low"] <= table["truth"]) & (table["truth"] <= table["high"])
    table["width"] = table["high"] - table["low"]
    summary = table.groupby(["quantity", "feature"], sort=False).agg(
        covered=("covered", "mean"), estimate=("estimate", "mean"), sd=("estimate", "std"), width=("width", "mean")
    )
    summary["width"] /= 3.92 * summary["sd"]
    return summary.reset_index().assign(simulations=len(rows), coding=coding)


def null(rng: np.random.Generator, n_simulations: int) -> pd.DataFrame:
    rows = []
    for simulation in tqdm(range(n_simulations)):
        features = pd.DataFrame({f"f{f}": rng.integers(2 + f, size=120) for f in range(3)})
        for real in (False, True):
            vectors = rng.normal(size=(120, UNITS))
            if real:
                vectors += 2 * orthogonal(rng, 2)[features["f0"]]
            result = cross_validate(features, vectors, model=PAPER, alphas=[1.0], seed=simulation, drop_column=False)
            table = result.infer(n_resamples=0, n_permutations=PERMUTATIONS, seed=simulation)
            case = "f0 is real" if real else "nothing is real"
            rows.append(
                table.assign(case=case)[~(table["feature"].isin(["f0"]) | table["feature"].isna()) | (not real)]
            )
    return _levels(pd.concat(rows), ["case", "quantity"], n_simulations)


def lemma(rng: np.random.Generator, n_simulations: int) -> pd.DataFrame:
    rows = []
    for simulation in tqdm(range(n_simulations)):
        for n_lemmas in (12, 24):
            lemmas = rng.permutation(np.arange(200) % n_lemmas)
            vectors = rng.normal(size=(n_lemmas, UNITS))[lemmas] + rng.normal(size=(200, UNITS))
            labels = [rng.permutation(np.arange(n_lemmas) % 2) for _ in range(3)]
            features = pd.DataFrame({f"f{f}": label[lemmas] for f, label in enumerate(labels)})
            result = cross_validate(features, vectors, model=PAPER, alphas=[1.0], seed=simulation, drop_column=False)
            levels: list[tuple[str, np.ndarray | None]] = [("lemma", lemmas)]
            if simulation % 4 == 0:  # enough to see what goes wrong
                levels.append(("stimulus", None))
            for unit, units in levels:
                table = result.infer(units=units, n_resamples=0, n_permutations=PERMUTATIONS, seed=simulation)
                rows.append(table.assign(lemmas=n_lemmas, unit=unit))
    return _levels(pd.concat(rows), ["lemmas", "unit", "quantity"], n_simulations)


def level(rng: np.random.Generator, n_simulations: int) -> pd.DataFrame:
    rows = []
    sentence = np.repeat(np.arange(60), 4)
    for simulation in tqdm(range(n_simulations)):
        vectors = rng.normal(size=(240, UNITS)) + 0.7 * rng.normal(size=(60, UNITS))[sentence]
        topic = rng.permutation(np.arange(60) % 2)[sentence]
        stimuli = pd.DataFrame({"sentence_id": sentence, "word": [f"w{i % 30}" for i in range(240)], "topic": topic})
        for declared in (None, "stimulus"):
            tables = analyse_layer(
                stimuli,
                {"topic": Feature("topic", level=declared)},
                vectors,
                model="m",
                layer="0",
                alphas=[1.0],
                coding="difference",  # of two levels there is one pair
                drop_column=False,
                ceiling=False,
                inference={"n_resamples": 0, "n_permutations": PERMUTATIONS},
                seed=simulation,
            )
            rows.append(tables["inference"].assign(declared=declared or "nothing"))
    return _levels(pd.concat(rows), ["declared", "quantity"], n_simulations)


def credit(rng: np.random.Generator, n_simulations: int) -> pd.DataFrame:
    rows = []
    for simulation in tqdm(range(n_simulations)):
        codes = rng.integers(4, size=120)
        vectors = 0.3 * rng.normal(size=(120, 20))
        vectors[:, 0] += np.array([0.0, 0.2, 0.4, 3.0])[codes]
        absent = np.where(rng.random(120) < 0.9, codes == 3, rng.random(120) < 0.5)
        features = pd.DataFrame({"part_of_speech": codes, "absent": absent.astype(int)})
        for coding in get_args(FeatureCoding):
            arguments = {"model": MLEM(coding=coding), "alphas": [1.0], "drop_column": False, "ceiling": False}
            result = cross_validate(features, vectors, seed=simulation, **arguments)
            table = result.infer(n_resamples=0, n_permutations=PERMUTATIONS, seed=simulation)
            rows.append(table[table["feature"] == "absent"].assign(coding=coding))
    return _levels(pd.concat(rows), ["coding", "quantity"], n_simulations)


def _levels(table: pd.DataFrame, by: list[str], n_simulations: int) -> pd.DataFrame:
    table = table.assign(below=table["p"] <= 0.05, below_max=table["p_max"] <= 0.05)
    summary = table.groupby(by, sort=False).agg(
        share_p=("below", "mean"), share_p_max=("below_max", "mean"), median_p=("p", "median"), tests=("p", "size")
    )
    return summary.reset_index().assign(simulations=n_simulations)


def write(table: pd.DataFrame, name: str) -> None:
    RESULTS.mkdir(parents=True, exist_ok=True)
    table.to_csv(RESULTS / f"mlem_simulations_{name}.csv", index=False)


def main() -> None:
    simulations: dict[str, Callable[[np.random.Generator, int], pd.DataFrame]] = {
        "coverage": coverage,
        "null": null,
        "lemma": lemma,
        "level": level,
        "credit": credit,
    }
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=simulations)
    parser.add_argument("--simulations", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--coding", choices=get_args(FeatureCoding), default="levels", help="of coverage")
    arguments = parser.parse_args()
    simulations["coverage"] = partial(coverage, coding=arguments.coding)
    table = simulations[arguments.name](np.random.default_rng(arguments.seed), arguments.simulations)
    write(table, f"coverage_{arguments.coding}" if arguments.name == "coverage" else arguments.name)
    print(table.to_string(index=False, float_format=lambda value: f"{value:.4g}"))


if __name__ == "__main__":
    main()
