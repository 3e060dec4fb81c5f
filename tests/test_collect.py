"""Collected tables: what is not of the layers that they ask for is refused."""

import numpy as np
import pandas as pd
import pytest

from thinkalike.collect import expected_layers, layer_table, model_table, stack
from thinkalike.errors import InputError
from thinkalike.tables import write_table


def test_a_table_of_another_layer_is_refused(tmp_path) -> None:
    paths = [tmp_path / f"layer-{layer}.parquet" for layer in "01"]
    for path, layer in zip(paths, "00", strict=True):
        write_table(pd.DataFrame({"model": ["m"], "layer": [layer], "score": [0.5]}), path)
    with pytest.raises(InputError, match=r"layer-1.parquet: this table holds the layer '0', but it must hold 1"):
        stack(paths, expected_layers({"m": ["0", "1"]}))
    write_table(pd.DataFrame({"model": ["m"], "layer": ["1"], "score": [0.5]}), paths[1])
    assert list(stack(paths, expected_layers({"m": ["0", "1"]}))["layer"]) == ["0", "1"]


def test_profiles_have_the_intervals_of_their_draws() -> None:
    random = np.random.default_rng(0)
    keys = [
        ("m", layer, coding, fold, feature)
        for layer in "01"
        for coding in ("levels", "difference")
        for fold in range(3)
        for feature in ("tense", "word")
    ]
    folds = pd.DataFrame(keys, columns=["model", "layer", "coding", "fold", "feature"]).assign(role="feature")
    folds = folds.assign(importance=random.normal(size=len(folds)), relative_weight=0.1, weight=0.2)
    drawn = pd.DataFrame(
        [
            ("m", layer, kind, draw, feature)
            for layer in "10"
            for kind in ("resample", "half")
            for draw in range(60)
            for feature in ("word", "tense")
        ],
        columns=["model", "layer", "kind", "draw", "feature"],
    )
    drawn = drawn.assign(
        importance=random.normal(size=len(drawn)), relative_weight=random.random(len(drawn)), over="both"
    )
    record = {"model": "m", "entry": "m", "family": "m", "control": False, "seed": 0, "layers": ["0", "1"]}
    table = layer_table("importance", folds, model_table([record]), drawn)
    row = table.query("layer == '1' and coding == 'levels' and feature == 'word'").iloc[0]
    own = drawn.query("layer == '1' and kind == 'resample' and feature == 'word'")
    for column in ("importance", "relative_weight"):
        ends = row[column] + np.quantile(own[column] - own[column].mean(), [0.025, 0.975])
        expected = ends if column == "importance" else np.clip(ends, 0, None)
        assert [row[f"{column}_low"], row[f"{column}_high"]] == pytest.approx(list(expected), abs=1e-12)
    assert row["over"] == "both"
    beside = table[table["coding"] == "difference"]
    assert beside[["importance_low", "relative_weight_high", "over"]].isna().all().all()
    without = layer_table("importance", folds, model_table([record]))
    pd.testing.assert_frame_equal(table[without.columns], without)
