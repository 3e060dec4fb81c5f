"""Words, names and published statements that would be markup, formulas or wildcards: never more than text."""

import html
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from workflow_runs import Workflow

from thinkalike.stimuli import build_dataset
from thinkalike.tables import read_table

SCRIPT = "<script>window.harmed=1</script>"
END = "</script><img src=x onerror=harmed()>"
WORDS = [SCRIPT, END, "a$x^b$", "{model}", "=1+1", "'\"&amp;", "dog", "cats"]
KIND, PLACE = "<script>kind</script>", "b $n_$ {layer}"


def hostile_study(folder: Path) -> dict[str, Any]:
    """Write a table of stimuli and activations below `folder`, and return the study of them."""
    random = np.random.default_rng(0)
    rows = [
        {"sentence_id": f"s{sentence}<b>", "position": place, "word": WORDS[random.integers(len(WORDS))]}
        for sentence in range(30)
        for place in range(4)
    ]
    table = pd.DataFrame(rows)
    table[KIND] = np.where(table["word"].str.len() % 2, "</script>x", "b")
    table[PLACE] = (table["position"] % 2).astype(str)
    table.to_csv(folder / "table.csv", index=False)
    source = {"table": "table.csv", "features": [KIND, PLACE]}
    stimuli = build_dataset(source, name="words", seed=0, base=folder).stimuli
    length = stimuli["word"].str.len().to_numpy(dtype=float)[:, None]
    for model in ("alpha", "beta"):
        vectors = {
            layer: random.normal(size=(len(stimuli), 8)) + length * random.normal(size=8) for layer in ("0", "1")
        }
        ids = stimuli["stimulus_id"].to_numpy().astype(str)
        np.savez(folder / f"{model}.npz", stimulus_id=ids, **vectors)
    value = {"table": "scores", "column": "score", "rows": {"model": "alpha", "layer": "0", "coding": "levels"}}
    statement = {"says": f"{SCRIPT} {{y}}", "where": "</script>p. 1", "published": 0.5, "value": value}
    return {
        "study": "hostile",
        "datasets": {"words": source},
        "models": {
            "alpha": {"activations": "alpha.npz", "layers": ["0"], "family": "<script>family</script>"},
            "beta": {"activations": "beta.npz", "layers": ["0"], "family": "</script>family"},
        },
        "mlem": {"folds": 3, "inner_folds": 3, "resamples": 0, "halvings": 0},
        "similarity": {"probes": True},
        "figures": {"formats": ["svg"]},
        "reference": {
            "source": f"{SCRIPT} {{2024}}",
            "setup": {"</script>item": "<b>{x}</b>"},
            "statements": [statement],
        },
    }


@pytest.mark.long
def test_hostile_words_and_names_are_text_in_every_page_and_figure(workflow: Workflow) -> None:
    study = hostile_study(workflow.folder)
    workflow.study(study, "--cores", "1", timeout=1800)
    workflow.study(study, "--report", "report.html")
    results = workflow.folder / "results/hostile/words"
    assert {SCRIPT, END, "{model}"} <= set(read_table(results / "stimuli.parquet")["word"])
    assert {KIND, PLACE} <= set(read_table(results / "tables/probes.parquet")["feature"])
    sheet = (results / "figures/reproduction.html").read_text(encoding="utf-8")
    assert html.escape(f"{SCRIPT} {{2024}}") in sheet
    pages = [results / "explorer.html", results / "figures/reproduction.html", workflow.folder / "report.html"]
    for path in [*pages, *results.glob("figures/*.svg")]:
        text = path.read_text(encoding="utf-8")
        found = re.findall(r"<script>(?:window\.harmed|kind|family)|</script>(?:<img|x|item|p\. 1|family)", text)
        assert not found, path
