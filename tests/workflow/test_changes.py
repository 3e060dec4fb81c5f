"""A finished study that is changed: the change is carried out or the run fails, however often it is run."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow.parquet as pq
import pytest
from activation_study import GRAMMAR, activation_study, write_activations
from snakemake.io import IOFile
from snakemake.persistence.file import FilePersistence
from workflow_runs import Workflow, copy_of

from thinkalike.study.products import products
from thinkalike.study.reading import load_study
from thinkalike.tables import read_record
from thinkalike.verify import verify_study

pytestmark = pytest.mark.slow
RESULTS = "results/activations/words"


@pytest.fixture
def done(activations: tuple[Workflow, dict[str, Any]], tmp_path: Path) -> tuple[Workflow, dict[str, Any]]:
    """A copy of the finished study, to change."""
    workflow, study = activations
    return copy_of(workflow.folder, tmp_path), study


# The rule whose jobs come first after a change, and the change.
CHANGES: dict[str, dict[str, Any]] = {
    "stimuli": {"datasets": {"words": {"grammar": GRAMMAR, "sentences": 30}}},
    "extract": {"representations": {"tokens_per_batch": 256}},
    "collect_models": {"models": {"alpha": {"family": "first"}}},
    "mlem": {"mlem": {"alphas": [0.1, 1.0]}},
    "compare_representations": {"similarity": {"preprocessing": "centre"}},
    "figure_scores": {"figures": {"scores": {"scale": 1.5}}},
}


def changed(study: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    for key, value in changes.items():
        study[key] = changed(study.get(key, {}), value) if isinstance(value, dict) else value
    return study


@pytest.mark.parametrize("how", ["", pytest.param(":kill", marks=pytest.mark.long)], ids=["fails", "is killed"])
@pytest.mark.parametrize("rule", CHANGES)
def test_a_change_whose_job_fails_is_tried_again_by_every_run(done, monkeypatch, rule: str, how: str) -> None:
    workflow, study = done
    changed(study, CHANGES[rule])
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent / "faults"))
    monkeypatch.setenv("FAULT", rule + how)
    for _ in range(2):
        result = workflow.study(study, "--cores", "2", check=False)
        assert result.returncode == 1
        assert f"Error in rule {rule}" in result.stderr + result.stdout
    monkeypatch.delenv("FAULT")
    assert workflow.jobs(study)[rule] >= 1


@pytest.mark.long
def test_with_keep_going_too_and_then_every_table_is_that_of_a_fresh_run(done, monkeypatch, tmp_path_factory) -> None:
    workflow, study = done
    changed(study, CHANGES["mlem"])
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent / "faults"))
    monkeypatch.setenv("FAULT", "compare_profiles")
    for _ in range(2):
        assert workflow.study(study, "--cores", "2", "--keep-going", check=False).returncode == 1
    monkeypatch.delenv("FAULT")
    workflow.study(study, "--cores", "2")
    assert workflow.jobs(study) == {}
    fresh = Workflow(tmp_path_factory.mktemp("fresh"))
    activation_study(fresh.folder, {"alpha": 2, "beta": 1}, sentences=40)
    fresh.study(study, "--cores", "2", "all_tables")
    names = [str(path.relative_to(fresh.folder)) for path in sorted((fresh.folder / RESULTS).rglob("*.parquet"))]
    assert len(names) > 30
    different = [name for name in names if (fresh.folder / name).read_bytes() != (workflow.folder / name).read_bytes()]
    assert different == []


EVERYTHING = {
    "study": "everything",
    "datasets": {
        name: {"grammar": GRAMMAR, "sentences": 40, "corpus": {"grammar": "config/grammars/corpus.fcfg"}}
        for name in ("one", "two")
    },
    "models": {
        "gpt2": {"train": "gpt2", "layers": 2, "seeds": [0, 1]},
        "pretrained": {"hub": "somebody/something", "layers": 2},
    },
    "mlem": {"coding": "difference", "interactions": True, "inference": {}},
    "similarity": {"probes": True, "feature_agnostic": ["rsa", "cka"]},
}


def test_every_rule_is_asked_for_directly(workflow) -> None:
    """A file in between that a failed job has removed is no reason to run for Snakemake, unless it is a target."""
    graph = workflow.study(EVERYTHING, "--rulegraph").stdout
    rules = dict(re.findall(r'(\d+)\[label = "(\w+)"', graph))
    asked = {rules[start] for start, end in re.findall(r"(\d+) -> (\d+)", graph) if rules[end] == "all"}
    assert len(rules) > 35
    assert set(rules.values()) - asked == {"all"}


def test_what_any_job_leaves_is_asked_for(done) -> None:
    """Without Snakemake's memory of a failed job: its results are gone, and nothing else tells."""
    workflow, study = done
    loaded = load_study(study, workflow.folder)
    rules = {product.rule: product for product in products(loaded)}
    assert {"stimuli", "extract", "mlem", "compare_profiles", "diagnose", "explain_pairs", "collect_scores"} <= set(
        rules
    )
    text = workflow.study(study, "--summary").stdout
    asked = {line.split("\t")[0] for line in text.splitlines()}
    for product in rules.values():
        assert {f"results/activations/{path}" for path in product.paths} <= asked
    for rule in ("stimuli", "extract", "mlem", "compare_profiles", "diagnose"):
        places = [workflow.folder / "results/activations" / path for path in rules[rule].paths]
        kept = {place: place.read_bytes() for place in places}
        for place in places:
            place.unlink()
        assert workflow.jobs(study)[rule] == 1
        for place, content in kept.items():
            place.write_bytes(content)


def test_a_study_too_large_for_its_grammar_never_passes(done) -> None:
    workflow, study = done
    study["datasets"]["words"]["sentences"] = 100_000_000
    for _ in range(3):
        result = workflow.study(study, "--cores", "1", check=False)
        assert result.returncode == 1
        assert "100000000 were asked for" in result.stderr + result.stdout


def test_removed_vectors_leave_nothing_to_do_and_come_back_when_needed(done) -> None:
    workflow, study = done
    workflow.study(study, "--cores", "2", "remove_representations")
    assert not list((workflow.folder / RESULTS).glob("*/representations"))
    assert workflow.jobs(study) == {}
    assert verify(workflow, study) == {}
    changed(study, CHANGES["mlem"])
    assert workflow.jobs(study)["extract"] == 2


def test_a_source_of_an_old_date_that_has_changed_is_seen(done) -> None:
    workflow, study = done
    path = workflow.folder / study["models"]["beta"]["activations"]
    before = path.stat()
    write_activations(path, workflow.folder, layers=1, sentences=40, units=8, seed=5)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert workflow.jobs(study)["extract"] == 1
    # Also where the results have other dates than Snakemake has noted.
    (workflow.folder / RESULTS / "beta/layers.parquet").touch()
    assert workflow.jobs(study)["extract"] == 1


def test_the_same_study_in_other_words_reruns_nothing(done) -> None:
    workflow, study = done
    entry = study["models"]["alpha"]
    entry["activations"] = "./" + entry["activations"]
    study["models"]["beta"]["activations"] = str(workflow.folder / study["models"]["beta"]["activations"])
    study["datasets"]["words"] |= {"grammar": f"./{GRAMMAR}", "deduplicate": True}
    study["mlem"] = {"ceiling": True} | {key: study["mlem"][key] for key in reversed(study["mlem"])}
    study["mlem"]["inner_folds"] = float(study["mlem"]["inner_folds"])
    study = {key: study[key] for key in reversed(study)}
    assert workflow.jobs(study) == {}


def verify(workflow: Workflow, study: dict[str, Any]) -> dict[str, str]:
    """Return the kind of what is wrong with each table."""
    here = Path.cwd()
    os.chdir(workflow.folder)
    try:
        findings, _ = verify_study(load_study(study), "results/activations")
    finally:
        os.chdir(here)
    return {finding.path: finding.kind for finding in findings}


def test_verify_finds_nothing_in_a_finished_study(done) -> None:
    assert verify(*done) == {}


def test_verify_names_what_is_damaged_foreign_stale_and_missing(done) -> None:
    workflow, study = done
    fits = workflow.folder / RESULTS / "alpha/mlem"
    damaged = fits / "layer-0/scores.parquet"
    damaged.write_bytes(damaged.read_bytes()[:-40])
    shutil.copy(fits / "layer-0/importance.parquet", fits / "layer-1/importance.parquet")
    (fits / "layer-1/scores.parquet").unlink()
    vectors = workflow.folder / RESULTS / "alpha/representations"
    shutil.copy(vectors / "layer-0.parquet", vectors / "layer-1.parquet")
    shutil.copy(fits / "layer-0/importance.parquet", workflow.folder / RESULTS / "tables/old.parquet")
    csv = workflow.folder / RESULTS / "tables/scores.csv"
    (workflow.folder / RESULTS / "similarity/rsa/alpha--beta.parquet").write_bytes(b"")
    csv.write_text(csv.read_text().replace("alpha", "omega"))
    found = verify(workflow, study)
    assert found["words/alpha/mlem/layer-0/scores.parquet"] == "damaged"
    assert found["words/alpha/mlem/layer-1/importance.parquet"] == "foreign"
    assert found["words/alpha/mlem/layer-1/scores.parquet"] == "missing"
    assert found["words/tables/scores.parquet"] == "damaged"
    assert found["words/alpha/representations/layer-1.parquet"] == "damaged"
    assert found["words/tables/old.parquet"] == "extra"
    assert found["words/similarity/rsa/alpha--beta.parquet"] == "damaged"
    assert found["words/tables/similarity.parquet"] == "stale"
    study["mlem"]["alphas"] = [1.0]
    assert verify(workflow, study)["words/beta/mlem/layer-0/scores.parquet"] == "stale"
    del study["mlem"]["alphas"]
    command = [sys.executable, "-c", "from thinkalike.commands import app; app()", "verify", workflow.write(study)]
    codes = []
    for more in ([], ["--remove"]):
        result = subprocess.run([*command, *more], cwd=workflow.folder, capture_output=True, text=True)
        codes.append(result.returncode)
        assert f"foreign: {RESULTS}/alpha/mlem/layer-1/importance.parquet was written by" in result.stdout
    assert codes == [1, 0]
    jobs = workflow.jobs(study)
    assert jobs["mlem"] == 2 and jobs["extract"] == 1 and jobs["collect_scores"] == 1


def refusal(workflow: Workflow, study: dict[str, Any]) -> str:
    """Return the sentence with which a dry run is refused."""
    result = workflow.study(study, "--dry-run", check=False)
    text = result.stdout + result.stderr
    assert result.returncode == 1 and "Traceback" not in text
    return text


def test_results_of_other_settings_are_refused_when_snakemakes_notes_are_gone(done) -> None:
    workflow, study = done
    shutil.rmtree(workflow.folder / ".snakemake")
    assert workflow.jobs(study) == {}
    study["mlem"]["alphas"] = [0.1, 1.0]
    sentence = refusal(workflow, study)
    assert "was made with other settings: settings.alphas was" in sentence
    assert "thinkalike verify --remove" in sentence


def test_results_that_are_not_those_of_snakemakes_notes_are_refused(done) -> None:
    """A table of another layer, one of a backup, one written by hand: all older than what is made of them."""
    workflow, study = done
    fits = workflow.folder / RESULTS / "alpha/mlem"
    table, copied = fits / "layer-0/scores.parquet", fits / "layer-1/scores.parquet"
    subprocess.run(["cp", "-p", table, copied], check=True)
    assert "layer-1/scores.parquet was written by another job" in refusal(workflow, study)
    copied.unlink()
    content = pq.read_table(table)
    record = read_record(table)
    record["settings"]["seed"] = 7
    pq.write_table(content.replace_schema_metadata({b"thinkalike.record": json.dumps(record).encode()}), table)
    os.utime(table, (1e9, 1e9))
    assert "layer-0/scores.parquet was made with other settings: seed was 7" in refusal(workflow, study)
    here = Path.cwd()
    os.chdir(workflow.folder)
    try:  # a job that was ended before it was done is run again, whatever its results say
        place = IOFile(str(table.relative_to(workflow.folder)))
        FilePersistence(nolock=True).started(SimpleNamespace(output=[place]))
    finally:
        os.chdir(here)
    assert workflow.jobs(study)["mlem"] == 2
    pq.write_table(content.replace_schema_metadata(None), table)
    shutil.rmtree(workflow.folder / ".snakemake/incomplete")
    assert "layer-0/scores.parquet does not say what made it" in refusal(workflow, study)


def test_a_copy_with_other_dates_is_changed_like_the_original(done) -> None:
    workflow, study = done
    for path in (workflow.folder / "results").rglob("*"):
        os.utime(path)
    assert workflow.jobs(changed(study, CHANGES["mlem"]))["mlem"] == 3


def test_snakemakes_notes_hold_what_is_asked_of_them(activations) -> None:
    """If this fails after an update of Snakemake, mend workflow/rules/notes.smk: it asks for these notes."""
    workflow, _ = activations
    table = Path(RESULTS, "alpha/mlem/layer-0/scores.parquet")
    note = FilePersistence(nolock=True, path=workflow.folder / ".snakemake").metadata(IOFile(str(table)))
    assert note is not None and note.endtime is not None and note.params is not None
    assert abs(note.endtime - (workflow.folder / table).stat().st_mtime) < 0.01
    assert sorted(note.params) == sorted(map(repr, read_record(workflow.folder / table)["settings"].values()))


def test_tables_say_which_settings_and_sources_made_them(activations) -> None:
    workflow, study = activations
    record = read_record(workflow.folder / RESULTS / "alpha/layers.parquet")
    assert record["rule"] == "extract" and record["wildcards"] == {"dataset": "words", "model": "alpha"}
    assert list(record["settings"]["sources"]) == [study["models"]["alpha"]["activations"]]
    assert json.dumps(record["inputs"]).count("stimuli.parquet") == 1
