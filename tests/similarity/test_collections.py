"""All pairs at once give the same as each alone, whatever the order, the threads, and where the states are kept."""

import numpy as np
import pandas as pd
import pytest

from thinkalike.similarity import MEASURES, compare, compare_all, compare_models
from thinkalike.similarity.inputs import read_inputs
from thinkalike.similarity.measures import linear_kernels
from thinkalike.similarity.measures.pair_vectors import shelf
from thinkalike.similarity.preparation import prepare_layers

MATRIX = sorted(name for name, entry in MEASURES.items() if entry.compares == "representations")
pytestmark = pytest.mark.filterwarnings("ignore:.*canonical correlations are 1 for any data")


def model(seed, layers, n=60):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 12))
    result = {}
    for layer in range(layers):
        X = np.tanh(X @ rng.normal(size=(X.shape[1], 10 + layer))) + 0.1 * rng.normal(size=(n, 10 + layer))
        result[str(layer)] = X
    return result


A, B = model(0, 4), model(1, 3)


@pytest.mark.parametrize("measure", MATRIX)
def test_all_pairs_equal_single_pairs(measure):
    table = compare_models(A, B, model_a="a", model_b="b", measure=measure)
    assert list(table.columns) == ["model_a", "layer_a", "model_b", "layer_b", "measure", "value"]
    assert list(zip(table.layer_a, table.layer_b, strict=True)) == [(i, j) for i in A for j in B]
    expected = [compare(A[i], B[j], measure) for i in A for j in B]
    np.testing.assert_allclose(table["value"], expected, atol=2e-12)
    within = compare_models(A, A, model_a="a", model_b="a", measure=measure)
    matrix = compare_all(A, measure)
    np.testing.assert_array_equal(within["value"].to_numpy().reshape(4, 4), matrix.to_numpy())
    np.testing.assert_allclose(np.diagonal(matrix), MEASURES[measure].identical, atol=1e-11)
    if MEASURES[measure].is_symmetric:
        np.testing.assert_array_equal(matrix, matrix.T)


@pytest.mark.parametrize("measure", MATRIX)
def test_bytes_depend_neither_on_threads_nor_on_the_order_of_models(measure):
    one = compare_models(A, B, model_a="a", model_b="b", measure=measure)
    four = compare_models(A, B, model_a="a", model_b="b", measure=measure, threads=4)
    pd.testing.assert_frame_equal(one, four, check_exact=True)
    if MEASURES[measure].is_symmetric:
        turned = compare_models(B, A, model_a="b", model_b="a", measure=measure)
        values = turned["value"].to_numpy().reshape(3, 4).T.ravel()
        np.testing.assert_array_equal(one["value"], values)


def test_a_model_s_values_do_not_depend_on_its_other_layers():
    alone = compare_models({"2": A["2"]}, {"1": B["1"]}, model_a="a", model_b="b", measure="rsa")["value"][0]
    table = compare_models(A, B, model_a="a", model_b="b", measure="rsa").set_index(["layer_a", "layer_b"])
    assert table.loc[("2", "1"), "value"] == alone


@pytest.mark.parametrize(
    ("measure", "options"),
    [("rsa", {}), ("cka", {"kernel": "rbf"}), ("cka_debiased", {"kernel": "rbf"}), ("distance_correlation", {})],
)
def test_vectors_kept_on_disk_give_the_same(measure, options, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    inputs = read_inputs(A, MEASURES[measure])
    comparator = MEASURES[measure].with_options(options)
    in_memory = prepare_layers(inputs.matrices, comparator)
    with shelf(10_000) as keep:
        on_disk = prepare_layers(inputs.matrices, comparator, keep=keep)
        assert sum(isinstance(state.values, np.memmap) for state in on_disk) >= 2
        np.testing.assert_array_equal(comparator.scores(in_memory, in_memory), comparator.scores(on_disk, on_disk))


@pytest.mark.parametrize("u_centred", [False, True])
@pytest.mark.parametrize("panel", [7, 40, 100])
def test_kernels_by_blocks_have_the_inner_products_of_whole_ones(u_centred, panel, monkeypatch):
    monkeypatch.setattr(linear_kernels, "_PANEL", panel)
    rng = np.random.default_rng(0)
    layers = [(rng.normal(size=(40, units)) + 30).astype(np.float32) for units in (3, 50, 8)]
    centring = u_centred_kernel if u_centred else double_centred_kernel
    whole = np.array([centring(X).ravel() for X in layers])
    rows = [linear_kernels.kernel_rows(X, u_centred=u_centred) for X in layers]
    assert all(state.X is X for state, X in zip(rows, layers, strict=True))

    products, squares, _ = linear_kernels.kernel_products(rows)
    np.testing.assert_allclose(products, whole @ whole.T, rtol=1e-11)
    np.testing.assert_allclose(squares, (whole**2).sum(axis=1), rtol=1e-11)
    order = rng.permutation(40)
    moved, left, right = linear_kernels.kernel_products(rows[:2], [rows[2].reordered(order)], threads=2)
    expected = [whole[k] @ centring(layers[2][order]).ravel() for k in (0, 1)]
    np.testing.assert_allclose(moved[:, 0], expected, rtol=1e-11)
    np.testing.assert_allclose([*left, *right], squares, rtol=1e-11)


def double_centred_kernel(X):
    K = X.astype(float) @ X.astype(float).T
    return K - K.mean(axis=0) - K.mean(axis=1)[:, None] + K.mean()


def u_centred_kernel(X):
    n = len(X)
    rows = X.astype(float) - X.mean(axis=0, dtype=float)
    K = rows @ rows.T
    np.fill_diagonal(K, 0)
    centred = K - K.sum(axis=0) / (n - 2) - K.sum(axis=1)[:, None] / (n - 2) + K.sum() / ((n - 1) * (n - 2))
    np.fill_diagonal(centred, 0)
    return centred


@pytest.mark.parametrize("measure", ["cka", "cka_debiased"])
@pytest.mark.parametrize("units", [9, 90])
def test_cka_by_covariances_of_many_stimuli_equals_cka_by_kernels(measure, units, monkeypatch):
    from thinkalike.similarity.measures import cka

    rng = np.random.default_rng(0)
    X = rng.normal(size=(70, units)) + 5
    Y = X[:, :7] @ rng.normal(size=(7, 11)) + rng.normal(size=(70, 11))
    by_kernels = compare(X, Y, measure)
    monkeypatch.setattr(cka, "_GRAM_LIMIT", 10)
    assert isinstance(MEASURES[measure].with_options().prepare(X), cka.Features)
    assert compare(X, Y, measure) == pytest.approx(by_kernels, abs=1e-11)


@pytest.mark.parametrize("measure", MATRIX)
def test_float32_storage_moves_a_value_by_little(measure):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 48)) + 10 * rng.normal(size=48)
    Y = X[:, :40] @ rng.normal(size=(40, 40)) + rng.normal(size=(200, 40))
    exact = compare(X, Y, measure)
    stored = compare(X.astype(np.float32), Y.astype(np.float32), measure)
    scale = max(1.0, exact)
    assert abs(stored - exact) / scale < (1e-6 if MEASURES[measure].family != "neighbours" else 1e-2)


def test_ranks_are_stored_in_four_bytes_without_loss():
    state = MEASURES["rsa"].with_options().prepare(A["0"])
    assert state.values.dtype == np.int32
    from scipy.stats import rankdata

    from thinkalike.numerics.distances import squared_distances

    np.testing.assert_array_equal(state.values, 2 * rankdata(squared_distances(A["0"])) - len(state.values) - 1)


def test_more_stimuli_than_allowed_are_subsampled_by_seed_and_never_silently():
    def run(seed):
        with pytest.warns(UserWarning, match=f"rsa is computed on 40 of 60 stimuli, drawn with seed {seed}"):
            return compare_models(A, B, model_a="a", model_b="b", measure="rsa", max_stimuli=40, seed=seed)

    first = run(3)
    pd.testing.assert_frame_equal(first, run(3), check_exact=True)
    assert (first["value"] != run(4)["value"]).any()
    assert (first.attrs["stimuli"], first.attrs["stimuli_given"]) == (40, 60)
    rows = np.sort(np.random.default_rng(3).choice(60, size=40, replace=False))
    assert first["value"][0] == pytest.approx(compare(A["0"][rows], B["0"][rows], "rsa"), abs=1e-11)
    whole = compare_models(A, B, model_a="a", model_b="b", measure="procrustes", max_stimuli=40)
    assert whole.attrs["stimuli"] == 60  # its cost is linear in the stimuli


def test_the_table_says_what_made_it():
    table = compare_models(A, B, model_a="a", model_b="b", measure="jaccard", options={"k": 5}, preprocessing="z-score")
    assert table.attrs["options"] == {"k": 5, "centre": True}
    assert table.attrs["preprocessing"] == "z-score"
    assert table.attrs["larger_is_more_similar"] is True
    assert table.attrs["fewest_stimuli_per_unit"] == pytest.approx(60 / 13, abs=1e-3)


def test_z_scores_take_the_weight_from_a_dominant_dimension():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(2, 100, 20))
    spike = 100 * (rng.random(100) < 0.05)
    X[:, 3] += spike
    Y[:, 8] += spike
    assert compare(X, Y, "cka") > 0.95
    assert compare(X, Y, "cka_debiased", preprocessing="z-score") < 0.2
    assert compare(X, Y, "cka_debiased", preprocessing="drop-top-1") < 0.2


def test_profiles_can_be_compared_all_at_once():
    rng = np.random.default_rng(0)
    profiles = {name: rng.random(6) for name in "abc"}
    matrix = compare_all(profiles, "weighted_kendall")
    assert matrix.loc["a", "b"] == compare(profiles["a"], profiles["b"], "weighted_kendall")
    assert list(matrix.index) == list("abc")


def test_a_function_with_metadata_is_all_that_a_new_measure_needs():
    from thinkalike.similarity.measures.measure import measure

    try:

        @measure(
            name="norm_ratio",
            family="example",
            formula="|X|_p / |Y|_p",
            reference="none",
            preprocessing="none",
            range=(0.0, float("inf")),
            larger_is_more_similar=True,
            invariant_to=(),
            chance="1",
            identical=1.0,
        )
        def norm_ratio(X, Y, *, p=2):
            return float(np.sum(np.abs(X) ** p) ** (1 / p) / np.sum(np.abs(Y) ** p) ** (1 / p))

        assert MEASURES["norm_ratio"].options == {"p": 2}
        assert compare(A["0"], 2 * A["0"], "norm_ratio", p=3) == pytest.approx(0.5)
        assert compare_all(A, "norm_ratio").shape == (4, 4)
    finally:
        MEASURES.pop("norm_ratio")


def test_fewer_layers_are_prepared_at_a_time_where_they_would_fill_the_memory():
    from thinkalike.similarity.inputs import Inputs

    small, large = (Inputs({}, np.arange(n), n) for n in (2_000, 10_000))
    assert small.workers(MEASURES["rsa"], 8) == 8
    assert large.workers(MEASURES["rsa"], 8) == 1
    assert large.workers(MEASURES["procrustes"], 8) == 8
