"""Every fault that an audit of the numbers found, asked again: what was wrong, what is said now, why it is right.

    python benchmarks/audit.py [--only F1 F2] [--write docs/audit.md]

Each reproduction is small and takes a second or a few. Prints a row for each: what is asked, what the audit found (its
own data, 2026-11), the old way computed here on the data of the reproduction where that takes a line, the value now,
and whether it is what it has to be. `--write` puts the table into a page, between its marks. What needs hundreds of
simulations (coverage of intervals, false positives) is in benchmarks/mlem_simulations.py.
"""

import argparse
import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np
import pandas as pd
from scipy.spatial.distance import pdist
from scipy.stats import rankdata, spearmanr, weightedtau

from thinkalike.errors import InputError
from thinkalike.features import Feature
from thinkalike.mlem import MLEM, analyse_layer, cross_validate
from thinkalike.mlem.ceilings import ceiling_of_differences
from thinkalike.mlem.probes import probe_layer
from thinkalike.mlem.rank_tables import ranks_of_distances, table_of
from thinkalike.similarity import compare, decompose_weighted_kendall

MARKS = ("<!-- audit: written by `python benchmarks/audit.py --write docs/audit.md` -->", "<!-- end of audit -->")
UNITS = 48


@dataclass(frozen=True)
class Found:
    """What a reproduction gives: `old` the old way on the same data, None where it cannot be had in a line."""

    now: str
    right: bool
    old: str | None = None


@dataclass(frozen=True)
class Reproduction:
    """One fault: what is asked, what the audit found, why the value now is right, and how it is had."""

    fault: str
    asked: str
    audit: str
    why: str
    run: Callable[[], Found]
    slow: bool


REPRODUCTIONS: list[Reproduction] = []


def reproduction(
    fault: str, asked: str, audit: str, why: str, *, slow: bool = False
) -> Callable[[Callable[[], Found]], Callable[[], Found]]:
    """Enter a function among the reproductions; the slow ones take more than two seconds."""

    def enter(function: Callable[[], Found]) -> Callable[[], Found]:
        REPRODUCTIONS.append(Reproduction(fault, asked, audit, why, function, slow))
        return function

    return enter


def planted(
    n_stimuli: int, levels: tuple[int, ...], weights: tuple[float, ...], noise: float, seed: int = 0
) -> tuple[pd.DataFrame, np.ndarray]:
    """Return features and vectors whose squared distances are the weights of what differs, and noise."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(n_stimuli, UNITS)) * noise / np.sqrt(2 * UNITS)
    basis, start = np.linalg.qr(rng.normal(size=(UNITS, sum(levels))))[0].T, 0
    features = {}
    for number, (n_levels, weight) in enumerate(zip(levels, weights, strict=True)):
        codes = rng.integers(n_levels, size=n_stimuli)
        vectors += np.sqrt(weight / 2) * basis[start : start + n_levels][codes]
        start += n_levels
        features[f"f{number}"] = codes
    return pd.DataFrame(features), vectors


def says(call: Callable[[], object]) -> str:
    """Return the sentence with which a call refuses what it is given."""
    try:
        return f"computed: {call()}"
    except InputError as error:
        return f"refused: {error}"


@reproduction(
    "F1",
    "weighted Kendall of two profiles that differ by 1e-17",
    ".88",
    "1e-17 is the rounding of a sum and no order; what differs by less than 1e-12 ties",
)
def noise_is_no_order() -> Found:
    one = np.array([0.3, 0.1, 0.0, 1e-17, -1e-17, 2e-17, 0.0, 0.0])
    other = np.array([0.3, 0.1, 1e-17, 0.0, 2e-17, -1e-17, 3e-17, 0.0])
    value = compare(one, other, "weighted_kendall")
    return Found(f"{value:.2f}", value == 1, f"{weightedtau(one, other).statistic:.2f}")


@reproduction(
    "F1",
    "weighted Kendall of a profile with one that is 0 but for one 1e-17",
    ".81",
    "a profile without order has no likeness in order: undefined",
)
def no_order_has_no_likeness() -> Found:
    one, other = np.array([0.3, 0.2, 0.1, 0.05, 0.01]), np.array([1e-17, 0.0, 0.0, 0.0, 0.0])
    value = compare(one, other, "weighted_kendall")
    return Found(f"{value:.2f}", bool(np.isnan(value)), f"{weightedtau(one, other).statistic:.2f}")


@reproduction(
    "F1",
    "largest importance among features whose weight is 0",
    "1e-17, of either sign, and ranked",
    "what the model does not use cannot lower its score: exactly 0",
)
def importance_of_nothing() -> Found:
    features, vectors = planted(120, (2, 3, 3, 2, 4), (1.0, 0.3, 0.0, 0.0, 0.0), noise=6.0)
    result = cross_validate(features, vectors, model=MLEM(coding="difference"))
    unused = result.weights.to_numpy() == 0
    largest = np.abs(result.importance.to_numpy()[unused]).max()
    return Found(f"{largest:g} ({unused.sum()} weights)", bool(unused.sum() > 2 and largest == 0))


_TABLES = """
import sys
sys.path.insert(0, sys.argv[1])
from audit import planted
import numpy as np
from thinkalike.mlem import cross_validate
features, vectors = planted(150, (2, 3, 4, 2), (1.0, 0.3, 0.0, 0.0), noise=5.0)
result = cross_validate(features, vectors.astype(np.float32))
print(result.importance_table().to_csv(float_format="%.10f"), result.importance.rank(axis=1).to_csv())
"""


@reproduction(
    "F1",
    "tables of importance, and their order, by two kernels of OpenBLAS",
    "442 of 595 pairs of layers differ, by up to .20",
    "numbers are rounded to 12 decimals before anything is ranked",
    slow=True,
)
def kernels_agree() -> Found:
    found = {}
    for kernel in ("PRESCOTT", "HASWELL", "SKYLAKEX"):
        command = [sys.executable, "-c", _TABLES, str(Path(__file__).parent)]
        environment = {**os.environ, "OPENBLAS_CORETYPE": kernel}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode == 0:  # a processor without the kernel's instructions stops
            found[kernel] = done.stdout
    same = len(set(found.values())) == 1
    return Found(f"{'the same' if same else 'other'} bytes by {' and '.join(found)}", same and len(found) > 1)


@reproduction(
    "F2",
    "score of the best weights and ceiling, by Spearman",
    "score .794 above a ceiling of .772",
    "the ceiling is the maximum over all ways to join patterns, not the score of the order of their means",
)
def ceiling_is_one() -> Found:
    of_pattern = [[5, 5, 8, 7, 8, 6], [8, 7, 7, 6, 7, 5, 5, 7, 5, 8], [3, 4], [8, 6, 5, 7]]  # distances
    index = np.repeat(np.arange(4), [len(distances) for distances in of_pattern])
    table = table_of(index, *ranks_of_distances(np.concatenate(of_pattern).astype(float)), 4)
    by_means = table.score(table.rank_sums / table.counts, "spearman")
    coarse = table.score(np.array([1.0, 1.0, 0.0, 1.0]), "spearman")
    ceiling = ceiling_of_differences(table, "spearman")
    return Found(
        f"score {coarse:.3f}, ceiling {ceiling:.3f}",
        by_means < coarse <= ceiling + 1e-12,
        f"score {coarse:.3f}, ceiling {by_means:.3f}",
    )


@reproduction(
    "F2",
    "ceiling of one feature with three levels, unevenly far apart",
    "score = ceiling = .641, a function of the feature reaches .863",
    "the ceiling is of functions of the feature's differences, and says so; that of its values stands beside it",
)
def ceiling_of_values() -> Found:
    rng = np.random.default_rng(0)
    codes = rng.integers(3, size=240)
    vectors = 0.2 * rng.normal(size=(240, 30))
    vectors[:, 0] += np.array([0.0, 1.0, 4.0])[codes]
    features = pd.DataFrame({"f": codes})
    result = cross_validate(features, vectors, model=MLEM(coding="difference", scoring="spearman"))
    by_levels = cross_validate(features, vectors, model=MLEM(scoring="spearman"))
    values = result.ceilings_by_values.mean()
    return Found(
        f"score {result.score:.2f}, ceiling by differences {result.ceiling:.2f}, by values {values:.2f}; "
        f"score of coding='levels' {by_levels.score:.2f}",
        bool(result.score <= result.ceiling < values - 0.1 and by_levels.score > result.ceiling + 0.1),
    )


@reproduction(
    "F3",
    "score without and with a real small feature, five simulations",
    "Spearman falls from .866 to .797, in 20 of 20",
    "rho_a, the default, does not reward the ties of a coarser prediction",
)
def finer_is_better() -> Found:
    scores: dict[str, list[tuple[float, float]]] = {"spearman": [], "rho_a": []}
    for seed in range(5):
        features, vectors = planted(160, (2, 2), (1.0, 0.05), noise=1.0, seed=seed)
        for scoring, found in scores.items():
            model = MLEM(coding="difference", scoring=scoring)  # type: ignore[arg-type]
            without, with_it = (
                cross_validate(chosen, vectors, model=model, alphas=[1.0], drop_column=False, ceiling=False).score
                for chosen in (features[["f0"]], features)
            )
            found.append((without, with_it))
    words = {
        scoring: f"{np.mean(found, axis=0)[0]:.3f} to {np.mean(found, axis=0)[1]:.3f}, up in "
        f"{sum(b > a for a, b in found)} of 5"
        for scoring, found in scores.items()
    }
    return Found(words["rho_a"], all(b > a for a, b in scores["rho_a"]), words["spearman"])


@reproduction(
    "F4",
    "level at which a column is tested that is constant within sentences, nothing declared",
    "stimulus, in silence: false positives .31 and .53",
    "the coarsest level at which it is constant, and the table names it",
)
def level_is_found() -> Found:
    sentence = np.repeat(np.arange(30), 4)
    rng = np.random.default_rng(0)
    columns = {"topic": rng.permutation(30) % 2, "lexical": rng.permutation(10) % 2}
    stimuli = pd.DataFrame({"sentence_id": sentence, "word": [f"w{i * 7 % 10}" for i in range(120)]})
    stimuli["topic"] = columns["topic"][sentence]
    stimuli["lexical"] = columns["lexical"][np.arange(120) * 7 % 10]
    tables = analyse_layer(
        stimuli,
        {name: Feature(name) for name in columns},
        rng.normal(size=(120, UNITS)),
        model="m",
        layer="0",
        alphas=[1.0],
        folds=2,
        drop_column=False,
        ceiling=False,
        inference={"n_resamples": 0, "n_permutations": 1},
    )
    units = tables["inference"].dropna(subset="feature").drop_duplicates("feature").set_index("feature")["unit"]
    return Found(f"{units['topic']}; of a label of words: {units['lexical']}", list(units) == ["sentence", "word"])


@reproduction(
    "F5",
    "what is said where most folds choose a penalty at the end of the grid",
    "nothing, in 57 of 300 folds of the default study",
    "a warning names the remedy, and `alphas: auto` goes on with the grid",
)
def end_of_the_grid_is_said() -> Found:
    features, vectors = planted(60, (2, 6, 6), (0.3, 0.1, 0.1), noise=3.0)
    given, going_on = (cross_validate(features, vectors, alphas=alphas) for alphas in ([0.1, 1.0], "auto"))
    said = [text for text in given.warnings if "folds chose the" in text]
    beyond = set(going_on.alphas) - {0.1, 1.0}
    return Found(
        f"{said[0] if said else 'nothing'} With auto: {min(beyond):g} to {max(beyond):g}.",
        bool(len(said) == 1 and "auto" in said[0] and beyond),
    )


@reproduction(
    "F6",
    "a date that is missing, in a feature declared numeric",
    "-9223372036854775808, which decides the feature's range",
    "undefined, as a missing number is: the same weight as that of the number of days",
)
def missing_dates_are_missing() -> Found:
    rng = np.random.default_rng(0)
    days = pd.Series(rng.integers(0, 300, size=60).astype(float))
    days[3] = np.nan
    dates = pd.Timestamp("2020-01-01") + pd.to_timedelta(days, unit="D")
    vectors = rng.normal(size=(60, 5))
    vectors[:, 0] += days.fillna(0) / 100
    weights = [
        MLEM(kinds={"when": "numeric"}).fit(pd.DataFrame({"when": values}), vectors).weights_["when"]
        for values in (dates, days)
    ]
    return Found(f"weight {weights[0]:.4f}, of days {weights[1]:.4f}", bool(np.isclose(*weights, rtol=1e-9)))


@reproduction(
    "F7",
    "debiased CKA, and RSA by Pearson, of equidistant points (one-hot codes) with others",
    ".08 and .43",
    "points that are all equally far apart have no order of distances: undefined",
)
def equidistant_points() -> Found:
    rng = np.random.default_rng(0)
    points = np.eye(40) @ np.linalg.qr(rng.normal(size=(40, 40)))[0]
    others = rng.normal(size=(40, 9))
    values = [compare(points, others, "cka_debiased"), compare(points, others, "rsa", comparison="pearson")]
    old = np.corrcoef(pdist(points), pdist(others))[0, 1]
    return Found(", ".join(f"{value:.2f}" for value in values), bool(np.isnan(values).all()), f"RSA {old:.2f}")


@reproduction(
    "F8",
    "second_order_cosine of independent layers",
    "-.07 to -.39, where 'above 0' was stated",
    "what is stated is what is measured, and a test simulates it for every measure",
)
def chance_is_measured() -> Found:
    from thinkalike.similarity import MEASURES

    rng = np.random.default_rng(1)
    values = [
        np.mean([compare(rng.normal(size=(80, a)), rng.normal(size=(80, b)), "second_order_cosine") for _ in range(12)])
        for a, b in ((6, 10), (160, 240))
    ]
    stated = MEASURES["second_order_cosine"].chance
    beginning = stated.split(":")[0]
    return Found(
        f"{values[0]:.2f} and {values[1]:.2f}; stated: {beginning}",
        stated.startswith("below 0") and min(values) > -0.4 and max(values) < 0,
    )


@reproduction(
    "F9",
    "area under the curve of a probe for random labels, 16 simulations",
    ".45 to .46, where .5 was stated: pooled over folds",
    "the mean of the folds' own areas; folds differ in their offset",
    slow=True,
)
def probes_of_random_labels() -> Found:
    scores = []
    for seed in range(16):
        rng = np.random.default_rng(seed)
        stimuli = pd.DataFrame({"sentence_id": [f"s{i // 4}" for i in range(120)]})
        stimuli["label"] = rng.choice(["x", "y"], 120)
        table = probe_layer(stimuli, {"label": Feature("label")}, rng.normal(size=(120, 8)), seed=seed)
        scores.append(table.set_index("score_name").loc["roc_auc", "score"])
    mean, error = np.mean(scores), np.std(scores, ddof=1) / np.sqrt(len(scores))
    return Found(f"{mean:.2f} (standard error {error:.2f})", bool(abs(mean - 0.5) < 3 * error))


@reproduction(
    "F10",
    "RSA where one stimulus lies 1e7 times farther out",
    ".253 in place of .285: a tie was relative to the largest distance",
    "a tie is relative to the distances' own size: equal to scipy on the same distances",
)
def outliers_tie_nothing() -> Found:
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(40, 6)), rng.normal(size=(40, 9))
    other[:, :6] += 0.6 * one
    one[0] *= 1e7
    distances = pdist(one, "sqeuclidean")
    widened = np.round(distances / distances.max() * 2**36)  # what a tolerance of the largest does
    exact = spearmanr(distances, pdist(other)).statistic
    old = np.corrcoef(rankdata(widened), rankdata(pdist(other)))[0, 1]
    value = compare(one, other, "rsa")
    return Found(f"{value:.3f} (scipy {exact:.3f})", abs(value - exact) < 1e-12, f"{old:.3f}")


@reproduction(
    "F11",
    "DSA of a layer with itself, and what is said of its limits",
    ".0025; short sentences do not tell one dynamics from another",
    "0, and the measure's own statement of chance says what short sentences cannot do",
    slow=True,
)
def limits_of_dsa() -> Found:
    from thinkalike.similarity import MEASURES

    chance = MEASURES["dsa"].chance
    said = "of 4 to 8 words, systems of the same and of other dynamics get the same value" in chance
    try:
        import DSA  # noqa: F401
    except ImportError:
        return Found(f"the library is not installed; limits said: {said}", said)
    rng = np.random.default_rng(0)
    turn = 0.9 * np.linalg.qr(rng.normal(size=(4, 4)))[0]
    sequences = []
    for start in rng.normal(size=(12, 4)):
        sequences.append(np.array([np.linalg.matrix_power(turn, step) @ start for step in range(10)]))
    copies = [sequence.copy() for sequence in sequences]
    value = compare(sequences, copies, "dsa", rank=4, iterations=10)
    return Found(f"{value:g}; limits said: {said}", said and value == 0)


@reproduction(
    "F12",
    "two tables of the same stimuli in another order",
    "rows were taken by position, without a word",
    "rows are matched by their index",
)
def rows_are_matched() -> Found:
    rng = np.random.default_rng(0)
    one = pd.DataFrame(rng.normal(size=(40, 6)), index=[f"s{i}" for i in range(40)])
    other = pd.DataFrame(one.to_numpy() @ rng.normal(size=(6, 8)), index=one.index).sample(frac=1, random_state=1)
    value, right = compare(one, other, "rsa"), compare(one, other.loc[one.index], "rsa")
    by_position = compare(one.to_numpy(), other.to_numpy(), "rsa")
    return Found(f"{value:.2f}", value == right and abs(value - by_position) > 0.1, f"{abs(by_position):.2f}")


@reproduction(
    "F12",
    "complex vectors",
    "the imaginary part was dropped",
    "refused, in one sentence",
)
def complex_is_refused() -> Found:
    rng = np.random.default_rng(0)
    real = rng.normal(size=(20, 5))
    text = says(lambda: compare(real, real + 1j * rng.normal(size=(20, 5)), "rsa"))
    return Found(text, text.startswith("refused") and "complex" in text)


@reproduction(
    "F12",
    "vectors of size 1e200: RSA and debiased CKA with the same layer at another scale",
    "nan, or of the wrong sign",
    "divided by a power of two first, which changes no digit",
)
def scales_change_nothing() -> Found:
    rng = np.random.default_rng(0)
    one = rng.normal(size=(40, 6))
    values = [compare(one * 1e200, one + 1, measure) for measure in ("rsa", "cka_debiased")]
    return Found(", ".join(f"{value:.6f}" for value in values), bool(np.allclose(values, 1, atol=1e-11)))


@reproduction(
    "claims",
    "contribution to weighted Kendall of two features that are 0 in both layers",
    ".08 each, under 'long bars belong to features that matter'",
    "0: their pairs' terms go to the features that count; captions speak of place, not of importance",
)
def zeros_contribute_nothing() -> Found:
    names = ["part of speech", "word length", "tense", "person"]
    one, other = pd.Series([0.4, 0.1, 0.0, 0.0], names), pd.Series([0.3, 0.15, 0.0, 0.0], names)
    parts = decompose_weighted_kendall(one, other)
    return Found(f"{parts['tense']:g} and {parts['person']:g}", bool((parts[["tense", "person"]] == 0).all()))


@reproduction(
    "claims",
    "likeness in order of two profiles, the same first feature and seven of noise, 60 simulations",
    "weighted Kendall: mean .46, standard deviation .33 for no order at all",
    "resolved Kendall is undefined unless a feature is told from half of the others, and then spreads little",
)
def order_of_noise() -> Found:
    rng = np.random.default_rng(0)
    plain, resolved = [], []
    for _ in range(60):
        samples = []
        for _side in range(2):
            centre = np.append(0.4, rng.normal(0, 0.004, size=7))
            samples.append(centre + rng.normal(0, 0.004, size=(200, 8)))
        plain.append(weightedtau(*(sample.mean(axis=0) for sample in samples)).statistic)
        resolved.append(compare(samples[0], samples[1], "resolved_kendall"))
    spread = np.nanstd(resolved)
    return Found(
        f"resolved Kendall: mean {np.nanmean(resolved):.2f}, standard deviation {spread:.2f}",
        bool(spread < 0.12),
        f"mean {np.mean(plain):.2f}, standard deviation {np.std(plain):.2f}",
    )


@reproduction(
    "claims",
    "decoding of an arbitrary label of 14 lemmas",
    ".93 balanced accuracy, called 'can be read off'",
    "the control task and the score with whole lemmas held out stand beside it",
)
def decoding_by_the_word() -> Found:
    rng = np.random.default_rng(1)
    lemma = rng.integers(14, size=168)
    stimuli = pd.DataFrame({"sentence_id": [f"s{i // 4}" for i in range(168)], "lemma": [f"l{k}" for k in lemma]})
    stimuli["label"] = np.where(rng.permutation(14)[lemma] < 7, "a", "b")
    vectors = rng.normal(size=(14, 24))[lemma] + 0.5 * rng.normal(size=(168, 24))
    table = probe_layer(stimuli, {"label": Feature("label", level="lemma")}, vectors)
    row = table.set_index("score_name").loc["balanced_accuracy"]
    return Found(
        f"{row['score']:.2f}; control task {row['control_score']:.2f}, by lemma {row['score_by_lemma']:.2f}",
        bool(row["control_score"] > 0.75 and row["score_by_lemma"] < 0.75),
    )


@reproduction(
    "claims",
    "debiased CKA of two unrelated systems that both merely tell words apart",
    "significant in 100 % (RSA 93 %), though nothing but the words is shared",
    "`exclude` leaves pairs of the same word out before anything is ranked",
)
def the_same_words() -> Found:
    rng = np.random.default_rng(0)
    words = np.arange(160) % 40
    one, other = (rng.normal(size=(40, 30))[words] + 0.3 * rng.normal(size=(160, 30)) for _ in range(2))
    plain, without = compare(one, other, "cka_debiased"), compare(one, other, "cka_debiased", exclude=words)
    return Found(
        f"{abs(without):.2f} without pairs of a word", abs(without) < 0.05 < 0.2 < plain, f"{plain:.2f} with them"
    )


@reproduction(
    "claims",
    "importance of a feature that is absent, correlated with the unevenly spaced levels of a real one",
    "significant in 82 %, as large as a real one",
    "with a weight for each pair of levels nothing is left for the absent one to explain",
)
def credit_of_an_absent_feature() -> Found:
    rng = np.random.default_rng(0)
    codes = rng.integers(4, size=240)
    vectors = 0.3 * rng.normal(size=(240, 20))
    vectors[:, 0] += np.array([0.0, 0.2, 0.4, 3.0])[codes]
    absent = np.where(rng.random(240) < 0.9, codes == 3, rng.random(240) < 0.5)
    features = pd.DataFrame({"part_of_speech": codes, "absent": absent.astype(int)})
    found = {}
    for coding in ("difference", "levels"):
        model = MLEM(coding=coding)  # type: ignore[arg-type]
        result = cross_validate(features, vectors, model=model, drop_column=False, ceiling=False)
        found[coding] = result.importance.mean()
    words = {
        coding: f"{abs(means['absent']):.3f}, the real one {means['part_of_speech']:.3f}"
        for coding, means in found.items()
    }
    by_levels = found["levels"]
    return Found(
        words["levels"],
        bool(by_levels["absent"] < 0.01 < 0.3 < by_levels["part_of_speech"] and found["difference"]["absent"] > 0.1),
        words["difference"],
    )


def rows_of(chosen: Iterable[Reproduction]) -> tuple[list[str], bool]:
    """Return the table in Markdown, and whether everything is as it has to be."""
    lines = ["| | asked | the audit found | the old way, here | now | why it is right |", "|---|---|---|---|---|---|"]
    right = True
    for one in chosen:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of made-up data, the warnings of the package are of no interest
            found = one.run()
        right &= found.right
        now = found.now if found.right else f"{found.now} **WRONG**"
        cells = [one.fault, one.asked, one.audit, found.old or "", now, one.why]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return lines, right


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", metavar="FAULT", choices=sorted({one.fault for one in REPRODUCTIONS}))
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the table between the marks of this page")
    options = parser.parse_args()
    lines, right = rows_of(one for one in REPRODUCTIONS if not options.only or one.fault in options.only)
    print("\n".join(lines))
    if options.write:
        before, _, rest = options.write.read_text(encoding="utf-8").partition(MARKS[0])
        after = rest.partition(MARKS[1])[2]
        text = f"{before}{MARKS[0]}\n\n" + "\n".join(lines) + f"\n\n{MARKS[1]}{after}"
        options.write.write_text(text, encoding="utf-8")
    sys.exit(not right)


if __name__ == "__main__":
    main()
