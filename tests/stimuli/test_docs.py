"""docs/stimuli.md: every entry builds, every piece of code runs, and no key is missing."""

import re
from pathlib import Path

import pytest
import yaml

from thinkalike.stimuli import build_dataset
from thinkalike.stimuli.automaton import Automaton
from thinkalike.stimuli.derive import DERIVED
from thinkalike.stimuli.feature_grammar import read_grammar
from thinkalike.stimuli.report import stimulus_report
from thinkalike.stimuli.sources import COMMON_KEYS

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "stimuli.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("block", blocks("yaml"))
def test_entries_build(block: str) -> None:
    for name, source in yaml.safe_load(block).items():
        assert len(build_dataset(source, name=name, seed=0, base=ROOT).stimuli) > 0


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
    for key in (*COMMON_KEYS, *DERIVED, "balance", "multiword", "text", "id", "stimulus"):
        assert f"`{key}`" in TEXT, key
    dataset = build_dataset({"conllu": "config/datasets/sample.conllu"}, name="t", seed=0, base=ROOT)
    for table in stimulus_report(dataset.stimuli, dataset.features):
        assert f"`{table}`" in TEXT, table


@pytest.mark.parametrize("name", ["short_sentences", "relative_clauses", "long_range_agreement"])
def test_sizes_on_the_page(name: str) -> None:
    automaton = Automaton(read_grammar(ROOT / f"config/grammars/{name}.fcfg"), annotate=False)
    assert f"| `{name}.fcfg` | {automaton.count_sentences():,} |" in TEXT
