"""What models that are alike have in common: planted properties, and the level of the null."""

from itertools import permutations
from math import comb

import numpy as np
import pandas as pd
import pytest

from thinkalike.errors import InputError
from thinkalike.mlem import MLEM
from thinkalike.similarity import explain_models, matched_depth_distances, model_distances
from thinkalike.similarity.arrangements import arrangements
from thinkalike.similarity.explain_models import _fitted
from thinkalike.similarity.model_tables import metadata_table, model_tables, property_values


def models(n, seed=0, **columns):
    """Return a table of properties of n models: by name the values, dealt at random."""
    rng = np.random.default_rng(seed)
    names = [f"m{i:02d}" for i in range(n)]
    return pd.DataFrame(
        {name: rng.permutation(np.resize(np.array(values, dtype=object), n)) for name, values in columns.items()},
        index=names,
    )


def distances_of(points, index):
    gaps = ((points[:, None] - points[None]) ** 2).sum(axis=-1)
    return pd.DataFrame(gaps, index=index, columns=index)


@pytest.fixture(scope="module")
def planted():
    """24 models that lie apart by `data` and by `size`, and not by `colour`."""
    properties = models(24, data=["web", "books", "code"], colour=["red", "blue"], size=[1.0, 2.0, 4.0])
    rng = np.random.default_rng(1)
    points = np.column_stack(
        [
            *(2.0 * (properties["data"] == level) for level in ("web", "books", "code")),
            np.sqrt(properties["size"].astype(float)),
            *rng.normal(size=(3, 24)) * 0.3,
        ]
    )
    distances = distances_of(points, properties.index)
    result = explain_models(distances, properties, kinds={"size": "numeric"}, permutations=199, seed=0)
    return properties, distances, result


def test_planted_properties_are_found_and_an_absent_one_is_not(planted):
    rows = planted[2].properties
    assert rows["importance"].idxmax() == "data"
    assert rows.loc["data", "p"] <= 0.01 and rows.loc["size", "p"] <= 0.05
    assert rows.loc["colour", "p"] > 0.05 and abs(rows.loc["colour", "importance"]) < 0.02
    assert planted[2].score > 0.7 > 0.2 > planted[2].score_chance
    assert planted[2].score <= planted[2].ceiling <= 1
    assert planted[2].score_p == 1 / 200


def test_weights_and_importance_are_those_of_the_engine(planted):
    properties, distances, result = planted
    model = MLEM(1.0, distance="precomputed", kinds={"size": "numeric"}, coding="difference")
    fit = _fitted(model, properties, distances)
    np.testing.assert_allclose(result.properties["importance"], fit.importance(), atol=1e-12)
    weights = model.fit(properties.reset_index(drop=True), distances.to_numpy()).weights_
    np.testing.assert_allclose(result.properties["weight"], weights, atol=1e-9)
    again = explain_models(distances, properties, kinds={"size": "numeric"}, permutations=199, seed=0)
    assert again.properties.equals(result.properties) and again.score_p == result.score_p
    assert result.score == pytest.approx(model.score(properties.reset_index(drop=True), distances.to_numpy()))


def test_the_null_is_at_its_level_where_seeds_of_an_entry_are_alike():
    """12 entries of 2 models each, near each other, and a label that was dealt to entries at random."""
    found = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        entries = np.repeat([f"e{i}" for i in range(12)], 2)
        names = [f"{entry}-seed{i % 2}" for i, entry in enumerate(entries)]
        points = np.repeat(rng.normal(size=(12, 3)), 2, axis=0) + 0.1 * rng.normal(size=(24, 3))
        labels = np.repeat(rng.permutation(["x", "y"] * 6), 2)
        properties = pd.DataFrame({"label": labels}, index=names)
        result = explain_models(
            distances_of(points, names), properties, entries=dict(zip(names, entries, strict=True)), permutations=19,
            seed=seed,
        )  # fmt: skip
        found.append(result.properties.loc["label", "p"])
        assert result.properties.loc["entry", "role"] == "control"
    # 40 tests at .05: 7 or more have a probability of .003.
    assert np.sum(np.array(found) <= 0.05) < 7


def test_what_goes_with_the_architecture_is_exchanged_between_architectures():
    properties = models(16, architecture=["a", "b", "c", "d"])
    properties["positions"] = properties["architecture"].map({"a": "learned", "b": "learned", "c": "none", "d": "none"})
    properties["data"] = models(16, seed=3, data=["web", "books"])["data"]
    points = np.random.default_rng(0).normal(size=(16, 3))
    result = explain_models(distances_of(points, properties.index), properties, permutations=99)
    rows = result.properties
    assert rows["exchanged"].to_dict() == {"architecture": "entry", "positions": "architecture", "data": "entry"}
    assert rows.loc["positions", ["units", "arrangements"]].tolist() == [4, comb(4, 2)]
    # Learned and none may change names without another pair of models differing.
    assert rows.loc["positions", "smallest_p"] == pytest.approx(2 / 6)
    assert "positions cannot reach p = .05" in result.warning and "16 models of 16 entries are few" in result.warning
    chosen = explain_models(
        distances_of(points, properties.index), properties, permutations=19, exchanged={"positions": "entry"}
    )
    assert chosen.properties.loc["positions", "units"] == 16


def test_an_architecture_is_found_however_its_twins_are_called():
    properties = models(16, architecture=["a", "b", "c", "d"])
    properties.insert(0, "activation", properties["architecture"].str.upper())
    properties["positions"] = properties["architecture"].map({"a": "learned", "b": "learned", "c": "none", "d": "none"})
    entries = {name: f"entry{number // 2}" for number, name in enumerate(properties.sort_values("architecture").index)}
    distances = distances_of(np.random.default_rng(2).normal(size=(16, 3)), properties.index)
    given = {"exchanged": {"positions": "activation"}}
    for more in ({}, given):
        rows = explain_models(distances, properties, entries=entries, permutations=50, **more).properties
        assert rows["exchanged"].dropna().to_dict() == {"architecture": "entry", "positions": "architecture"}
        assert rows.at["architecture", "tied_to"] == "activation" and rows.at["positions", "units"] == 4


def test_properties_that_differ_on_the_same_pairs_are_one():
    properties = models(8, architecture=["a", "b", "c", "d"])
    properties["activation"] = properties["architecture"].str.upper()
    properties["width"] = 64
    points = np.random.default_rng(0).normal(size=(8, 2))
    result = explain_models(distances_of(points, properties.index), properties, permutations=0)
    assert result.properties["tied_to"].to_dict() == {"architecture": "activation"}
    assert result.left_out == ("width",)
    assert np.isnan(result.score_p) and np.isnan(result.properties["p"]).all()


def test_all_arrangements_are_there_once_or_a_sample_of_them():
    labels = np.array([0, 0, 1, 2])
    every = arrangements(labels, 100, np.random.default_rng(0))
    assert every.exact and every.number == len(every.dealt) == 12
    assert {tuple(row) for row in every.dealt} == set(permutations(labels.tolist()))
    assert every.p_value(1.0, np.array([1.0, *np.zeros(11)])) == pytest.approx(1 / 12)
    some = arrangements(np.arange(9), 50, np.random.default_rng(0))
    assert not some.exact and some.dealt.shape == (50, 9) and (np.sort(some.dealt) == np.arange(9)).all()
    assert some.p_value(2.0, np.zeros(50)) == 1 / 51


@pytest.fixture(scope="module")
def layers():
    """Three layers of a, two of b, and the similarity of any two layers."""
    known = pd.DataFrame(
        {"model": ["a"] * 3 + ["b"] * 2, "layer": ["0", "1", "final", "0", "1"], "depth": [0, 0.5, 1, 0, 1.0]}
    ).assign(entry=lambda table: table["model"])
    rows = [
        (x.model, x.layer, y.model, y.layer, "rsa", 1.0 if x == y else round(0.1 * (i + 1) + 0.01 * j, 3))
        for i, x in enumerate(known.itertuples(index=False))
        for j, y in enumerate(known.itertuples(index=False))
        if x.model <= y.model
    ]
    columns = ["model_a", "layer_a", "model_b", "layer_b", "measure", "value"]
    table = pd.DataFrame(rows, columns=columns)
    return known, table[(table["model_a"] != table["model_b"]) | (table["layer_a"] <= table["layer_b"])]


def test_models_are_compared_at_the_same_relative_depth(layers):
    known, similarity = layers
    matrix = matched_depth_distances(similarity, known, "rsa")
    value = similarity.set_index(["model_a", "layer_a", "model_b", "layer_b"])["value"]
    # Depth .5 of a is as near to 0 as to 1 of b: the earlier layer is taken.
    forth = [value["a", layer, "b", other] for layer, other in (("0", "0"), ("1", "0"), ("final", "1"))]
    back = [value["a", layer, "b", other] for layer, other in (("0", "0"), ("final", "1"))]
    assert matrix.loc["a", "b"] == matrix.loc["b", "a"] == pytest.approx(1 - (np.mean(forth) + np.mean(back)) / 2)
    assert np.diag(matrix).tolist() == [0, 0]


def test_trajectories_become_a_matrix(layers):
    known, similarity = layers
    paths = pd.DataFrame({"model_a": ["a"], "model_b": ["b"], "distance": [0.3]})
    found = model_distances(similarity, known, ["rsa"], paths)
    assert list(found) == ["trajectories", "rsa"]
    assert found["trajectories"].loc["b", "a"] == 0.3


def test_the_study_overrules_the_configuration_and_null_makes_unknown():
    table = metadata_table(
        {"a": {"trained": True, "width": None, "data": "web"}, "b": {"trained": False, "released": "2024-06-18"}},
        {"a": {"architecture": "gpt2", "width": 768}, "b": {"architecture": "bert", "width": 1024}},
    )
    wide = property_values(table, ["b", "a"], {"width": "numeric", "released": "numeric"})
    assert wide.loc["a", ["trained", "architecture", "data"]].tolist() == ["yes", "gpt2", "web"]
    assert wide.loc["a", "width"] is None and wide.loc["b", "width"] == 1024.0
    assert wide.loc["b", "released"] == 19892.0  # days since 1970
    assert set(table.loc[table["property"] == "architecture", "source"]) == {"configuration"}
    with pytest.raises(InputError, match="'data' is numeric, but of model 'a' it is 'web'"):
        property_values(table, ["a"], {"data": "numeric"})


def test_tables_of_a_study(planted):
    properties, distances, _ = planted
    names = list(properties.index)[:6]
    known = pd.DataFrame({"model": names, "layer": "0", "depth": 0.0, "entry": names})
    pairs = [(a, "0", b, "0", "rsa", 1 - distances.loc[a, b] / 100) for i, a in enumerate(names) for b in names[i:]]
    similarity = pd.DataFrame(pairs, columns=["model_a", "layer_a", "model_b", "layer_b", "measure", "value"])
    paths = similarity.rename(columns={"value": "distance"}).query("model_a != model_b")
    paths.loc[(paths["model_a"] == names[0]) | (paths["model_b"] == names[0]), "distance"] = np.nan
    metadata = metadata_table({name: properties.loc[name].to_dict() for name in names}, {})
    arguments = {"measures": ["rsa"], "kinds": {"size": "numeric", "width": "numeric"}, "exchanged": {}}
    tables = model_tables(metadata, similarity, known, paths, **arguments, permutations=19)
    whole = tables["model_mlem"].groupby("distance").first()
    assert whole["models"].to_dict() == {"rsa": 6, "trajectories": 5}  # a model without defined distances is left out
    assert tables["model_mlem"].groupby("distance").size().to_dict() == {"rsa": 3, "trajectories": 3}
    assert (tables["model_mlem"]["q"] >= tables["model_mlem"]["p"]).all()
    assert len(tables["model_maps"]) == 11 and len(tables["model_distances"]) == 2 * comb(6, 2)
    alike = metadata_table({name: {"data": "web"} for name in names}, {})
    nothing = model_tables(alike, similarity, known, paths.assign(distance=np.nan), **arguments)
    assert nothing["model_mlem"].empty and list(nothing["model_mlem"]) == list(tables["model_mlem"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d, p: (d.iloc[:3, :3], p), "There are 3 models"),
        (lambda d, p: (d, p.iloc[1:]), "no row for the model 'm00'"),
        (lambda d, p: (d, p.assign(data="web", size=1, colour="red")), "No property differs"),
        (lambda d, p: (d * 0 + 1 - np.eye(len(d)), p), "equally far apart"),
        (lambda d, p: (d.iloc[:, ::-1], p), "same models as rows and as columns"),
    ],
)
def test_what_cannot_be_explained_is_refused(planted, change, words):
    distances, properties = change(planted[1], planted[0])
    with pytest.raises(InputError, match=words):
        explain_models(distances, properties, permutations=0)


def test_models_of_one_entry_do_not_differ(planted):
    properties, distances, _ = planted
    with pytest.raises(InputError, match="'both' differ in the property"):
        explain_models(distances, properties, entries={"m00": "both", "m01": "both", "m02": "both"}, permutations=0)
