"""Published values and statements beside a study's own: every kind of statement, found and not found."""

import numpy as np
import pandas as pd
import pytest

from thinkalike.errors import InputError
from thinkalike.explorer.reproduction_sheet import render_sheet
from thinkalike.representations.numberings import both_labels, hidden_states_in_blocks
from thinkalike.similarity.reproduction import numbering_table, reproduction_table, setup_table
from thinkalike.similarity.statements import find

LAYERS = ["0", "1", "2", "3", "final"]


def importance(noise=0.0, rng=None):
    """Part of speech leads in all layers of a, in the first and the last of m, whose word position rises before 2."""
    shapes = {
        ("a", "pos"): [0.5, 0.6, 0.5, 0.4, 0.4],
        ("a", "place"): [0.1, 0.1, 0.1, 0.1, 0.1],
        ("a", "number"): [0.09, 0.07, 0.05, 0.03, 0.01],
        ("m", "pos"): [0.5, 0.05, 0.05, 0.05, 0.4],
        ("m", "place"): [0.1, 0.1, 0.3, 0.31, 0.2],
        ("m", "number"): [0.01, 0.02, 0.03, 0.04, 0.05],
    }
    rows = [
        (model, layer, index, "levels", feature, "feature", value + (noise and rng.normal(0, noise)))
        for (model, feature), values in shapes.items()
        for index, (layer, value) in enumerate(zip(LAYERS, values, strict=True))
    ]
    columns = ["model", "layer", "layer_index", "coding", "feature", "role", "importance"]
    return pd.DataFrame(rows, columns=columns)


@pytest.fixture(scope="module")
def tables():
    known = pd.DataFrame(
        [(model, layer, model.split("-")[0], model == "u") for model in ("a", "m", "u") for layer in LAYERS],
        columns=["model", "layer", "entry", "control"],
    )
    rng = np.random.default_rng(0)
    draws = [importance(0.01, rng).assign(kind="resample", draw=draw) for draw in range(40)]
    other = importance().assign(coding="difference", importance=0.0)
    pairs = [
        (a, i, b, j, "tau", 0.9 if (a, i, b, j) == ("a", "2", "m", "1") else 0.1 + 0.01 * (int(i != j)), 0.0, 0.5)
        for a, b in (("a", "m"), ("a", "u"), ("m", "u"))
        for i in LAYERS
        for j in LAYERS
    ]
    pairs = [(*row[:5], 0.99 if "u" in row else row[5], *row[6:]) for row in pairs]
    columns = ["model_a", "layer_a", "model_b", "layer_b", "measure", "value", "low", "high"]
    similarity = pd.DataFrame(pairs, columns=columns)
    agreement = pd.DataFrame({"measure_a": ["tau"], "measure_b": ["rsa"], "spearman": [0.6]})
    return {
        "models": known, "importance": pd.concat([importance(), other]), "similarity": similarity,
        "agreement": agreement, "resamples": pd.concat(draws),
    }  # fmt: skip


def test_a_value_is_looked_up_and_an_interval_decides(tables):
    rows = {"measure_a": "tau", "measure_b": "rsa"}
    (found,) = find({"value": {"table": "agreement", "column": "spearman", "rows": rows}, "published": 0.69}, tables)
    assert (found.value, found.holds) == (0.6, None)
    rows = {"model_a": "a", "layer_a": 2, "model_b": "m", "layer_b": 3}
    about = {"value": {"table": "similarity", "column": "value", "rows": rows}}
    assert [find({**about, "published": value}, tables)[0].holds for value in (0.4, 0.6)] == [True, False]


def test_the_most_similar_layers_are_of_different_trained_models(tables):
    about = {"measure": "tau", "layers": [["a", 2], ["m", 1]]}
    (found,) = find({"largest": about}, tables)
    assert found.holds and found.value == 0.9 and "largest but 0 of 25" in found.sentence
    (turned,) = find({"largest": {**about, "layers": about["layers"][::-1]}}, tables)
    assert turned.holds and turned.value == 0.9
    (found,) = find({"largest": {**about, "layers": [["a", 2], ["m", 3]]}}, tables)
    assert not found.holds and "the largest is .90, of a 2 and m 1" in found.sentence
    (found,) = find({"smallest": {"measure": "tau"}}, tables)
    assert found.holds is None and found.value == pytest.approx(0.1)


def test_first_in_which_layers(tables):
    everywhere, ends = find({"first": {"feature": "pos", "models": ["a", "m"], "layers": "all"}}, tables)
    assert everywhere.holds and everywhere.value == 1 and "95 % of resamples in 5" in everywhere.sentence
    assert not ends.holds and ends.value == 0.4 and "not in 1 (place), 2 (place), 3 (place)" in ends.sentence
    about = {"feature": "pos", "models": ["m"], "layers": ["first", "last"], "only": True}
    assert find({"first": about}, tables)[0].holds
    assert not find({"first": {**about, "models": ["a"]}}, tables)[0].holds  # in others too
    assert find({"first": {**about, "layers": [0, "final"]}}, tables)[0].holds


def test_rising_and_falling_with_depth(tables):
    falls, rises = find({"falls": {"feature": "number", "models": ["a", "m"]}}, tables)
    assert (falls.holds, falls.value) == (True, -1.0) and not rises.holds and rises.value == 1.0
    assert falls.low <= falls.value <= falls.high < 0
    (step,) = find({"rises": {"feature": "place", "models": ["m"], "near": 2, "within": 0}}, tables)
    assert step.holds and "step is before layer 2" in step.sentence
    assert not find({"rises": {"feature": "place", "models": ["m"], "near": "final", "within": 1}}, tables)[0].holds
    without = {name: table for name, table in tables.items() if name != "resamples"}
    assert np.isnan(find({"falls": {"feature": "number", "models": ["a"]}}, without)[0].low)
    (flat,) = find({"rises": {"feature": "place", "models": ["a"]}}, without)
    assert flat.holds is None and np.isnan(flat.value)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ({"value": {"table": "scores", "column": "score"}}, "table 'scores', which this study does not have"),
        ({"value": {"table": "similarity", "column": "value", "rows": {"model_a": "a"}}}, "50 rows are of"),
        ({"value": {"table": "agreement", "column": "rho", "rows": {}}}, "column 'rho' of agreement"),
        ({"value": {"table": "agreement", "column": "spearman", "rows": {"x": 1}}}, "column 'x' of agreement"),
        ({"first": {"feature": "case", "models": ["a"]}}, "feature 'case', but the features are number, place, pos"),
        ({"first": {"feature": "pos", "models": ["gpt"]}}, "model 'gpt', but the models are a, m, u"),
        ({"first": {"feature": "pos", "models": ["a"], "layers": [7]}}, "layer '7' of 'a'"),
        ({"rises": {"feature": "pos", "models": ["a"], "near": 9}}, "layer '9' of 'a'"),
        ({"largest": {"measure": "tau", "layers": [["a", 9], ["m", 1]]}}, "no similarity of these layers"),
    ],
)
def test_a_statement_about_what_is_not_there_is_refused(tables, statement, words):
    with pytest.raises(InputError, match=words):
        find(statement, tables)


def test_both_numberings_of_a_layer():
    assert hidden_states_in_blocks("mamba", 3) == ["1", "2", "3", "final"]
    assert hidden_states_in_blocks("gpt2", 3) == ["0", "1", "2", "final"]
    assert hidden_states_in_blocks("bert", 3) == ["0", "1", "2", "3"]
    assert both_labels("0", "blocks", "mamba", 3) == ("0", "")
    assert both_labels("8", "hidden_states", "mamba", 24) == ("9", "8")
    assert both_labels("3", "blocks", "gpt2", 3) == ("3", "")
    assert both_labels("final", "blocks", "gpt2", 3) == ("final", "3")
    assert both_labels("0", "blocks", "unheard_of", 3) is None
    assert both_labels("last", "blocks", "bert", 3) is None


def test_the_sheet_holds_what_the_tables_hold(tables):
    statements = [
        {"says": "part of speech <b>leads</b>", "first": {"feature": "pos", "models": ["a", "m"]}},
        {"says": "the most alike", "where": "Figure 4", "published": -0.24, "largest": {"measure": "tau"}},
    ]
    table = reproduction_table(statements, tables)
    assert table["holds"].tolist() == ["yes", "no", ""]
    assert table["difference"].iloc[2] == pytest.approx(0.9 + 0.24)
    setup = setup_table({"coding": "difference", "sizes": "not told"}, {"coding": "levels", "folds": 5, "controls": []})
    assert setup.set_index("item")["same"].to_dict() == {"coding": "no", "sizes": "", "folds": "", "controls": ""}
    properties = {"a": {"architecture": "gpt2", "layers": 3}, "m": {"architecture": "mamba", "layers": 3}}
    numbering = numbering_table(tables["models"], properties, dict.fromkeys("amu", "blocks"))
    assert numbering.query("model == 'm'")["hidden_states"].tolist() == ["", "0", "1", "2", "3"]
    assert set(numbering["model"]) == {"a", "m"}
    page = render_sheet(reproduction=table, setup=setup, numbering=numbering, source="A & B", study="s")
    assert "part of speech &lt;b&gt;leads" in page and "A &amp; B" in page and "−0.24" in page and "1.00" in page
    assert page.count("<tr>") == 3 + len(table) + len(setup) + len(numbering)
