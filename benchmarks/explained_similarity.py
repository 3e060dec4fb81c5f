"""What explained similarity finds where the answer is known, and how often its intervals hold.

python benchmarks/explained_similarity.py                 # parts where the answer is known
python benchmarks/explained_similarity.py --coverage      # intervals of the study's table (--over both: new words too)
python benchmarks/explained_similarity.py --half-samples  # intervals of one pair from halves of the stimuli
python benchmarks/explained_similarity.py --cost 60       # what the table costs, from the folder of the repository
python benchmarks/explained_similarity.py --resolved      # resolved beside plain weighted Kendall
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from scipy.stats import weightedtau

from thinkalike.features import Feature, choose_features
from thinkalike.similarity import compare, explain_similarity
from thinkalike.similarity.explained import explained_table
from thinkalike.stimuli import build_dataset

UNITS = 20
Layers = tuple[np.ndarray, np.ndarray]


def features(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return a table of four features and 40 words."""
    table = pd.DataFrame({name: rng.integers(k, size=n) for name, k in zip("abcd", (4, 2, 3, 2), strict=True)})
    return table.assign(word=rng.integers(40, size=n))


def noise(n: int, rng: np.random.Generator, sd: float = 0.3) -> np.ndarray:
    return sd * rng.normal(size=(n, UNITS))


def independent(F: pd.DataFrame, rng: np.random.Generator) -> Layers:
    return noise(len(F), rng), noise(len(F), rng)


def itself(F: pd.DataFrame, rng: np.random.Generator) -> Layers:
    X = noise(len(F), rng)
    return X, X


def of_sentences(F: pd.DataFrame, rng: np.random.Generator) -> Layers:
    shared = noise(len(F) // 4, rng, 1.0)[np.arange(len(F)) // 4]
    return shared + noise(len(F), rng), shared + noise(len(F), rng)


def equal_levels(F: pd.DataFrame, rng: np.random.Generator) -> Layers:
    places = np.eye(4, UNITS) * 2
    return tuple(places[F["a"]] + noise(len(F), rng) for _ in range(2))


def unequal_levels(F: pd.DataFrame, rng: np.random.Generator) -> Layers:
    places = rng.normal(size=(4, UNITS)) * np.array([1, 1, 3, 6])[:, None]
    return tuple(places[F["a"]] + noise(len(F), rng) for _ in range(2))


def combined(F: pd.DataFrame, rng: np.random.Generator) -> Layers:
    places = rng.normal(size=(4, 3, UNITS))
    return tuple(places[F["a"], F["c"]] + noise(len(F), rng) for _ in range(2))


def words(F: pd.DataFrame, rng: np.random.Generator) -> Layers:
    places = rng.normal(size=(40, UNITS))
    return tuple(places[F["word"]] + noise(len(F), rng) for _ in range(2))


CASES: dict[str, Callable[[pd.DataFrame, np.random.Generator], Layers]] = {
    "independent layers": independent,
    "a random layer with itself": itself,
    "only sentences shared": of_sentences,
    "a: levels equally far apart": equal_levels,
    "a: levels not equally far apart": unequal_levels,
    "a and c combined": combined,
    "words alone": words,
}


def parts_where_the_answer_is_known(n: int, repetitions: int) -> pd.DataFrame:
    """Return the mean of each part, and the largest standard deviation of one over repetitions."""
    rows = []
    for case, make in CASES.items():
        for by in ("values", "differences"):
            found = []
            for seed in range(repetitions):
                rng = np.random.default_rng(seed)
                F = features(n, rng)
                X, Y = make(F, rng)
                e = explain_similarity(F, X, Y, by=by, controls=["word"], groups=np.arange(n) // 4, seed=seed)
                others = e.contributions.drop(["a", "c"]).sum()
                a, c = e.contributions[["a", "c"]]
                found.append([e.value, a, c, others, e.form, e.lexical, e.unexplained])
            spread = np.std(found, axis=0)[1:6].max()
            rows.append([case, by, *np.mean(found, axis=0), spread])
    columns = ["case", "by", "RSA", "a", "c", "other features", "form", "lexical", "unexplained", "largest sd"]
    return pd.DataFrame(rows, columns=columns)


def sample_of_everything(n: int, seed: int, new_words: bool) -> tuple[pd.DataFrame, Layers]:
    """Return stimuli and two layers that share a bit of everything, of new sentences and, if asked for, new words.

    Of 40 words each has a level of `a`; `b` to `d` vary. The layers share unequal levels of `a`, what `a` and `c` are
    together, words and sentences, and have noise of their own.
    """
    world, rng = np.random.default_rng(0), np.random.default_rng([seed, n])
    levels, together = world.normal(size=(4, UNITS)), world.normal(size=(4, 3, UNITS))
    words = (rng if new_words else world).normal(size=(40, UNITS))
    F = features(n, rng)
    F["a"] = F["word"] % 4
    sentence = np.arange(n) // 4
    planted = levels[F["a"]] * (1 + F["a"].to_numpy()[:, None]) / 2 + 0.7 * together[F["a"], F["c"]]
    shared = planted + 0.7 * words[F["word"]] + 0.5 * noise(n // 4 + 1, rng, 1.0)[sentence]
    return F.assign(sentence_id=sentence, lemma=F["word"]), tuple(shared + noise(n, rng, 0.7) for _ in range(2))


def coverage(n: int, repetitions: int, over: str) -> pd.DataFrame:
    """Return how often the intervals of the study's table hold their mean over samples of stimuli."""
    roles = {name: Feature(name, role="control" if name == "word" else "feature") for name in [*"abcd", "word"]}
    found = []
    for seed in range(repetitions):
        stimuli, (X, Y) = sample_of_everything(n, seed, over != "sentences")
        table = explained_table(stimuli, roles, [("x", "0", X), ("y", "0", Y)], over=over, seed=seed)
        rows = table[table["model_a"] != table["model_b"]]
        total = (
            rows[rows["by"] == "values"]
            .head(1)
            .assign(part="similarity", value=rows.query("by == 'values'")["value"].sum())
        )
        total = total.assign(low=total["similarity_low"], high=total["similarity_high"])
        found.append(pd.concat([rows, total])[["by", "part", "value", "low", "high"]])
    rows = pd.concat(found)
    truth = rows.groupby(["by", "part"], sort=False)["value"].transform("mean")
    rows["covered"] = (rows["low"] <= truth) & (truth <= rows["high"])
    rows["width"] = (rows["high"] - rows["low"]) / 3.92
    summary = rows.groupby(["by", "part"], sort=False)
    table = summary.agg(
        mean=("value", "mean"), sd=("value", "std"), width=("width", "mean"), covered=("covered", "mean")
    )
    return table.assign(width=table["width"] / table["sd"]).rename(columns={"width": "width / exact"})


def coverage_of_half_samples(n: int, repetitions: int, resamples: int, by: str) -> pd.Series:
    """Return the same of one pair's intervals from halves, which `explain_similarity` gives."""

    def one(seed: int, n_resamples: int) -> pd.DataFrame:
        rng = np.random.default_rng([seed, n])
        F = features(n, rng)[["a", "b"]]
        sentence = np.arange(n) // 3
        shared = F["a"].to_numpy()[:, None] * np.eye(1, UNITS) + noise(n // 3, rng)[sentence]
        X, Y = (shared + noise(n, rng) for _ in range(2))
        e = explain_similarity(F, X, Y, by=by, groups=sentence, n_resamples=n_resamples, seed=seed)
        return e.table().query("role != 'lexical'").set_index("part")

    truth = pd.concat([one(10_000 + seed, 0)["value"] for seed in range(3 * repetitions)], axis=1).mean(axis=1)
    intervals = [one(seed, resamples) for seed in range(repetitions)]
    return pd.concat([(table["low"] <= truth) & (truth <= table["high"]) for table in intervals], axis=1).mean(axis=1)


def cost(n_layers: int) -> None:
    """Print what the table costs: the default study's stimuli and features, layers that are made of these and noise."""
    config = yaml.safe_load(Path("config/config.yaml").read_text())
    name, source = next(iter(config["datasets"].items()))
    dataset = build_dataset({key: value for key, value in source.items() if key != "corpus"}, name=name, seed=0)
    columns = choose_features(dataset.features, None, None)
    codes = {name: pd.factorize(dataset.stimuli[name].astype(str))[0] for name in columns}
    rng, n = np.random.default_rng(0), len(dataset.stimuli)
    places = {name: rng.normal(size=(own.max() + 1, 64)) for name, own in codes.items()}
    layers = []
    for place in range(n_layers):
        planted = sum(rng.gamma(1, 0.5) * places[name][own] for name, own in codes.items())
        layers.append((f"model{place // 5}", str(place % 5), (planted + rng.normal(size=(n, 64))).astype(np.float32)))
    pairs = n_layers * (n_layers + 1) // 2
    for over in (None, "sentences", "both"):
        start = time.process_time()
        explained_table(dataset.stimuli, columns, layers, over=over)
        seconds = time.process_time() - start
        what = "no intervals" if over is None else f"intervals over {over}"
        each = 1000 * seconds / pairs
        print(f"{n} stimuli, {pairs} pairs of layers, {what}: {seconds:.0f} s of CPU, {each:.0f} ms a pair")


def resolved(repetitions: int) -> pd.DataFrame:
    """Return mean and standard deviation of both correlations for profiles of eight features."""
    strong = np.array([0.5, *[0.0] * 7])
    cases = {
        "one strong feature, shared, and seven of noise": lambda rng: (strong, strong),
        "one strong feature, another in each": lambda rng: (strong, strong[::-1]),
        "independent": lambda rng: rng.normal(size=(2, 8)) * 0.1,
        "equal": lambda rng: [rng.normal(size=8) * 0.1] * 2,
    }
    rows = []
    for case, make in cases.items():
        found = []
        for seed in range(repetitions):
            rng = np.random.default_rng(seed)
            estimates = [truth + 0.01 * rng.normal(size=8) for truth in make(rng)]
            samples = [estimate + 0.01 * rng.normal(size=(200, 8)) for estimate in estimates]
            found.append([weightedtau(*estimates).statistic, compare(*samples, "resolved_kendall")])
        rows.append([case, *np.nanmean(found, axis=0), *np.nanstd(found, axis=0), np.isnan(found).mean(axis=0)[1]])
    return pd.DataFrame(rows, columns=["case", "plain", "resolved", "sd plain", "sd resolved", "not defined"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--coverage", action="store_true")
    parser.add_argument("--cost", type=int, metavar="LAYERS", help="what the table of so many layers costs")
    parser.add_argument("--over", default="sentences", choices=("sentences", "lemmas", "both"))
    parser.add_argument("--half-samples", action="store_true")
    parser.add_argument("--resolved", action="store_true")
    parser.add_argument("--n", type=int, default=700, help="stimuli")
    parser.add_argument("--repetitions", type=int, default=10)
    parser.add_argument("--resamples", type=int, default=100)
    arguments = parser.parse_args()
    start = time.process_time()
    if arguments.cost:
        cost(arguments.cost)
    elif arguments.coverage:
        print(coverage(arguments.n, arguments.repetitions, arguments.over).round(4).to_string())
    elif arguments.half_samples:
        for by in ("differences", "values"):
            found = coverage_of_half_samples(arguments.n, arguments.repetitions, arguments.resamples, by)
            print(by, found.to_string(), sep="\n")
    elif arguments.resolved:
        print(resolved(arguments.repetitions).round(3).to_string(index=False))
    else:
        print(parts_where_the_answer_is_known(arguments.n, arguments.repetitions).round(3).to_string(index=False))
    print(f"{time.process_time() - start:.0f} s of CPU")


if __name__ == "__main__":
    main()
