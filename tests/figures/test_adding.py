"""Docs, "Adding a figure": its three places, done as they are written, make a figure of the workflow."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import figure_tables as tables
import pytest
from snakemake_server import SNAKEMAKE

from thinkalike import figures
from thinkalike.catalogue import FIGURES

ROOT = Path(__file__).parents[2]
RULES = ROOT / "workflow/rules/figures.smk"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the workflow to which the figure of the docs is added."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("workflow", "config", "profiles", "envs"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Snakefile", folder)
    section = (ROOT / "docs/figures.md").read_text().partition("## Adding a figure")[2].partition("\n## ")[0]
    module, row, caption = re.findall(r"```\w+\n(.*?)```", section, flags=re.DOTALL)
    (folder / "workflow/thinkalike/figures/fold_spread.py").write_text(module)
    (folder / "workflow/report/fold_spread.rst").write_text(caption)
    rules = folder / "workflow/rules/figures.smk"
    rules.write_text(rules.read_text().replace("FIGURES = {\n", f"FIGURES = {{\n{row}", 1))
    return folder


def python(checkout: Path, *arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(checkout / "workflow")}
    result = subprocess.run(
        [sys.executable, *arguments], cwd=checkout, env=environment, capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_the_workflow_makes_the_figure_that_was_added(checkout):
    config = (ROOT / "config/config.yaml").read_text() + "\nfigures: {fold_spread: {scale: 1.2}}\n"
    (checkout / "study.yaml").write_text(config)
    command = ["--cores", "1", "--configfile", "study.yaml", "--dry-run", "--quiet", "all"]
    package = f"sys.path.insert(0, {str(checkout / 'workflow')!r})"
    listed = SNAKEMAKE.run(command, checkout, first=package).stdout
    assert re.search(r"^figure_fold_spread +1$", listed, flags=re.MULTILINE), listed


def test_the_figure_that_was_added_is_drawn(checkout):
    tables.scores_table().to_parquet(checkout / "scores.parquet")
    code = "import pandas as pd; from thinkalike import figures; table = pd.read_parquet('scores.parquet');"
    code += "figures.save_figure(figures.fold_spread(table), 'fold_spread.svg')"
    python(checkout, "-c", code)
    assert (checkout / "fold_spread.svg").stat().st_size > 10_000


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_has_one_name(name):
    drawing = getattr(figures, name)
    assert drawing.__name__ == name and drawing.__module__ == f"thinkalike.figures.{name}"
    assert (ROOT / f"workflow/report/{name}.rst").is_file()
    assert re.search(rf"`{name}`", (ROOT / "docs/figures.md").read_text())
    assert f'"{name}": (' in RULES.read_text() or name == "resources"  # whose table is outside the datasets
