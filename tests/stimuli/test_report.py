"""The stimulus report against every pair formed by hand, its warnings, and the choice of decorrelated sentences."""

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from thinkalike.errors import InputError
from thinkalike.features import Feature
from thinkalike.stimuli import build_dataset
from thinkalike.stimuli.decorrelate import decorrelate
from thinkalike.stimuli.differences import difference_correlation, difference_moments
from thinkalike.stimuli.report import stimulus_report

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def example() -> tuple[pd.DataFrame, dict[str, Feature]]:
    rng = np.random.default_rng(0)
    n = 60
    number = rng.choice(["singular", "plural", None], n)
    frame = pd.DataFrame(
        {
            "sentence_id": [f"s{i // 3}" for i in range(n)],
            "position": [i % 3 for i in range(n)],
            "word": rng.choice(list("abcdefgh"), n),
            "number": number,
            "copy": np.where(number == "singular", "one", np.where(number == "plural", "two", None)),
            "length": pd.array(rng.integers(1, 5, n), dtype="Int64"),
            "frequency": np.where(rng.random(n) < 0.2, np.nan, rng.normal(size=n)),
            "surprisal": rng.integers(0, 4, n) * 1.5,
            "tense": rng.choice(["past", "present", None], n),
            "constant": "x",
        }
    )
    features = {
        "number": Feature("number"),
        "copy": Feature("copy"),
        "length": Feature("length", "ordinal"),
        "frequency": Feature("frequency", "numeric"),
        "surprisal": Feature("surprisal", "numeric"),
        "tense": Feature("tense", missing="category"),
        "constant": Feature("constant"),
        "word": Feature("word", role="control"),
    }
    return frame, features


def differences_by_hand(frame: pd.DataFrame, features: dict[str, Feature]) -> np.ndarray:
    rows = []
    for i, j in itertools.combinations(range(len(frame)), 2):
        row = []
        for name, feature in features.items():
            a, b = frame[name].iloc[i], frame[name].iloc[j]
            if feature.missing == "category":
                row.append(float((a if pd.notna(a) else "-") != (b if pd.notna(b) else "-")))
            elif pd.isna(a) or pd.isna(b):
                row.append(0.0)
            elif feature.kind == "numeric":
                row.append(abs(a - b) / (frame[name].max() - frame[name].min()))
            else:
                row.append(float(a != b))
        rows.append(row)
    return np.array(rows)


def test_difference_moments_and_correlation_equal_those_of_all_pairs(example: tuple) -> None:
    pairs = differences_by_hand(*example)
    means, products = difference_moments(*example)
    np.testing.assert_allclose(means, pairs.mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(products, pairs.T @ pairs / len(pairs), atol=1e-12)
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(difference_correlation(*example), np.corrcoef(pairs.T), atol=1e-10)


@pytest.mark.slow
def test_counts_and_pairs(example: tuple) -> None:
    frame, features = example
    tables = stimulus_report(frame, features)
    pairs = tables["pairs"].set_index("feature")
    by_hand = pd.DataFrame(differences_by_hand(frame, features), columns=list(features))
    for name in ("number", "length", "tense", "word", "constant"):
        assert pairs.loc[name, "pairs_varying"] == by_hand[name].sum()
    assert pairs.loc["number", "undefined"] == pytest.approx(
        np.mean([frame["number"].iloc[[i, j]].isna().any() for i, j in itertools.combinations(range(len(frame)), 2)])
    )
    levels = tables["levels"]
    assert levels[levels["feature"] == "number"]["stimuli"].sum() == len(frame)
    cells = frame[["number", "copy", "length", "frequency", "surprisal", "tense", "constant"]].drop_duplicates()
    assert len(tables["cells"]) == len(cells) and tables["cells"]["stimuli"].sum() == len(frame)
    combinations = tables["combinations"].set_index(["feature_a", "level_a", "feature_b", "level_b"])["stimuli"]
    both = ((frame["number"] == "plural") & (frame["tense"] == "past")).sum()
    assert combinations["number", "plural", "tense", "past"] == both
    assert combinations["number", "singular", "copy", "two"] == 0


def test_correlation_of_codes_is_pearson_over_defined_stimuli(example: tuple) -> None:
    frame, features = example
    table = stimulus_report(frame, features)["correlation"].set_index(["feature_a", "feature_b"])
    defined = frame[["length", "frequency"]].dropna()
    expected = np.corrcoef(defined["length"].astype(float), defined["frequency"])[0, 1]
    assert table.loc[("length", "frequency"), "correlation"] == pytest.approx(expected)
    assert table.loc[("length", "frequency"), "stimuli"] == len(defined)
    assert table.loc[("length", "word"), "role_b"] == "control"


def test_variance_inflation_is_that_of_a_regression_over_pairs(example: tuple) -> None:
    frame, features = example
    features = {name: features[name] for name in ("number", "length", "surprisal", "tense", "word")}
    found = stimulus_report(frame, features)["variance_inflation"].set_index("feature")["variance_inflation"]
    pairs = differences_by_hand(frame, features)
    for index, name in enumerate(features):
        others = np.column_stack([np.ones(len(pairs)), np.delete(pairs, index, axis=1)])
        residual = pairs[:, index] - others @ np.linalg.lstsq(others, pairs[:, index], rcond=None)[0]
        assert found[name] == pytest.approx(pairs[:, index].var() / residual.var())


def test_warnings_in_words(example: tuple) -> None:
    warnings = stimulus_report(*example)["warnings"]
    text = "\n".join(warnings["warning"])
    assert "constant never varies in this set" in text
    assert "number and copy cannot be told apart in this set: their differences correlate at 1.00." in text
    inflated = warnings[warnings["problem"] == "inflated"].set_index("feature_a")["value"]
    assert np.isinf(inflated["number"]) and np.isinf(inflated["copy"])


@pytest.mark.slow
def test_duplicates_by_type_of_model() -> None:
    source = {"grammar": "config/grammars/short_sentences.fcfg", "sentences": 60, "deduplicate": False}
    dataset = build_dataset(source, name="short", seed=0, base=ROOT)
    tables = stimulus_report(dataset.stimuli, dataset.features, dataset.sentences)
    duplicates = tables["duplicates"].set_index("model_type")
    deduplicated = build_dataset({**source, "deduplicate": True}, name="short", seed=0, base=ROOT)
    assert duplicates.loc["causal", "distinct"] == len(deduplicated.stimuli)
    assert duplicates.loc["bidirectional", "duplicates"] == 0
    assert "in a causal model; set deduplicate: true." in tables["warnings"]["warning"].iloc[-1]
    causal_only = stimulus_report(dataset.stimuli, dataset.features)["duplicates"].set_index("model_type")
    assert causal_only.loc["causal"].equals(duplicates.loc["causal"])


def test_report_on_the_default_dataset_has_no_serious_warning() -> None:
    source = {"grammar": "config/grammars/short_sentences.fcfg", "sentences": 300}
    dataset = build_dataset(source, name="short", seed=0, base=ROOT)
    problems = set(stimulus_report(dataset.stimuli, dataset.features, dataset.sentences)["warnings"]["problem"])
    assert not problems & {"constant", "inseparable", "entangled", "inflated", "duplicates"}


def mean_squared(stimuli: pd.DataFrame, features: dict[str, Feature]) -> float:
    matrix = difference_correlation(stimuli, features)
    return float(np.mean(matrix[np.triu_indices(len(features), k=1)] ** 2))


@pytest.mark.slow
def test_decorrelate_beats_random_choices_and_is_seeded() -> None:
    source = {"grammar": "config/grammars/short_sentences.fcfg", "sentences": 200, "controls": []}
    dataset = build_dataset(source, name="short", seed=0, base=ROOT)
    stimuli, features = dataset.stimuli, dataset.features
    chosen = decorrelate(stimuli, features, 80, seed=0)
    assert len(set(chosen)) == 80 and chosen == sorted(chosen)
    assert chosen == decorrelate(stimuli, features, 80, seed=0)
    assert chosen != decorrelate(stimuli, features, 80, seed=1)
    best = mean_squared(stimuli[stimuli["sentence_id"].isin(chosen)], features)
    rng = np.random.default_rng(0)
    identifiers = dataset.sentences["sentence_id"].to_numpy()
    random = [
        mean_squared(stimuli[stimuli["sentence_id"].isin(rng.choice(identifiers, 80, replace=False))], features)
        for _ in range(20)
    ]
    assert best < 0.6 * min(random)


def test_decorrelate_refuses_what_cannot_be(example: tuple) -> None:
    with pytest.raises(InputError, match="must be 1 to 20"):
        decorrelate(*example, 21, seed=0)
    with pytest.raises(InputError, match="at least two features"):
        decorrelate(example[0], {"number": example[1]["number"]}, 5, seed=0)


def test_dataset_can_ask_for_decorrelated_sentences() -> None:
    source = {"grammar": "config/grammars/short_sentences.fcfg", "sentences": 120, "decorrelate": 40}
    dataset = build_dataset(source, name="short", seed=0, base=ROOT)
    assert len(dataset.sentences) == 40 and set(dataset.stimuli["sentence_id"]) <= set(dataset.sentences["sentence_id"])
    with pytest.raises(InputError, match="decorrelate"):
        build_dataset({**source, "decorrelate": 400}, name="short", seed=0, base=ROOT)


@pytest.mark.parametrize(
    "source",
    [
        {"conllu": "config/datasets/sample.conllu"},
        {"prompts": "config/datasets/winogrande_shaped.jsonl", "text": "sentence", "features": ["contrast", "answer"]},
        {"prompts": "config/datasets/humaneval_shaped.jsonl", "text": "prompt"},
        {"grammar": "config/grammars/long_range_agreement.fcfg", "sentences": 40},
    ],
)
def test_every_source_has_a_report(source: dict) -> None:
    dataset = build_dataset(source, name="any", seed=0, base=ROOT)
    tables = stimulus_report(dataset.stimuli, dataset.features, dataset.sentences)
    assert tables["levels"].groupby("feature")["stimuli"].sum().eq(len(dataset.stimuli)).all()
    assert tables["duplicates"]["duplicates"].eq(0).all() and len(tables["duplicates"]) == 2
    assert len(tables["difference_correlation"]) == len(dataset.features) * (len(dataset.features) - 1) / 2


@pytest.mark.parametrize(
    ("source", "remedy"),
    [
        ({"table": "t.csv"}, "set attached_punctuation: split, or separate them in the file."),
        ({"conllu": "t.conllu"}, "check that these marks belong to the words."),  # which has no such key
    ],
)
def test_words_that_carry_punctuation_get_advice_that_the_source_understands(source: dict, remedy: str) -> None:
    stimuli = pd.DataFrame(
        {
            "stimulus_id": list("abcdef"),
            "sentence_id": "s",
            "position": range(6),
            "word": ["Yahoo!", "3,", "a", "(b", "c)", "Mr."],
            "f": ["x", "y"] * 3,
        }
    )
    warnings = stimulus_report(stimuli, {"f": Feature("f")}, None, {"source": source})["warnings"].set_index("problem")
    assert warnings.loc["attached punctuation", "value"] == 4
    assert warnings.loc["attached punctuation", "warning"] == (
        "4 of 6 words carry punctuation ('Yahoo!' '3,' '(b'), so that a mark's sub-token may stand for the word; "
        + remedy
    )


@pytest.mark.parametrize(("n", "said"), [(300, "varies on only 0.67% of"), (30_000, "varies on less than 0.01% of")])
def test_a_share_is_never_said_to_be_zero(n: int, said: str) -> None:
    stimuli = pd.DataFrame(
        {"sentence_id": "s", "position": 0, "word": [f"w{i}" for i in range(n)], "f": ["x", *["y"] * (n - 1)]}
    )
    (warning,) = (
        stimulus_report(stimuli, {"f": Feature("f")}).pop("warnings").query("problem == 'rare pairs'")["warning"]
    )
    assert said in warning
