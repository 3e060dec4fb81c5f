"""The values on which public libraries agree."""

import numpy as np
import pytest
from reference import CONVENTIONS, NOT_OFFERED, VALUES, WEIGHTED_KENDALL, pair, profiles

from thinkalike.errors import InputError
from thinkalike.similarity import MEASURE_SETS, compare

ALL = [(convention, name) for convention in CONVENTIONS for name in VALUES[convention]]
TRIVIAL = {  # n = 500 stimuli, 768 units: 1 for any data, hence refused
    ("linear_regression_r2_predict_X_from_Y", "p4_bertlike_500x768x768"),
    ("cca_mean_rho", "p4_bertlike_500x768x768"),
    ("cca_mean_rho_squared", "p4_bertlike_500x768x768"),
    ("pwcca_X_weighted", "p4_bertlike_500x768x768"),
}


def test_every_convention_of_the_reference_is_offered_or_left_out_knowingly():
    assert set(VALUES) == set(CONVENTIONS) | NOT_OFFERED


@pytest.mark.parametrize(("convention", "name"), sorted(set(ALL) - TRIVIAL))
@pytest.mark.filterwarnings("ignore:.*canonical correlations are 1 for any data")
def test_value_equals_the_libraries(convention, name):
    measure, options = CONVENTIONS[convention]
    expected = VALUES[convention][name]["value"]
    assert compare(*pair(name), measure, **options) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(("convention", "name"), sorted(TRIVIAL))
def test_a_value_that_is_one_for_any_data_is_refused_unless_asked_for(convention, name):
    measure, options = CONVENTIONS[convention]
    with pytest.raises(InputError, match="1 for any data"):
        compare(*pair(name), measure, **options)
    noise = np.random.default_rng(0).normal(size=(500, 768))
    for Y in (pair(name)[1], noise):  # the libraries' value, which pure noise reaches as well
        assert compare(pair(name)[0], Y, measure, **options, allow_trivial=True) == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("name", VALUES["cka_rbf_median"])
def test_other_bandwidth_rules_equal_the_libraries_that_use_them(name):
    others = {key: entry["value"] for key, entry in VALUES["cka_rbf_median"][name]["dissent"].items()}
    if "brain-score" in others:
        assert others["brain-score"] == pytest.approx(others["thingsvision numpy"], abs=1e-9)
        value = compare(*pair(name), "cka", kernel="rbf", bandwidth="median_nonzero")
        assert value == pytest.approx(others["brain-score"], abs=1e-9)
    if "ckatorch" in others:
        value = compare(*pair(name), "cka", kernel="rbf", bandwidth="lower_median")
        assert value == pytest.approx(others["ckatorch"], abs=1e-9)


def test_svcca_keeps_99_percent_of_variance_where_a_library_keeps_one_component():
    X, Y = pair("p2_tall_200x64x32")
    dissent = VALUES["svcca_var99_mean_rho"]["p2_tall_200x64x32"]["dissent"]["resi"]
    assert "BUG" in dissent["why"]
    assert compare(X, Y, "svcca", variance=1e-6) == pytest.approx(dissent["value"], abs=1e-9)  # one component each
    assert abs(compare(X, Y, "svcca") - dissent["value"]) > 0.01


def test_cca_of_unequal_widths_is_the_mean_over_the_narrower_not_over_both():
    X, Y = pair("p2_tall_200x64x32")
    padded = VALUES["cca_mean_rho"]["p2_tall_200x64x32"]["dissent"]["netrep"]["value"]
    assert compare(X, Y, "cca") * 32 / np.sqrt(64 * 32) == pytest.approx(padded, abs=1e-9)
    angle = compare(X, Y, "procrustes_angular", alpha=0.0)
    assert np.cos(angle) == pytest.approx(padded, abs=1e-9)


def test_norm_difference_is_of_the_vector_of_pairs_not_the_spectral_norm():
    from scipy.spatial.distance import pdist, squareform

    X, Y = ((Z - Z.mean(axis=0)) / np.linalg.norm(Z - Z.mean(axis=0)) for Z in pair("p1_small_50x10x10"))
    spectral = VALUES["rsm_normdiff_euclidean_triangle"]["p1_small_50x10x10"]["dissent"]["resi"]["value"]
    assert np.linalg.norm(squareform(pdist(X) - pdist(Y)), 2) == pytest.approx(spectral, abs=1e-9)
    assert compare(X, Y, "rsm_norm_difference") == pytest.approx(np.linalg.norm(pdist(X) - pdist(Y)), abs=1e-9)


def test_a_rotated_copy_is_at_distance_zero_where_a_library_returns_nan():
    X, Y = pair("p5_rot_scale_trans_200x64")
    for measure in ("procrustes", "procrustes_angular", "rsm_norm_difference"):
        assert compare(X, Y, measure) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("name", WEIGHTED_KENDALL)
def test_profiles_equal_scipy(name):
    x, y = profiles(name)
    expected = WEIGHTED_KENDALL[name]["scipy weightedtau default (rank=True, hyperbolic, additive)"]
    assert compare(x, y, "weighted_kendall") == pytest.approx(expected, abs=1e-11)
    assert compare(x, y, "spearman_profiles") == pytest.approx(WEIGHTED_KENDALL[name]["spearman"], abs=1e-11)


@pytest.mark.parametrize(
    ("name", "conventions"),
    {
        "ot+is": [
            "procrustes_dist_frobnorm_uncentered",
            "aligned_cosine_uncentered",
            "rsm_normdiff_cosine_triangle",
            "jaccard_knn10_cosine_uncentered",
        ],
        "ot+is+tr": [
            "procrustes_dist_centered_frobnorm",
            "aligned_cosine_centered",
            "rsm_normdiff_euclidean_triangle",
            "jaccard_knn10_cosine_centered",
            "rsa_euclidean_spearman",
            "cka_linear_biased",
        ],
    }.items(),
)
def test_published_measure_sets_give_their_code_s_values(name, conventions):
    X, Y = pair("p2_tall_200x64x32")
    values = [compare(X, Y, measure, **options) for measure, options in MEASURE_SETS[name].items()]
    expected = [VALUES[convention]["p2_tall_200x64x32"] for convention in conventions]
    assert values == pytest.approx([entry["value"] for entry in expected], abs=1e-9)
    assert all("llm_repsim" in entry["libraries"] for entry in expected)
