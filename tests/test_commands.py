"""The commands, as a user types them."""

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
    from transformers import GPT2Config, GPT2Model

    GPT2Model(GPT2Config(n_layer=3, n_embd=32, n_head=2, vocab_size=99)).save_pretrained(tmp_path / "small")
    result = runner.invoke(app, ["describe", str(tmp_path / "small")])
    assert result.exit_code == 0, result.output
    assert "layers: 3" in result.output and "final: true" in result.output


def test_describe_refuses_a_folder_without_a_model(tmp_path):
    result = runner.invoke(app, ["describe", str(tmp_path)])
    assert result.exit_code == 1
    assert "Traceback" not in result.output
