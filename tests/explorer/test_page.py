"""The page as text: the same tables give the same bytes, nothing in it is markup that a table brought, sizes."""

import base64
import gzip
import json
import re

import figure_tables
import numpy as np
import pandas as pd
import pytest
from explorer_tables import MARKUP
from scipy.stats import weightedtau

from thinkalike.errors import InputError
from thinkalike.explorer import content as content_module
from thinkalike.explorer import render_page, write_page
from thinkalike.explorer.packing import UNDEFINED, pack, pack_places, pack_scaled, pack_text
from thinkalike.explorer.page import MOST_IN_REPORT, SCRIPTS, page_for_report
from thinkalike.similarity.word_maps import principal_plane


def unpacked(block):
    return np.frombuffer(gzip.decompress(base64.b64decode(block["data"])), dtype=block["type"]).reshape(block["shape"])


def content_of(page: str) -> dict:
    text = re.search(r'id="content">([^<]+)</script>', page).group(1)
    return json.loads(gzip.decompress(base64.b64decode(text)))


def test_the_same_tables_in_any_order_give_the_same_bytes(tables):
    shuffled = {
        name: table.sample(frac=1, random_state=3) if name in ("similarity", "importance", "word_maps") else table
        for name, table in tables.items()
    }
    assert render_page(**tables) == render_page(**shuffled)


def test_values_are_those_of_the_tables(tables):
    content = content_of(render_page(**tables))
    layers = [(content["models"][layer["model"]]["name"], layer["layer"]) for layer in content["layers"]]
    measure = next(one for one in content["measures"] if one["name"] == "rsa")
    triangle = unpacked(measure["blocks"]["value"]) * measure["blocks"]["value"]["unit"]
    matrix = np.zeros((len(layers), len(layers)))
    matrix[np.triu_indices(len(layers))] = triangle
    place = {layer: number for number, layer in enumerate(layers)}
    rows = tables["similarity"][tables["similarity"]["measure"] == "rsa"]
    for row in rows.itertuples(index=False):
        one, other = sorted((place[row.model_a, row.layer_a], place[row.model_b, row.layer_b]))
        assert matrix[one, other] == pytest.approx(row.value, abs=2e-5)
    importance = unpacked(content["profiles"]["codings"][0]["blocks"]["value"])
    names = [feature["name"] for feature in content["profiles"]["features"]]
    for row in tables["importance"].itertuples(index=False):
        assert importance[place[row.model, row.layer], names.index(row.feature)] == row.importance


def test_explained_similarity_is_of_the_pairs_that_the_table_has_and_of_no_others(tables):
    content = content_of(render_page(**tables))
    place = {
        (content["models"][layer["model"]]["name"], layer["layer"]): number
        for number, layer in enumerate(content["layers"])
    }
    assert {one["by"] for one in content["explained"]} == {"values", "differences"}
    for one in content["explained"]:
        rows = tables["explained"][tables["explained"]["by"] == one["by"]]
        pairs = list(map(tuple, unpacked(one["pairs"]).tolist()))
        parts = [part["name"] for part in one["parts"]]
        assert len(pairs) == len(rows) / len(parts) == len(set(pairs))
        assert one["held"] == one["of"] == len(pairs)
        blocks = {name: unpacked(one[name]) * one[name].get("unit", 1) for name in ("values", "low", "high")}
        for row in rows.itertuples(index=False):
            found = pairs.index((place[row.model_a, row.layer_a], place[row.model_b, row.layer_b]))
            for name, value in (("values", row.value), ("low", row.low), ("high", row.high)):
                assert blocks[name][found, parts.index(row.part)] == pytest.approx(
                    value, abs=1e-7 if name == "values" else 2e-5
                )


def test_of_very_many_pairs_a_page_holds_the_most_alike_and_those_of_every_two_models(tables, monkeypatch):
    monkeypatch.setattr(content_module, "MOST_EXPLAINED", 40)
    monkeypatch.setattr(content_module, "MOST_WITH_INTERVALS", 10)
    content = content_of(render_page(**tables))
    layers = [(content["models"][layer["model"]]["name"], layer["layer"]) for layer in content["layers"]]
    one = content["explained"][0]
    rows = tables["explained"][tables["explained"]["by"] == one["by"]]
    totals = rows.groupby(["model_a", "layer_a", "model_b", "layer_b"])["value"].sum().round(12)
    between = totals[totals.index.get_level_values(0) != totals.index.get_level_values(2)]
    held = {(*layers[a], *layers[b]) for a, b in unpacked(one["pairs"]).tolist()}
    assert len(held) == one["held"] == 40 and one["of"] == len(totals)
    assert set(between.groupby(["model_a", "model_b"]).idxmax()) <= held
    rest = totals.drop(list(between.groupby(["model_a", "model_b"]).idxmax()))
    others = held - set(between.groupby(["model_a", "model_b"]).idxmax())
    assert min(totals[list(others)]) >= max(rest.drop(list(others)))
    assert all(measure["brief"] and list(measure["blocks"]) == ["value"] for measure in content["measures"])


def test_the_explained_measure_has_the_interval_of_the_sum_of_its_parts(tables):
    similarity = tables["similarity"].copy()
    similarity.loc[similarity["measure"] == "rsa", ["low", "high"]] = np.nan
    content = content_of(render_page(**tables | {"similarity": similarity}))
    layers = [(content["models"][layer["model"]]["name"], layer["layer"]) for layer in content["layers"]]
    measure = next(one for one in content["measures"] if one["name"] == "rsa")
    ends = {}
    for name in ("value", "low", "high"):
        block = measure["blocks"][name]
        codes = unpacked(block)
        ends[name] = np.full((len(layers), len(layers)), np.nan)
        ends[name][np.triu_indices(len(layers))] = np.where(codes == UNDEFINED, np.nan, codes * block["unit"])
    a, b = layers.index(("gpt2-seed0", "2")), layers.index(("mamba-seed0", "1"))
    a, b = min(a, b), max(a, b)
    assert ends["low"][a, b] == pytest.approx(ends["value"][a, b] - 0.03, abs=1e-4)
    assert ends["high"][a, b] == pytest.approx(ends["value"][a, b] + 0.04, abs=1e-4)
    other = layers.index(("bert-seed0", "1"))
    assert np.isnan(ends["low"][min(a, other), max(a, other)])


def test_names_and_words_are_never_markup(tables):
    page = render_page(**tables)
    assert MARKUP not in page and "<b>more</b>" not in page
    assert MARKUP in content_of(page)["words"]["words"]
    assert "words &amp; &lt;b&gt;more&lt;/b&gt;" in page


def test_nothing_is_loaded_from_elsewhere(tables):
    page = re.sub(r'id="content">[^<]+<', "", render_page(**tables))
    addresses = set(re.findall(r"https?://[^\s\"'`)]+", page))
    assert addresses <= {"http://www.w3.org/2000/svg"}, addresses
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=\"(?!data:)", page)


def test_a_page_needs_only_similarity_importance_and_stimuli(tables):
    few = {name: tables[name] for name in ("similarity", "importance", "stimuli")}
    content = content_of(render_page(**few))
    assert content["words"] is None and content["explained"] == []


def test_a_profile_has_the_intervals_of_the_inference(tables):
    rows = tables["importance"][["model", "layer", "feature", "importance"]].rename(columns={"importance": "estimate"})
    inference = rows.assign(quantity="importance", low=rows["estimate"] - 0.02, high=rows["estimate"] + 0.03)
    content = content_of(render_page(**tables, inference=inference))
    (coding,) = content["profiles"]["codings"]
    assert coding["interval"] == "95 % interval"
    blocks = {name: unpacked(block) for name, block in coding["blocks"].items()}
    assert np.allclose(blocks["value"] - blocks["low"], 0.02) and np.allclose(blocks["high"] - blocks["value"], 0.03)


def test_both_codings_are_there_and_intervals_are_of_the_study_s_own(tables):
    both = figure_tables.with_codings(tables["importance"], "importance")
    inference = tables["importance"][["model", "layer", "feature"]].assign(quantity="importance", low=-1.0, high=1.0)
    content = content_of(render_page(**{**tables, "importance": both}, inference=inference))
    own, other = content["profiles"]["codings"]
    assert [own["name"], other["name"]] == ["levels", "difference"]
    assert [own["interval"], other["interval"]] == ["95 % interval", "one standard deviation over folds"]
    assert np.allclose(unpacked(other["blocks"]["value"]), unpacked(own["blocks"]["value"]) / 2)


def test_weighted_kendall_by_the_other_coding_is_a_measure_of_its_own(tables):
    random = np.random.default_rng(0)
    both = figure_tables.with_codings(tables["importance"], "importance")
    is_other = both["coding"] == "difference"
    both.loc[is_other, "importance"] = random.permutation(both.loc[is_other, "importance"].to_numpy())
    content = content_of(render_page(**{**tables, "importance": both}))
    names = [measure["name"] for measure in content["measures"]]
    assert names[:2] == ["weighted_kendall", "weighted_kendall.difference"]
    measure = content["measures"][1]
    assert measure["short"] == "Weighted Kendall τ by difference"
    layers = [(content["models"][layer["model"]]["name"], layer["layer"]) for layer in content["layers"]]
    matrix = np.zeros((len(layers), len(layers)))
    matrix[np.triu_indices(len(layers))] = unpacked(measure["blocks"]["value"]) * measure["blocks"]["value"]["unit"]
    rows = both[is_other & (both["role"] == "feature")]
    for i, j in [(0, 1), (3, 12), (5, len(layers) - 1)]:
        a, b = (
            rows[(rows["model"] == model) & (rows["layer"] == layer)].set_index("feature")["importance"]
            for model, layer in (layers[i], layers[j])
        )
        assert matrix[i, j] == pytest.approx(weightedtau(a, b[a.index]).statistic, abs=4e-5)


def test_a_profile_of_weights_has_the_intervals_of_its_draws(tables):
    weights = tables["importance"]["importance"].abs()
    ends = {"relative_weight_low": weights - 0.04, "relative_weight_high": weights + 0.01}
    importance = tables["importance"].assign(relative_weight=weights, **ends)
    content = content_of(render_page(**{**tables, "importance": importance}, profile="weight"))["profiles"]
    assert (content["noun"], content["codings"][0]["interval"]) == ("weight", "95 % interval")
    blocks = {name: unpacked(block) for name, block in content["codings"][0]["blocks"].items()}
    assert np.allclose(blocks["value"] - blocks["low"], 0.04) and np.allclose(blocks["high"] - blocks["value"], 0.01)
    assert (blocks["value"] >= 0).all()
    assert (
        content_of(render_page(**tables))["profiles"]["codings"][0]["interval"] == "one standard deviation over folds"
    )


def test_what_is_missing_is_said(tables):
    with pytest.raises(InputError, match="importance table has no column 'feature'"):
        render_page(**{**tables, "importance": tables["importance"].drop(columns="feature")})
    with pytest.raises(InputError, match="nothing to explore"):
        render_page(**{**tables, "similarity": tables["similarity"].assign(value=np.nan)})


def test_blocks_keep_numbers_and_gaps():
    values = np.array([0.25, np.nan, -1.5])
    block = pack_scaled(values)
    assert unpacked(block)[1] == UNDEFINED
    assert np.allclose((unpacked(block) * block["unit"])[[0, 2]], [0.25, -1.5], atol=3e-5)
    points = np.random.default_rng(0).normal(size=(2, 5, 2)) * [[[1]], [[100]]]
    block = pack_places(points)
    assert np.allclose(unpacked(block) / 32767 * np.reshape(block["sizes"], (2, 1, 1)), points, rtol=0, atol=0.01)
    assert pack(np.arange(3.0)) == pack(np.arange(3.0)) and pack_text([np.nan, pd.NA, np.int64(1)]) == pack_text(
        [None, None, 1]
    )


def test_a_large_page_is_linked_from_the_report(tables, tmp_path):
    page = render_page(**tables)
    assert page_for_report(page, "explorer.html") == page
    linked = page_for_report(page + " " * MOST_IN_REPORT, "results/a<b/explorer.html")
    assert len(linked) < 1000 and "results/a&lt;b/explorer.html" in linked
    write_page(tmp_path / "one.html", in_report=tmp_path / "other.html", **tables)
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "other.html").read_bytes()


def test_every_script_is_part_of_the_page():
    from importlib.resources import files

    scripts = (files("thinkalike.explorer") / "scripts").iterdir()
    found = {path.name.removesuffix(".js") for path in scripts if path.name.endswith(".js")}
    assert found == set(SCRIPTS)


@pytest.mark.parametrize("shape", [(40, 7), (7, 40), (9, 1)])
def test_principal_planes_are_those_of_a_singular_value_decomposition(shape):
    vectors = np.random.default_rng(0).normal(size=shape) * np.arange(1, shape[1] + 1)
    points, share = principal_plane(vectors)
    left, sizes, _ = np.linalg.svd(vectors - vectors.mean(axis=0), full_matrices=False)
    expected = (left * sizes)[:, :2]
    assert np.allclose(np.abs(points[:, : expected.shape[1]]), np.abs(expected), atol=1e-8)
    assert share == pytest.approx(np.sum(sizes[:2] ** 2) / np.sum(sizes**2))


def test_a_layer_without_variance_is_a_point():
    points, share = principal_plane(np.ones((5, 3)))
    assert not points.any() and share == 0
