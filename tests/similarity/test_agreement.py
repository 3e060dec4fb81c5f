"""Agreement between measures and datasets, and maps of layers."""

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist
from scipy.stats import spearmanr

from thinkalike.errors import InputError
from thinkalike.similarity import (
    agreement,
    agreement_across_datasets,
    compare_models,
    map_layers,
    multidimensional_scaling,
    square_matrix,
)

MEASURES = ("rsa", "cka_debiased", "procrustes", "linear_regression")


def study(seed):
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(60, 5))
    models = {
        name: {str(k): shared * rng.random(5) + 0.7 * rng.normal(size=(60, 5)) for k in range(3)} for name in ("a", "b")
    }
    pairs = [("a", "a"), ("a", "b"), ("b", "b")]
    tables = [
        compare_models(models[x], models[y], model_a=x, model_b=y, measure=measure)
        for measure in MEASURES
        for x, y in pairs
    ]
    return pd.concat(tables, ignore_index=True)


STUDY = study(0)


def expected(a, b, within=True):
    values = {}
    for row in STUDY.itertuples():
        left, right = (row.model_a, row.layer_a), (row.model_b, row.layer_b)
        if left != right and (within or left[0] != right[0]):
            sign = -1 if row.measure == "procrustes" else 1
            values.setdefault((row.measure, tuple(sorted((left, right)))), []).append(sign * row.value)
    pairs = sorted({pair for _, pair in values})
    x, y = ([np.mean(values[measure, pair]) for pair in pairs] for measure in (a, b))
    return spearmanr(x, y).statistic, len(pairs)


@pytest.mark.parametrize("within", [True, False])
def test_agreement_is_spearman_s_over_distinct_pairs_distances_negated(within):
    table = agreement(STUDY, within_models=within).set_index(["measure_a", "measure_b"])
    assert len(table) == 10
    for (a, b), row in table.iterrows():
        value, count = expected(a, b, within)
        assert row["spearman"] == pytest.approx(value, abs=1e-9)
        assert row["n_pairs"] == count == (15 if within else 9)
    assert table.loc[("rsa", "procrustes"), "spearman"] > 0.3
    assert table.loc[("rsa", "rsa"), "spearman"] == 1.0


def test_undefined_values_are_left_out_and_counted():
    holed = STUDY.copy()
    holed.loc[(holed.measure == "rsa") & (holed.model_a == "a") & (holed.model_b == "b"), "value"] = np.nan
    table = agreement(holed).set_index(["measure_a", "measure_b"])
    assert table.loc[("rsa", "procrustes"), "n_pairs"] == 6
    assert table.loc[("cka_debiased", "procrustes"), "n_pairs"] == 15


def test_agreement_across_datasets_is_over_the_pairs_of_layers_they_share():
    other = study(1)
    table = agreement_across_datasets({"grammar": STUDY, "prompts": other[other.layer_a != "2"]})
    assert list(table.columns) == ["measure", "dataset_a", "dataset_b", "spearman", "n_pairs"]
    assert list(table["measure"]) == list(MEASURES)
    assert (table["n_pairs"] < 15).all() and (table["n_pairs"] > 5).all()
    same = agreement_across_datasets({"one": STUDY, "two": STUDY})
    np.testing.assert_allclose(same["spearman"], 1.0)


def test_the_matrix_of_a_study_is_symmetric_and_complete():
    matrix = square_matrix(STUDY, "rsa")
    assert list(matrix.index) == [(m, str(k)) for m in "ab" for k in range(3)] == list(matrix.columns)
    np.testing.assert_array_equal(matrix, matrix.T)
    value = STUDY.query("measure == 'rsa' and model_a == 'a' and model_b == 'b' and layer_a == '2' and layer_b == '1'")
    assert matrix.loc[("b", "1"), ("a", "2")] == value["value"].item()
    with pytest.raises(InputError, match="no measure 'cka'"):
        square_matrix(STUDY, "cka")


def test_a_map_of_points_in_the_plane_is_found_exactly():
    points = np.random.default_rng(0).normal(size=(12, 2))
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    names = [f"layer {k}" for k in range(12)]
    frame = pd.DataFrame(distances, index=names, columns=names)
    coordinates, stress = multidimensional_scaling(frame, larger_is_more_similar=False)
    assert stress < 1e-3
    found = coordinates.to_numpy()
    np.testing.assert_allclose(np.linalg.norm(found[:, None] - found[None], axis=2), distances, atol=0.01)
    similar, stress = multidimensional_scaling(distances.max() - frame, larger_is_more_similar=True)
    np.testing.assert_allclose(similar, coordinates, atol=0.01)


def test_the_same_matrix_gives_the_same_map_and_its_stress():
    matrix = square_matrix(STUDY, "rsa")
    first, stress = multidimensional_scaling(matrix, larger_is_more_similar=True, seed=3)
    second, again = multidimensional_scaling(matrix, larger_is_more_similar=True, seed=3)
    pd.testing.assert_frame_equal(first, second, check_exact=True)
    assert stress == again
    wanted = (1 - matrix).to_numpy()
    found = np.linalg.norm(first.to_numpy()[:, None] - first.to_numpy()[None], axis=2)
    assert stress == pytest.approx(np.sqrt(np.sum((found - wanted) ** 2) / np.sum(wanted**2)), abs=1e-6)
    assert 0 < stress < 0.5


def test_maps_of_several_measures_leave_out_undefined_layers():
    holed = STUDY.copy()
    lost = (holed.model_a == "a") & (holed.layer_a == "1") | (holed.model_b == "a") & (holed.layer_b == "1")
    holed.loc[lost & (holed.measure == "rsa"), "value"] = np.nan
    maps = map_layers(holed, measures=["rsa", "procrustes"], seed=1)
    assert list(maps.columns) == ["measure", "model", "layer", "x", "y", "stress"]
    assert list(maps["measure"].value_counts(sort=False)) == [5, 6]
    assert ("a", "1") not in set(zip(maps.model[:5], maps.layer[:5], strict=True))
    whole, stress = multidimensional_scaling(square_matrix(STUDY, "procrustes"), larger_is_more_similar=False, seed=1)
    found = maps[maps.measure == "procrustes"][["x", "y"]].to_numpy()  # turned to lie like the first measure's map
    np.testing.assert_allclose(pdist(found), pdist(whole), atol=1e-7)
    assert set(maps[maps.measure == "procrustes"]["stress"]) == {stress}
    undefined = map_layers(STUDY.assign(value=np.nan), measures=["rsa"])
    assert undefined.empty and list(undefined.columns) == list(maps.columns)


def test_undefined_or_too_small_matrices_are_refused():
    matrix = square_matrix(STUDY, "rsa")
    with pytest.raises(InputError, match="at least 3 layers"):
        multidimensional_scaling(matrix.iloc[:2, :2], larger_is_more_similar=True)
    matrix.iloc[1, 2] = np.nan
    with pytest.raises(InputError, match="is not defined; leave out the layer"):
        multidimensional_scaling(matrix, larger_is_more_similar=True)
