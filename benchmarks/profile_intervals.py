"""How often the intervals of similarities of profiles hold, and how often a paired test is wrong.

python benchmarks/profile_intervals.py            # new sentences of the same words
python benchmarks/profile_intervals.py --both     # new sentences of new words

Layers a, b, c have the same planted distances of four features' levels up to their sizes; b and c are alike in law, so
that whether a is nearer to b than to c is chance. An interval should contain the mean of the estimate over new stimuli.
"""

import argparse
import time
from itertools import combinations

import numpy as np
import pandas as pd

from thinkalike.mlem import MLEM, cross_validate
from thinkalike.numerics.false_discovery import q_values
from thinkalike.similarity import compare_profiles, nearness, trajectory_table

UNITS, LEMMAS, WORDS = 16, 24, 3  # units of a layer, lemmas, words of a sentence
LEVELS = {"part_of_speech": 4, "number": 2, "tense": 2, "position": 3}
SIZES = {"a": (2.0, 1.0, 0.5, 0.0), "b": (1.5, 0.3, 1.0, 0.3), "c": (1.5, 0.3, 1.0, 0.3)}
MEASURES = ("weighted_kendall", "resolved_kendall", "cosine_profiles", "euclidean_profiles")


class World:
    """What does not change from one sample of stimuli to the next: the places of levels, and of known words."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.places = {name: rng.normal(size=(count, UNITS)) for name, count in LEVELS.items()}
        self.words = rng.normal(size=(LEMMAS, UNITS))
        # A word has its part of speech and tense; number and position vary.
        self.of_word = {name: np.arange(LEMMAS) % LEVELS[name] for name in ("part_of_speech", "tense")}

    def sample(self, n: int, rng: np.random.Generator, new_words: bool) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
        """Return the stimuli and the vectors of every layer."""
        lemmas = rng.integers(LEMMAS, size=n)
        table = pd.DataFrame({name: values[lemmas] for name, values in self.of_word.items()})
        table["number"], table["position"] = rng.integers(2, size=n), np.arange(n) % WORDS
        table = table[list(LEVELS)].assign(sentence_id=np.arange(n) // WORDS, lemma=lemmas)
        words = rng.normal(size=self.words.shape) if new_words else self.words
        vectors = {}
        for layer, sizes in SIZES.items():
            sentences = rng.normal(size=(n // WORDS + 1, UNITS))[table["sentence_id"]]
            planted = sum(size * self.places[name][table[name]] for name, size in zip(LEVELS, sizes, strict=True))
            vectors[layer] = planted + 0.7 * words[lemmas] + 0.5 * sentences + rng.normal(size=(n, UNITS))
        return table, vectors


def profiles(
    table: pd.DataFrame, vectors: dict[str, np.ndarray], resamples: int, both: bool, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the tables of importance and of resamples; every layer is a model of its own."""
    importance, drawn = [], []
    groups = table["sentence_id"].to_numpy()
    factors = [groups, table["lemma"].to_numpy()] if both else [groups]
    for model, X in vectors.items():
        result = cross_validate(
            table[list(LEVELS)],
            X,
            model=MLEM(coding="difference"),
            folds=3,
            alphas=[1.0],
            groups=groups,
            drop_column=False,
            ceiling=False,
            seed=seed,
        )
        keys = {"model": model, "layer": "0", "role": "feature"}
        importance.append(result.importance_table().assign(**keys))
        draws = result.profile_draws(factors, n_resamples=resamples, n_halvings=0, seed=seed)
        drawn.append(draws.assign(**keys, over="both" if both else "sentences"))
    return pd.concat(importance, ignore_index=True), pd.concat(drawn, ignore_index=True)


def estimates(importance: pd.DataFrame, resamples: pd.DataFrame) -> tuple[pd.DataFrame, list[float]]:
    """Return value, low and high of each similarity of a sample, and the p-values of what is chance."""
    of = {name: [rows[rows["model"] == name] for rows in (importance, resamples)] for name in SIZES}
    rows = []
    for measure in MEASURES:
        for a, b in combinations(SIZES, 2):
            tables = [of[a][0], of[b][0], of[a][1], of[b][1]]
            row = compare_profiles(*tables, measure=measure, model_a=a, model_b=b).iloc[0]
            rows.append((f"{measure} {a}-{b}", row["value"], row["low"], row["high"]))
    for row in trajectory_table(importance, resamples).itertuples():
        rows.append((f"trajectories {row.model_a}-{row.model_b}", row.distance, row.low, row.high))
    models = pd.DataFrame({"model": list(SIZES), "layer": "0", "depth": 0.0})
    tests = nearness(importance, resamples, models, measures=list(MEASURES)).query("model == 'a'")
    return pd.DataFrame(rows, columns=["quantity", "value", "low", "high"]), tests["p"].tolist()


def simulate(n: int, repetitions: int, resamples: int, both: bool) -> None:
    world, started = World(0), time.process_time()
    found, tests = [], []
    for seed in range(repetitions):
        table, vectors = world.sample(n, np.random.default_rng([seed, 1]), both)
        rows, p = estimates(*profiles(table, vectors, resamples, both, seed))
        found.append(rows.assign(seed=seed))
        tests.append(p)
    table = pd.concat(found)
    truth = table.groupby("quantity")["value"].mean()
    table["covered"] = table["value"].where(table["low"].isna(), 1.0)
    inside = (table["low"] <= table["quantity"].map(truth)) & (table["quantity"].map(truth) <= table["high"])
    table["covered"] = inside.where(table["low"].notna())
    table["width"] = table["high"] - table["low"]
    summary = table.groupby("quantity", sort=False).agg(
        mean=("value", "mean"), sd=("value", "std"), width=("width", "mean"), covered=("covered", "mean")
    )
    print(summary.round(3).to_string())
    p = np.array(tests, dtype=float)
    q = np.array([q_values(row) for row in p])
    print(f"paired tests of what is chance: p <= .05 in {np.nanmean(p <= 0.05):.3f} of {p.size}")
    print(f"some q <= .05 in {np.nanmean((q <= 0.05).any(axis=1)):.3f} of {len(q)} samples, where nothing is true")
    print(f"{repetitions} samples of {n} stimuli, {resamples} resamples: {time.process_time() - started:.0f} s of CPU")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--both", action="store_true", help="new words too, and sentences and lemmas resampled")
    parser.add_argument("--n", type=int, default=240, help="stimuli")
    parser.add_argument("--repetitions", type=int, default=300)
    parser.add_argument("--resamples", type=int, default=40)
    arguments = parser.parse_args()
    simulate(arguments.n, arguments.repetitions, max(20, arguments.resamples), arguments.both)


if __name__ == "__main__":
    main()
