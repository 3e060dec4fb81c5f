"""The study's table of explained similarity: each pair's rows are what `explain_similarity` gives."""

import numpy as np
import pandas as pd
import pytest

from thinkalike.errors import InputError
from thinkalike.features import Feature
from thinkalike.similarity import compare, explain_similarity
from thinkalike.similarity.explained import explained_table, study_table

N = 60
FEATURES = {
    "a": Feature("a"),
    "b": Feature("b", missing="category"),
    "length": Feature("length", kind="numeric"),
    "word": Feature("word", role="control"),
}


def stimuli():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"sentence_id": [f"s{i // 3}" for i in range(N)], "a": rng.integers(3, size=N)})
    table["b"] = pd.Series(rng.choice(["x", "y", "z"], N)).where(rng.random(N) > 0.2)
    table["length"] = rng.gamma(2, size=N)
    table["word"] = rng.choice(list("klmnop"), N)
    return table


def layers():
    rng = np.random.default_rng(1)
    codes = stimuli()["a"].to_numpy()[:, None]
    return [
        (model, layer, (codes * place + rng.normal(size=(N, 4))).astype(np.float32))
        for model in ("m", "k")
        for place, layer in enumerate(("0", "1", "final")[: 3 if model == "m" else 2])
    ]


@pytest.fixture(scope="module")
def table():
    return explained_table(stimuli(), FEATURES, layers(), seed=3)


def test_every_pair_of_layers_is_there_as_in_the_table_of_similarities(table):
    pairs = table[["model_a", "layer_a", "model_b", "layer_b"]].drop_duplicates()
    assert len(pairs) == 2 * 2 + 2 * 3 + 3 * 3
    assert list(pairs[["model_a", "model_b"]].drop_duplicates().itertuples(index=False, name=None)) == [
        ("k", "k"),
        ("k", "m"),
        ("m", "m"),
    ]
    assert set(table["by"]) == {"values", "differences"}
    assert len(table) == len(pairs) * 2 * (4 + 3)


@pytest.mark.parametrize("by", ["values", "differences"])
def test_rows_are_those_of_the_pair_alone(table, by):
    vectors = {(model, layer): X for model, layer, X in layers()}
    S = stimuli()
    for one, other in ((("k", "1"), ("m", "final")), (("m", "1"), ("m", "1"))):
        e = explain_similarity(
            S[list(FEATURES)],
            vectors[one],
            vectors[other],
            by=by,
            controls=["word"],
            kinds={"length": "numeric"},
            missing={"b": "category"},
            groups=S["sentence_id"],
            seed=3,
        )
        keys = dict(zip(["model_a", "layer_a", "model_b", "layer_b", "by"], [*one, *other, by], strict=True))
        rows = table[np.logical_and.reduce([table[key] == value for key, value in keys.items()])]
        expected = e.table()
        assert list(rows["part"]) == list(expected["part"])
        assert list(rows["role"]) == list(expected["role"])
        np.testing.assert_allclose(rows["value"], expected["value"], atol=1e-10)
        np.testing.assert_allclose(rows["last"], expected["last"], atol=1e-10)
        assert rows["value"].sum() == pytest.approx(compare(vectors[one], vectors[other], "rsa"), abs=1e-9)


def test_what_made_it_is_said(table):
    assert table.attrs["measure"] == "rsa"
    assert len(table.attrs["bins"]["length"]) == 9
    assert 0 < table.attrs["covered"]["values"] <= 1
    assert table.attrs["features"]["word"] == "control"


def test_preprocessing_and_subsamples_are_those_of_compare():
    S = stimuli()
    given = [("m", "0", np.hstack([layers()[1][2], 50 * layers()[0][2][:, :1]])), layers()[1]]
    scored = explained_table(S, FEATURES, given, preprocessing="z-score")
    pair = scored.query("layer_a == '0' and layer_b == '1' and by == 'values'")
    expected = compare(given[0][2], given[1][2], "rsa", preprocessing="z-score")
    assert pair["value"].sum() == pytest.approx(expected, abs=1e-9)
    fewer = explained_table(S, FEATURES, given, max_stimuli=40)
    assert fewer.attrs["stimuli"] == 40
    assert fewer.attrs["stimuli_given"] == N


def test_stimuli_are_drawn_where_sums_of_all_pairs_of_cells_would_be_too_many(monkeypatch, caplog):
    S = stimuli()
    cells = len(S[list(FEATURES)].drop_duplicates())
    monkeypatch.setattr(study_table, "MOST_CELL_PAIRS", cells**2 / 2)
    assert explained_table(S, FEATURES, layers()[:2]).attrs["stimuli"] == N and not caplog.records
    monkeypatch.setattr(study_table, "MOST_CELL_PAIRS", 200)
    assert explained_table(S, FEATURES, layers()[:2]).attrs["stimuli"] == 20
    assert f"20 of {N} stimuli" in caplog.text
    assert explained_table(S, FEATURES, layers()[:2], max_stimuli=1000).attrs["stimuli"] == N


def test_no_controls_no_lexical_part():
    features = {name: feature for name, feature in FEATURES.items() if name != "word"}
    table = explained_table(stimuli(), features, layers()[:2])
    assert "lexical" not in set(table["role"])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "no layers"),
        ([("m", "0", np.random.default_rng(0).normal(size=(N - 1, 3)))], "m, layer 0 has 59 stimuli"),
    ],
)
def test_layers_of_other_stimuli_are_refused(given, message):
    with pytest.raises(InputError, match=message):
        explained_table(stimuli(), FEATURES, given)


def test_pairs_of_the_same_word_or_length_are_left_out():
    S = stimuli()
    exclude = S[["word", "a"]]
    table = explained_table(S, FEATURES, layers()[:2], exclude=exclude)
    rows = table.query("layer_a == '0' and layer_b == '1' and by == 'values'")
    from scipy.spatial.distance import pdist
    from scipy.stats import spearmanr

    i, j = np.triu_indices(N, 1)
    kept = np.logical_and.reduce([S[name].to_numpy()[i] != S[name].to_numpy()[j] for name in exclude])
    expected = spearmanr(*(pdist(X.astype(float))[kept] for _, _, X in layers()[:2])).statistic
    assert rows["value"].sum() == pytest.approx(expected, abs=1e-9)
    assert table.attrs["exclude"] == ["word", "a"]


def test_intervals_are_of_new_sentences_and_hold_their_estimates():
    S = stimuli()
    table = explained_table(S, FEATURES, layers()[:3], resamples=12)
    plain = explained_table(S, FEATURES, layers()[:3])
    pd.testing.assert_frame_equal(table[plain.columns], plain)
    assert set(table["over"]) == {"sentences"}
    assert (table["low"] < table["high"]).all()
    # The quantiles are centred on the mean of the halves, which few halves have not at their middle.
    assert ((table["low"] <= table["value"]) & (table["value"] <= table["high"])).mean() > 0.95
    with pytest.raises(InputError, match="Intervals of the table are for 'rsa'"):
        explained_table(S, FEATURES, layers()[:3], measure="cka", resamples=3)


def test_a_half_is_ranked_as_if_it_were_all():
    from thinkalike.similarity.explained.layer_sums import pair_numbers
    from thinkalike.similarity.explained.study_table import _levels, _sample

    S = stimuli()
    exclude = S[["word"]]
    rows = np.flatnonzero(np.random.default_rng(0).random(N // 3) < 0.5)[:, None] * 3 + np.arange(3)
    rows = rows.ravel()
    whole = _sample(S, _levels(S, FEATURES), exclude, np.arange(N), 0)
    vectors = [pair_numbers(X.astype(float), "rsa", whole.cells) for _, _, X in layers()[:2]]
    values, parts = (lambda half, ranks: half.divide(ranks))(*whole.part(rows, vectors))
    alone = explained_table(
        S.iloc[rows],
        FEATURES,
        [(model, layer, X[rows]) for model, layer, X in layers()[:2]],
        exclude=exclude.iloc[rows],
    )
    found = alone.query("layer_a == '0' and layer_b == '1' and by == 'differences'")
    assert found["value"].sum() == pytest.approx(values[0, 1], abs=1e-10)
    # Bins of numbers are those of all stimuli, so only what has none is compared.
    assert parts["values"].division.values.shape == (4, 2, 2)
