"""What has no value is nan, and numbers that no formula carries are rescaled or refused: never rounding noise."""

import numpy as np
import pandas as pd
import pytest

from thinkalike.errors import InputError
from thinkalike.representations.storage import Representation
from thinkalike.similarity import MEASURES, align, compare, compare_all, compare_models
from thinkalike.similarity.measures import find_measure

N = 40
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(N, 6)), RNG.normal(size=(N, 9))
ROTATION = np.linalg.qr(RNG.normal(size=(N, N)))[0]
EQUIDISTANT = {"one-hot": np.eye(N), "rotated": np.eye(N) @ ROTATION, "moved": 3 * np.eye(N) @ ROTATION + 5}
LAYER_MEASURES = [name for name, entry in MEASURES.items() if entry.compares == "representations"]


@pytest.mark.parametrize("points", EQUIDISTANT.values(), ids=EQUIDISTANT)
@pytest.mark.parametrize(
    ("measure", "options"),
    [
        ("cka_debiased", {}),
        ("cka_debiased", {"kernel": "rbf"}),
        ("cka_debiased", {"batch_size": 20}),
        ("rsa", {}),
        ("rsa", {"comparison": "pearson"}),
        ("rsa", {"comparison": "pearson", "dissimilarity": "sqeuclidean"}),
        ("rsa", {"comparison": "kendall_tau_a"}),
        ("rsa", {"comparison": "kendall_tau_b"}),
        ("jaccard", {}),
        ("mutual_knn", {"centre": True}),
        ("second_order_cosine", {}),
    ],
)
def test_equidistant_points_order_nothing(points, measure, options):
    assert np.isnan(compare(points, Y, measure, **options))
    assert np.isnan(compare(X, points, measure, **options))
    assert np.isnan(compare(points, points, measure, **options))


def test_equidistant_points_order_nothing_where_kernels_are_not_formed(monkeypatch):
    from thinkalike.similarity.measures import cka

    expected = compare(X, Y, "cka_debiased")
    monkeypatch.setattr(cka, "_GRAM_LIMIT", 10)
    assert np.isnan(compare(EQUIDISTANT["rotated"], Y, "cka_debiased"))
    assert compare(X, Y, "cka_debiased") == pytest.approx(expected, abs=1e-11)


@pytest.mark.parametrize("measure", ["cka", "distance_correlation", "procrustes", "rsm_norm_difference"])
def test_measures_that_equidistant_points_do_have(measure):
    values = [compare(points, Y, measure) for points in EQUIDISTANT.values()]
    assert np.isfinite(values).all() and np.ptp(values) < 1e-9


def test_an_undefined_pair_is_not_significant_and_spoils_no_other():
    layers = {"codes": EQUIDISTANT["rotated"], "real": X}
    other = {"0": X + 0.1 * RNG.normal(size=X.shape)}
    table = compare_models(layers, other, model_a="a", model_b="b", measure="cka_debiased", permutations=30)
    alone = compare_models({"real": X}, other, model_a="a", model_b="b", measure="cka_debiased", permutations=30)
    codes, real = (table[table["layer_a"] == layer].iloc[0] for layer in layers)
    assert codes[["value", "p", "p_max", "calibrated"]].isna().all()
    assert real["p"] == alone["p"][0] and real["p_max"] == alone["p_max"][0] == pytest.approx(1 / 31)


@pytest.mark.parametrize("measure", LAYER_MEASURES)
@pytest.mark.parametrize("scale", [1e-300, 1e-200, 1e-30, 1e30, 1e200, 1e300])
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_extreme_scales_change_nothing_or_are_refused(measure, scale):
    if "isotropic scaling" not in MEASURES[measure].invariant_to:
        with pytest.raises(InputError, match="depends on the scale"):
            compare(X * scale, Y, measure)
        return
    expected = compare(X, Y, measure)
    assert compare(X * scale, Y, measure) == pytest.approx(expected, abs=1e-11)
    assert compare(X, Y * scale, measure) == pytest.approx(expected, abs=1e-11)


def test_options_that_bring_the_scale_back_are_refused_too():
    with pytest.raises(InputError, match="rsm_norm_difference"):
        compare(X * 1e200, Y, "rsm_norm_difference", normalise=False)
    with pytest.raises(InputError, match="procrustes_angular"):
        compare(X, Y * 1e-200, "procrustes_angular", alpha=0.5)
    assert find_measure("procrustes_angular").with_options({"alpha": 0.0}).depends_on_scale is False


def test_a_row_beyond_all_others_is_named():
    far = X.copy()
    far[7] *= 1e150
    with pytest.raises(InputError, match="Y: row 7 has values up to"):
        compare(X, far, "rsa")


def test_an_outlier_ties_nothing():
    far = X.copy()
    far[0] *= 1e7
    # The pairs without the outlier are ordered as they were.
    from scipy.spatial.distance import pdist
    from scipy.stats import spearmanr

    assert compare(far, Y, "rsa") == pytest.approx(spearmanr(pdist(far), pdist(Y)).statistic, abs=1e-12)


@pytest.mark.parametrize("size", [1e-9, 1.0, 1e150, 1e300])
def test_profiles_of_any_size_have_a_distance_and_a_cosine(size):
    x, y = np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.0, 4.0])
    assert compare(size * x, size * y, "euclidean_profiles") == pytest.approx(size * np.sqrt(8), rel=1e-3)
    assert compare(size * x, y, "cosine_profiles") == pytest.approx(compare(x, y, "cosine_profiles"), abs=1e-9)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (X + 1j, "must be an array of real numbers .it holds complex numbers"),
        ((X + 0j).astype(object), "it holds text or complex numbers"),
        (X.astype(str), "it holds no numbers"),
        (X.astype(str).astype(object), "it holds text"),
        (np.zeros((N, 2), dtype="datetime64[D]"), "it holds dates"),
        (np.ma.masked_greater(X, 1.0), "masked"),
    ],
)
def test_what_is_no_real_number_is_refused(values, message):
    with pytest.raises(InputError, match=f"Y: the representation .*{message}"):
        compare(X, values)


def test_complex_profiles_and_sequences_are_refused():
    with pytest.raises(InputError, match=r"A profile must be an array of real numbers"):
        compare(np.array([1, 2j]), np.array([1, 2]), "weighted_kendall")
    pytest.importorskip("DSA")
    with pytest.raises(InputError, match=r"A sequence must be an array of real numbers"):
        compare([X + 1j], [X], "dsa")


def test_tables_are_matched_by_their_index():
    order = RNG.permutation(N)
    table = pd.DataFrame(X, index=[f"s{i}" for i in range(N)])
    assert compare(table, table.iloc[order], "rsa") == 1.0
    values = compare_all({"a": table, "b": table.iloc[order]}, "rsa")
    assert values.loc["a", "b"] == 1.0
    numbered = pd.DataFrame(X)
    assert compare(numbered, numbered.iloc[order], "rsa") == 1.0
    assert compare(numbered, X, "rsa") == compare(table, X, "rsa") == 1.0
    aligned = align({"a": table, "b": table.iloc[order]})
    pd.testing.assert_frame_equal(aligned["b"], table)


def test_tables_are_matched_with_stimulus_ids():
    ids = np.array([f"s{i}" for i in range(N)])
    order = RNG.permutation(N)
    assert compare(Representation(ids, X), pd.DataFrame(X, index=ids).iloc[order], "rsa") == 1.0


def test_tables_of_other_stimuli_are_refused():
    table = pd.DataFrame(X, index=[f"s{i}" for i in range(N)])
    with pytest.raises(InputError, match=r"not the same .stimulus_id 's0' is in X alone"):
        compare(table, table.reset_index(drop=True), "rsa")
    with pytest.raises(InputError, match="occurs twice"):
        compare(table, table.set_axis(["s0"] * N), "rsa")
    with pytest.raises(InputError, match="bare: this is a bare array among representations with different indices"):
        compare_all({"a": table, "b": table.iloc[::-1], "bare": X}, "rsa")
    repeated = table.set_axis([f"s{i // 2}" for i in range(N)])
    assert compare(repeated, repeated, "rsa") == 1.0  # one index, in one order


def test_profiles_are_matched_by_feature():
    a = pd.Series([0.5, 0.2, 0.1], index=["number", "tense", "gender"])
    assert compare(a, a.iloc[::-1], "weighted_kendall") == 1.0
    assert compare_all({"a": a, "b": a.iloc[::-1]}, "euclidean_profiles").loc["a", "b"] == 0.0
    with pytest.raises(InputError, match="feature 'gender' is in X alone"):
        compare(a, a.rename({"gender": "person"}), "weighted_kendall")


def test_groups_are_matched_by_their_index():
    table = pd.DataFrame(X, index=[f"s{i}" for i in range(N)])
    groups = pd.Series(np.arange(N) // 4, index=table.index)
    settings = {"model_a": "a", "model_b": "b", "measure": "rsa", "resamples": 5}
    expected = compare_models({"0": table}, {"0": table + 1}, groups=list(groups), **settings)
    shuffled = compare_models({"0": table}, {"0": table + 1}, groups=groups.sample(frac=1, random_state=0), **settings)
    pd.testing.assert_frame_equal(shuffled, expected)
    with pytest.raises(InputError, match="group labels has"):
        compare_models({"0": table}, {"0": table}, groups=groups.reset_index(drop=True), **settings)
