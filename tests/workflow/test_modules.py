"""The workflow as a module of another one: each study keeps to its own results."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from activation_study import GRAMMAR, activation_study
from workflow_runs import ROOT, Workflow

MODULES = """
module first:
    snakefile: {snakefile!r}
    config: {study!r}
    prefix: "first"

module second:
    snakefile: {snakefile!r}
    config: {study!r}
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
    # A prefix moves what a study reads too, unless the whole path is given.
    entry = study["models"]["alpha"]
    entry["activations"] = str(shutil.move(workflow.folder / entry["activations"], tmp_path / "alpha.npz"))
    study["datasets"]["words"]["grammar"] = str(ROOT / GRAMMAR)
    text = MODULES.format(snakefile=str(ROOT / "Snakefile"), study=study)
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
