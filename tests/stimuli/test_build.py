"""The default dataset: sizes, duplicates, levels, determinism, and the tables on disk."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from thinkalike.errors import InputError
from thinkalike.stimuli import build_dataset, read_sentences, read_stimuli, write_dataset
from thinkalike.stimuli.dataset import Dataset

ROOT = Path(__file__).parents[2]
DEFAULT = {
    "grammar": "config/grammars/short_sentences.fcfg",
    "sentences": 300,
    "balance": ["gender", "number", "tense", "question"],
}


@pytest.fixture(scope="module")
def default() -> Dataset:
    return build_dataset(DEFAULT, name="short", seed=0, base=ROOT)


@pytest.mark.slow
def test_one_stimulus_per_context_and_word(default: Dataset) -> None:
    words = default.sentences.set_index("sentence_id")["words"]
    keys = [(*words[row.sentence_id][: row.position], row.word) for row in default.stimuli.itertuples(index=False)]
    assert len(set(keys)) == len(keys)
    counts = default.metadata["counts"]
    assert counts["words"] == counts["stimuli"] + counts["duplicates_left_out"]
    everything = build_dataset({**DEFAULT, "deduplicate": False}, name="short", seed=0, base=ROOT)
    assert len(everything.stimuli) == counts["words"]
    assert set(default.stimuli["stimulus_id"]) < set(everything.stimuli["stimulus_id"])


def test_rows_stand_in_the_order_of_sentences_and_words(default: Dataset) -> None:
    keys = list(zip(default.stimuli["sentence_id"], default.stimuli["position"], strict=True))
    assert keys == sorted(keys)
    words = default.sentences.set_index("sentence_id")["words"]
    assert all(words[row.sentence_id][row.position] == row.word for row in default.stimuli.itertuples())
    assert default.stimuli["stimulus_id"].iloc[0] == "s00000-0"


def test_sentences_are_distinct_and_balanced(default: Dataset) -> None:
    assert default.sentences["words"].map(" ".join).is_unique
    assert len(default.sentences) == 300
    strata = default.metadata["counts"]["strata"]
    assert sum(strata.values()) == 300 and max(strata.values()) - min(strata.values()) <= 1


@pytest.mark.slow
def test_files_hold_what_was_built_and_the_same_seed_gives_the_same_bytes(default: Dataset, tmp_path: Path) -> None:
    paths = tmp_path / "stimuli.parquet", tmp_path / "sentences.parquet"
    write_dataset(default, *paths)
    stimuli, features = read_stimuli(paths[0])
    pd.testing.assert_frame_equal(stimuli, default.stimuli)
    pd.testing.assert_frame_equal(read_sentences(paths[1]), default.sentences)
    assert features == default.features
    again = tmp_path / "again.parquet", tmp_path / "again-sentences.parquet"
    write_dataset(build_dataset(DEFAULT, name="short", seed=0, base=ROOT), *again)
    assert [path.read_bytes() for path in paths] == [path.read_bytes() for path in again]
    other = build_dataset(DEFAULT, name="short", seed=1, base=ROOT)
    assert not other.stimuli.equals(default.stimuli)


def test_levels_hold_in_the_data(default: Dataset) -> None:
    for name, feature in default.features.items():
        column = {"word": "word", "lemma": "lemma", "sentence": "sentence_id"}.get(feature.level)
        if column:
            assert default.stimuli.groupby(column)[name].nunique(dropna=False).max() == 1
    assert default.features["gender"].level == "lemma" and default.features["question"].level == "sentence"


@pytest.mark.slow
def test_features_can_be_declared(default: Dataset) -> None:
    declared = {"number": {"missing": "category"}, "word_length": {"kind": "numeric"}, "tree_depth": None}
    source = {**DEFAULT, "features": declared, "controls": ["lemma_identity"]}
    dataset = build_dataset(source, name="short", seed=0, base=ROOT)
    assert list(dataset.features) == ["number", "word_length", "tree_depth", "lemma_identity"]
    assert dataset.features["number"].missing == "category" and dataset.features["lemma_identity"].role == "control"
    assert dataset.stimuli["word_length"].dtype == "float64"
    assert build_dataset({**DEFAULT, "controls": []}, name="s", seed=0, base=ROOT).features.keys() == (
        default.features.keys() - {"word_identity"}
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sentence": 3}, "unknown key 'sentence'; allowed are grammar, sentences"),
        ({"sentences": 0}, "sentences: the value is 0"),
        ({"sentences": 10**6}, "only 67290"),
        ({"balance": ["colour"]}, "'colour' is not an annotation"),
        ({"features": ["colour"]}, "no column for the feature 'colour'"),
        ({"features": {"number": {"kinds": "numeric"}}}, "feature 'number'.*among kind, missing"),
        ({"features": {"number": {"kind": "nominal"}}}, "kind is 'nominal'"),
        ({"features": {"tense": {"level": "lemma"}}}, "'tense' is declared at level 'lemma' but lemma 'do' has"),
        ({"features": {"tense": {"kind": "numeric"}}}, "declared numeric but its value is"),
        ({"deduplicate": "yes"}, "must be true or false"),
        ({"punctuation": 1}, "punctuation: the value is 1"),
        ({"controls": ["word"]}, "'word' names stimuli and cannot be a feature; word_identity"),
        ({"grammar": None}, "grammar: the value is None"),
    ],
)
def test_wrong_entries_say_what_is_wrong(change: dict, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        build_dataset({**DEFAULT, **change}, name="short", seed=0, base=ROOT)
    assert "\n" not in str(caught.value)


def test_no_source_and_unbalanced_grammar(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no source"):
        build_dataset({"sentences": 3}, name="short", seed=0, base=ROOT)
    (tmp_path / "g.fcfg").write_text("S[tense=past] -> 'they' V\nV -> 'fell' | 'sang'\n")
    with pytest.raises(InputError, match="alike in tense"):
        build_dataset({"grammar": "g.fcfg", "balance": ["tense"]}, name="g", seed=0, base=tmp_path)
    (tmp_path / "h.fcfg").write_text("S -> A | B\nA[mood=x] -> 'go'\nB[mood=y] -> 'go'\n")
    with pytest.raises(InputError, match="ambiguous, it marks 'go' in two ways"):
        build_dataset({"grammar": "h.fcfg"}, name="h", seed=0, base=tmp_path)


def test_sentences_of_a_language_too_large_to_list_are_drawn() -> None:
    source = {"grammar": "config/grammars/corpus.fcfg", "sentences": 30, "balance": ["tense"]}
    dataset = build_dataset(source, name="large", seed=0, base=ROOT)
    assert len(dataset.sentences) == 30 and dataset.sentences["words"].map(" ".join).is_unique
    assert dataset.metadata["counts"]["language"] > 10**9
    assert set(dataset.metadata["counts"]["strata"]) == {"tense=past", "tense=present"}
    pd.testing.assert_frame_equal(dataset.stimuli, build_dataset(source, name="large", seed=0, base=ROOT).stimuli)
    with pytest.raises(InputError, match="too many for 'all'"):
        build_dataset({"grammar": "config/grammars/corpus.fcfg"}, name="large", seed=0, base=ROOT)


def test_reading_stimuli_imports_neither_the_sources_nor_torch() -> None:
    code = "import sys, thinkalike.stimuli; print({'nltk', 'conllu', 'torch', 'sklearn'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
