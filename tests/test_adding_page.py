"""docs/adding.md, done as it is written: a source, an architecture and a measure are there after three places each."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from snakemake_server import SNAKEMAKE

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs/adding.md").read_text(encoding="utf-8")
PACKAGE = "workflow/thinkalike"
CATALOGUE = f"{PACKAGE}/catalogue.py"
SCHEMA = f"{PACKAGE}/study/study.schema.yaml"
TRAINING = f"{PACKAGE}/representations/training/architectures.py"


def blocks(title: str) -> list[str]:
    """Return the code of a section of the page."""
    section = PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]
    return re.findall(r"```\w+\n(.*?)```", section, flags=re.DOTALL)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package to which all that the page describes is added."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("workflow", "config", "profiles", "envs"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Snakefile", folder)

    source, line, key = blocks("A source of stimuli")
    (folder / PACKAGE / "stimuli/lines_source.py").write_text(source)
    insert(folder / CATALOGUE, "STIMULUS_SOURCES = {\n", line)
    insert(folder / SCHEMA, "      conllu: {", key, before=True)

    builder, line = blocks("An architecture that is trained here")
    with (folder / TRAINING).open("a") as file:
        file.write("\n\n" + builder)
    insert(folder / TRAINING, "from transformers import (\n", "    LlamaConfig,\n    LlamaForCausalLM,\n")
    insert(folder / CATALOGUE, "TRAINED_ARCHITECTURES = {\n", line)
    insert(folder / SCHEMA, "enum: [bert, ", "llama, ")

    measure, line = blocks("A measure of similarity")
    (folder / PACKAGE / "similarity/measures/gram_correlation.py").write_text(measure)
    insert(folder / CATALOGUE, "LAYER_MEASURES: dict[str, dict[str, Option]] = {\n", line)
    insert(folder / SCHEMA, "enum: [aligned_cosine, ", "gram_correlation, ")

    (folder / "plain.txt").write_text("The dog barks\nA cat sleeps here\n\nNobody sings\n")
    return folder


def insert(path: Path, anchor: str, text: str, before: bool = False) -> None:
    """Put text behind an anchor of a file (or before it), which stands there once."""
    content = path.read_text(encoding="utf-8")
    assert content.count(anchor) == 1, (path, anchor)
    path.write_text(content.replace(anchor, text + anchor if before else anchor + text), encoding="utf-8")


def study(checkout: Path) -> dict[str, Any]:
    return {
        "study": "added",
        "datasets": {
            "plain": {"lines": "plain.txt", "corpus": {"grammar": "config/grammars/corpus.fcfg", "sentences": 300}}
        },
        "models": {"llama": {"train": "llama", "layers": 2, "width": 16, "steps": 2}},
        "similarity": {"feature_agnostic": ["gram_correlation"]},
    }


def python(checkout: Path, code: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(checkout / "workflow")}
    result = subprocess.run([sys.executable, "-c", code], cwd=checkout, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_the_page_names_three_places_each() -> None:
    for title in ("A source of stimuli", "An architecture that is trained here", "A measure of similarity"):
        section = PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]
        assert re.findall(r"^(\d)\. ", section, flags=re.MULTILINE) == ["1", "2", "3"]


def test_a_study_of_what_was_added_is_planned(checkout: Path) -> None:
    (checkout / "study.yaml").write_text(json.dumps(study(checkout)))
    command = ["--cores", "1", "--configfile", "study.yaml", "--dry-run", "--quiet", "all"]
    package = f"sys.path.insert(0, {str(checkout / 'workflow')!r})"
    listed = SNAKEMAKE.run(command, checkout, first=package)
    assert listed.returncode == 0, listed.stdout + listed.stderr
    jobs = dict(re.findall(r"^(\w+) +(\d+)$", listed.stdout, flags=re.MULTILINE))
    assert jobs["train"] == jobs["compare_representations"] == "1"
    assert jobs["mlem"] == "4", "three layers and the one after the final norm"


def test_the_source_that_was_added_is_read(checkout: Path) -> None:
    code = (
        "from thinkalike.stimuli import build_dataset; d = build_dataset({'lines': 'plain.txt'}, name='plain', seed=0);"
        "print(d.stimuli['word'].tolist(), d.stimuli['capital'].tolist(), list(d.features))"
    )
    words = ["The", "dog", "barks", "A", "cat", "sleeps", "here", "Nobody", "sings"]
    capitals = [word[0].isupper() for word in words]
    found = python(checkout, code)
    assert found.startswith(f"{words} {capitals}") and "'capital'" in found


def test_the_architecture_that_was_added_is_trained_and_read(checkout: Path) -> None:
    code = """
import pandas as pd, thinkalike
from thinkalike.representations.training import train_model
corpus = pd.DataFrame({"split": ["train"] * 60 + ["heldout"] * 20, "words": [["a", "dog", "barks"], ["a", "cat"]] * 40,
                       "log_probability": -1.0})
losses = train_model("llama", corpus, seed=0, layers=2, width=16, steps=2, vocabulary=30, folder="llama", name="llama")
vectors = thinkalike.extract("llama", ["a dog barks"])
figure = thinkalike.figures.training(losses)
print(list(vectors), losses["split"].tolist(), [axes.get_title() for axes in figure.axes])
"""
    found = python(checkout, code)
    assert found.startswith("['0', '1', '2', 'final']") and "heldout" in found and "Causal" in found


def test_the_measure_that_was_added_means_what_it_says(checkout: Path) -> None:
    code = """
import numpy as np, thinkalike
from thinkalike.similarity.documentation import measures_table
X, Y = np.random.default_rng(0).normal(size=(2, 30, 5))
value = thinkalike.compare(X, Y, "gram_correlation")
assert -1 < value < 1 and thinkalike.compare(X, 2 * X[:, ::-1] + 1, "gram_correlation") == 1
assert "gram_correlation" in measures_table() and "gram_correlation" in thinkalike.MEASURES
"""
    python(checkout, code)
