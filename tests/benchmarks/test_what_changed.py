"""The list of what a study found before and after a change, on tables in which one thing was changed."""

import figure_tables
import pytest
import what_changed
from scipy.stats import weightedtau

from thinkalike.errors import InputError
from thinkalike.tables import write_table

MODELS = {"bert-seed0": "bert", "gpt2-seed0": "gpt2", "lstm-untrained": "lstm"}


@pytest.fixture
def tables():
    importance = figure_tables.with_codings(figure_tables.importance_table(MODELS), "importance")
    scores = figure_tables.with_codings(figure_tables.scores_table(MODELS).assign(scoring="rho_a"), "score")
    similarity = figure_tables.similarity_table(MODELS)
    return {
        **{"importance": importance, "scores": scores, "similarity": similarity},
        "models": figure_tables.models_table(MODELS),
    }


def written(folder, tables):
    folder.mkdir(exist_ok=True)
    for name, table in tables.items():
        write_table(table, folder / f"{name}.parquet")
    return folder


def test_the_same_study_twice_has_not_changed(tables, tmp_path, capsys):
    what_changed.main([str(written(tmp_path / "one", tables))])
    text = capsys.readouterr().out
    assert "Before: levels, rho_a. After: levels, rho_a." in text
    assert "another feature" not in text and "in 0 of" in text
    assert text.count("0 changed, 0 by more than 0.05") == tables["similarity"]["measure"].nunique()


def test_what_was_changed_is_listed_and_nothing_else(tables, tmp_path, capsys):
    before = written(tmp_path / "before", tables)
    importance, similarity = tables["importance"].copy(), tables["similarity"].copy()
    layer = (importance["model"] == "gpt2-seed0") & (importance["layer"] == "1") & (importance["coding"] == "levels")
    importance.loc[layer & (importance["feature"] == "question"), "importance"] = 9.0
    pair = (similarity["model_a"] == "bert-seed0") & (similarity["model_b"] == "gpt2-seed0")
    pair &= (similarity["layer_a"] == "0") & (similarity["layer_b"] == "2") & (similarity["measure"] == "rsa")
    similarity.loc[pair, "value"] = 0.999
    scores = tables["scores"].copy()
    scores.loc[(scores["model"] == "bert-seed0") & (scores["layer"] == "1"), "score"] = 1.5
    changed = {**tables, "importance": importance, "similarity": similarity, "scores": scores}
    what_changed.main([str(before), str(written(tmp_path / "after", changed))])
    text = capsys.readouterr().out
    assert f"in 1 of {len(tables['scores']) // 2} layers" in text
    assert "  gpt2-seed0 1: part_of_speech" in text and "question (9.000) after" in text
    assert "1 changed, 1 by more than 0.05" in text
    assert "most alike after: bert-seed0 0 and gpt2-seed0 2, 0.999" in text
    row = next(line.split() for line in text.splitlines() if line.startswith("bert-seed0"))
    assert (row[3], row[6]) == ("0", "1")  # layers above their ceiling, before and after


def test_one_study_by_both_codings(tables, tmp_path, capsys):
    folder = written(tmp_path / "one", tables)
    what_changed.main([str(folder), "--before", "difference", "--after", "difference"])
    assert "Before: difference, rho_a. After: difference, rho_a." in capsys.readouterr().out
    found = what_changed.pair_values(what_changed.read_study(folder, "difference"), "weighted_kendall")
    rows = tables["importance"].query("coding == 'difference' and role == 'feature'").set_index(["model", "layer"])
    a, b = (rows.loc[layer].set_index("feature")["importance"] for layer in (("bert-seed0", "2"), ("gpt2-seed0", "0")))
    assert found["bert-seed0", "2", "gpt2-seed0", "0"] == pytest.approx(weightedtau(a, b[a.index]).statistic)
    with pytest.raises(InputError, match="no importance by coding 'pairs'"):
        what_changed.read_study(folder, "pairs")


def test_a_distance_is_most_alike_where_it_is_small(tables, tmp_path, capsys):
    what_changed.main([str(written(tmp_path / "one", tables))])
    lines = capsys.readouterr().out.splitlines()
    rows = tables["similarity"]
    distance = next(name for name in rows["measure"].unique() if name.startswith("procrustes"))
    rows = rows[(rows["measure"] == distance) & (rows["model_a"] == "bert-seed0") & (rows["model_b"] == "gpt2-seed0")]
    start = next(number for number, line in enumerate(lines) if line.startswith(distance))
    assert f"{rows['value'].min():.3f}" in lines[start + 1] and "most alike" in lines[start + 1]
