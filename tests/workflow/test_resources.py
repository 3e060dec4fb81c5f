"""Every rule says what it needs, the estimates grow with what makes jobs large, and the disk is told before the run."""

import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from activation_study import activation_study
from workflow_runs import ROOT, Workflow

from thinkalike.study.model_size import model_size
from thinkalike.study.needs import Needs, disk_message, growing
from thinkalike.study.reading import load_study
from thinkalike.study.study import Study
from thinkalike.tables import write_table


def study_of(models: dict[str, Any], sentences: int = 1000, **more: Any) -> Study:
    content = {
        "study": "s",
        "datasets": {"words": {"grammar": "config/grammars/short_sentences.fcfg", "sentences": sentences}},
        "models": models,
        **more,
    }
    return load_study(content, ROOT)


def local_model(folder: Path, width: int, layers: int) -> dict[str, Any]:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"hidden_size": width, "vocab_size": 30_000}))
    return {"hub": str(folder), "layers": layers}


def with_config(folder: Path) -> Path:
    (folder / "config").symlink_to(ROOT / "config")
    return folder


def needs_of(folder: Path, width: int = 768, layers: int = 12, sentences: int = 1000) -> Needs:
    model = local_model(folder / f"{width}-{layers}-{sentences}", width, layers)
    return Needs(study_of({"m": model}, sentences), folder / "results")


def estimate(needs: Needs, stage: str, attempt: int = 1, measure: str = "rsa") -> tuple[int, int]:
    wildcards = SimpleNamespace(dataset="words", model="m", model_a="m", model_b="m", measure=measure)
    memory, minutes = {
        "extract": (needs.extract_memory, needs.extract_minutes),
        "mlem": (needs.mlem_memory, needs.mlem_minutes),
        "similarity": (needs.similarity_memory, needs.similarity_minutes),
    }[stage]
    return memory(wildcards, attempt), minutes(wildcards, attempt)


@pytest.mark.parametrize("stage", ["extract", "mlem", "similarity"])
@pytest.mark.parametrize("larger", [{"width": 4096}, {"sentences": 20_000}])
def test_larger_models_and_datasets_ask_for_more(tmp_path: Path, stage: str, larger: dict[str, int]) -> None:
    small = estimate(needs_of(tmp_path), stage)
    large = estimate(needs_of(tmp_path, **larger), stage)
    assert large[1] > small[1]
    if (stage, larger) != ("extract", {"sentences": 20_000}):  # vectors are streamed to disk
        assert large[0] > small[0]


@pytest.mark.parametrize("stage", ["extract", "mlem", "similarity"])
def test_a_second_attempt_asks_for_twice_as_much(tmp_path: Path, stage: str) -> None:
    needs = needs_of(tmp_path)
    first, second = estimate(needs, stage), estimate(needs, stage, attempt=2)
    assert second == (2 * first[0], 2 * first[1])


def test_a_search_for_every_pair_of_layers_asks_for_more_time(tmp_path: Path) -> None:
    needs = needs_of(tmp_path, layers=24)
    assert estimate(needs, "similarity", measure="dsa")[1] > estimate(needs, "similarity")[1]


def test_growing_numbers() -> None:
    assert [growing(1000)(None, attempt) for attempt in (1, 2, 3)] == [1000, 2000, 3000]


def test_the_number_of_stimuli_is_that_of_the_table_once_it_is_there(tmp_path: Path) -> None:
    import pandas as pd

    needs = needs_of(tmp_path)
    assert needs.stimuli("words") == 4000
    write_table(pd.DataFrame({"stimulus_id": ["a", "b"]}), tmp_path / "results/words/stimuli.parquet")
    assert needs.stimuli("words") == 2


def test_many_combinations_of_features_ask_for_the_memory_of_their_pairs(tmp_path: Path) -> None:
    import pandas as pd

    study = study_of({"m": local_model(tmp_path / "m", 768, 12)}, mlem={"coding": "difference"})
    explained, fits = [], []
    for cells in (50, 20_000):
        table = pd.DataFrame({"stimulus_id": range(20_000)})
        write_table(table, tmp_path / "results/words/stimuli.parquet", {"counts": {"cells": cells}})
        needs, wildcards = Needs(study, tmp_path / "results"), SimpleNamespace(dataset="words", model="m")
        explained.append(needs.explained_memory(wildcards, 1))
        fits.append(needs.mlem_memory(wildcards, 1))
    # Where they are few 10,000 stimuli are looked at, else as many as fit.
    assert explained[0] > 5000 and 3000 < explained[1] < explained[0]
    assert fits[1] - fits[0] > 3000  # 8 million held-out pairs a fold, with patterns of their own


def test_widths_are_found_without_loading_a_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cached = tmp_path / "hub/models--somebody--something/snapshots/0123"
    cached.mkdir(parents=True)
    (cached / "config.json").write_text(json.dumps({"text_config": {"n_embd": 640}}))
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    activations = activation_study(with_config(tmp_path), {"alpha": 2}, units=6)["models"]["alpha"]
    study = study_of(
        {
            "local": local_model(tmp_path / "local", 96, 2),
            "cached": {"hub": "somebody/something", "layers": 2},
            "unknown": {"hub": "somebody/else", "layers": 2},
            "given": {**activations, "activations": str(tmp_path / activations["activations"])},
        }
    )
    sizes = {name: model_size(model) for name, model in study.models.items()}
    assert {name: size.units for name, size in sizes.items() if size.known} == {"local": 96, "cached": 640, "given": 6}
    assert study.on_hub == ["cached", "unknown"]
    message = disk_message(Needs(study, tmp_path / "results"))
    assert "The width of unknown is not known" in message


@pytest.mark.slow
def test_the_disk_is_told_before_the_run(workflow: Workflow) -> None:
    study = activation_study(workflow.folder, {"alpha": 2}, units=1000, sentences=25)
    result = workflow.study(study, "--cores", "1", "all_stimuli")
    # 25 sentences are taken for 100 words until they are there.
    assert "Disk: the representations (2 layers, about 100 stimuli of words) take up to 800 kB" in result.stderr


def test_every_rule_that_is_submitted_says_what_it_needs() -> None:
    for path in sorted((ROOT / "workflow/rules").glob("*.smk")):
        for name, body in re.findall(
            r"^rule (\w+):\n(.*?)(?=^\S|\Z)", path.read_text(), flags=re.MULTILINE | re.DOTALL
        ):
            if "script:" not in body:
                continue
            assert "log:" in body, f"{path.name}: rule {name} lacks a log"
            if "localrule: True" not in body:
                assert "mem_mb=" in body and "runtime=" in body, f"{path.name}: rule {name} does not say what it needs"
                assert "growing(" in body or "NEEDS." in body, f"{name} never asks for more"


def test_what_small_jobs_need_stands_in_every_profile() -> None:
    for name in ("default", "slurm", "allocation"):
        profile = yaml.safe_load((ROOT / f"profiles/{name}/config.yaml").read_text())
        assert profile["default-resources"]["mem_mb"] == 2000 and profile["default-resources"]["runtime"] == 30


def test_a_rule_made_from_a_local_one_is_local_too() -> None:
    # Snakemake does not pass `localrule` on.
    for path in sorted((ROOT / "workflow/rules").glob("*.smk")):
        text = path.read_text()
        bodies = dict(re.findall(r"^rule (\w+):\n(.*?)(?=^\S|\Z)", text, flags=re.MULTILINE | re.DOTALL))
        made = re.findall(r"^use rule (\w+) as (\w+) with:\n(.*?)(?=^\S|\Z)", text, flags=re.MULTILINE | re.DOTALL)
        for origin, name, body in made:
            assert ("localrule: True" in bodies[origin]) == ("localrule: True" in body), name


@pytest.mark.slow
def test_a_job_has_as_many_threads_as_its_rule_says(workflow: Workflow, monkeypatch: pytest.MonkeyPatch) -> None:
    study = activation_study(workflow.folder, {"alpha": 1})
    # What a user's shell says must not matter.
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    workflow.study(study, "--cores", "4", "all_mlem")
    log = (workflow.folder / "results/activations/logs/words/alpha/mlem/layer-0.log").read_text()
    assert re.search(r"^\d{4}-\d\d-\d\d .* started, process \d+, OMP_NUM_THREADS 1$", log, flags=re.MULTILINE)


@pytest.mark.slow
def test_a_fitting_job_starts_in_under_a_second_and_a_half() -> None:
    imports = re.findall(
        r"^    (from thinkalike\.\S+ import .+)$", (ROOT / "workflow/scripts/mlem.py").read_text(), re.M
    )
    assert len(imports) >= 4
    code = "\n".join(["import time, sys; start = time.process_time()", *imports])
    code += "\nassert 'torch' not in sys.modules and 'sklearn' not in sys.modules; print(time.process_time() - start)"
    # The least of some: other programs of the machine make it look longer, never shorter.
    seconds = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout) for _ in range(3)
    ]
    assert min(seconds) < 1.5
