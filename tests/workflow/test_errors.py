"""A user's mistake ends with one sentence, a non-zero code, and nothing half-written."""

import copy

import pytest
from workflow_runs import TINY


def changed(**changes):
    return {**copy.deepcopy(TINY), **changes}


@pytest.mark.parametrize(
    ("study", "sentence"),
    [
        (changed(colour="red"), "unknown key 'colour'"),
        (changed(models={"m": {"train": "gpt2", "layers": -1}}), "models.m.layers"),
        (changed(datasets={"words": {"grammar": "absent.fcfg"}}), "'absent.fcfg', which does not exist"),
        (changed(study="../elsewhere"), "the name '../elsewhere' under study is not allowed"),
    ],
)
def test_a_wrong_configuration_stops_before_anything_runs(workflow, study, sentence):
    result = workflow.study(study, "--cores", "1", check=False)
    assert result.returncode != 0
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr
    assert not (workflow.folder / "results").exists()


def test_a_model_that_stands_twice_is_refused(workflow):
    (workflow.folder / "twice.yaml").write_text("study: a\nmodels:\n  m: {}\n  m: {}\n")
    result = workflow.run("--configfile", "twice.yaml", "--cores", "1", check=False)
    assert result.returncode != 0
    assert "twice.yaml, line 4: the key 'm' stands twice" in result.stderr


def test_a_configuration_file_replaces_the_default_study(workflow):
    jobs = workflow.jobs(TINY)
    assert jobs["train"] == len(TINY["models"])


def test_an_unknown_feature_is_named_before_anything_runs(workflow):
    study = changed(mlem={**TINY["mlem"], "features": ["gender", "colour"]})
    result = workflow.study(study, "--cores", "1", check=False)
    assert result.returncode != 0
    assert "mlem.features names 'colour', but config/grammars/short_sentences.fcfg offers" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (workflow.folder / "results").exists()
