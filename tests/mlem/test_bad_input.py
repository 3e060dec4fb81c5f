"""Every mistake gets one clear sentence, and every harmless oddity the right answer."""

import numpy as np
import pandas as pd
import pytest
from planted import planted

from thinkalike.errors import InputError
from thinkalike.mlem import MLEM, cross_validate


@pytest.fixture
def data():
    return planted(60, levels=(2, 3), weights=(1.0, 0.4))


def test_lengths_that_differ(data):
    features, vectors = data
    with pytest.raises(InputError, match="60 rows of features but 59 representations"):
        MLEM(coding="difference").fit(features, vectors[1:])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("distance", ["sqeuclidean", "manhattan"])
def test_not_finite_names_the_stimulus(data, value, distance):
    features, vectors = data
    vectors[17, 3] = value
    with pytest.raises(InputError, match="stimulus 17 has a NaN or infinite"):
        MLEM(coding="difference", distance=distance).fit(features, vectors)


def test_constant_feature_has_no_weight_and_a_warning(data):
    features, vectors = data
    expected = cross_validate(features, vectors, alphas=[1.0], model=MLEM(coding="difference"))
    result = cross_validate(features.assign(same="x"), vectors, alphas=[1.0], model=MLEM(coding="difference"))
    assert (result.weights["same"] == 0).all() and (result.importance["same"] == 0).all()
    np.testing.assert_allclose(result.weights[["f0", "f1"]], expected.weights, atol=1e-12)
    assert any("'same' differs on no pair" in sentence for sentence in result.warnings)


def test_constant_layer(data):
    features, _ = data
    with pytest.raises(InputError, match="this layer is constant"):
        MLEM(coding="difference").fit(features, np.full((60, 4), 1 / 3))
    with pytest.raises(InputError, match="this layer is constant"):
        cross_validate(features, np.full((60, 4), 1 / 3), model=MLEM(coding="difference"))


def test_layer_constant_among_training_stimuli_names_the_fold(data):
    features, _ = data
    vectors = np.zeros((60, 3))
    vectors[:30] = np.random.default_rng(0).normal(size=(30, 3))
    with pytest.raises(InputError, match="training stimuli of fold 0"):
        cross_validate(features, vectors, folds=np.arange(60) // 30, alphas=[1.0], model=MLEM(coding="difference"))


def test_fewer_groups_than_folds(data):
    features, vectors = data
    with pytest.raises(InputError, match="4 groups for 5 folds"):
        cross_validate(features, vectors, groups=np.arange(60) % 4, model=MLEM(coding="difference"))
    with pytest.raises(InputError, match="4 groups for 5 folds"):
        cross_validate(
            features, vectors, groups=np.arange(60) % 5, model=MLEM(coding="difference")
        )  # enough outside, too few inside


def test_folds_too_small_to_rank():
    features, vectors = planted(10)
    with pytest.raises(InputError, match="too few pairs to rank"):
        cross_validate(features, vectors, model=MLEM(coding="difference"))


@pytest.mark.parametrize("interactions", [False, True])
def test_one_feature(data, interactions):
    features, vectors = data
    result = cross_validate(features[["f0"]], vectors, model=MLEM(coding="difference", interactions=interactions))
    assert result.score > 0.5
    np.testing.assert_allclose(result.importance["f0"], result.scores, atol=1e-12)


def test_no_feature_varies(data):
    _, vectors = data
    with pytest.raises(InputError, match="No feature differs"):
        MLEM(coding="difference").fit(pd.DataFrame({"a": ["x"] * 60, "b": [None] * 60}), vectors)


def test_unknown_distance(data):
    with pytest.raises(InputError, match="'euclid' but must be one of sqeuclidean"):
        MLEM(coding="difference", distance="euclid").fit(*data)


def test_precomputed_must_be_square_and_symmetric(data):
    features, vectors = data
    matrix = np.random.default_rng(0).random((60, 60))
    matrix = matrix + matrix.T
    matrix[4, 9] += 1
    with pytest.raises(InputError, match=r"not symmetric: \(4, 9\)"):
        MLEM(coding="difference", distance="precomputed").fit(features, matrix)
    with pytest.raises(InputError, match="must be square, not 60 x 64"):
        MLEM(coding="difference", distance="precomputed").fit(features, vectors)


@pytest.mark.parametrize("distance", ["cosine", "correlation"])
def test_vectors_without_a_direction(data, distance):
    features, vectors = data
    vectors[5] = 0.0 if distance == "cosine" else 0.1
    with pytest.raises(InputError, match="stimulus 5"):
        MLEM(coding="difference", distance=distance).fit(features, vectors)


def test_unknown_kind_missing_and_names(data):
    features, vectors = data
    with pytest.raises(InputError, match="kinds of feature 'f0' is 'real'"):
        MLEM(coding="difference", kinds={"f0": "real"}).fit(features, vectors)
    with pytest.raises(InputError, match="kinds names 'gender', which is not a feature"):
        MLEM(coding="difference", kinds={"gender": "categorical"}).fit(features, vectors)
    with pytest.raises(InputError, match="missing of feature 'f0' is 'ignore'"):
        MLEM(coding="difference", missing="ignore").fit(features, vectors)
    with pytest.raises(InputError, match="'f0' is there twice"):
        MLEM(coding="difference").fit(pd.concat([features, features[["f0"]]], axis=1), vectors)


def test_numeric_features_must_be_numbers(data):
    features, vectors = data
    with pytest.raises(InputError, match="'f0' is declared numeric"):
        MLEM(coding="difference", kinds={"f0": "numeric"}).fit(features, vectors)
    features["x"] = np.arange(60.0)
    features.loc[3, "x"] = np.inf
    with pytest.raises(InputError, match="'x' is infinite for stimulus 3"):
        MLEM(coding="difference", kinds={"x": "numeric"}).fit(features, vectors)
    features.loc[3, "x"] = np.nan
    with pytest.raises(InputError, match="undefined for stimulus 3"):
        MLEM(coding="difference", kinds={"x": "numeric"}, missing="category").fit(features, vectors)


def test_bad_parameters(data):
    features, vectors = data
    with pytest.raises(InputError, match="alpha is -1"):
        MLEM(coding="difference", alpha=-1.0).fit(features, vectors)
    with pytest.raises(InputError, match="alphas are"):
        cross_validate(features, vectors, alphas=[], model=MLEM(coding="difference"))
    with pytest.raises(InputError, match="importance is 'shap'"):
        cross_validate(features, vectors, importance="shap", model=MLEM(coding="difference"))
    with pytest.raises(InputError, match="at least 2"):
        cross_validate(features, vectors, folds=1, model=MLEM(coding="difference"))
    with pytest.raises(InputError, match="groups has 3 entries for 60"):
        cross_validate(features, vectors, groups=[1, 2, 3], model=MLEM(coding="difference"))
    with pytest.raises(InputError, match="groups is undefined for stimulus 2"):
        cross_validate(features, vectors, groups=["a", "b", None] * 20, model=MLEM(coding="difference"))
    with pytest.raises(InputError, match="not fitted"):
        MLEM(coding="difference").predict(features)
    with pytest.raises(InputError, match="fitted to f0, f1"):
        MLEM(coding="difference").fit(features, vectors).predict(features[["f1", "f0"]])
    with pytest.raises(InputError, match="must be a pandas DataFrame"):
        MLEM(coding="difference").fit([[1], [2]], vectors)
    with pytest.raises(InputError, match=r"shape \(60,\)"):
        MLEM(coding="difference").fit(features, vectors[:, 0])
    with pytest.raises(InputError, match="must be numbers"):
        MLEM(coding="difference").fit(features, vectors.astype(str))


@pytest.mark.parametrize(
    "dtype", ["object", "str", "string", "category", "Int64", "int8", "float64", "Float64", "bool", "boolean"]
)
def test_a_dtype_never_decides(data, dtype):
    """A two-valued categorical feature means the same whatever pandas stores it as."""
    features, vectors = data
    expected = MLEM(coding="difference").fit(features, vectors).weights_
    numbers = (features["f0"] == "a").astype(int)
    column = features["f0"] if dtype in ("object", "str", "string", "category") else numbers
    model = MLEM(coding="difference").fit(features.assign(f0=column.astype(dtype)), vectors)
    np.testing.assert_allclose(model.weights_, expected, rtol=1e-12)


@pytest.mark.parametrize("dtype", ["object", "str", "string", "category", "Int64", "Float64", "boolean", "float64"])
def test_nulls_of_every_dtype_are_undefined(data, dtype):
    features, vectors = data
    undefined = np.arange(60) % 7 == 0
    expected = (
        MLEM(coding="difference")
        .fit(features.assign(f0=features["f0"].astype(object).mask(undefined, None)), vectors)
        .weights_
    )
    column = features["f0"] if dtype in ("object", "str", "string", "category") else (features["f0"] == "a").astype(int)
    model = MLEM(coding="difference").fit(features.assign(f0=column.astype(dtype).mask(undefined)), vectors)
    np.testing.assert_allclose(model.weights_, expected, rtol=1e-12)


def test_index_of_the_table_does_not_matter(data):
    features, vectors = data
    shuffled = features.set_axis(np.arange(60)[::-1] * 3, axis=0)
    np.testing.assert_array_equal(
        MLEM(coding="difference").fit(shuffled, vectors).weights_,
        MLEM(coding="difference").fit(features, vectors).weights_,
    )


def test_entangled_features_are_named(data):
    features, vectors = data
    result = cross_validate(
        features.assign(copy=features["f0"]), vectors, alphas=[1.0], model=MLEM(coding="difference")
    )
    assert any("'f0' and 'copy' cannot be told apart" in sentence for sentence in result.warnings)
    np.testing.assert_allclose(result.weights["f0"], result.weights["copy"], rtol=1e-6)
    row = result.diagnostics.set_index("feature").loc["f0"]
    assert row["closest_feature"] == "copy" and row["closest_correlation"] == pytest.approx(1.0)


@pytest.mark.parametrize("coding", ["levels", "difference"])
@pytest.mark.parametrize(("distance", "scale"), [("sqeuclidean", 2.0**200), ("sqeuclidean", 2.0**-200)])
def test_results_do_not_depend_on_the_scale(data, coding, distance, scale):
    features, vectors = data
    options = {"model": MLEM(coding=coding, distance=distance), "folds": 2, "alphas": [1.0]}
    assert cross_validate(features, vectors * scale, **options).weights.equals(
        cross_validate(features, vectors, **options).weights
    )


@pytest.mark.parametrize("distance", ["cosine", "correlation", "manhattan"])
@pytest.mark.parametrize("scale", [1e200, 1e-200])
def test_distances_that_need_no_squares_of_the_scale(data, distance, scale):
    features, vectors = data
    expected = MLEM(distance=distance).fit(features, vectors).weights_
    np.testing.assert_allclose(MLEM(distance=distance).fit(features, vectors * scale).weights_, expected, rtol=1e-9)


@pytest.mark.parametrize("distance", ["sqeuclidean", "euclidean_squared"])
def test_scales_whose_squares_are_no_numbers_are_refused(data, distance):
    features, vectors = data
    model = MLEM(distance=distance)
    for scale, said in ((1e200, "as large as"), (1e-200, "within")):
        with pytest.raises(InputError, match=f"Representations are {said} .* multiply all of them by one number"):
            model.fit(features, vectors * scale)
    with pytest.raises(InputError, match="as large as 1e\\+300"):
        model.fit(features, np.where(np.arange(60)[:, None] == 7, 1e300, vectors))
    for unit in (1e300, 1e-300):
        numbers = features.assign(size=np.arange(60.0) * unit)
        with pytest.raises(InputError, match=r"Feature 'size' has values up to .* give it in another unit"):
            MLEM(distance=distance, kinds={"size": "numeric"}).fit(numbers, vectors)


@pytest.mark.parametrize("coding", ["levels", "difference"])
def test_features_that_are_undefined_or_different_everywhere(data, coding):
    features, vectors = data
    options = {"model": MLEM(coding=coding), "folds": 2, "alphas": [1.0]}
    odd = features.assign(nothing=np.nan, own=[f"s{i}" for i in range(60)])
    result = cross_validate(odd, vectors, **options)
    plain = cross_validate(features, vectors, **options)
    np.testing.assert_allclose(result.weights[["f0", "f1"]], plain.weights, atol=1e-9)
    assert (result.weights["nothing"] == 0).all() and (result.importance[["nothing", "own"]] == 0).all().all()
    table = result.infer(n_resamples=3, n_permutations=3)
    assert table[["estimate", "low", "high", "p"]].notna().all().all()
    alone = cross_validate(odd[["own"]], vectors, **options)  # one stimulus per level: all pairs differ alike
    assert alone.score == 0 and (alone.weights["own"] == 0).all()
    with pytest.raises(InputError, match="There are 2 stimuli; a fit needs at least 3"):
        cross_validate(features.iloc[:2], vectors[:2], **options)
