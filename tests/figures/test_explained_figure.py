"""The figure of what makes models alike: its bars are the table's parts."""

import figure_tables as tables
import numpy as np
import pandas as pd
import pytest

from thinkalike import figures
from thinkalike.errors import InputError
from thinkalike.similarity.explained import explained_sentences
from thinkalike.similarity.explained.most_alike import LAYERS, most_alike_layers

FOUR = {name: family for name, family in tables.SMALL.items() if family in ("bert", "lstm")}


@pytest.fixture(scope="module")
def parts() -> pd.DataFrame:
    return tables.explained_parts(FOUR)


def widths(axes, horizontal):
    """Return the summed lengths of the bars at each place."""
    found: dict[float, float] = {}
    for bar in axes.patches:
        place = bar.get_y() + bar.get_height() / 2 if horizontal else bar.get_x() + bar.get_width() / 2
        key = round(place, 6)
        found[key] = found.get(key, 0.0) + (bar.get_width() if horizontal else bar.get_height())
    return found


@pytest.mark.parametrize("by", ["values", "differences"])
def test_the_bars_of_a_pair_sum_to_its_similarity(parts, by):
    figure = figures.explained(parts, by=by)
    chosen = most_alike_layers(parts, by)
    values = sorted(chosen["value"], reverse=True)
    drawn = [total for _, total in sorted(widths(figure.axes[0], True).items(), reverse=True)]
    # Two entries with one another, each with its other seed, each with its control.
    assert len(drawn) == 5
    assert drawn == sorted(drawn, reverse=True)
    assert all(min(abs(total - value) for value in values) < 1e-9 for total in drawn)


def test_the_larger_parts_of_a_pair_have_their_intervals(parts):
    axes = figures.explained(parts).axes[0]
    chosen = parts[parts["by"] == "values"].merge(most_alike_layers(parts)[LAYERS])
    lines = [lines.get_segments() for lines in axes.collections if lines.get_segments()]
    lengths = [abs(segment[1][0] - segment[0][0]) for segments in lines for segment in segments]
    assert 0 < len(lengths) <= (chosen["value"] >= 0.05).sum()
    np.testing.assert_allclose(lengths, 0.05)
    without = figures.explained(parts.drop(columns=["low", "high", "over", "similarity_low", "similarity_high"]))
    assert not without.axes[0].collections


def test_layers_at_one_depth_are_averaged_over_pairs_of_trained_models(parts):
    figure = figures.explained(parts)
    first = parts[(parts["by"] == "values") & (parts["layer_a"] == "0") & (parts["layer_b"] == "0")]
    pairs = first[first["model_a"].str.fullmatch("bert-seed.") & first["model_b"].str.fullmatch("lstm-seed.")]
    assert pairs.groupby(LAYERS).ngroups == 4
    expected = pairs.groupby(LAYERS)["value"].sum().mean()
    assert widths(figure.axes[1], False)[0.0] == pytest.approx(expected, abs=1e-9)


def test_the_most_alike_layers_are_those_of_the_largest_sum(parts):
    chosen = most_alike_layers(parts)
    assert not chosen.duplicated(["model_a", "model_b"]).any()
    assert (chosen["model_a"] != chosen["model_b"]).all()
    sums = parts[parts["by"] == "values"].groupby(LAYERS)["value"].sum()
    for row in chosen.itertuples():
        assert row.value == pytest.approx(sums[row.model_a, :, row.model_b, :].max())


def test_each_pair_of_models_has_a_sentence(parts):
    sentences = explained_sentences(parts)
    assert len(sentences) == 15
    for row in sentences.itertuples():
        assert row.sentence.startswith(f"RSA {row.value:.2f}".replace("0.", "."))
    undefined = parts.assign(value=np.where(parts["model_a"] == "bert-seed0", np.nan, parts["value"]))
    assert len(explained_sentences(undefined)) < 15


def test_studies_with_little_to_show(parts):
    seeds = parts[parts["model_a"].str.startswith("bert-seed") & parts["model_b"].str.startswith("bert-seed")]
    assert len(widths(figures.explained(seeds).axes[0], True)) == 1
    with pytest.raises(InputError, match="no pair of different models"):
        figures.explained(seeds[seeds["model_a"] == seeds["model_b"]])
    with pytest.raises(InputError, match="no rows by 'forms'"):
        figures.explained(parts, by="forms")
    with pytest.raises(InputError, match="explained"):
        figures.explained(parts.drop(columns="role"))


def test_the_figure_of_a_pair_has_its_parts_in_either_order(parts, importance, stimuli):
    pairs, words = tables.pair_tables(importance, stimuli)
    pairs = pairs.assign(model_a="lstm-seed0", layer_a="1", model_b="bert-seed0", layer_b="2")
    figure = figures.pair_most(pairs, words, stimuli, explained=parts)
    (axes,) = (axes for axes in figure.axes if axes.get_label() == "parts")
    of_pair = parts[(parts["model_a"] == "bert-seed0") & (parts["layer_a"] == "2")]
    of_pair = of_pair[(of_pair["model_b"] == "lstm-seed0") & (of_pair["layer_b"] == "1")]
    expected = of_pair.groupby("by")["value"].sum()
    drawn = widths(axes, True)
    assert drawn[0.0] == pytest.approx(expected["differences"])
    assert drawn[1.0] == pytest.approx(expected["values"])
    assert len(figures.pair_most(pairs, words, stimuli).axes) == len(figure.axes) - 1
    with pytest.raises(InputError, match="lacks"):
        figures.pair_most(pairs, words, stimuli, explained=parts[parts["model_a"] != "bert-seed0"])
