"""The commands, as a user types them."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from thinkalike.commands import app

ROOT = Path(__file__).resolve().parents[1]
runner = CliRunner()


def test_check_tells_the_size_of_a_study(monkeypatch):
    monkeypatch.chdir(ROOT)
    result = runner.invoke(app, ["check", "config/paper.yaml"])
    assert result.exit_code == 0
    assert "3 models, 51 layers, 6 pairs of models" in result.output


def test_check_names_what_is_wrong(monkeypatch, tmp_path):
    monkeypatch.chdir(ROOT)
    study = tmp_path / "study.yaml"
    study.write_text("study: a\ndatasets: {d: {grammar: absent.fcfg}}\nmodels: {m: {hub: x, layers: 1}}\n")
    result = runner.invoke(app, ["check", str(study)])
    assert result.exit_code == 1
    assert "absent.fcfg" in result.output and "Traceback" not in result.output


@pytest.mark.slow
def test_describe_writes_the_line_of_a_local_model(tmp_path):
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import GPT2Config, GPT2Model, PreTrainedTokenizerFast

    GPT2Model(GPT2Config(n_layer=3, n_embd=32, n_head=2, vocab_size=99)).save_pretrained(tmp_path / "small")
    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0, "dogs": 1}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="[UNK]").save_pretrained(tmp_path / "small")
    result = runner.invoke(app, ["describe", str(tmp_path / "small")])
    assert result.exit_code == 0, result.output
    assert "layers: 3" in result.output and "final: true" in result.output


def test_describe_refuses_a_folder_without_a_model(tmp_path):
    result = runner.invoke(app, ["describe", str(tmp_path)])
    assert result.exit_code == 1
    assert "Traceback" not in result.output


STUDY = """\
%s# the study's name
study : "of one"   # comment
datasets: {d: {grammar: config/grammars/short_sentences.fcfg}}
models: {m: {hub: x, layers: 1}}
"""


def make_run(tmp_path: Path, study: Path) -> subprocess.CompletedProcess:
    """Run `make run` with a snakemake that only says what it was given."""
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "snakemake").write_text('#!/bin/sh\nprintf "[%s]" "$@"\necho\n')
    (tools / "thinkalike").write_text(
        f'#!/bin/sh\nexec {sys.executable} -c "from thinkalike.commands import app; app()" "$@"\n'
    )
    for tool in tools.iterdir():
        tool.chmod(0o755)
    command = ["make", "--old-file=.venv/installed", "run", f"CONFIG={study}", f"BIN={tools}", "CORES=1"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_make_run_asks_the_program_for_the_studys_name(tmp_path):
    study = tmp_path / "my study.yaml"
    study.write_text((STUDY % "\ufeff").replace('"of one"', "'of.one'"), encoding="utf-8")
    result = make_run(tmp_path, study)
    assert result.returncode == 0, result.stderr
    assert f"[--cores][1][--configfile][{study}]" in result.stdout
    assert "[--report][results/of.one/report.html]" in result.stdout


def test_make_run_stops_before_the_study_where_its_name_is_wrong(tmp_path):
    study = tmp_path / "study.yaml"
    study.write_text(STUDY % "")
    result = make_run(tmp_path, study)
    assert result.returncode != 0
    assert "the name 'of one' under study is not allowed" in result.stderr and "[--cores]" not in result.stdout


def test_check_works_from_any_folder_and_lists_all_mistakes(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "g.fcfg").write_text("S[num=sg] -> 'a'\n")
    study = tmp_path / "study.yaml"
    study.write_text("study: a\ndatasets: {d: {grammar: g.fcfg}}\nmodels: {m: {hub: x, layers: 1}}\n")
    assert runner.invoke(app, ["check", "study.yaml"]).output.startswith("a: 1 dataset, 1 model, 2 layers")
    assert runner.invoke(app, ["where", "study.yaml"]).output == "results/a\n"
    study.write_text(study.read_text() + "similarity: {preprocessing: drop-top, options: {rsaa: {}}}\n")
    assert runner.invoke(app, ["check", "study.yaml"]).output.count("Error: ") == 1
    study.write_text(study.read_text().replace("preprocessing: drop-top, ", "").replace("x, l", "./x, l"))
    result = runner.invoke(app, ["check", "study.yaml"])
    assert result.exit_code == 1 and result.output.count("Error: ") == 2


def test_verify_refuses_a_study_without_results(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "g.fcfg").write_text("S[num=sg] -> 'a'\n")
    (tmp_path / "s.yaml").write_text("study: a\ndatasets: {d: {grammar: g.fcfg}}\nmodels: {m: {hub: x, layers: 1}}\n")
    result = runner.invoke(app, ["verify", "s.yaml"])
    assert result.exit_code == 1 and "there are no results of this study yet" in result.output
