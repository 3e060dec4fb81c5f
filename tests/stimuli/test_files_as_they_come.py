"""Tables, treebanks, prompts and pairs as programs and people write them: read rightly, or refused with the place."""

import bz2
import gzip
import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from thinkalike.errors import InputError
from thinkalike.features import fold_groups
from thinkalike.stimuli import build_dataset, read_stimuli, write_dataset
from thinkalike.stimuli.dataset import Dataset

HEADER = "sentence_id\tword\tpos\n"
NUMERIC = {"pos": {"kind": "numeric"}}


def from_file(folder: Path, name: str, content: str | bytes, key: str = "table", **entry: object) -> Dataset:
    data = content if isinstance(content, bytes) else content.encode()
    (folder / name).write_bytes(data)
    keys = {"features": ["pos"], **entry} if key == "table" else entry
    source = {key: name, "deduplicate": False, **keys}
    dataset = build_dataset(source, name="own", seed=0, base=folder)
    write_dataset(dataset, folder / "stimuli.out", folder / "sentences.out")
    pd.testing.assert_frame_equal(read_stimuli(folder / "stimuli.out")[0], dataset.stimuli)
    return dataset


def pairs(dataset: Dataset, column: str = "pos") -> list:
    return list(zip(dataset.stimuli["word"], dataset.stimuli[column], strict=True))


# Quotation marks


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bare.tsv", HEADER + '1\t"\tX\n1\tno\tY\n1\t"\tX\n'),
        ("bare.csv", 'sentence_id,word,pos\n1,",X\n1,no,Y\n1,",X\n'),
        ("written.tsv", HEADER + '1\t""""\tX\n1\tno\tY\n1\t""""\tX\n'),
        ("written.csv", 'sentence_id,word,pos\n1,"""",X\n1,no,Y\n1,"""",X\n'),
        ("every.tsv", '"sentence_id"\t"word"\t"pos"\n"1"\t""""\t"X"\n"1"\t"no"\t"Y"\n"1"\t""""\t"X"\n'),
    ],
)
def test_marks_that_are_words_and_marks_that_wrap_cells(tmp_path: Path, name: str, content: str) -> None:
    dataset = from_file(tmp_path, name, content, punctuation=True)
    assert pairs(dataset) == [('"', "X"), ("no", "Y"), ('"', "X")]


def test_a_cell_that_a_program_wrapped_does_not_keep_its_marks(tmp_path: Path) -> None:
    assert pairs(from_file(tmp_path, "a.tsv", HEADER + '1\t"a ""b"""\tX\n1\tc\tY\n')) == [('a "b"', "X"), ("c", "Y")]
    assert pairs(from_file(tmp_path, "b.csv", "'sentence_id','word','pos'\n'1','don''t','X'\n")) == [("don't", "X")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (HEADER + '1\t"\tX\n1\t"a ""b"""\tY\n', r"line 2: a quotation mark stands for itself here but .* line 3"),
        (HEADER + '1\t"Yes, I do"\tX\n', "line 2: the quotation marks may wrap the cell or be part of the word"),
        (HEADER + '1\tb\tX\n1\t"no"\tY\n', r"line 3: the quotation marks may wrap the cell or be part of the word"),
        (HEADER + '1\t"a \\"b\\""\tX\n', "line 2: a quotation mark follows a backslash"),
        (HEADER + '1\t"a\nb"\tX\n', "line 2: a quotation mark opens a cell that ends in line 3"),
        (HEADER + '1\t"a\tX\n1\t"b\tc"\tX\n', "line 2: a cell in quotation marks does not end as it should"),
    ],
)
def test_marks_that_may_be_either_are_refused(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        from_file(tmp_path, "a.tsv", content)


def test_the_key_quotes_decides(tmp_path: Path) -> None:
    content = HEADER + '1\t"no"\tX\n'
    assert pairs(from_file(tmp_path, "a.tsv", content, quotes="keep")) == [('"no"', "X")]
    assert pairs(from_file(tmp_path, "a.tsv", content, quotes="remove")) == [("no", "X")]


def test_prompts_may_have_several_lines_and_separators(tmp_path: Path) -> None:
    # The lines of the first prompt have as many commas as a row: only the whole file tells.
    content = 'id,text,label\n1,"def f(a, b):\n    return a, b",x\n2,"say ""hi""",y\n'
    dataset = from_file(tmp_path, "a.csv", content, key="prompts", features=["label"], id="id")
    assert pairs(dataset, "label") == [("def f(a, b):\n    return a, b", "x"), ('say "hi"', "y")]


# Dialects, encodings, formats


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "sentence_id,word,pos\n1,é,X\n"),
        ("a.CSV", "\ufeffsentence_id;word;pos\r\n1;é;X\r\n"),
        ("b.csv", HEADER + "1\té\tX\n"),
        ("b.tsv", "sentence_id,word,pos\n1,é,X\n"),
        ("c.txt", "sentence_id|word|pos\n1|é|X\n"),
        ("d.csv", "sep=;\nsentence_id;word;pos\n1;é;X\n"),
        ("e.csv", "sentence_id, word, pos\n1, é, X\n"),
        ("f.csv", "sentence_id,word,pos,,\n1, é , X,,\n,,,,\n"),
        ("g.csv", ",sentence_id,word,pos\n0,1,é,X\n"),
        ("h.csv", "sentence_id,word,pos\r1,é,X\r"),
        ("i.csv", "sentence_id,word,pos\n1,é,X\n".encode("utf-16")),
        ("j.csv", "sentence_id,word,pos\n1,é,X\n".encode("utf-16-le")),
        ("k.csv.gz", gzip.compress(b"sentence_id,word,pos\n1,\xc3\xa9,X\n", mtime=0)),
        ("l.tab.bz2", bz2.compress(HEADER.encode() + b"1\t\xc3\xa9\tX\n")),
        ("m.jsonl", '{"sentence_id": 1, "word": "é", "pos": "X"}\n'),
        ("n.json", json.dumps([{"sentence_id": "1", "word": "é", "pos": "X"}], indent=1)),
    ],
)
def test_every_dialect_gives_the_same_table(tmp_path: Path, name: str, content: str | bytes) -> None:
    dataset = from_file(tmp_path, name, content)
    assert pairs(dataset) == [("é", "X")] and dataset.stimuli["sentence_id"].tolist() == ["1"]


def test_what_is_unusual_is_said(tmp_path: Path) -> None:
    found = "pos is taken as a property of the sentence: no level was declared, and it is constant there."
    assert from_file(tmp_path, "a.csv", "sentence_id;word;pos\n1;a;X\n").metadata["notes"] == [
        "a.csv: cells are separated by semicolons.",
        found,
    ]
    assert from_file(tmp_path, "a.csv", "sentence_id,word,pos\n1,a,X\n").metadata["notes"] == [found]


def test_an_encoding_can_be_named(tmp_path: Path) -> None:
    content = "sentence_id,word,pos\n1,é,X\n".encode("cp1252")
    with pytest.raises(InputError, match=r"line 2: byte 3 is not UTF-8.*by the key 'encoding'"):
        from_file(tmp_path, "a.csv", content)
    assert pairs(from_file(tmp_path, "a.csv", content, encoding="cp1252")) == [("é", "X")]
    with pytest.raises(InputError, match="the encoding 'latin-x' is not known"):
        from_file(tmp_path, "a.csv", content, encoding="latin-x")
    with pytest.raises(InputError, match="cannot be unpacked"):
        from_file(tmp_path, "a.csv.gz", b"not packed")


def test_spreadsheets_and_arrow_string_views(tmp_path: Path) -> None:
    frame = pd.DataFrame({"sentence_id": ["1", "1"], "word": ["é", "null"], "pos": [1.5, None]})
    frame.to_excel(tmp_path / "a.xlsx", index=False)
    pq.write_table(pa.table({name: pa.array(frame[name]) for name in frame}), tmp_path / "a.parquet")
    views = {"sentence_id": pa.array(["1", "1"], pa.string_view()), "word": pa.array(["é", "null"], pa.string_view())}
    pq.write_table(pa.table({**views, "pos": pa.array(frame["pos"])}), tmp_path / "b.parquet")
    for name in ("a.xlsx", "a.parquet", "b.parquet"):
        dataset = build_dataset({"table": name, "features": NUMERIC}, name="own", seed=0, base=tmp_path)
        assert dataset.stimuli["word"].tolist() == ["é", "null"], name
        assert dataset.stimuli["pos"].tolist()[0] == 1.5 and dataset.stimuli["pos"].isna().tolist() == [False, True]


def test_columns_take_the_packages_names(tmp_path: Path) -> None:
    content = "item;token;word;POS\n1;a;zz;X\n"
    columns = {"sentence_id": "item", "word": "token", "pos": "POS"}
    dataset = from_file(tmp_path, "a.csv", content, columns=columns, features=["pos", "column_word"])
    assert pairs(dataset) == [("a", "X")] and dataset.stimuli["column_word"].tolist() == ["zz"]
    assert any("'word' is kept as 'column_word'" in note for note in dataset.metadata["notes"])
    with pytest.raises(InputError, match="gives 'word' the column 'form', but the file has item, token"):
        from_file(tmp_path, "a.csv", content, columns={"word": "form"})


def test_several_files_make_one_table(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("sentence_id,word,pos\n1,a,X\n")
    (tmp_path / "b.tsv").write_text(HEADER + "2\tb\tY\n")
    source = {"table": ["a.csv", "b.tsv"], "features": ["pos"]}
    assert pairs(build_dataset(source, name="own", seed=0, base=tmp_path)) == [("a", "X"), ("b", "Y")]
    (tmp_path / "b.tsv").write_text(HEADER + "3\tc\tZ\n1\tb\tY\n")
    with pytest.raises(InputError, match=r"b.tsv, line 3: the sentence_id '1' stands in .*a.csv, line 2 too"):
        build_dataset(source, name="own", seed=0, base=tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", "sentence_id word pos\n1 a X\n", "several columns, name what separates them by the key 'separator'"),
        ("a.csv", "sentence_id:word:pos\n1:a:X\n", "name what separates them by the key 'separator'"),
        (
            "a.csv",
            '{"sentence_id": 1, "word": "a", "pos": "X"}\n',
            "looks like JSON: let the file's name end in .jsonl",
        ),
        ("a.csv", "\n \n", "the file is blank where a table with a header was expected"),
        (
            "a.csv",
            gzip.compress(b"sentence_id,word,pos\n", mtime=0),
            "this is packed by gzip, not text; let its name end in .gz",
        ),
        ("a.tsv", b"PK\x03\x04", "this is a workbook or a zip archive, not text"),
        ("a.csv", b"PAR1", "this is a Parquet file, not text; let its name end in .parquet"),
        ("a.jsonl", '{"word": "a", "word": "b"}\n', "line 1: this is not JSON .the name 'word' is there twice"),
        ("a.json", '[{"word": "a", "word": "b"}]\n', "the name 'word' is there twice"),
    ],
)
def test_what_hinders_the_reading_of_a_file_is_named(
    tmp_path: Path, name: str, content: str | bytes, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        from_file(tmp_path, name, content)


def test_any_character_can_be_named_as_separator(tmp_path: Path) -> None:
    for mark in " :":
        table = "sentence_id word pos\n1 a X\n".replace(" ", mark)
        assert pairs(from_file(tmp_path, "a.txt", table, separator=mark)) == [("a", "X")]


@pytest.mark.parametrize("content", ['[{"text": "a"},\n {"text": "b"}]\n', '[\n{"text": "a"},\n{"text": "b"}\n]'])
def test_an_array_of_objects_is_one_whatever_the_ending(tmp_path: Path, content: str) -> None:
    for ending in ("json", "jsonl", "ndjson"):
        assert from_file(tmp_path, f"a.{ending}", content, key="prompts").stimuli["word"].tolist() == ["a", "b"]


def test_an_encoding_that_was_found_is_said_in_plain_words(tmp_path: Path) -> None:
    marked = b"\xef\xbb\xbf" + b"sentence_id,word,pos\n1,a,X\n"
    said = "a.csv: the encoding is UTF-8 with a byte order mark."
    assert said in from_file(tmp_path, "a.csv", marked).metadata["notes"]
    assert said not in from_file(tmp_path, "a.csv", marked, encoding="utf-8").metadata["notes"]
    wide = conllu("1 a a X _ _ 0 root _ _").encode("utf-16")
    assert from_file(tmp_path, "t.conllu", wide, key="conllu").metadata["notes"][0].endswith("UTF-16.")
    grammar = "\ufeff% start S\r\nS -> 'é'\r\n".encode("utf-16-le")
    assert from_file(tmp_path, "g.fcfg", grammar, key="grammar").stimuli["word"].tolist() == ["é"]


def test_a_table_without_a_header_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no column 'sentence_id'; the file has 1, a, X, and needs a header"):
        from_file(tmp_path, "a.csv", "1,a,X\n1,b,Y\n")


# Values


def test_marks_of_undefined_are_one_list_in_every_source(tmp_path: Path) -> None:
    marks = ["N/A", "NULL", "#N/A", "n/a", "", "-", ".", "none"]
    table = "sentence_id,word,pos\n" + "".join(f"1,w{i},{mark}\n" for i, mark in enumerate(marks))
    expected = [None] * 5 + ["-", ".", "none"]
    assert from_file(tmp_path, "a.csv", table).stimuli["pos"].tolist() == expected
    lines = "".join(json.dumps({"text": f"w{i}", "pos": mark}) + "\n" for i, mark in enumerate(marks))
    assert from_file(tmp_path, "a.jsonl", lines, key="prompts", features=["pos"]).stimuli["pos"].tolist() == expected
    own = from_file(tmp_path, "a.csv", table, undefined=["-", "."]).stimuli["pos"].tolist()
    assert own == ["N/A", "NULL", "#N/A", "n/a", None, None, None, "none"]


def test_values_that_may_be_meant_as_undefined_are_said(tmp_path: Path) -> None:
    cells = ["-", "-", "na", "Null", "?", "x"]
    table = "sentence_id,word,pos\n" + "".join(f"1,w{i},{cell}\n" for i, cell in enumerate(cells))
    note = "pos has '-' (2), '?' (1), 'Null' (1), 'na' (1) as values; list under 'undefined' what stands for nothing."
    assert note in from_file(tmp_path, "a.csv", table).metadata["notes"]
    listed = from_file(tmp_path, "a.csv", table, undefined=["-", "?", "Null", "na"])
    assert listed.stimuli["pos"].tolist() == [None] * 5 + ["x"]
    # The tag of a full stop is a name.
    tagged = from_file(tmp_path, "a.csv", "sentence_id,word,pos\n1,a,X\n1,.,.\n", punctuation=True)
    assert not any("as values" in note for note in [*listed.metadata["notes"], *tagged.metadata["notes"]])


def test_words_lemmas_texts_and_ids_are_never_undefined(tmp_path: Path) -> None:
    table = "sentence_id,word,lemma,pos\nNA,null,None,X\nnull,NA,nan,Y\n"
    stimuli = from_file(tmp_path, "a.csv", table, controls=["word_identity", "lemma"]).stimuli
    assert stimuli["sentence_id"].tolist() == ["NA", "null"] and stimuli["word_identity"].tolist() == ["null", "na"]
    assert stimuli["lemma"].tolist() == ["None", "nan"]
    prompts = from_file(tmp_path, "p.csv", "text,id\nnull,NA\nNA,null\n", key="prompts", id="id").stimuli
    assert prompts["word"].tolist() == ["null", "NA"] and prompts["stimulus_id"].tolist() == ["NA", "null"]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["01", "1"], ["01", "1"]),
        (["1.0", "2.0"], [1, 2]),
        (["1.0", "1"], ["1.0", "1"]),
        (["10", "9"], [10, 9]),
        (["+1", "1"], ["+1", "1"]),
        (["9" * 30, "1"], ["9" * 30, "1"]),
        (["TRUE", "false"], [True, False]),
    ],
)
def test_no_value_of_a_category_changes_its_meaning(tmp_path: Path, cells: list[str], expected: list) -> None:
    table = "sentence_id,word,pos\n" + "".join(f"1,w{i},{cell}\n" for i, cell in enumerate(cells))
    assert from_file(tmp_path, "a.csv", table).stimuli["pos"].tolist() == expected
    lines = "".join(json.dumps({"text": f"w{i}", "pos": cell}) + "\n" for i, cell in enumerate(cells))
    assert from_file(tmp_path, "a.jsonl", lines, key="prompts", features=["pos"]).stimuli["pos"].tolist() == expected


@pytest.mark.parametrize("cell", ["inf", "-Infinity", "1e999", "1e200", "0x1", "1_0", "5%", "true", "-", '"1,5"'])
def test_what_is_no_finite_number_is_refused_with_its_line(tmp_path: Path, cell: str) -> None:
    with pytest.raises(InputError, match="line 3: feature 'pos' is"):
        from_file(tmp_path, "a.csv", f"sentence_id,word,pos\n1,a,1\n1,b,{cell}\n", features=NUMERIC)


def test_decimal_commas_are_found_where_they_are_certain(tmp_path: Path) -> None:
    def read(first: str, second: str, **entry: object) -> list:
        table = f"sentence_id;word;pos\n1;a;{first}\n1;b;{second}\n"
        return from_file(tmp_path, "a.csv", table, features=NUMERIC, **entry).stimuli["pos"].tolist()

    assert read("7,31", "5") == [7.31, 5.0] and read("7.31", "5") == [7.31, 5.0]
    with pytest.raises(InputError, match="need the key decimal"):  # may be thousands
        read("1,234", "2,345")
    assert read("1,234", "2,345", decimal=",") == [1.234, 2.345]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"text": "a", "pos": {"k": 1}}', "line 2: 'pos' is {'k': 1}, which is no single value"),
        ('{"text": "a", "pos": [1]}', "line 2: 'pos' is .1., which is no single value"),
        ('{"text": {"a": 1}, "pos": 1}', "line 2: 'text' is"),
        ('{"text": "a\\ud800", "pos": 1}', "line 2: 'text' holds a character that cannot be written"),
        ('{"text": "a", "pos": "a\\udfff"}', "line 2: 'pos' holds a character that cannot be written"),
        ('{"text": "a", "pos": 1e400}', "line 2: 'pos' is inf, and numbers must be finite"),
        ('{"text": "a", "pos": ' + "1" * 5000 + "}", "line 2: this is not JSON .a number has too many digits"),
        ('{"text": "a", "pos": ' + "1" * 400 + "}", "line 2: 'pos' is 111"),
        ('{"text": "a\\u0000", "pos": 1}', "line 2: 'text' holds a character that cannot be written .U.0000"),
        ('{"text": null, "pos": 1}', "line 2: the prompt is empty"),
        ('{"text": "a", "pos": 1, "id": null}', None),
    ],
)
def test_values_that_no_column_can_hold_are_refused_where_they_are_read(
    tmp_path: Path, line: str, message: str | None
) -> None:
    content = '{"text": "x", "pos": 2}\n' + line + "\n"
    if message is None:
        assert len(from_file(tmp_path, "a.jsonl", content, key="prompts", features=NUMERIC).stimuli) == 2
        return
    with pytest.raises(InputError, match=message):
        from_file(tmp_path, "a.jsonl", content, key="prompts", features=NUMERIC)


def test_huge_values_of_a_category_are_refused_too(tmp_path: Path) -> None:
    for number in ("1" * 400, "1e200"):
        line = '{"text": "a", "pos": ' + number + "}"
        with pytest.raises(InputError, match=r"line 1: 'pos' is 1.*finite and at most 1e150"):
            from_file(tmp_path, "a.jsonl", line, key="prompts", features=["pos"])


# Templates and texts


@pytest.mark.parametrize("option", ["", "null"])
def test_templates_never_write_undefined_values(tmp_path: Path, option: str) -> None:
    record = {"a": "Sam slept", "b": None if option == "null" else option}
    with pytest.raises(InputError, match="line 2: 'b', which the text needs, is empty"):
        from_file(tmp_path, "a.jsonl", '{"a": "x", "b": "y"}\n' + json.dumps(record), key="prompts", text="{a} {b}.")
    words = from_file(tmp_path, "a.csv", "a,b\nx,None\ny,NA\nz,w\n", key="prompts", text="{a} {b}.")
    assert words.stimuli["word"].tolist() == ["x None.", "y NA.", "z w."]
    assert any(
        "line 2: 'None' in 'b' is taken as a word of the text, and so are 1 more" in note
        for note in words.metadata["notes"]
    )


def test_templates_take_any_name_of_a_column(tmp_path: Path) -> None:
    content = "a-b,c d,e.f:g\n1,2,3\n"
    dataset = from_file(tmp_path, "a.csv", content, key="prompts", text="{a-b} {c d} {e.f:g} {{x}}")
    assert dataset.stimuli["word"].tolist() == ["1 2 3 {x}"]
    for text, message in (("{ab}", "no column 'ab' for {ab}"), ("{a-b", "the brace at character 1"), ("a}", "brace")):
        with pytest.raises(InputError, match=message):
            from_file(tmp_path, "a.csv", content, key="prompts", text=text)


def test_the_users_own_column_wins_over_a_derived_one(tmp_path: Path) -> None:
    features = {"sentence_length": {"kind": "numeric"}, "word_length": {"kind": "numeric"}}
    prompts = "text,sentence_length,word_length\na b,7,8\n"
    assert from_file(tmp_path, "p.csv", prompts, key="prompts", features=features).stimuli["sentence_length"][0] == 7
    table = "sentence_id,word,sentence_length,word_length\n1,ab,7,8\n"
    found = from_file(tmp_path, "t.csv", table, features=features).stimuli
    assert found[["sentence_length", "word_length"]].to_numpy().tolist() == [[7, 8]]
    line = "1\tab\t_\tX\t_\tWordLength=8\t0\troot\t_\tSentenceLength=7\n\n"
    found = from_file(tmp_path, "t.conllu", line, key="conllu", features=features).stimuli
    assert found[["sentence_length", "word_length"]].to_numpy().tolist() == [[7, 8]]


def test_the_users_own_column_wins_where_nothing_is_declared(tmp_path: Path) -> None:
    prompts = from_file(tmp_path, "p.jsonl", '{"text": "a b", "sentence_length": 7}\n', key="prompts")
    assert prompts.stimuli["sentence_length"].tolist() == [7]
    content = "sentence_good,sentence_bad,sentence_length,acceptable\na b,b a,7,0.3\n"
    found = from_file(tmp_path, "q.csv", content, key="pairs")
    assert found.stimuli[["sentence_length", "acceptable"]].to_numpy().tolist() == [[7, True], [7, False]]
    assert any("the column 'acceptable' is not read" in note for note in found.metadata["notes"])
    columns = {"judgement": "acceptable"}
    renamed = from_file(tmp_path, "q.csv", content, key="pairs", columns=columns, features=["judgement", "acceptable"])
    assert renamed.stimuli["judgement"].tolist() == ["0.3", "0.3"]
    table = from_file(
        tmp_path, "t.csv", "sentence_id,word,pos,word_identity,context_group\n1,a,X,same,g1\n1,b,Y,same,\n"
    )
    assert table.stimuli[["word_identity", "context_group"]].to_numpy().tolist() == [["same", "g1"], ["same", "b"]]


def test_own_columns_never_replace_the_packages(tmp_path: Path) -> None:
    features = {"position": {"kind": "numeric"}, "word": None}
    stimuli = from_file(tmp_path, "p.csv", "text,position,word\nhi,3,x\n", key="prompts", features=features).stimuli
    assert stimuli["position"].isna().all() and stimuli["word"].tolist() == ["hi"]
    assert stimuli[["column_position", "column_word"]].to_numpy().tolist() == [[3.0, "x"]]


def test_one_prompt_a_line(tmp_path: Path) -> None:
    dataset = from_file(tmp_path, "p.txt", 'One prompt.\n\n"Two", really\n', key="prompts")
    assert dataset.stimuli["word"].tolist() == ["One prompt.", '"Two", really']
    table = from_file(tmp_path, "p.txt", "text\tpos\nOne\tx\n", key="prompts", features=["pos"])
    assert pairs(table) == [("One", "x")]


def test_minimal_pairs_are_two_stimuli_of_one_item(tmp_path: Path) -> None:
    content = "".join(
        json.dumps({"sentence_good": f"she runs {i}", "sentence_bad": f"she run {i}", "pairID": str(i), "UID": "x"})
        + "\n"
        for i in range(3)
    )
    dataset = from_file(tmp_path, "a.jsonl", content, key="pairs", id="pairID", features=["acceptable", "UID"])
    stimuli = dataset.stimuli
    assert stimuli["stimulus_id"].tolist()[:2] == ["0-good", "0-bad"] and len(stimuli) == len(dataset.sentences) == 6
    assert stimuli["acceptable"].tolist() == [True, False] * 3 and set(stimuli["UID"]) == {"x"}
    assert fold_groups(stimuli).tolist() == ["0", "0", "1", "1", "2", "2"]
    same = content.replace("she run 1", "she runs 1")
    with pytest.raises(InputError, match="line 2: the two texts of the pair are the same"):
        from_file(tmp_path, "a.jsonl", same, key="pairs")
    drawn = from_file(tmp_path, "a.jsonl", content, key="pairs", sentences=2)
    assert drawn.stimuli["acceptable"].value_counts().to_dict() == {True: 2, False: 2}
    assert list(drawn.features) == ["sentence_length", "acceptable"]


# Words in long or written texts


def test_attached_punctuation_can_be_split_off(tmp_path: Path) -> None:
    table = 'sentence_id,word,pos\n1,"England,",X\n1,(don\'t!),Y\n1,--,Z\n'
    dataset = from_file(tmp_path, "a.csv", table, attached_punctuation="split")
    assert pairs(dataset) == [("England", "X"), ("don't", "Y")]
    assert dataset.sentences["words"][0] == ["England", "don't", "--"]
    assert dataset.sentences["text"][0] == "England, (don't!) --"
    kept = from_file(tmp_path, "a.csv", table)
    assert kept.stimuli["word"].tolist() == ["England,", "(don't!)"]


def test_windows_give_every_word_its_context(tmp_path: Path) -> None:
    words = [f"w{i}" for i in range(23)]
    table = "sentence_id,word,pos\n" + "".join(f"s,{word},X\n" for word in words) + "t,alone,X\n"
    whole = from_file(tmp_path, "a.csv", table, features=["word_position"])
    dataset = from_file(tmp_path, "a.csv", table, features=["word_position"], context_window={"words": 8, "stride": 3})
    assert dataset.stimuli["stimulus_id"].tolist() == whole.stimuli["stimulus_id"].tolist()
    assert dataset.stimuli["word_position"].tolist() == [*range(23), 0]
    windows = dataset.sentences.set_index("sentence_id")["words"]
    assert max(map(len, windows)) == 8 and windows["t"] == ["alone"]
    for row in dataset.stimuli.itertuples():
        assert windows[row.sentence_id][row.position] == row.word
        assert row.position >= min(row.word_position, 8 - 3)
    assert fold_groups(dataset.stimuli).tolist() == ["s"] * 23 + ["t"]
    assert dataset.metadata["counts"]["texts_cut"] == 1
    with pytest.raises(InputError, match="the stride is 9 but must be 1 to 8"):
        from_file(tmp_path, "a.csv", table, context_window={"words": 8, "stride": 9})


# Treebanks


def conllu(*rows: str) -> str:
    return "".join(row.replace(" ", "\t") + "\n" for row in rows) + "\n"


def test_own_names_in_a_treebank_are_kept_under_another(tmp_path: Path) -> None:
    feats, misc = "Position=Pre|Word=W|StimulusId=S|Lemma=L|Number=Sing", "Number=9|ItemId=I|G=a=b|SpaceAfter=No"
    row = f"1 no no DET x {feats} 0 root _ {misc}"
    features = ["feats_position", "feats_word", "feats_stimulus_id", "feats_lemma", "misc_number", "misc_item_id", "g"]
    dataset = from_file(tmp_path, "t.conllu", conllu(row), key="conllu", features=features)
    stimulus = dataset.stimuli.iloc[0]
    assert stimulus[features].tolist() == ["Pre", "W", "S", "L", 9, "I", "a=b"]
    assert (stimulus["position"], stimulus["word"], stimulus["lemma"]) == (0, "no", "no")
    assert sum("because another column has its name" in note for note in dataset.metadata["notes"]) == 6
    with pytest.raises(InputError, match=r"'position' names stimuli.*feats_position, which is the source's own"):
        from_file(tmp_path, "t.conllu", conllu(row), key="conllu", features=["position"])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["1 a a X _ _ 0 root _ _", "1 b b X _ _ 0 root _ _"], "line 2: the token id is 1 after word 1"),
        (["1 a a X _ _ 0 root _ _", "3 b b X _ _ 1 dep _ _"], "line 2: the token id is 3 after word 1"),
        (["_ a a X _ _ 0 root _ _"], "line 1: the token id is _ after word 0"),
        (["2-3 ab _ _ _ _ _ _ _ _", "1 a a X _ _ 0 root _ _"], "line 1: the token id is 2-3 after word 0"),
        (["1-3 ab _ _ _ _ _ _ _ _", "1 a a X _ _ 0 root _ _"], "line 1: the token id is 1-3 after word 0"),
        (["1.1 a a X _ _ _ _ _ _", "1 a a X _ _ 0 root _ _"], "line 1: the token id is 1.1 after word 0"),
        (["EU NNP B-NP B-ORG"], "line 1: this is not CoNLL-U, which has 10 columns"),
        (["EU NNP B-NP B-ORG a b c d e f"], "line 1: this is not a line of CoNLL-U"),
        (["1 a a X _ _ 0 root _ _ a b c d"], "line 1: this is not CoNLL-U.*has 14"),
        (["1 a a X _ _ 7 dep _ _"], "line 1: the heads above word 1 do not lead to the root"),
        (["1 _ _ DET _ _ 2 det _ _", "2 _ _ NOUN _ _ 0 root _ _"], "line 1: the forms are withheld"),
        (
            ["1 *** a DET _ _ 2 det _ _", "2 *** b NOUN _ _ 0 root _ _"],
            r"line 1: the forms are withheld .they are \*\*\*",
        ),
        (
            ["1 - a DET _ _ 2 det _ _", "2 ---- b NOUN _ _ 0 root _ _", "3 . . PUNCT _ _ 2 p _ _"],
            "line 1: the forms are",
        ),
    ],
)
def test_sentences_that_are_not_what_they_seem(tmp_path: Path, rows: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        from_file(tmp_path, "t.conllu", conllu(*rows), key="conllu")


@pytest.mark.parametrize("comment", ["# sent_id = b", "#sent_id=b", "# text = b", "# newpar", "# newdoc id = d"])
def test_a_sentence_that_begins_within_another_one_is_refused(tmp_path: Path, comment: str) -> None:
    # The ids go on, so that they alone do not tell.
    rows = conllu("1 a a X _ _ 0 root _ _", "2 b b X _ _ 1 dep _ _").splitlines()
    content = "\n".join(["# sent_id = a", "# text = a", rows[0], comment, rows[1], "", ""])
    with pytest.raises(InputError, match="line 4: a sentence begins within sentence 'a'; add the blank line"):
        from_file(tmp_path, "t.conllu", content, key="conllu")
    said = content.replace(comment, "# a remark")
    assert from_file(tmp_path, "t.conllu", said, key="conllu").sentences["sentence_id"].tolist() == ["a"]
    twice = "# sent_id = a\n# sent_id = b\n" + rows[0] + "\n\n"
    with pytest.raises(InputError, match="line 2: a sentence begins within sentence 'a'"):
        from_file(tmp_path, "t.conllu", twice, key="conllu")


def test_lines_are_counted_as_an_editor_does(tmp_path: Path) -> None:
    content = (
        "# sent_id = a\n" + conllu("1 a a X _ _ 0 root _ _") + "\n\n# sent_id = b\n" + conllu("2 b b X _ _ 0 r _ _")
    )
    with pytest.raises(InputError, match="line 7, sentence 'b': the token id is 2 after word 0"):
        from_file(tmp_path, "t.conllu", content, key="conllu")
    with pytest.raises(InputError, match="line 2: feature 'x' is declared numeric"):
        line = conllu("1 a a X _ _ 0 root _ X=y")
        from_file(tmp_path, "t.conllu", "# c\n" + line, key="conllu", features={"x": {"kind": "numeric"}})


def test_undefined_heads_have_no_depth(tmp_path: Path) -> None:
    parsed = conllu("1 a a X _ _ 2 det _ _", "2 b b X _ _ 0 root _ _")
    tagged = conllu("1 c c X _ _ _ _ _ _", "2 d d X _ _ 1 dep _ _", "3 e e X _ _ 0 root _ _")
    stimuli = from_file(tmp_path, "t.conllu", parsed + tagged, key="conllu", features=["dependency_depth"]).stimuli
    assert stimuli["dependency_depth"].isna().tolist() == [False, False, True, True, False]
    assert stimuli["dependency_depth"].dropna().tolist() == [1, 0, 0]


def test_split_multiword_tokens_keep_the_running_text(tmp_path: Path) -> None:
    rows = [
        "1 ( ( PUNCT _ _ 2 punct _ SpaceAfter=No",
        "2-3 don't _ _ _ _ _ _ _ _",
        "2 do do AUX _ _ 0 root _ _",
        "3 n't not PART _ _ 2 advmod _ _",
        "4-5 du _ _ _ _ _ _ _ SpaceAfter=No",
        "5.1 e e X _ _ _ _ _ _",
        "4 de de ADP _ _ 2 case _ _",
        "5 le le DET _ _ 2 det _ _",
        "6 ). ). PUNCT _ _ 2 punct _ _",
    ]
    rows = [*rows[:5], rows[6], rows[7], rows[5], rows[8]]
    for text, surface in (
        ("", "(don't du)."),
        ("# text = (don't du).\n", "(don't du)."),
        ("# text = x\n", "(don't du)."),
    ):
        content = text + conllu(*rows)
        split = from_file(tmp_path, "t.conllu", content, key="conllu", multiword="split")
        assert split.sentences["text"][0] == "(don't de le)."
        assert split.sentences["words"][0] == ["(", "do", "n't", "de", "le", ")."]
        whole = from_file(tmp_path, "t.conllu", content, key="conllu", punctuation=True)
        assert whole.sentences["text"][0] == surface


def test_single_withheld_forms_and_signs(tmp_path: Path) -> None:
    rows = ["1 see see VERB _ _ 0 root _ _", "2 _ _ PROPN _ _ 1 obj _ _"]
    with pytest.raises(InputError, match=r"line 1: the forms are withheld .* in 1 of 1"):
        from_file(tmp_path, "t.conllu", conllu(*rows), key="conllu")
    rows[1] = "2 _ _ SYM _ _ 1 obj _ _"
    assert len(from_file(tmp_path, "t.conllu", conllu(*rows), key="conllu", punctuation=True).stimuli) == 2


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_end_of_line_in_a_treebank(tmp_path: Path, end: str) -> None:
    content = ("# sent_id = a\n" + conllu("1 a a X _ _ 0 root _ _") + conllu("1 b b X _ _ 0 root _ _")).replace(
        "\n", end
    )
    dataset = from_file(tmp_path, "t.conllu", content, key="conllu")
    assert dataset.sentences["sentence_id"].tolist() == ["a", "s00001"]


def test_several_treebanks_and_compressed_ones(tmp_path: Path) -> None:
    (tmp_path / "a.conllu").write_text(conllu("1 a a X _ _ 0 root _ _"))
    (tmp_path / "b.conllu.gz").write_bytes(gzip.compress(conllu("1 b b X _ _ 0 root _ _").encode()))
    dataset = build_dataset({"conllu": ["a.conllu", "b.conllu.gz"]}, name="own", seed=0, base=tmp_path)
    assert dataset.stimuli["stimulus_id"].tolist() == ["s00000-0", "s00001-0"]
