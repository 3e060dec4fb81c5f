"""Collected tables: what is not of the layers that they ask for is refused."""

import pandas as pd
import pytest

from thinkalike.collect import expected_layers, stack
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
