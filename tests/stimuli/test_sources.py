"""Tables, treebanks and prompts: the same tables come out, and malformed files are met with one clear sentence."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from thinkalike.errors import InputError
from thinkalike.stimuli import build_dataset, read_stimuli, write_dataset
from thinkalike.stimuli.dataset import Dataset
from thinkalike.stimuli.report import stimulus_report

ROOT = Path(__file__).parents[2]
HEADER = "sentence_id,word,number,tense"
WORDS = f"{HEADER}\na,the,,\na,dog,singular,\na,barks,singular,present\nb,dogs,plural,\nb,barked,,past\n"
FEATURES = {"features": ["number", "tense"]}


def from_text(folder: Path, text: str | bytes, name: str = "words.csv", key: str = "table", **entry: object) -> Dataset:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return build_dataset({key: name, **(FEATURES if key == "table" else {}), **entry}, name="own", seed=0, base=folder)


# Tables


def test_table_becomes_stimuli_with_declared_and_derived_features(tmp_path: Path) -> None:
    features = {
        "number": {"missing": "category"},
        "tense": None,
        "word_length": {"kind": "numeric"},
        "sentence_length": None,
    }
    dataset = from_text(tmp_path, WORDS, features=features)
    assert dataset.stimuli["stimulus_id"].tolist() == ["a-0", "a-1", "a-2", "b-0", "b-1"]
    assert dataset.stimuli["number"].tolist() == [None, "singular", "singular", "plural", None]
    assert dataset.stimuli["word_length"].tolist() == [3.0, 3.0, 5.0, 4.0, 6.0]
    assert dataset.stimuli["sentence_length"].tolist() == [3, 3, 3, 2, 2]
    assert dataset.sentences["words"].tolist() == [["the", "dog", "barks"], ["dogs", "barked"]]
    assert list(dataset.features) == [*features, "word_identity"]
    assert dataset.features["number"].missing == "category"


def test_the_level_of_a_column_of_ones_own_is_found_and_said(tmp_path: Path) -> None:
    lines = [
        f"s{i},{word},{'ab'[i % 2]},{word[0]},{i % 3 + place}" for i in range(6) for place, word in enumerate("xyz")
    ]
    text = "\n".join(["sentence_id,word,topic,letter,rank", *lines])
    dataset = from_text(tmp_path, text, features=["topic", "letter", "rank"], deduplicate=False)
    levels = {name: feature.level for name, feature in dataset.features.items()}
    assert levels == {"topic": "sentence", "letter": "word", "rank": "stimulus", "word_identity": "word"}
    report = stimulus_report(dataset.stimuli, dataset.features, dataset.sentences, dataset.metadata)
    assert report["pairs"].set_index("feature")["property_of"].to_dict() == levels
    said = report["warnings"].query("problem == 'note'")["warning"].tolist()
    assert said[0] == ("topic is taken as a property of the sentence: no level was declared, and it is constant there.")
    declared = from_text(tmp_path, text, features={"topic": {"level": "stimulus"}, "letter": None, "rank": None})
    assert declared.features["topic"].level == "stimulus"


@pytest.mark.parametrize("name", ["words.csv", "words.tsv", "words.parquet"])
def test_formats_agree(tmp_path: Path, name: str) -> None:
    expected = from_text(tmp_path, WORDS)
    frame = pd.read_csv(tmp_path / "words.csv", dtype=object)
    if name.endswith(".parquet"):
        frame.to_parquet(tmp_path / name)
    else:
        frame.to_csv(tmp_path / name, index=False, sep="\t" if name.endswith(".tsv") else ",")
    found = build_dataset({"table": name, **FEATURES}, name="own", seed=0, base=tmp_path)
    pd.testing.assert_frame_equal(found.stimuli, expected.stimuli)


def test_columns_may_say_position_and_which_words_are_stimuli(tmp_path: Path) -> None:
    header = "sentence_id,word,position,stimulus,number,extra\n"
    text = header + "a,barks,2,true,singular,x\na,the,0,false,,x\na,dog,1,true,singular,x\n"
    dataset = from_text(tmp_path, text, features=["number"])
    assert dataset.sentences["words"].tolist() == [["the", "dog", "barks"]]
    assert dataset.stimuli["word"].tolist() == ["dog", "barks"] and dataset.stimuli["position"].tolist() == [1, 2]
    assert dataset.metadata["counts"]["columns_left_out"] == ["extra"]  # an undeclared column


def test_rows_of_a_sentence_need_not_be_together_and_numbers_and_truth_values_are_recognised(tmp_path: Path) -> None:
    text = "sentence_id,word,rank,seen\nb,x,1.0,TRUE\na,y,2,false\nb,z,,true\n"
    dataset = from_text(tmp_path, text, features=["rank", "seen"])
    assert dataset.sentences["words"].tolist() == [["x", "z"], ["y"]]
    assert dataset.stimuli["rank"].tolist()[0] == 1 and dataset.stimuli["rank"].dtype == "Int64"
    assert dataset.stimuli["seen"].dtype == bool


def test_words_that_look_undefined_stay_words(tmp_path: Path) -> None:
    dataset = from_text(tmp_path, "sentence_id,word,number\na,null,singular\na,NA,NaN\n", features=["number"])
    assert dataset.stimuli["word"].tolist() == ["null", "NA"] and dataset.stimuli["number"].tolist() == [
        "singular",
        None,
    ]


def test_parquet_with_one_row_a_sentence(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "sentence_id": ["a", "b"],
            "words": [["he", "sang"], ["go"]],
            "tense": [[None, "past"], ["present"]],
            "mood": ["ind", "imp"],
        }
    )
    frame.to_parquet(tmp_path / "s.parquet")
    source = {"table": "s.parquet", "features": ["tense", "mood"]}
    stimuli = build_dataset(source, name="own", seed=0, base=tmp_path).stimuli
    assert stimuli["tense"].tolist() == [None, "past", "present"] and stimuli["mood"].tolist() == ["ind", "ind", "imp"]
    frame.assign(tense=[["past"], ["present"]]).to_parquet(tmp_path / "s.parquet")
    with pytest.raises(InputError, match="row 1: the sentence has 2 words but 1 values of 'tense'"):
        build_dataset(source, name="own", seed=0, base=tmp_path)


def test_one_stimulus_per_context_and_word(tmp_path: Path) -> None:
    text = "sentence_id,word,number\na,the,\na,dog,singular\nb,the,\nb,cat,singular\n"
    assert from_text(tmp_path, text, features=["number"]).metadata["counts"]["duplicates_left_out"] == 1
    assert len(from_text(tmp_path, text, features=["number"], deduplicate=False).stimuli) == 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("sentence_id,word,number,tense\n", "a header but no row"),
        ("sentence,word,number,tense\na,b,c,d\n", "no column 'sentence_id'; the file has sentence, word"),
        ("sentence_id,word,number\na,b,c\n", "no column for the feature 'tense'"),
        ("sentence_id,word,number,number\na,b,c,d\n", "the column 'number' is there twice"),
        (WORDS + "b,loudly,\n", "line 7: the row has 3 cells but the header has 4 columns"),
        (WORDS + "b,loudly,,,x\n", "line 7: the row has 5 cells"),
        (WORDS + "b,,,\n", "line 7: the cell 'word' is empty"),
        (WORDS + ",loudly,,\n", "line 7: the cell 'sentence_id' is empty"),
        (f"{HEADER},position\na,x,,,0\na,y,,,2\n", "line 3: the positions of sentence 'a' are not 0, 1"),
        (f"{HEADER},position\na,x,,,first\n", "line 2: the position is not an integer"),
        (f"{HEADER},stimulus\na,x,,,maybe\n", "line 2: the column 'stimulus' must be true or false"),
        (f"{HEADER},stimulus_id\na,x,,,1\na,y,,,1\n", "line 3: the stimulus_id '1' is there twice"),
        (WORDS.encode() + "b,caf\xe9,,\n".encode("latin-1"), "line 7: byte 6 is not UTF-8"),
    ],
)  # fmt: skip
def test_malformed_tables(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        from_text(tmp_path, text)
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")


def test_wrong_table_entries(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="key 'features' is missing"):
        from_text(tmp_path, WORDS, features=None)
    with pytest.raises(InputError, match="unknown key 'sentence'"):
        from_text(tmp_path, WORDS, sentence=3)
    with pytest.raises(InputError, match="5 sentences were asked for but there are 2"):
        from_text(tmp_path, WORDS, sentences=5)
    with pytest.raises(InputError, match="line 3: feature 'number' is declared numeric but its value is 'singular'"):
        from_text(tmp_path, WORDS, features={"number": {"kind": "numeric"}})
    with pytest.raises(InputError, match="declared at level 'word' but word 'the' has 2 values"):
        text = "sentence_id,word,number\na,the,singular\nb,x,\nb,the,plural\n"
        from_text(tmp_path, text, features={"number": {"level": "word"}})
    with pytest.raises(InputError, match="no such file"):
        build_dataset({"table": "absent.csv", **FEATURES}, name="own", seed=0, base=tmp_path)
    with pytest.raises(InputError, match=r"must end in .csv, .tsv, .txt"):
        from_text(tmp_path, WORDS, name="words.odt")
    with pytest.raises(InputError, match="not a readable Parquet file"):
        from_text(tmp_path, WORDS, name="words.parquet")
    with pytest.raises(InputError, match="there is no stimulus"):
        from_text(tmp_path, "sentence_id,word,number,tense\na,...,,\n")


_READ_MILLION = """
import resource, sys
from thinkalike.stimuli import build_dataset
import pandas, pyarrow.csv, thinkalike.stimuli.build
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
source = {"table": sys.argv[1], "features": ["number"], "sentences": 200}
dataset = build_dataset(source, name="big", seed=0, base="/")
print(len(dataset.sentences), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.slow
def test_a_million_rows_are_streamed(tmp_path: Path) -> None:
    path = tmp_path / "big.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("sentence_id,word,number,note\n")
        padding = "padding " * 25
        for row in range(1_000_000):
            file.write(f"s{row // 10},word{row % 977},{'singular' if row % 3 else 'plural'},{padding}\n")
    done = subprocess.run([sys.executable, "-c", _READ_MILLION, str(path)], capture_output=True, text=True, check=True)
    sentences, kibibytes = map(int, done.stdout.split())
    assert sentences == 200
    assert path.stat().st_size > 200 * 2**20 and kibibytes < 150 * 2**10


# Treebanks


def test_sample_treebank() -> None:
    source = {"conllu": "config/datasets/sample.conllu", "deduplicate": False}
    dataset = build_dataset(source, name="treebank", seed=0, base=ROOT)
    counts = dataset.metadata["counts"]
    assert counts["empty_nodes_left_out"] == 1 and counts["multiword_tokens"] == 2
    words = dataset.sentences.set_index("sentence_id")["words"]
    assert words["sample-03"] == ["I", "don't", "know", "him", "."]
    assert words["sample-05"] == ["Mary", "won", "gold", "and", "Peter", "bronze", "."]
    assert dataset.sentences["text"].iloc[2] == "I don't know him."
    rows = dataset.stimuli[dataset.stimuli["sentence_id"] == "sample-03"]
    assert rows["word"].tolist() == ["I", "know", "him"] and rows["position"].tolist() == [0, 2, 3]
    assert rows["case"].tolist() == ["Nom", None, "Acc"] and rows["person"].tolist()[::2] == [1, 3]
    bees = dataset.stimuli[dataset.stimuli["stimulus_id"] == "sample-08-4"].iloc[0]
    assert (bees["word"], bees["lemma"], bees["part_of_speech"]) == ("bees", "bee", "NOUN")
    assert (bees["number"], bees["dependency_relation"], bees["dependency_depth"]) == ("Plur", "nmod", 2)
    assert (dataset.stimuli.loc[dataset.stimuli["dependency_relation"] == "root", "dependency_depth"] == 0).all()
    assert {"word_length", "gender", "number", "part_of_speech", "tense", "mood", "case"} <= set(dataset.features)


def test_multiword_tokens_can_be_split() -> None:
    source = {"conllu": "config/datasets/sample.conllu", "multiword": "split"}
    dataset = build_dataset(source, name="treebank", seed=0, base=ROOT)
    words = dataset.sentences.set_index("sentence_id")["words"]
    assert words["sample-03"] == ["I", "do", "n't", "know", "him", "."]
    assert dataset.sentences["text"].iloc[2] == "I don't know him."  # the words spell the token out


def test_any_feature_of_the_treebank_can_be_declared(tmp_path: Path) -> None:
    line = "1\tOui\t_\tINTJ\tI\tVerbForm=Fin\t0\troot\t_\tFreq=4.5|SpaceAfter=No\n\n"
    source = {"features": {"verb_form": None, "freq": {"kind": "numeric"}, "language_part_of_speech": None}}
    stimuli = from_text(tmp_path, line, name="t.conllu", key="conllu", **source).stimuli
    columns = ["verb_form", "freq", "language_part_of_speech", "lemma"]
    assert stimuli[columns].to_numpy().tolist() == [["Fin", 4.5, "I", "Oui"]]  # without a lemma, the word is its own


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("# only a comment\n", "no sentence"),
        ("1\tthe\tthe\tDET\n\n", "line 1: this is not CoNLL-U, which has 10 columns"),
        ("1\ta\ta\tX\t_\t_\t0\troot\t_\t_\n\nthis is no treebank\n\n", "line 3: this is not CoNLL-U"),
        ("1\ta\ta\tX\t_\t_\t2\tdep\t_\t_\n2\tb\tb\tX\t_\t_\t1\tdep\t_\t_\n\n", "do not lead to the root"),
        ("# sent_id = x\n1\ta\ta\tX\t_\t_\t0\troot\t_\t_\n\n" * 2, "line 5, sentence 'x': the sent_id 'x' is there"),
        ("1\tcaf\xe9\ta\tX\t_\t_\t0\troot\t_\t_\n\n".encode("latin-1"), "line 1: byte 6 is not UTF-8"),
    ],
)  # fmt: skip
def test_malformed_treebanks(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        from_text(tmp_path, text, name="t.conllu", key="conllu")
    assert "\n" not in str(caught.value)


def test_wrong_treebank_entries(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="multiword: the value is 'keep'"):
        build_dataset({"conllu": "config/datasets/sample.conllu", "multiword": "keep"}, name="t", seed=0, base=ROOT)
    with pytest.raises(InputError, match="no such file"):
        build_dataset({"conllu": "absent.conllu"}, name="t", seed=0, base=tmp_path)


# Prompts


def test_winogrande_shaped_prompts() -> None:
    source = {
        "prompts": "config/datasets/winogrande_shaped.jsonl",
        "text": "{sentence} {option1} or {option2}?",
        "id": "id",
        "features": {"answer": None, "contrast": None, "sentence_length": {"kind": "numeric"}},
    }
    dataset = build_dataset(source, name="winogrande", seed=0, base=ROOT)
    assert len(dataset.stimuli) == len(dataset.sentences) == 24
    first = dataset.stimuli.iloc[0]
    assert first["stimulus_id"] == first["sentence_id"] == "w00" and first["word"].endswith("violin or suitcase?")
    assert dataset.stimuli["position"].isna().all() and dataset.sentences["text"].iloc[0] == first["word"]
    assert {f.role for f in dataset.features.values()} == {"feature"}


def test_humaneval_shaped_prompts_survive_the_disk(tmp_path: Path) -> None:
    source = {"prompts": "config/datasets/humaneval_shaped.jsonl", "text": "prompt", "id": "task_id"}
    dataset = build_dataset({**source, "features": ["topic", "parameters"]}, name="code", seed=0, base=ROOT)
    assert dataset.sentences["text"].str.startswith("def ").all()
    write_dataset(dataset, tmp_path / "a.parquet", tmp_path / "b.parquet")
    pd.testing.assert_frame_equal(read_stimuli(tmp_path / "a.parquet")[0], dataset.stimuli)
    assert list(build_dataset(source, name="code", seed=0, base=ROOT).features) == ["sentence_length"]


def test_prompts_from_csv_drawn_and_without_duplicates(tmp_path: Path) -> None:
    text = "text,topic\n" + "".join(f'"Prompt {i % 7}, please",{i % 2}\n' for i in range(30))
    dataset = from_text(tmp_path, text, name="p.csv", key="prompts", features=["topic"])
    assert len(dataset.stimuli) == 7 and dataset.metadata["counts"]["duplicates_left_out"] == 23
    drawn = from_text(tmp_path, text, name="p.csv", key="prompts", features=["topic"], sentences=5, deduplicate=False)
    again = from_text(tmp_path, text, name="p.csv", key="prompts", features=["topic"], sentences=5, deduplicate=False)
    assert len(drawn.stimuli) == 5 and drawn.stimuli.equals(again.stimuli)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("{'text': 1}\n", "line 1: this is not JSON"),
        ("[1]\n", "line 1: this is not a JSON object"),
        ('{"text": "a", "topic": "b"}\n{"text": "c"}\n', "line 2: there is no 'topic'; the object has text"),
        ('{"text": " ", "topic": "b"}\n', "line 1: the prompt is empty"),
        (b'{"text": "caf\xe9", "topic": 1}\n', "line 1: byte 14 is not UTF-8"),
    ],
)
def test_malformed_prompts(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        from_text(tmp_path, text, name="p.jsonl", key="prompts", features=["topic"])
    assert "\n" not in str(caught.value)


def test_repeated_prompt_ids(tmp_path: Path) -> None:
    lines = "".join(json.dumps({"text": f"t{i}", "n": "same"}) + "\n" for i in range(2))
    with pytest.raises(InputError, match="the id 'same' is there twice"):
        from_text(tmp_path, lines, name="p.jsonl", key="prompts", id="n")


@pytest.mark.parametrize(
    "source",
    [
        {"conllu": "config/datasets/sample.conllu"},
        {
            "table": "config/datasets/sample_words.csv",
            "features": {"number": None, "animacy": {"level": "word"}, "frequency": {"kind": "numeric"}},
        },
        {"prompts": "config/datasets/winogrande_shaped.jsonl", "text": "sentence", "features": ["contrast"]},
    ],
)  # fmt: skip
def test_shipped_samples_build_the_same_twice(source: dict, tmp_path: Path) -> None:
    for folder in ("one", "two"):
        dataset = build_dataset(source, name="sample", seed=0, base=ROOT)
        write_dataset(dataset, tmp_path / folder / "a.parquet", tmp_path / folder / "b.parquet")
    for name in ("a.parquet", "b.parquet"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
