"""The workflow as a module of another one: each study keeps to its own results."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from activation_study import activation_study
from snakemake_server import SNAKEMAKE
from workflow_runs import ROOT, Workflow

MODULES = """
configfile: "all.yaml"

module first:
    snakefile: {snakefile!r}
    config: config["thinkalike"]
    prefix: "first"

module second:
    snakefile: {snakefile!r}
    config: config["thinkalike"]
    pathvars:
        results="second/kept",
        logs="second/logs",
        benchmarks="second/benchmarks",

use rule * from first as first_*
use rule * from second as second_*
"""


@pytest.fixture
def modules(tmp_path: Path) -> Workflow:
    """A workflow that uses one study twice, with `prefix:` and with `pathvars:` of its own."""
    (tmp_path / "run").mkdir()
    workflow = Workflow(tmp_path / "run")
    study: dict[str, Any] = activation_study(workflow.folder, {"alpha": 1}, sentences=40)
    # Beside keys of others; the study's files lie where it says, which a prefix does not change.
    (workflow.folder / "all.yaml").write_text(yaml.safe_dump({"others": {"study": 1}, "thinkalike": study}))
    text = MODULES.format(snakefile=str(ROOT / "Snakefile"))
    (workflow.folder / "modules.smk").write_text(text)
    return workflow


def test_both_studies_are_made_in_their_own_places(modules: Workflow) -> None:
    run = ["--snakefile", "modules.smk", "--cores", "2"]
    modules.run(*run, "first_all_representations", "second_all_representations")
    first, second = modules.folder / "first/results/activations", modules.folder / "second/kept"
    for results in (first, second):
        assert (results / "words/alpha/representations/layer-0.parquet").is_file()
        assert (results / "words/stimuli.parquet").is_file()
    assert list((modules.folder / "second/logs").rglob("*.log"))
    assert not (modules.folder / "results").exists()


def test_the_clean_up_of_one_never_names_the_others_vectors(modules: Workflow) -> None:
    run = ["--snakefile", "modules.smk", "--dry-run", "--printshellcmds"]
    for module, results in (("first", "first/results/activations"), ("second", "second/kept")):
        text = modules.run(*run, f"{module}_remove_representations").stdout
        removed = re.findall(r"rm -rf (.*) > ", text)
        assert removed == [f"{results}/words/alpha/representations"]
        targets = f"{module}_measure_rsa", f"{module}_resources"
        text = modules.run("--snakefile", "modules.smk", "--summary", *targets).stdout
        files = [line.split("\t")[0] for line in text.splitlines()[1:] if "\t" in line]
        assert f"{results}/words/similarity/rsa/alpha--alpha.parquet" in files
        assert f"{results}/resources/jobs.csv" in files
        assert all(path.startswith(f"{results}/") for path in files)


ONE = """
configfile: "all.yaml"

module thinkalike:
    snakefile: {snakefile!r}
    config: {config}

use rule * from thinkalike
"""


def test_a_module_that_gets_a_whole_configuration_is_told_to_take_its_part(modules: Workflow) -> None:
    (modules.folder / "one.smk").write_text(ONE.format(snakefile=str(ROOT / "Snakefile"), config="config"))
    result = modules.run("--snakefile", "one.smk", "--dry-run", check=False)
    text = result.stdout + result.stderr
    assert result.returncode and "config: config['thinkalike']" in text
    assert "it has the keys others, thinkalike" in text and "Traceback" not in text


@pytest.mark.parametrize("snakefile", ["Snakefile", "workflow/Snakefile"])
def test_either_snakefile_is_a_module_with_a_default_target(modules: Workflow, snakefile: str) -> None:
    part = 'config["thinkalike"]'
    (modules.folder / "one.smk").write_text(ONE.format(snakefile=str(ROOT / snakefile), config=part))
    planned = modules.run("--snakefile", "one.smk", "--dry-run", "--quiet", "host").stdout
    assert re.search(r"^mlem +1$", planned, flags=re.M) and "figure_scores" in planned


def test_the_workflow_without_its_package_says_what_to_install(workflow: Workflow) -> None:
    hidden = "import sys; sys.modules['thinkalike'] = None"
    result = workflow.run("--dry-run", check=False, first=hidden)
    text = result.stdout + result.stderr
    assert result.returncode and "needs the Python package thinkalike" in text and "Traceback" not in text


def test_a_module_of_a_repository_on_github_runs(
    modules: Workflow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = tmp_path / "hub/someone/thinkalike"
    shutil.copytree(ROOT / "workflow", repository / "workflow", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "envs", repository / "envs")
    shutil.copy(ROOT / "Snakefile", repository)
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"], ["tag", "v0"]):
        author = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
        subprocess.run(["git", *author, *command], cwd=repository, check=True)
    # git takes what is asked of github from this machine.
    (tmp_path / "gitconfig").write_text(f'[url "file://{tmp_path}/hub/"]\n  insteadOf = https://github.com/\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    source = 'github("someone/thinkalike", path="workflow/Snakefile", tag="v0")'
    text = ONE.replace("{snakefile!r}", source).format(config='config["thinkalike"]')
    (modules.folder / "one.smk").write_text(text)
    modules.run("--snakefile", "one.smk", "--cores", "1", "all_stimuli")
    assert (modules.folder / "results/activations/words/stimuli.parquet").is_file()


def test_the_study_of_the_catalog_is_planned_from_its_folder(tmp_path: Path) -> None:
    shutil.copytree(ROOT / ".test/config", tmp_path / ".test/config")
    (tmp_path / "config").symlink_to(ROOT / "config")
    command = ["--snakefile", str(ROOT / "workflow/Snakefile"), "--directory", ".test", "--rulegraph"]
    result = SNAKEMAKE.run(command, tmp_path)
    assert result.returncode == 0, result.stderr
    assert {"train", "mlem", "explorer"} <= set(re.findall(r'label = "(\w+)"', result.stdout))
