"""A user's mistake ends with one sentence, a non-zero code, and nothing half-written."""

import copy
from typing import Any

import pytest
from workflow_runs import ROOT, TINY, Workflow

from thinkalike.errors import InputError
from thinkalike.study.reading import load_study


def changed(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(TINY), **changes}


@pytest.mark.parametrize(
    ("study", "sentence"),
    [
        (changed(models={"m": {"train": "gpt2", "layers": -1}}), "models.m.layers"),
        (changed(datasets={"words": {"grammar": "absent.fcfg"}}), "'absent.fcfg', which does not exist"),
        (changed(study="../elsewhere"), "the name '../elsewhere' under study is not allowed"),
        (
            changed(mlem={**TINY["mlem"], "features": ["gender", "colour"]}),
            "mlem.features names 'colour', but config/grammars/short_sentences.fcfg offers",
        ),
    ],
)
def test_a_wrong_study_is_refused_in_one_sentence(study: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError) as raised:
        load_study(study, ROOT)
    assert sentence in str(raised.value) and "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("study: a\nmodels: {}\ncolour: red\n", "unknown key 'colour'"),
        ("study: a\nmodels:\n  m: {}\n  m: {}\n", "twice.yaml, line 4: the key 'm' stands twice"),
    ],
)
def test_a_run_of_a_wrong_study_stops_before_anything_is_made(workflow: Workflow, text: str, sentence: str) -> None:
    (workflow.folder / "twice.yaml").write_text(text)
    result = workflow.run("--configfile", "twice.yaml", "--cores", "1", check=False)
    assert result.returncode != 0
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr
    assert not (workflow.folder / "results").exists()


def test_a_configuration_file_replaces_the_default_study(workflow: Workflow) -> None:
    assert workflow.jobs(TINY)["train"] == len(TINY["models"])
