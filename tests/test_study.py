"""A study's configuration: what is filled in, what is refused, and in which words."""

import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from thinkalike.errors import InputError
from thinkalike.stimuli.derive import DERIVED
from thinkalike.stimuli.feature_grammar import read_grammar
from thinkalike.study.job_settings import job_settings, settings_of_job
from thinkalike.study.offered_columns import DERIVED_COLUMNS, offered_columns
from thinkalike.study.problems import StudyError
from thinkalike.study.reading import load_study
from thinkalike.study.schema import read_schema, validate
from thinkalike.study.study import name_pattern
from thinkalike.study.workplace import refuse_place
from thinkalike.study.yaml_file import read_study_file

ROOT = Path(__file__).resolve().parents[1]
SCHEMA = read_schema()


WORDS = {"grammar": "language.fcfg", "corpus": {"grammar": "language.fcfg"}}
TABLE = {"table": "words.csv", "corpus": {"grammar": "language.fcfg"}}


def minimal(**changes):
    study = {
        "study": "one",
        "datasets": {"words": {"grammar": "language.fcfg", "corpus": {"grammar": "language.fcfg"}}},
        "models": {"gpt2": {"train": "gpt2", "layers": 2}},
    }
    return {**study, **changes}


def reference(statement):
    """Return what a study changes that names one published statement."""
    return {"reference": {"source": "A paper", "statements": [{"says": "It is so", **statement}]}}


@pytest.fixture
def base(tmp_path):
    (tmp_path / "language.fcfg").write_text("# no[such=feature]\nS[+question, NUM=?n] -> V[tense=past, gender=?g]\n")
    (tmp_path / "cortex.parquet").write_bytes(b"")
    return tmp_path


def test_defaults_are_filled_in_at_every_level(base):
    study = load_study(minimal(), base)
    assert study.seed == 0
    assert study.mlem["folds"] == 5
    assert study.representations["numbering"] == "blocks"
    assert study.datasets["words"]["corpus"]["sentences"] == 50_000
    assert "inference" not in study.mlem


def test_the_given_configuration_is_left_as_it_was(base):
    given = minimal()
    load_study(given, base)
    assert given == minimal()


@pytest.mark.parametrize(
    ("entry", "layers"),
    [
        ({"train": "gpt2", "layers": 2}, ("0", "1", "2", "final")),
        ({"train": "bert", "layers": 2}, ("0", "1", "2")),
        ({"train": "lstm", "layers": 1}, ("0", "1")),
        ({"train": "mamba", "layers": 1, "numbering": "hidden_states"}, ("0", "1")),
        ({"hub": "some/model", "layers": 2}, ("0", "1", "2")),
        ({"hub": "some/model", "layers": 2, "final": True}, ("0", "1", "2", "final")),
        ({"hub": "some/model", "layers": [0, 8, "final"]}, ("0", "8", "final")),
        ({"hub": "some/model", "layers": "last"}, ("last",)),
        ({"activations": "cortex.parquet"}, ("0",)),
        ({"activations": "cortex.parquet", "layers": ["V1", "V4"]}, ("V1", "V4")),
    ],
)
def test_layers_of_a_model(base, entry, layers):
    assert load_study(minimal(models={"m": entry}), base).models["m"].layers == layers


def test_seeds_become_models_and_untrained_models_controls(base):
    models = {
        "gpt2": {"train": "gpt2", "layers": 1, "seeds": [0, 3]},
        "gpt2-untrained": {"train": "gpt2", "layers": 1, "steps": 0},
    }
    study = load_study(minimal(models=models), base)
    assert list(study.models) == ["gpt2-seed0", "gpt2-seed3", "gpt2-untrained"]
    assert [model.seed for model in study.models.values()] == [0, 3, 0]
    assert [model.control for model in study.models.values()] == [False, False, True]
    assert {model.family for model in study.models.values()} == {"gpt2"}


def test_metadata_of_models_are_their_seeds_own_and_dates_are_text(base):
    import datetime

    entry = {"train": "gpt2", "layers": 1, "seeds": [0, 1]}
    metadata = {"released": datetime.date(2019, 2, 14), "open": True, "width": None}
    study = load_study(minimal(models={"gpt2": {**entry, "metadata": metadata}}), base)
    expected = {"trained": True, "released": "2019-02-14", "open": True, "width": None}
    assert [model.declared_properties() for model in study.models.values()] == [expected] * 2
    assert "model_mlem" not in study.tables
    five = {**entry, "seeds": [0, 1, 2, 3, 4]}
    assert "model_mlem" in load_study(minimal(models={"gpt2": five}), base).tables


def test_pairs_are_unordered_sorted_and_hold_each_model_with_itself(base):
    models = {name: {"hub": "x", "layers": 1} for name in ("b", "a", "c")}
    study = load_study(minimal(models=models), base)
    assert study.pairs == [("a", "a"), ("a", "b"), ("a", "c"), ("b", "b"), ("b", "c"), ("c", "c")]


def test_a_model_setting_goes_before_the_dataset_and_the_study(base):
    config = minimal(
        models={"a": {"hub": "x", "layers": 1, "unit": "first"}, "b": {"hub": "x", "layers": 1}},
        representations={"unit": "last"},
    )
    config["datasets"]["words"]["unit"] = "mean"
    study = load_study(config, base)
    assert study.extraction_settings("words", "a")["unit"] == "first"
    assert study.extraction_settings("words", "b")["unit"] == "mean"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"studdy": 1}, ["unknown key 'studdy'", "did you mean 'study'"]),
        ({"study": "a--b"}, ["'a--b'", "study"]),
        ({"study": "a/b"}, ["'a/b'", "study"]),
        ({"seed": "zero"}, ["seed", "'zero'", "whole number"]),
        ({"datasets": {}}, ["datasets"]),
        ({"datasets": {"d": {}}}, ["datasets.d", "grammar, table, conllu, prompts, pairs", "none"]),
        ({"datasets": {"d": {"grammar": "absent.fcfg"}}}, ["datasets.d.grammar", "absent.fcfg", "does not exist"]),
        ({"datasets": {"d": {"grammar": "language.fcfg"}}}, ["gpt2", "datasets.d", "corpus"]),
        ({"models": {"a--b": {"train": "gpt2", "layers": 1}}}, ["a--b"]),
        ({"models": {"m": {"train": "gpt3", "layers": 1}}}, ["models.m.train", "gpt3", "bert, gpt2, lstm, mamba"]),
        ({"models": {"m": {"train": "gpt2"}}}, ["models.m", "layers"]),
        ({"models": {"m": {"train": "gpt2", "layers": 0}}}, ["models.m.layers"]),
        ({"models": {"m": {"train": "gpt2", "layers": [1]}}}, ["models.m.layers", "number of layers"]),
        ({"models": {"m": {"train": "bert", "layers": 1, "final": True}}}, ["models.m.final", "no final norm"]),
        ({"models": {"m": {"hub": "x", "train": "bert", "layers": 1}}}, ["models.m", "train and hub"]),
        ({"models": {"m": {"hub": "x", "layers": 1, "steps": 3}}}, ["models.m.steps", "goes with 'train'"]),
        ({"models": {"m": {"activations": "no.npz"}}}, ["models.m.activations", "no.npz", "does not exist"]),
        (
            {"models": {"m": {"hub": "x", "layers": 1, "seeds": [0, 1]}}},
            ["models.m.seeds", "goes with 'train'"],
        ),
        (
            {"models": {"m": {"train": "gpt2", "layers": 1, "seeds": [0, 1]}, "m-seed0": {"hub": "x", "layers": 1}}},
            ["two models are called 'm-seed0'"],
        ),
        ({"mlem": {"distance": "euclid"}}, ["mlem.distance", "'euclid'", "sqeuclidean"]),
        ({"mlem": {"scoring": "kendall"}}, ["mlem.scoring", "'kendall'", "rho_a"]),
        ({"mlem": {"fold": 5}}, ["mlem", "'fold'", "did you mean 'folds'"]),
        ({"similarity": {"feature_based": ["kendall"]}}, ["similarity.feature_based.0", "weighted_kendall"]),
        ({"figures": {"formats": ["gif"]}}, ["figures.formats.0", "'gif'", "pdf, svg, png"]),
    ],
)
def test_a_wrong_configuration_is_named_in_one_sentence(base, changes, words):
    with pytest.raises(InputError) as raised:
        load_study(minimal(**changes), base)
    message = str(raised.value)
    assert "\n" not in message
    for word in words:
        assert word in message


def test_a_feature_that_the_dataset_does_not_declare_is_named(base):
    config = minimal(mlem={"features": ["tense", "colour"]})
    config["datasets"]["words"]["features"] = ["tense", "gender"]
    with pytest.raises(InputError, match=r"mlem.features names 'colour', but datasets.words declares tense, gender"):
        load_study(config, base)


def test_a_feature_that_the_source_does_not_offer_is_named_before_anything_runs(base):
    offered = "question, tense, gender, tree_depth, word_length, word_position, sentence_length, word_identity"
    expected = rf"mlem.features names 'colour', but language.fcfg offers {offered}"
    with pytest.raises(InputError, match=expected):
        load_study(minimal(mlem={"features": ["tense", "colour"]}), base)

    misspelt = minimal()
    misspelt["datasets"]["words"]["features"] = {"tense": None, "gendre": {"kind": "ordinal"}}
    with pytest.raises(InputError, match=r"datasets.words.features names 'gendre', but language.fcfg offers question"):
        load_study(misspelt, base)

    (base / "words.csv").write_text("sentence_id,word,animacy\n")
    table = minimal(models={"cortex": {"activations": "cortex.parquet"}})
    table["datasets"] = {"words": {"table": "words.csv", "features": ["animacy"], "controls": ["frequency"]}}
    with pytest.raises(InputError, match=r"controls names 'frequency', but words\.csv offers sentence_id, word"):
        load_study(table, base)


def test_parts_of_the_stimuli_are_of_their_columns(base):
    config = minimal(mlem={"within": {"tense": "past"}})
    study = load_study(config, base)
    assert [name for name in study.tables if name.endswith("_within")] == ["importance_within", "scores_within"]
    settings = job_settings(study)
    assert settings["mlem_within"]["within"] == {"tense": "past"}
    assert settings["mlem"] == job_settings(load_study(minimal(), base))["mlem"]  # no layer is fitted again
    config["datasets"]["words"]["features"] = ["tense", "gender"]
    config["mlem"]["within"] = [{"word_identity": "man"}, {"colour": "red", "tense": "past"}]
    expected = "mlem.within names 'colour', but the stimuli of words have tense, gender, word_identity, position, word"
    with pytest.raises(InputError, match=expected):
        load_study(config, base)
    with pytest.raises(InputError, match=r"mlem.within"):
        load_study(minimal(mlem={"within": {"tense": ["past"]}}), base)


def test_what_a_source_offers(base):
    assert set(DERIVED_COLUMNS) == set(DERIVED)
    for grammar in (ROOT / "config/grammars").glob("*.fcfg"):
        read = set(read_grammar(grammar).annotations)
        assert read <= set(offered_columns({"grammar": str(grammar)})) <= {*read, "tree_depth", "lemma"}
    assert offered_columns({"conllu": "treebank.conllu"}, base) is None
    assert offered_columns({"table": "absent.csv", "features": ["animacy"]}, base) is None


def test_a_published_set_is_spelled_out(base):
    study = load_study(minimal(similarity={"feature_agnostic": ["rsa", "ot+is"]}), base)
    agnostic = study.similarity["feature_agnostic"]
    assert agnostic[:2] == ["rsa", "procrustes.ot+is"] and len(agnostic) == 5


def test_a_measure_that_its_set_does_not_have_is_refused(base):
    with pytest.raises(InputError, match=r"'rsa.ot\+is', but ot\+is has procrustes"):
        load_study(minimal(similarity={"feature_agnostic": ["rsa.ot+is"]}), base)


def test_a_missing_key_is_named():
    with pytest.raises(InputError, match="lacks the key 'models'"):
        validate({"study": "a", "datasets": {"d": {"grammar": "x"}}}, SCHEMA)


def test_a_key_that_stands_twice_is_refused(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text("models:\n  bert: {layers: 1}\n  bert: {layers: 2}\n")
    with pytest.raises(InputError, match=r"line 3: the key 'bert' stands twice"):
        read_study_file(path)


def test_a_file_that_is_not_yaml_is_refused(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text("models: [")
    with pytest.raises(InputError, match="not a readable YAML file"):
        read_study_file(path)


def test_the_name_pattern_matches_exactly_the_names():
    import re

    pattern = re.compile(f"^(?:{name_pattern(['gpt2', 'a.b'])})$")
    assert pattern.match("gpt2") and pattern.match("a.b")
    assert not pattern.match("gpt23") and not pattern.match("axb")
    assert not re.match(f"^(?:{name_pattern([])})$", "")


def test_reading_a_study_imports_neither_numpy_nor_pandas():
    code = """
import importlib, pkgutil, sys
from types import SimpleNamespace
import yaml
import thinkalike.study
for module in pkgutil.iter_modules(thinkalike.study.__path__):
    importlib.import_module(f"thinkalike.study.{module.name}")
from thinkalike.study.needs import Needs, disk_message
from thinkalike.study.reading import load_study
study = load_study(yaml.safe_load(open("config/config.yaml")))
needs = Needs(study, "results/absent")
disk_message(needs)
needs.mlem_memory(SimpleNamespace(dataset=next(iter(study.datasets)), model=next(iter(study.models))), 1)
print(sorted({"numpy", "pandas", "pyarrow", "torch"} & set(sys.modules)))
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert result.stdout == "[]\n", result.stdout + result.stderr


@pytest.mark.parametrize("key", ["same_word_pairs", "same_lemma_pairs"])
def test_pairs_are_left_out_of_sums_over_pairs_alone(base, key):
    similarity = {key: "exclude", "feature_agnostic": ["rsa", "partial_rsa", "cka_debiased"]}
    study = load_study(minimal(similarity=similarity), base)
    assert study.comparison_settings("rsa")[key] == "exclude"
    assert "controls" in study.comparison_settings("partial_rsa") and "controls" not in study.comparison_settings("rsa")
    similarity["feature_agnostic"] = ["rsa", "procrustes.ot+is"]
    with pytest.raises(InputError, match=f"similarity.{key} is 'exclude', but 'procrustes.ot.is' is not a sum over"):
        load_study(minimal(similarity=similarity), base)
    similarity = {key: "exclude", "feature_agnostic": ["cka_debiased"], "options": {"cka_debiased": {"batch_size": 64}}}
    with pytest.raises(InputError, match="minibatch CKA leaves no pairs out"):
        load_study(minimal(similarity=similarity), base)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"similarity": {"options": {"rsaa": {}}}}, ["similarity.options.rsaa", "no measure", "did you mean 'rsa'"]),
        ({"similarity": {"options": {"rsa": {"kk": 1}}}}, ["similarity.options.rsa", "no option 'kk'"]),
        ({"similarity": {"options": {"rsa": {"comparison": "x"}}}}, ["option 'comparison' is 'x'"]),
        ({"similarity": {"options": {"weighted_kendall": {"k": 3}}}}, ["weighted_kendall", "no option 'k'"]),
        ({"similarity": {"options": {"cka": {}}}}, ["'cka'", "the study's measures are weighted_kendall, rsa"]),
        ({"similarity": {"preprocessing": "drop-top"}}, ["similarity.preprocessing", "drop-top", "drop-top-1"]),
        ({"similarity": {"preprocessing": "drop-top-1\n"}}, ["similarity.preprocessing"]),
        ({"models": {"m": {"train": "gpt2", "layers": 1, "width": 40}}}, ["models.m.width", "40", "multiple of 32"]),
        ({"mlem": {"features": ["tense"], "controls": ["tense"]}}, ["'tense'", "mlem.features and in mlem.controls"]),
        ({"mlem": {"folds": 900}, "datasets": {"d": {**WORDS, "sentences": 9}}}, ["mlem.folds is 900", "9 sentences"]),
        ({"mlem": {"alphas": [float("inf")]}}, ["mlem.alphas.0", "finite"]),
        ({"models": {"m": {"hub": "x", "layers": 1, "metadata": {"entry": "a"}}}}, ["models.m.metadata", "'entry'"]),
        ({"models": {"m": {"hub": "x", "layers": 1, "metadata": {"data": [1]}}}}, ["m.metadata.data", "a number"]),
        ({"similarity": {"model_mlem": {"properties": ["datta"]}}}, ["model_mlem.properties", "'datta'", "metadata"]),
        (
            {"similarity": {"model_mlem": {"properties": {"width": {"exchanged": "lab"}}}}},
            ["properties.width.exchanged names 'lab'"],
        ),
        (reference({"first": {"feature": "a", "models": ["b"]}}), ["0.first", "model 'b'", "models are gpt2"]),
        (
            {**reference({"falls": {"feature": "case", "models": ["gpt2"]}}), "mlem": {"features": ["tense"]}},
            ["0.falls names the feature 'case'", "datasets.words are tense"],
        ),
        (reference({"rises": {"feature": "tense", "models": ["gpt2"], "near": 9}}), ["layer '9' of 'gpt2', which has"]),
        (reference({"largest": {"measure": "rsa", "layers": [["gpt2", 7], ["gpt2", 1]]}}), ["layer '7' of 'gpt2'"]),
        (reference({}), ["statements.0 needs exactly one of value, largest", "none"]),
        (reference({"largest": {"measure": "cka"}}), ["statements.0.largest names 'cka'", "weighted_kendall, rsa"]),
        ({"mlem": {"alphas": ["1e-3"]}}, ["mlem.alphas.0", "'1e-3'", "write 0.001"]),
        (
            {"datasets": {"d": {**TABLE, "features": ["animacy"], "balance": ["animacy"]}}},
            ["datasets.d.balance goes with 'grammar', not with 'table'"],
        ),
        ({"datasets": {"d": TABLE}}, ["datasets.d lacks the key 'features'"]),
        ({"models": {"m": {"activations": "cortex.csv"}}}, ["models.m.activations", "no .parquet or .npz file"]),
        ({"models": {"m": {"hub": "./absent", "layers": 1}}}, ["models.m.hub", "'./absent'", "does not exist"]),
        ({"models": {"m": {"hub": "package:no_such_package/x", "layers": 1}}}, ["no_such_package is not installed"]),
        ({"models": {"tables": {"hub": "x", "layers": 1}}}, ["models", "'tables'", "results use themselves"]),
        ({"datasets": {"logs": WORDS}}, ["datasets", "'logs'"]),
        ({"study": "examples"}, ["'examples'"]),
        ({"study": "a\n"}, ["study", "not allowed"]),
        ({"study": 123}, ["study is 123", "put it in quotes: '123'"]),
        ({"study": True}, ["study is True", "put it in quotes"]),
        ({"study": None}, ["study is nothing but must be text"]),
        ({"seed": "1e3"}, ["seed is '1e3'", "YAML reads this as text", "write 1000"]),
        ({"seed": 2**32}, ["seed is wrong", "greater than the maximum"]),
        ({"datasets": {"d": {"grammar": "language.fcfg", "sentences": "1e2"}}}, ["sentences", "write 100, without"]),
        ({"datasets": {"d": {"grammar": "g" * 300}}}, ["datasets.d.grammar", "at most 255"]),
        ({"datasets": {"d": {"grammar": "."}}}, ["datasets.d.grammar names '.', which is a folder"]),
        ({"models": {"m": {"hub": "x" * 300, "layers": 1}}}, ["models.m.hub", "at most 255"]),
        ({"models": {"m": {"hub": "a\0b", "layers": 1}}}, ["models.m.hub", "'a\\x00b'"]),
        ({"models": {"GPT": {"hub": "x", "layers": 1}, "gpt": {"hub": "x", "layers": 1}}}, ["'GPT' and 'gpt'"]),
        ({"models": {"m" * 101: {"hub": "x", "layers": 1}}}, ["101 letters", "at most 100"]),
        ({"models": {True: {"hub": "x", "layers": 1}}}, ["models has the key True", "put it in quotes"]),
    ],
)  # fmt: skip
def test_what_would_fail_in_a_job_is_refused_when_the_study_is_read(base, changes, words):
    (base / "words.csv").write_text("sentence_id,word,animacy\n")
    (base / "cortex.csv").write_text("")
    with pytest.raises(InputError) as raised:
        load_study(minimal(**changes), base)
    message = str(raised.value)
    assert "\n" not in message.replace("\\n", "")
    for word in words:
        assert word in message


def test_layers_that_a_file_does_not_hold_are_named(base):
    import numpy as np

    np.savez(base / "cortex.npz", stimulus_id=["a"], V1=np.ones((1, 2)), V4=np.ones((1, 3)))
    study = minimal(models={"m": {"activations": "cortex.npz", "layers": ["V1", "V2"]}})
    with pytest.raises(InputError, match=r"models.m.layers names 'V2', but cortex.npz has the layers V1, V4"):
        load_study(study, base)


def test_all_that_is_wrong_is_found_at_once(base):
    study = minimal(
        similarity={"preprocessing": "drop-top", "options": {"rsa": {"kk": 1}}},
        models={"m": {"train": "gpt2", "layers": 1, "width": 40}, "tables": {"hub": "./absent", "layers": 1}},
    )
    with pytest.raises(StudyError) as raised:
        load_study({**study, "similarity": {"options": {"rsa": {"kk": 1}}}}, base)
    assert len(raised.value.sentences) == 4
    assert "There are 3 other mistakes" in str(raised.value)
    with pytest.raises(StudyError) as raised:
        load_study({**study, "seed": -1}, base)
    assert len(raised.value.sentences) == 2


def test_a_source_that_is_dated_in_the_future_or_has_braces_is_refused(base):
    later = time.time() + 3600
    os.utime(base / "language.fcfg", (later, later))
    with pytest.raises(InputError, match=r"dated in the future .*touch 'language.fcfg'"):
        load_study(minimal(), base)
    (base / "a{b}.fcfg").write_text("S -> 'a'\n")
    study = minimal(models={"m": {"hub": "x", "layers": 1}}, datasets={"d": {"grammar": "a{b}.fcfg"}})
    with pytest.raises(InputError, match=r"'a\{b\}.fcfg', but '\{' in a path"):
        load_study(study, base)


def test_a_local_checkpoint_is_all_that_is_read_of_it(base, monkeypatch):
    monkeypatch.chdir(base)
    (base / "checkpoint").mkdir()
    read = ["config.json", "merges.txt", "model.safetensors", "modeling.py", "tokenizer.model", "vocab.txt"]
    for name in [*read, "README.md", "optimizer.pt", ".hidden.json"]:
        (base / "checkpoint" / name).write_text("{}")
    words = {**WORDS, "leave_out": ["shared_tokens"]}
    study = load_study(minimal(datasets={"d": words}, models={"m": {"hub": "./checkpoint", "layers": 1}}))
    assert [Path(path).name for path in study.source_files("m")] == read
    names = SimpleNamespace(dataset="d", model="m")
    sources = [settings_of_job(job_settings(study)[rule], names)["sources"] for rule in ("stimuli", "extract")]
    assert list(sources[1]) == [f"checkpoint/{name}" for name in read]
    assert [*sources[0]] == ["language.fcfg", *(path for path in sources[1] if not path.endswith("safetensors"))]
    later = time.time() + 3600
    os.utime(base / "checkpoint/vocab.txt", (later, later))
    with pytest.raises(
        InputError, match=r"models.m.hub names the file 'checkpoint/vocab.txt', which is dated in the f"
    ):
        load_study(minimal(models={"m": {"hub": "checkpoint", "layers": 1}}))


def test_numbers_have_the_type_of_their_key(base):
    assert load_study(minimal(mlem={"alphas": "auto"}), base).mlem["alphas"] == "auto"
    study = load_study(minimal(seed=1.0, mlem={"folds": 4.0, "alphas": [1, 10]}), base)
    assert (study.seed, type(study.seed)) == (1, int)
    assert (study.mlem["folds"], type(study.mlem["folds"])) == (4, int)
    assert [type(alpha) for alpha in study.mlem["alphas"]] == [float, float]
    with pytest.raises(InputError, match=r"seed is 1\.5 but must be a whole number"):
        load_study(minimal(seed=1.5), base)


def test_one_study_in_other_words_gives_its_jobs_the_same_settings(base):
    dataset = {"grammar": "language.fcfg", "sentences": 9, "corpus": {"grammar": "language.fcfg"}}
    model = {"train": "gpt2", "layers": 2, "steps": 3}
    one = load_study(minimal(datasets={"d": dataset}, models={"m": model}), base)
    dataset = {"corpus": {"grammar": f"{base}/language.fcfg"}, "sentences": 9, "grammar": "./language.fcfg"}
    model = {"steps": 3.0, "width": 128, "layers": 2, "train": "gpt2"}
    other = load_study(
        minimal(datasets={"d": {**dataset, "deduplicate": True}}, models={"m": model}, mlem={"folds": 5}, seed=0), base
    )
    names = SimpleNamespace(dataset="d", model="m", model_a="m", model_b="m", measure="rsa", layer="0")
    settings = [
        {rule: settings_of_job(each, names) for rule, each in job_settings(study).items()} for study in (one, other)
    ]
    assert repr(settings[0]) == repr(settings[1])


# A few lines that stand for ten to the tenth values.
ALIASES = "study: a\nk0: &k0 [" + "x, " * 10 + "]\n"
ALIASES += "".join(f"k{n}: &k{n} [{', '.join([f'*k{n - 1}'] * 10)}]\n" for n in range(1, 10))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("study: a\nseed: 010\n", "line 2: YAML reads 010 as the number 8; write 8"),
        ("study: a\nmodels:\n  on: {}\n", "line 3: YAML reads the key on as a truth value; put it in quotes: 'on'"),
        ("study: a\nmodels: {123: {}}\n", "line 2: YAML reads the key 123 as a number"),
        ("datasets: {}\n", "the key 'study' is missing"),
        ("", "a study is a mapping"),
        ("study:\nseed: 1\n", "line 1: the key 'study' holds nothing; write the study's name"),
        ("study: 0x10\n", "line 1: YAML reads the study's name 0x10 as a number; put it in quotes: '0x10'"),
        ("study: a\nmlem: {alphas: [1:30.5]}\n", "line 2: YAML reads 1:30.5 as the number 90.5"),
        ("study: a\n? [b]\n: c\n", "line 2: a key is a list or a mapping"),
        ("study: a\nmodels: &m {b: *m}\n", "hold each other without end"),
        (ALIASES, "stands for more than 200,000 values, since its aliases"),
        ("study: a\n".encode("utf-16"), "the file is written in UTF-16 or UTF-32"),
        ("study: a\n".encode("utf-16-le"), "the file is written in UTF-16 or UTF-32"),
        ("study: a\n# café\n".encode("latin-1"), "line 2: byte 14 is not UTF-8"),
    ],
)
def test_what_yaml_would_read_otherwise_is_refused(tmp_path, content, words):
    path = tmp_path / "study.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError) as raised:
        read_study_file(path)
    assert words in str(raised.value)


@pytest.mark.parametrize("start", ["\ufeff", "", "# a comment\n\n", "---\n"])
def test_every_way_to_write_a_name_is_read(tmp_path, start):
    for line in ("study: 'a.b'  # comment", "{study: a.b}", '"study" :   a.b'):
        (tmp_path / "study.yaml").write_text(f"{start}{line}\n", encoding="utf-8")
        assert read_study_file(tmp_path / "study.yaml") == {"study": "a.b"}


def test_a_place_that_cannot_work_is_named(tmp_path):
    (tmp_path / "results").symlink_to(tmp_path / "gone")
    with pytest.raises(InputError, match=r"is a link to .*gone, which does not exist"):
        refuse_place(tmp_path, ROOT)
    with pytest.raises(InputError, match="rename that folder"):
        refuse_place(tmp_path, "/somewhere/{here}")
    (tmp_path / "results").unlink()
    (tmp_path / "results").mkdir()
    refuse_place(tmp_path, ROOT, "results/a")
    (tmp_path / "results/a").write_text("")
    with pytest.raises(InputError, match="is a file where the folder of results should be"):
        refuse_place(tmp_path, ROOT, "results/a")


def test_a_dataset_may_have_several_files(base):
    for name in ("a.csv", "b.csv"):
        (base / name).write_text("sentence_id,word,pos\n1,a,X\n")
    entry = {"table": ["a.csv", "b.csv"], "features": ["pos"]}
    models = {"m": {"activations": "cortex.parquet"}}
    study = load_study(minimal(datasets={"words": entry}, models=models), base)
    assert study.stimulus_files("words") == ["a.csv", "b.csv"]
    with pytest.raises(InputError, match=r"'c.csv', which does not exist"):
        load_study(minimal(datasets={"words": {**entry, "table": ["a.csv", "c.csv"]}}, models=models), base)


def test_only_pretrained_models_decide_what_is_left_out(base):
    words = {**WORDS, "leave_out": ["shared_tokens"], "unit": "mean"}
    models = {"g": {"train": "gpt2", "layers": 2}, "m": {"hub": "some/model", "layers": 2}}
    study = load_study(minimal(datasets={"words": words}, models=models), base)
    found = study.leaving_out("words")
    assert found["kinds"] == ["shared_tokens"] and list(found["models"]) == ["m"]
    assert found["models"]["m"]["source"] == study.source("m") and found["models"]["m"]["settings"]["unit"] == "mean"
    assert "leave_out" not in study.stimulus_source("words")
    assert load_study(minimal(models=models), base).leaving_out("words") == {}


def test_both_studies_of_pretrained_models_are_of_the_same_models_and_words(tmp_path):
    (tmp_path / "config").symlink_to(ROOT / "config")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "gemma-3-270m-q4_k_m.gguf").write_bytes(b"")
    paper, own = (
        load_study(yaml.safe_load((ROOT / "config" / f"{name}.yaml").read_text(encoding="utf-8")), tmp_path)
        for name in ("pretrained", "pretrained_defaults")
    )
    assert paper.models == own.models and paper.datasets == own.datasets and paper.reference == own.reference
    assert (paper.mlem["coding"], own.mlem["coding"]) == ("difference", "levels")


def test_the_page_of_keys_is_the_schemas():
    from thinkalike.study.key_page import key_page

    page = (ROOT / "config/README.md").read_text(encoding="utf-8")
    assert page == key_page(read_schema()), "run `python -m thinkalike.study.key_page > config/README.md`"


def every_key(schema, where="study"):
    """Yield every key that a mapping of the schema may have, with what the schema says of it."""
    for key, part in schema.get("properties", {}).items():
        yield f"{where}.{key}", key, part
    inner = [*schema.get("properties", {}).items(), *schema.get("$defs", {}).items()]
    inner += [("*", schema[word]) for word in ("items", "additionalProperties") if isinstance(schema.get(word), dict)]
    inner += [("*", part) for part in schema.get("anyOf", ())]
    for key, part in inner:
        yield from every_key(part, f"{where}.{key}")


def test_every_key_is_on_the_page_and_says_what_it_means():
    schema = read_schema()
    page = (ROOT / "config/README.md").read_text(encoding="utf-8")
    keys = list(every_key(schema))
    assert len(keys) > 120
    for where, key, part in keys:
        whole = {**(schema["$defs"][part["$ref"].rpartition("/")[2]] if "$ref" in part else {}), **part}
        assert f"| `{key}` |" in page, where
        assert whole.get("description"), f"{where} has no description"
        # A comma outside quotation marks makes a key of half a sentence.
        assert None not in part.values(), where
