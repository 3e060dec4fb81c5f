"""The study's table of explained similarity: each pair's rows are what `explain_similarity` gives."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from thinkalike.errors import InputError
from thinkalike.features import Feature
from thinkalike.similarity import compare, explain_similarity
from thinkalike.similarity.explained import explained_sentences, explained_table, study_table

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


def of_two(table, by):
    return table[(table["layer_a"] == "0") & (table["layer_b"] == "1") & (table["by"] == by)]


@pytest.mark.parametrize("by", ["values", "differences"])
def test_deviations_are_those_of_really_leaving_out_each_sentence(by):
    """Of the similarity, and by differences of contributions: halves would be other ones without a sentence."""
    S, sentences = stimuli(), np.arange(N) // 3
    given = layers()[:2]
    features = {name: feature for name, feature in FEATURES.items() if name != "length"}  # whose bins would move
    table = of_two(explained_table(S, features, given), by)
    reach = t.ppf(0.975, 19)
    for ends in ("", "similarity_"):
        assert (table[f"{ends}low"] < table[f"{ends}high"]).all()
    replicates = []
    for sentence in range(20):
        rows = np.flatnonzero(sentences != sentence)
        fewer = [(model, layer, X[rows]) for model, layer, X in given]
        replicates.append(of_two(explained_table(S.iloc[rows], features, fewer, over=None), by)["value"].to_numpy())
    similarity = np.sum(replicates, axis=1)
    expected = np.sqrt(19 * similarity.var())
    found = (table["similarity_high"] - table["similarity_low"]) / 2 / reach
    np.testing.assert_allclose(found, expected, rtol=0.1)  # how ranks move is taken to first order
    if by == "differences":
        named = table["role"].isin(["feature", "control"]).to_numpy()
        expected = np.sqrt(19 * np.var(replicates, axis=0))[named]
        found = ((table["high"] - table["low"]) / 2 / reach).to_numpy()[named]
        np.testing.assert_allclose(found, expected, rtol=0.1, atol=2e-4)


def test_intervals_change_no_value_and_are_about_it():
    S = stimuli()
    table = explained_table(S, FEATURES, layers()[:3])
    plain = explained_table(S, FEATURES, layers()[:3], over=None)
    pd.testing.assert_frame_equal(table[plain.columns], plain)
    assert set(table["over"]) == {"sentences"} and table.attrs["blocks"] == [20]
    np.testing.assert_allclose((table["low"] + table["high"]) / 2, table["value"], atol=1e-9)
    itself = table[(table["layer_a"] == table["layer_b"])]
    assert (itself["similarity_low"] == 1).all() and (itself["similarity_high"] == 1).all()
    assert "low" not in explained_table(S, FEATURES, layers()[:2], measure="cka")


def test_variances_over_sentences_and_over_lemmas_add_up_less_that_of_single_stimuli():
    """Each stimulus is of a lemma of its own, so that over both there is nothing but sentences."""
    S = stimuli().assign(lemma=np.arange(N))
    rng = np.random.default_rng(5)
    shared = rng.normal(size=(N // 3, 3))[np.arange(N) // 3]
    given = [("m", str(k), shared + 0.3 * rng.normal(size=(N, 3))) for k in range(2)]
    sd = {}
    for over, blocks in (("sentences", [20]), ("lemmas", [40]), ("both", [20, 40, 40])):
        table = explained_table(S, FEATURES, given, over=over)
        assert table.attrs["blocks"] == blocks and set(table["over"]) == {over}
        rows = of_two(table, "values")
        sd[over] = ((rows["high"] - rows["low"]) / 2 / t.ppf(0.975, min(blocks) - 1)).to_numpy()
    assert (sd["both"] > np.maximum(sd["sentences"], sd["lemmas"]) - 1e-9).all()
    # The blocks of stimuli are others than those of lemmas, so equal but for chance.
    assert (sd["both"] ** 2 < 0.75 * (sd["sentences"] ** 2 + sd["lemmas"] ** 2)).mean() > 0.5


def test_few_sentences_have_no_intervals():
    few = explained_table(stimuli().assign(sentence_id=np.arange(N) // 10), FEATURES, layers()[:2])
    assert few["low"].isna().all() and few["similarity_low"].isna().all() and few["value"].notna().all()


def test_a_layer_of_equal_distances_has_no_intervals_and_leaves_the_others_theirs():
    S = stimuli()
    given = [("m", "0", np.eye(N)), *[("m", layer, X) for _, layer, X in layers()[1:3]]]
    table = explained_table(S, FEATURES, given)
    undefined = (table[["layer_a", "layer_b"]] == "0").any(axis=1)
    assert table.loc[undefined, ["value", "low", "high"]].isna().all(axis=None)
    kept = table[~undefined].reset_index(drop=True)
    expected = explained_table(S, FEATURES, given[1:])
    np.testing.assert_allclose(kept[["low", "high"]], expected[["low", "high"]], atol=1e-9)


def test_sentences_say_the_intervals():
    table = explained_table(stimuli(), FEATURES, layers())
    said = explained_sentences(table)
    rows = table.merge(said[["model_a", "layer_a", "model_b", "layer_b"]])
    row = rows[(rows["by"] == "values") & (rows["part"] == "unexplained")].iloc[0]
    assert said["low"].iloc[0] == row["similarity_low"]
    ends = " ".join(f"{row[end]:.2f}".replace("0.", ".").replace("-", "\N{MINUS SIGN}") for end in ("low", "high"))
    assert f"[{ends.replace(' ', ', ')}] is carried by nothing in the table" in said["sentence"].iloc[0]
    assert said["sentence"].str.endswith("(95 % intervals for new sentences).").all()
