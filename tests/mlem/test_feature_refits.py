"""Fits without some features equal fits to the others."""

import numpy as np
import pandas as pd
import pytest

from thinkalike.errors import InputError
from thinkalike.features import Feature
from thinkalike.mlem import MLEM, cross_validate
from thinkalike.mlem.feature_refits import refit_feature_sets
from thinkalike.mlem.folds import outer_folds


@pytest.fixture(scope="module")
def layer():
    rng = np.random.default_rng(0)
    stimuli = pd.DataFrame(
        {
            "sentence_id": np.repeat(np.arange(30), 3),
            "pos": rng.choice(["noun", "verb", "det"], 90),
            "number": rng.choice(["sg", "pl"], 90),
            "length": rng.integers(1, 6, 90),
            "lemma": rng.choice(["a", "b", "c", "d"], 90),
        }
    )
    vectors = np.column_stack([2.0 * (stimuli["pos"] == level) for level in ("noun", "verb")])
    vectors = np.column_stack([vectors, 1.0 * (stimuli["number"] == "sg"), 0.2 * stimuli["length"]])
    features = {
        "pos": Feature("pos"), "number": Feature("number"), "length": Feature("length", kind="numeric"),
        "lemma": Feature("lemma", role="control"),
    }  # fmt: skip
    return stimuli, features, vectors + 0.5 * rng.normal(size=vectors.shape)


@pytest.mark.parametrize("coding", ["levels", "difference"])
def test_a_set_of_features_is_fitted_as_if_there_were_no_others(layer, coding):
    stimuli, features, vectors = layer
    found = refit_feature_sets(stimuli, features, vectors, most=2, coding=coding, alphas=[1.0], folds=3)
    assert set(found["left_out"]) == {"", "pos", "number", "length", "pos, number", "pos, length", "number, length"}
    assert "lemma" not in set(found["feature"])
    labels = outer_folds(3, stimuli["sentence_id"].to_numpy(), 0)
    for left_out, rows in found.groupby("left_out"):
        kept = [name for name in features if name not in left_out.split(", ")]
        expected = cross_validate(
            stimuli[kept],
            vectors,
            model=MLEM(kinds={"length": "numeric"} if "length" in kept else None, coding=coding),
            folds=labels,
            alphas=[1.0],
            groups=stimuli["sentence_id"],
            drop_column=False,
            ceiling=False,
        )
        assert rows["score"].tolist() == pytest.approx([expected.score] * len(rows), abs=1e-10)
        importance = rows.set_index("feature")["importance"]
        np.testing.assert_allclose(importance, expected.importance.mean()[importance.index], atol=1e-10)


def test_one_feature_is_kept_and_one_left_out(layer):
    stimuli, features, vectors = layer
    two = {name: features[name] for name in ("pos", "number", "lemma")}
    found = refit_feature_sets(stimuli, two, vectors, most=2, alphas=[1.0], folds=3)
    assert found[["left_out", "feature"]].values.tolist() == [
        *(["", "pos"], ["", "number"]),
        *(["pos", "number"], ["number", "pos"]),
    ]
    del two["number"]
    with pytest.raises(InputError, match="Of 1 features none can be left out"):
        refit_feature_sets(stimuli, two, vectors, most=1, alphas=[1.0], folds=3)
    with pytest.raises(InputError, match="0 features are to be left out"):
        refit_feature_sets(stimuli, features, vectors, most=0)
