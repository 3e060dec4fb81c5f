"""The order of layers, by number, by name, and after the last block."""

from thinkalike.figures.parts.layer_axis import layer_positions, layer_ticks, short_layer, sort_layers


def test_numbers_go_by_size_then_names_then_what_comes_last():
    assert sort_layers(["final", "10", "2", "V4", "V1", "0"]) == ["0", "2", "10", "V1", "V4", "final"]
    assert sort_layers(["10_output", "2_dense", "0_input"]) == ["0_input", "2_dense", "10_output"]


def test_numbers_keep_their_distance_on_an_axis_and_names_are_one_apart():
    assert layer_positions(["0", "8", "final"]) == {"0": 0.0, "8": 8.0, "final": 9.0}
    assert layer_positions(["0_input", "3_dense", "4_output"]) == {"0_input": 0.0, "3_dense": 1.0, "4_output": 2.0}
    assert layer_positions(["last"]) == {"last": 0.0}


def test_names_are_written_without_what_orders_them():
    assert layer_ticks(["0_input", "3_dense_layer"])[1] == ["input", "dense layer"]
    assert [short_layer(label) for label in ("12", "final", "3_dense", "V1")] == ["12", "F", "3", "V1"]
