"""The calls of the package: an estimator that scikit-learn's tools take, results that print, matched tables."""

import pickle

import numpy as np
import pandas as pd
import pytest
from planted import planted
from scipy.spatial.distance import squareform
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.utils import estimator_checks, get_tags

from thinkalike.errors import InputError
from thinkalike.mlem import MLEM, cross_validate


@pytest.fixture
def data():
    return planted(60, levels=(2, 3), weights=(1.0, 0.4))


def test_estimator_parameters_like_scikit_learn():
    kinds = {"a": "numeric"}
    model = MLEM(coding="difference", alpha=3.0, kinds=kinds)
    assert model.kinds is kinds
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    assert copy.set_params(alpha=4.0).alpha == 4.0
    with pytest.raises(InputError, match="no parameter 'beta'"):
        model.set_params(beta=1)


@pytest.mark.parametrize(
    "check",
    [
        "check_parameters_default_constructible",
        "check_estimator_cloneable",
        "check_estimator_repr",
        "check_no_attributes_set_in_init",
        "check_get_params_invariance",
        "check_set_params",
        "check_do_not_raise_errors_in_init_or_set_params",
        "check_estimators_unfitted",
        "check_estimator_tags_renamed",
        "check_supervised_y_no_nan",
        "check_mixin_order",
    ],
)
def test_checks_of_scikit_learn_that_need_no_matrix_of_numbers(check):
    getattr(estimator_checks, check)("MLEM", MLEM())


def test_asked_before_it_is_fitted(data):
    features, _ = data
    with pytest.raises(NotFittedError, match="call fit first"):
        MLEM(coding="difference").predict(features)


def test_fitting_changes_no_setting_and_can_be_pickled(data):
    features, vectors = data
    model = MLEM(coding="difference", kinds={"f0": "categorical"})
    before = model.get_params()
    model.fit(features, vectors)
    assert model.get_params() == before
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(features), model.predict(features))


def test_grid_search_over_stimuli_is_the_search_written_out(data):
    features, vectors = data
    groups = np.arange(60) // 4
    folds = GroupKFold(3)
    alphas = [0.1, 10.0, 1000.0]
    search = GridSearchCV(MLEM(coding="difference"), {"alpha": alphas}, cv=folds).fit(features, vectors, groups=groups)
    expected = [
        np.mean(
            [
                MLEM(coding="difference", alpha=alpha)
                .fit(features.iloc[train], vectors[train])
                .score(features.iloc[test], vectors[test])
                for train, test in folds.split(features, vectors, groups)
            ]
        )
        for alpha in alphas
    ]
    np.testing.assert_allclose(search.cv_results_["mean_test_score"], expected, atol=1e-15)
    assert search.best_estimator_.alpha == alphas[int(np.argmax(expected))]
    assert get_tags(MLEM(coding="difference")).target_tags.multi_output


def test_settings_print_short():
    assert repr(MLEM()) == "MLEM()"
    assert repr(MLEM(alpha=3.0, distance="cosine")) == "MLEM(alpha=3.0, distance='cosine')"


def test_result_prints_as_a_table_and_equals_itself(data):
    features, vectors = data
    result = cross_validate(features, vectors, alphas=[1.0], model=MLEM(coding="difference"))
    lines = repr(result).splitlines()
    assert lines[0] == f"CrossValidation (difference): rho_a {result.score:.3f}, ceiling {result.ceiling:.3f}, 5 folds"
    assert len(lines) == 1 + 2 + len(features.columns)
    assert result == cross_validate(features, vectors, alphas=[1.0], model=MLEM(coding="difference"))
    assert result != cross_validate(features, vectors, alphas=[1.0], seed=1, model=MLEM(coding="difference"))
    assert result != cross_validate(features, vectors, model=MLEM(coding="difference", interactions=True), alphas=[1.0])
    assert result != "a result"


def test_model_must_be_one(data):
    with pytest.raises(InputError, match="model is a str but must be an MLEM"):
        cross_validate(*data, model="ridge")


def labelled(features, seed=0):
    """Return features with names as their index, and another order of the same names."""
    names = pd.Index([f"w{i}" for i in range(len(features))])
    return features.set_axis(names, axis=0), np.random.default_rng(seed).permutation(len(features))


def test_tables_are_matched_by_their_index(data):
    features, vectors = data
    features, order = labelled(features)
    groups = pd.Series(np.arange(60) // 3, index=features.index)
    words = pd.Series(np.arange(60) % 7, index=features.index)
    folds = pd.Series(np.arange(60) // 3 % 4, index=features.index)
    table = pd.DataFrame(vectors, index=features.index)
    arguments = {"alphas": [1.0], "folds": folds, "groups": groups, "exclude": words}
    expected = cross_validate(features, vectors, **arguments, model=MLEM(coding="difference"))
    shuffled = {name: value.iloc[order] if name != "alphas" else value for name, value in arguments.items()}
    result = cross_validate(features, table.iloc[order], **shuffled, model=MLEM(coding="difference"))
    assert result == expected
    numbers = {"n_resamples": 5, "n_permutations": 9}
    units = pd.Series(np.arange(60), index=features.index)
    pd.testing.assert_frame_equal(
        expected.infer(units=units, groups=groups, **numbers),
        result.infer(units=units.iloc[order], groups=groups.iloc[order], **numbers),
        check_exact=True,
    )


def test_a_matrix_of_distances_is_matched_by_rows_and_columns(data):
    features, vectors = data
    features, order = labelled(features)
    distances = squareform(((vectors[:, None] - vectors) ** 2).sum(axis=2), checks=False)
    matrix = pd.DataFrame(squareform(distances), index=features.index, columns=features.index)
    model = MLEM(coding="difference", distance="precomputed")
    expected = model.fit(features, matrix.to_numpy()).weights_
    np.testing.assert_array_equal(model.fit(features, matrix.iloc[order, order]).weights_, expected)
    np.testing.assert_array_equal(model.fit(features, matrix.iloc[order, order[::-1]]).weights_, expected)


@pytest.mark.parametrize("what", ["representations", "groups", "exclude", "folds"])
def test_tables_of_other_stimuli_are_refused(data, what):
    features, vectors = data
    features, _ = labelled(features)
    other = pd.RangeIndex(60)
    table = pd.DataFrame(vectors, index=other)
    given = pd.Series(np.arange(60) % 5, index=other)
    arguments = {"representations": vectors, "alphas": [1.0], what: table if what == "representations" else given}
    with pytest.raises(InputError, match=f"{what} has no row labelled 'w0'"):
        cross_validate(features, **arguments, model=MLEM(coding="difference"))


def test_labels_that_repeat_are_refused_unless_they_are_in_the_same_order(data):
    features, vectors = data
    features = features.set_axis(np.arange(60) // 2, axis=0)
    table = pd.DataFrame(vectors, index=features.index)
    np.testing.assert_array_equal(
        MLEM(coding="difference").fit(features, table).weights_,
        MLEM(coding="difference").fit(features, vectors).weights_,
    )
    with pytest.raises(InputError, match="labels repeat"):
        MLEM(coding="difference").fit(features, table.iloc[::-1])


def test_representations_may_be_an_object_that_holds_vectors(data):
    class Layer:
        vectors = data[1]

    np.testing.assert_array_equal(
        MLEM(coding="difference").fit(data[0], Layer()).weights_, MLEM(coding="difference").fit(*data).weights_
    )
