"""docs/stimuli.md: every entry builds, every piece of code runs, and no key is missing."""

import re
from pathlib import Path

import pandas as pd
import pytest
import yaml

from thinkalike.catalogue import STIMULUS_SOURCES
from thinkalike.errors import InputError
from thinkalike.stimuli import build_dataset
from thinkalike.stimuli.automaton import Automaton
from thinkalike.stimuli.dataset import IDENTIFIERS
from thinkalike.stimuli.derive import DERIVED
from thinkalike.stimuli.feature_grammar import read_grammar
from thinkalike.stimuli.report import stimulus_report
from thinkalike.stimuli.sources import COMMON_KEYS, ROW_KEYS
from thinkalike.stimuli.values import UNDEFINED
from thinkalike.study.reading import load_study

ROOT = Path(__file__).parents[2]
STUDY_SCHEMA = ROOT / "workflow/thinkalike/study/study.schema.yaml"
TEXT = (ROOT / "docs" / "stimuli.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.slow
@pytest.mark.parametrize("block", blocks("yaml"))
def test_entries_build(block: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    block = block.replace("path/to/treebank.conllu", str(ROOT / "config/datasets/sample.conllu"))
    content = yaml.safe_load(block.replace("path/to/gpt2", str(tmp_path)))
    datasets = load_study(content, ROOT).datasets if "study" in content else content
    for name, source in datasets.items():
        assert len(build_dataset(source, name=name, seed=0, base=ROOT).stimuli) > 0


@pytest.mark.slow
@pytest.mark.parametrize("code", blocks("python"))
def test_code_runs(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").symlink_to(ROOT / "config")
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "docs/stimuli.md", "exec"), {})


def test_the_grammar_on_the_page_is_one(tmp_path: Path) -> None:
    (block,) = blocks("fcfg")
    path = tmp_path / "page.fcfg"
    path.write_text(block)
    automaton = Automaton(read_grammar(path))
    assert {" ".join(s.words) for s in automaton.enumerate()} == {
        "the woman sings", "the woman sang", "the women sing", "the women sang",
    }  # fmt: skip
    assert automaton.probability(["the", "woman", "sings"]) == pytest.approx(0.5 * 0.75)


def test_every_key_and_table_is_on_the_page() -> None:
    schema = yaml.safe_load(STUDY_SCHEMA.read_text(encoding="utf-8"))
    for key in (
        *STIMULUS_SOURCES,
        *schema["$defs"]["dataset"]["properties"],
        *COMMON_KEYS,
        *ROW_KEYS,
        *IDENTIFIERS,
        *DERIVED,
        "balance",
        "multiword",
        "text",
        "id",
        "stimulus",
        "good",
        "bad",
    ):
        assert f"`{key}`" in TEXT, key
    dataset = build_dataset({"conllu": "config/datasets/sample.conllu"}, name="t", seed=0, base=ROOT)
    for table in stimulus_report(dataset.stimuli, dataset.features):
        assert f"`{table}`" in TEXT, table


@pytest.mark.parametrize("name", ["short_sentences", "relative_clauses", "long_range_agreement"])
def test_sizes_on_the_page(name: str) -> None:
    automaton = Automaton(read_grammar(ROOT / f"config/grammars/{name}.fcfg"), annotate=False)
    assert f"| `{name}.fcfg` | {automaton.count_sentences():,} |" in TEXT


def _table_rows(header: str) -> list[list[str]]:
    body = TEXT.split(header, 1)[1].split("\n\n", 1)[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in body.splitlines()[2:]]


def test_the_table_of_sources_has_every_source_and_its_keys() -> None:
    """Every key of the table is accepted by its source, every other source's key is refused."""
    rows = {row[0].strip("`"): re.findall(r"`(\w+)`", row[2]) for row in _table_rows("| source | formats |")}
    assert list(rows) == list(STIMULUS_SOURCES)
    every = {key for keys in rows.values() for key in keys}
    values = {"columns": {}, "separator": ",", "quotes": "keep", "decimal": ".", "encoding": "utf-8", "balance": []}
    for source, keys in rows.items():
        for key in sorted(every):
            with pytest.raises(InputError) as caught:
                build_dataset({source: "absent", key: values.get(key, "split"), "features": ["x"]}, name="d", seed=0)
            assert ("unknown key" in str(caught.value)) == (key not in keys), (source, key)


def test_every_mark_of_undefined_is_on_the_page() -> None:
    for mark in filter(None, UNDEFINED):
        assert f"`{mark}`" in TEXT


@pytest.mark.parametrize("suffix", re.findall(r"`(\.\w+)`", TEXT.split("Rows are a text file")[1].split("\n\n")[0]))
def test_every_format_of_rows_is_read(suffix: str, tmp_path: Path) -> None:
    frame = pd.DataFrame({"sentence_id": ["a", "a"], "word": ["b", "c"], "x": ["d", "e"]})
    path = tmp_path / (f"rows.csv{suffix}" if suffix in (".gz", ".bz2", ".xz") else f"rows{suffix}")
    if suffix in (".jsonl", ".ndjson", ".json"):
        frame.to_json(path, orient="records", lines=suffix != ".json")
    elif suffix == ".parquet":
        frame.to_parquet(path)
    elif suffix == ".xlsx":
        frame.to_excel(path, index=False)
    else:
        frame.to_csv(path, index=False, sep="\t" if suffix in (".tsv", ".tab", ".txt") else ",")
    dataset = build_dataset({"table": str(path), "features": ["x"]}, name="d", seed=0)
    assert dataset.stimuli[["word", "x"]].to_numpy().tolist() == [["b", "d"], ["c", "e"]]
