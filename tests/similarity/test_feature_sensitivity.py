"""What moves where a feature is left out, on made-up profiles."""

import numpy as np
import pandas as pd
import pytest

from thinkalike.similarity import compare
from thinkalike.similarity.feature_sensitivity import feature_sensitivity

MODELS = pd.DataFrame(
    [(model, layer, model[0], model == "c") for model in ("a", "b", "c") for layer in ("0", "1")],
    columns=["model", "layer", "entry", "control"],
)
WHOLE = {
    ("a", "0"): [0.5, 0.2, 0.1, 0.0],
    ("a", "1"): [0.4, 0.3, 0.0, 0.1],
    ("b", "0"): [0.1, 0.4, 0.3, 0.2],
    ("b", "1"): [0.5, 0.2, 0.1, 0.05],
    ("c", "0"): [0.5, 0.2, 0.1, 0.0],
    ("c", "1"): [0.0, 0.1, 0.2, 0.3],
}


def rows(left_out, kept, change=None, score=0.5):
    """Profiles of one set: the whole ones without the left-out features, changed by layer and feature."""
    values = {key: dict(zip("wxyz", profile, strict=True)) for key, profile in WHOLE.items()}
    for (model, layer, feature), by in (change or {}).items():
        values[model, layer][feature] += by
    return [(*key, left_out, name, profile[name], score) for key, profile in values.items() for name in kept]


@pytest.fixture(scope="module")
def sets():
    content = (
        rows("w, x, y", "z")
        + rows("", "wxyz")
        + rows("w", "xyz", score=0.3)
        + rows("x", "wyz", {("a", "0", "z"): 0.6}, score=0.5)
    )
    columns = ["model", "layer", "left_out", "feature", "importance", "score"]
    return feature_sensitivity(pd.DataFrame(content, columns=columns), MODELS).set_index("left_out")


def test_what_is_kept_as_it_was_moves_nothing(sets):
    same = sets.loc["w"]
    assert same["score_lost"] == pytest.approx(0.2) and same["moved_by"] == 0
    assert same["profile_similarity"] == same["profile_least"] == same["similarity_rank"] == 1
    assert same["same_first"] == 1 and same["similarity_change"] == 0 and same["same_most_alike"]


def test_what_moves_is_named_and_counted(sets):
    moved = sets.loc["x"]
    assert moved["moved_most"] == "z" and moved["moved_by"] == pytest.approx(0.1)  # .6 in one of six layers
    assert moved["same_first"] == pytest.approx(5 / 6)
    before, after = np.array([0.5, 0.1, 0.0]), np.array([0.5, 0.1, 0.6])
    assert moved["profile_least"] == pytest.approx(compare(before, after, "weighted_kendall"))
    assert moved["similarity_rank"] < 1 and moved["similarity_change"] > 0
    # Layer 0 of a was most like layer 1 of b, and is so no more; c is an untrained control.
    assert moved["most_alike"] == "a 1 and b 1" and not moved["same_most_alike"]


def test_a_single_kept_feature_has_no_order(sets):
    alone = sets.loc["w, x, y"]
    undefined = ["profile_similarity", "profile_least", "similarity_rank", "similarity_change"]
    assert alone[undefined].isna().all() and alone["same_first"] == 1 and alone["most_alike"] == ""
