"""`thinkalike init`, and the version, which is the same wherever it stands."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from snakemake_server import SNAKEMAKE
from typer.testing import CliRunner

from thinkalike.commands import app
from thinkalike.shipped import SNAKEFILE, workflow_folder
from thinkalike.start import shipped_studies
from thinkalike.study.problems import StudyError
from thinkalike.study.reading import load_study
from thinkalike.study.yaml_file import read_study_file

ROOT = Path(__file__).resolve().parents[1]
runner = CliRunner()


def test_the_checkouts_own_workflow_is_used_in_a_checkout() -> None:
    assert workflow_folder() == ROOT and Path(SNAKEFILE).is_file()


@pytest.mark.parametrize("like", shipped_studies())
def test_every_shipped_study_can_be_begun_with(like: str, tmp_path: Path) -> None:
    folder = tmp_path / "my-study"
    result = runner.invoke(app, ["init", str(folder), "--like", like])
    assert result.exit_code == 0, result.output
    study = read_study_file(folder / "config/config.yaml")
    assert study["study"] == "my-study"
    try:
        load_study(study, folder)
    except StudyError as error:
        # Weights that no one ships.
        assert all("'models/" in sentence for sentence in error.sentences)


def test_a_new_study_is_planned_by_plain_snakemake(tmp_path: Path) -> None:
    runner.invoke(app, ["init", str(tmp_path / "my-study")])
    planned = SNAKEMAKE.run(["--dry-run", "--quiet"], tmp_path / "my-study")
    assert planned.returncode == 0, planned.stdout + planned.stderr
    # The profile that was written is used: it says which output there is, and nothing asks for --cores.
    one = SNAKEMAKE.run(["--dry-run", "figure_scores"], tmp_path / "my-study").stderr
    assert "Using workflow specific profile profiles/default" in one


def test_a_study_named_like_a_number_stays_a_text(tmp_path: Path) -> None:
    runner.invoke(app, ["init", str(tmp_path / "2026")])
    assert yaml.safe_load((tmp_path / "2026/config/config.yaml").read_text())["study"] == "2026"


@pytest.mark.parametrize(
    ("name", "like", "sentence"),
    [
        ("my study", "start", "The folder's name becomes the study's, but 'my study' cannot be one"),
        ("study", "papers", "There is no shipped study 'papers'; there are start, config"),
    ],
)
def test_what_cannot_be_begun_is_refused_in_a_sentence(name: str, like: str, sentence: str, tmp_path: Path) -> None:
    result = runner.invoke(app, ["init", str(tmp_path / name), "--like", like])
    assert result.exit_code == 1 and sentence in result.output
    assert not (tmp_path / name).exists()


def test_no_file_is_overwritten(tmp_path: Path) -> None:
    study = tmp_path / "config/config.yaml"
    study.parent.mkdir()
    study.write_text("mine")
    result = runner.invoke(app, ["init", str(tmp_path)])
    assert result.exit_code == 1 and "config.yaml is there already" in result.output
    assert study.read_text() == "mine" and not (tmp_path / "Snakefile").exists()


def test_the_version_is_the_same_everywhere() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text())["version"] == version
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (\S+)", changes, flags=re.M)[0] == version
