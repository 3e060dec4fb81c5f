"""Model against model: the table of all pairs (the distance itself is tested in test_profile_similarity.py)."""

import numpy as np
import pandas as pd

from thinkalike.similarity import trajectory_distance, trajectory_table


def test_the_table_has_every_pair_of_models_once():
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(
        [
            (model, str(layer), 0, feature, "feature", rng.random())
            for model, layers in (("c", 2), ("a", 3), ("b", 4))
            for layer in range(layers)
            for feature in ("tense", "number", "gender")
        ],
        columns=["model", "layer", "fold", "feature", "role", "importance"],
    )
    table = trajectory_table(rows)
    assert list(zip(table["model_a"], table["model_b"], strict=True)) == [("a", "b"), ("a", "c"), ("b", "c")]
    expected = trajectory_distance(rows[rows["model"] == "a"], rows[rows["model"] == "c"])
    assert table["distance"].iloc[1] == expected > 0
