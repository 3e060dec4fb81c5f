"""Every figure: drawn from tables in any order, holds the tables' values, has labels, and warns of nothing."""

import warnings
from collections.abc import Callable

import figure_tables as tables
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from scipy.stats import spearmanr

from thinkalike import figures
from thinkalike.errors import InputError
from thinkalike.figures.parts.layer_axis import FINAL, layer_positions
from thinkalike.figures.parts.theme import new_figure
from thinkalike.similarity import map_layers
from thinkalike.similarity.explain_pairs import extreme_pairs

pytestmark = pytest.mark.filterwarnings("error")
FEW = tables.similarity_table({"a-seed0": "a", "a-untrained": "a"})

FOUR = {name: family for name, family in tables.SMALL.items() if family in ("bert", "lstm")}


def one(similarity: pd.DataFrame, measure: str) -> pd.DataFrame:
    return similarity[similarity["measure"] == measure]


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if text.get_text() and text.get_visible()]


def drawn(figure: Figure) -> Figure:
    FigureCanvasAgg(figure).draw()
    return figure


def shuffled(table: pd.DataFrame) -> pd.DataFrame:
    return table.sample(frac=1, random_state=1).reset_index(drop=True)


@pytest.fixture(scope="module")
def every_figure(
    importance: pd.DataFrame, similarity: pd.DataFrame, stimuli: pd.DataFrame
) -> dict[str, Callable[[Callable[[pd.DataFrame], pd.DataFrame]], Figure]]:
    """Each figure by name, as a function of what is done to its tables before."""
    pairs, pair_words = tables.pair_tables(importance, stimuli)
    levels, shares = tables.stimulus_tables(stimuli)
    # Fewer models where time goes into the number of layers.
    few = similarity[(similarity["model_a"] >= "lstm") & (similarity["model_b"] < "mamba")]
    maps = map_layers(few, measures=["weighted_kendall", "rsa"])
    return {
        "importance": lambda change: figures.feature_importance(change(importance)),
        "difference": lambda change: figures.feature_importance_difference(
            change(tables.with_codings(importance, "importance"))
        ),
        "levels": lambda change: figures.level_weights(change(tables.level_weights_table(FOUR))),
        "decoding": lambda change: figures.decoding(change(tables.probes_table())),
        "scores": lambda change: figures.scores(change(tables.with_codings(tables.scores_table(), "score"))),
        "matrix": lambda change: figures.similarity_matrix(change(similarity), measure="procrustes"),
        "matrices": lambda change: figures.similarity(change(few), change(maps)),
        "pair": lambda change: figures.pair_most(change(pairs), change(pair_words), change(stimuli)),
        "correlation": lambda change: figures.feature_correlation(
            change(tables.correlation_table()), change(tables.correlation_table(1))
        ),
        "training": lambda change: figures.training(change(tables.training_table())),
        "accuracy": lambda change: figures.grammaticality(change(tables.accuracy_table())),
        "seeds": lambda change: figures.seed_agreement(change(similarity)),
        "explained": lambda change: figures.explained(change(tables.explained_parts(FOUR))),
        "measures": lambda change: figures.measure_agreement(change(tables.agreement_table())),
        "scatter": lambda change: figures.similarity_scatter(change(few)),
        "stimuli": lambda change: figures.stimuli(change(levels), change(shares)),
        "models": lambda change: figures.model_mlem(*map(change, tables.model_tables_of(["a", "b", "c", "d", "e"]))),
        "sets": lambda change: figures.feature_sets(
            *map(change, tables.feature_set_tables(["tense", "number", "gender"]))
        ),
        "resources": lambda change: figures.resources(change(tables.benchmark_table())),
    }


NAMES = [
    *("importance", "difference", "levels", "scores", "matrix", "matrices", "pair", "correlation", "training"),
    *("accuracy", "seeds", "explained", "measures", "scatter", "stimuli", "models", "sets", "resources"),
]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_bytes_do_not_depend_on_row_order_and_nothing_warns(every_figure, name, tmp_path):
    figure = every_figure[name](lambda table: table)
    figures.save_figure(figure, tmp_path / "one.svg")
    figures.save_figure(every_figure[name](shuffled), tmp_path / "other.svg")
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "other.svg").read_bytes()
    letters_are_readable_and_inside_the_page(figure)


def letters_are_readable_and_inside_the_page(figure: Figure) -> None:
    width, height = figure.get_size_inches()
    assert width <= 7.5
    for text in figure.findobj(Text):
        if text.get_text() and text.get_visible() and text.axes and text.axes.get_visible():
            assert text.get_fontsize() >= 6, text.get_text()
    box = figure.get_tightbbox()
    assert box.x0 >= -0.02 and box.y0 >= -0.02
    assert box.x1 <= width + 0.02 and box.y1 <= height + 0.02


@pytest.mark.slow
def test_importance_has_a_panel_per_family_and_kind_with_the_mean_over_seeds(importance):
    figure = figures.feature_importance(importance)
    panels = {axes.get_title(): axes for axes in figure.axes}
    assert set(panels) == {
        *("BERT", "GPT-2", "Mamba", "LSTM"),
        *("BERT, untrained", "GPT-2, untrained", "Mamba, untrained", "LSTM, untrained"),
    }
    assert "Feature importance (drop in score)" in texts(figure)
    rows = importance[importance["model"].isin(["gpt2-seed0", "gpt2-seed1"]) & (importance["feature"] == "gender")]
    mean = rows[rows["layer"] != FINAL].groupby("layer_index")["importance"].mean().to_numpy()
    lines = [line.get_ydata() for line in panels["GPT-2"].lines if len(line.get_ydata()) == len(mean)]
    assert any(np.allclose(line, mean) for line in lines)
    assert [tick.get_text() for tick in panels["GPT-2"].get_xticklabels()] == ["0", "1", "2", "3", "4", "final"]


def test_the_first_panel_of_a_row_has_the_labels_of_y(importance):
    some = importance[~importance["model"].isin(["bert-untrained", "gpt2-untrained"])]
    figure = figures.feature_importance(some)
    figure.canvas.draw()
    labelled = [
        axes.get_title() for axes in figure.axes if axes.yaxis.get_tick_params()["labelleft"] and axes.get_visible()
    ]
    assert labelled == ["BERT", "LSTM, untrained"]


def test_importance_with_other_numbers_of_layers():
    hub = figures.feature_importance(tables.importance_table(tables.HUB), tables.models_table(tables.HUB))
    assert [axes.get_title() for axes in hub.axes] == ["bert-base-uncased", "GPT-2", "mamba-130m-hf"]
    assert [axes.get_xlim()[1] > 20 for axes in hub.axes] == [False, False, True]


def test_conditional_importance_is_dashed_where_it_is_another():
    table = tables.importance_table({"gpt2-seed0": "gpt2"})
    halved = table["importance"] * np.where(table["feature"] == "part_of_speech", 0.5, 1)
    table = table.assign(conditional_importance=halved, shared_importance=table["importance"] - halved)
    figure = figures.feature_importance(table)
    thin = [line for line in figure.axes[0].lines if line.get_linestyle() == "--" and line.get_linewidth() == 0.6]
    own = table[(table["feature"] == "part_of_speech") & (table["layer"] != "final")]
    np.testing.assert_allclose(thin[0].get_ydata(), own["conditional_importance"])
    assert {line.get_color() for line in thin} == {thin[0].get_color()}
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert "Conditional on what goes with it" in labels
    same = figures.feature_importance(table.assign(shared_importance=0.0))
    assert "Conditional on what goes with it" not in [text.get_text() for text in same.legends[0].get_texts()]


def test_weights_are_drawn_with_their_intervals_where_they_are_the_profile():
    table = tables.importance_table({"gpt2-seed0": "gpt2"})
    weights = table["importance"].abs() + 0.1
    table = table.assign(
        relative_weight=weights, relative_weight_low=weights - 0.05, relative_weight_high=weights + 0.02
    )
    figure = figures.feature_importance(table, profile="weight")
    one = table[(table["feature"] == "tense") & (table["layer"] != "final")]
    lines = [line for line in figure.axes[0].lines if len(line.get_ydata()) == len(one)]
    assert any(np.allclose(line.get_ydata(), one["relative_weight"]) for line in lines)
    bands = [band.get_paths()[0].vertices[:, 1] for band in figure.axes[0].collections]
    own = table[table["feature"] == "tense"]
    ends = own["relative_weight_low"].min(), own["relative_weight_high"].max()
    assert any(np.allclose((band.min(), band.max()), ends) for band in bands)
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert "95 % interval" in labels and "± 1 sd over folds" not in labels
    with pytest.raises(InputError, match="profile is 'size' but must be one of importance, weight"):
        figures.feature_importance(table, profile="size")


@pytest.mark.slow
def test_importance_of_forty_models_wraps():
    many = {f"model{index:02d}": f"family{index:02d}" for index in range(40)}
    wrapped = figures.feature_importance(tables.importance_table(many))
    assert sum(axes.get_visible() for axes in wrapped.axes) == 40


def test_families_give_order_and_colours_also_where_models_are_missing(importance):
    order = dict(sorted(tables.SMALL.items(), reverse=True))
    some = importance[importance["model"].str.contains("bert|mamba")]
    figure = figures.feature_importance(some, tables.models_table(order))
    assert [axes.get_title() for axes in figure.axes if axes.get_visible()][:2] == ["Mamba", "BERT"]


@pytest.mark.slow
def test_decoding_is_on_one_scale_beside_importance(importance):
    probes = tables.probes_table()
    figure = figures.decoding(probes)
    beside = figures.feature_importance(importance)
    assert [axes.get_title() for axes in figure.axes] == [axes.get_title() for axes in beside.axes]
    rows = probes[(probes["model"] == "mamba-untrained") & (probes["feature"] == "number")]
    rows = rows[(rows["score_name"] == "balanced_accuracy") & (rows["layer"] != FINAL)]
    panel = next(axes for axes in figure.axes if axes.get_title() == "Mamba, untrained")
    expected = 2 * rows["score"].to_numpy() - 1  # two classes: chance is a half
    lines = [line.get_ydata() for line in panel.lines if len(line.get_ydata()) == len(expected)]
    assert any(np.allclose(line, expected) for line in lines)
    assert panel.get_ylim()[0] == -0.25


def test_scores_are_the_tables_values(importance):
    scores = tables.scores_table()
    figure = figures.scores(scores)
    expected = scores[scores["model"] == "mamba-untrained"]
    panel = next(axes for axes in figure.axes if axes.get_title() == "Mamba")
    assert any(np.array_equal(line.get_ydata(), expected["score"]) for line in panel.lines)
    assert any(np.array_equal(line.get_ydata(), expected["ceiling"]) for line in panel.lines)


def test_matrix_is_symmetric_in_the_order_of_families_and_centred_at_zero(similarity):
    order = {model: tables.SMALL[model] for model in sorted(tables.SMALL, reverse=True)}
    figure = figures.similarity_matrix(similarity, tables.models_table(order), measure="weighted_kendall")
    image = figure.axes[0].images[0]
    values = np.asarray(image.get_array())
    assert np.allclose(values, values.T, atol=1e-12) and np.all(np.diag(values) == 1)
    assert image.get_clim() == (-1, 1)
    assert [text.get_text() for text in figure.axes[0].get_xticklabels()][:3] == [
        "Mamba seed 0",
        "Mamba seed 1",
        "Mamba untrained",
    ]
    rows = one(similarity, "weighted_kendall").set_index(["model_a", "layer_a", "model_b", "layer_b"])["value"]
    # Row 2 of the first model (Mamba, 8 layers) against row 0 of the last (BERT untrained, 6 layers).
    assert values[2, -6] == rows["bert-untrained", "0", "mamba-seed0", "2"]
    assert "Weighted Kendall τ of feature importance" in texts(figure)


def test_distances_and_shares_have_their_own_scales(similarity):
    image = figures.similarity_matrix(similarity, measure="procrustes").axes[0].images[0]
    assert image.get_clim()[0] == 0
    shares = one(similarity, "rsa").assign(measure="cka", value=0.5)
    assert figures.similarity_matrix(shares, measure="cka").axes[0].images[0].get_clim() == (0, 1)


@pytest.mark.slow
def test_matrices_state_agreement_and_stress(similarity):
    maps = map_layers(similarity, measures=["weighted_kendall", "rsa"])
    figure = figures.similarity(similarity, maps)
    keys = ["model_a", "layer_a", "model_b", "layer_b"]
    both = one(similarity, "weighted_kendall").merge(one(similarity, "rsa"), on=keys)
    same = both["model_a"] == both["model_b"]
    number = {layer: index for index, layer in enumerate(sorted(set(both["layer_a"])))}
    twice = same & (both["layer_a"].map(number) >= both["layer_b"].map(number))
    rho = spearmanr(both[~twice]["value_x"], both[~twice]["value_y"]).statistic
    title = figure.get_suptitle()
    assert f"{(~twice).sum():,} layer pairs" in title and title.endswith(f"{rho:.2f}")
    assert sum("stress" in text for text in texts(figure)) == 2


@pytest.mark.slow
def test_a_layer_without_a_profile_is_grey_and_left_out_of_the_map(similarity):
    based = one(similarity, "weighted_kendall").copy()
    gone = [(based[f"model_{side}"] == "lstm-untrained") & (based[f"layer_{side}"] == "0") for side in "ab"]
    based.loc[gone[0] | gone[1], "value"] = np.nan
    table = pd.concat([based, one(similarity, "rsa")])
    figure = figures.similarity(table, map_layers(table, measures=["weighted_kendall", "rsa"]))
    assert any("1 layers without a value left out" in text for text in texts(figure))


@pytest.mark.slow
def test_what_the_stimuli_do_not_resolve_is_crossed_out(similarity):
    profiles = similarity["measure"] == "weighted_kendall"
    of_layer = [
        (similarity[f"model_{side}"] == "lstm-untrained") & (similarity[f"layer_{side}"] == "0") for side in "ab"
    ]
    resolved = pd.Series(None, index=similarity.index, dtype=object)
    resolved[profiles] = ~(of_layer[0] | of_layer[1])[profiles]
    table = similarity.assign(resolved=resolved)
    maps = map_layers(similarity, measures=["weighted_kendall", "rsa"])
    figure = figures.similarity(table, maps)
    (marks,) = figure.findobj(lambda artist: artist.get_gid() == "unresolved")
    layers = len(figure.axes[0].images[0].get_array())
    assert len(marks.get_xdata()) == 2 * layers - 1
    assert "Not resolved (map: pale)" in texts(figure)
    pale = [line for line in figure.axes[1].lines if line.get_alpha() == 0.35]
    assert len(pale) == 1
    plain = figures.similarity(table.assign(resolved=True), maps)
    assert not plain.findobj(lambda artist: artist.get_gid() == "unresolved")
    assert "Not resolved (map: pale)" not in texts(plain)


def test_pair_names_every_feature_once_without_overlap(every_figure, importance):
    from thinkalike.figures.parts.label_placement import PointLabels

    figure = drawn(every_figure["pair"](lambda table: table))
    (labels,) = figure.findobj(PointLabels)
    assert sorted(text.get_text() for text in labels.texts) == sorted(
        name.replace("_", " ").capitalize() for name in tables.FEATURES
    )
    for index, box in enumerate(labels.boxes):
        assert not any(box.overlaps(other) for other in labels.boxes[:index])
    assert len(labels.boxes) == len(tables.FEATURES)


def test_bars_sum_to_the_weighted_kendall(every_figure, importance):
    from scipy.stats import weightedtau

    figure = every_figure["pair"](lambda table: table)
    bars = next(axes for axes in figure.axes if axes.get_xlabel() == "Contribution to τ")
    rows = (
        importance[importance["role"] == "feature"].set_index(["model", "layer", "feature"])["importance"].sort_index()
    )
    tau = weightedtau(rows["bert-seed0", "1"], rows["mamba-seed0", "final"]).statistic
    assert sum(bar.get_width() for bar in bars.patches) == pytest.approx(tau, abs=1e-12)
    assert f"Weighted Kendall τ = {tau:.2f}".replace("-", "−") in texts(figure)


def test_correlation_writes_each_pair_once_and_a_dash_where_there_is_none():
    table = tables.correlation_table()
    figure = figures.feature_correlation(table)
    cells = [text.get_text() for text in figure.axes[0].texts]
    assert len(cells) == 9 * 8 // 2
    assert cells.count("–") == 1
    value = table.set_index(["feature_a", "feature_b"])["correlation"]["word_length", "question"]
    assert f"{value:.2f}".replace("-", "−").replace("0.", ".") in cells


def test_training_has_floor_and_untrained_level_per_objective():
    training = tables.training_table()
    figure = figures.training(training)
    assert [axes.get_title() for axes in figure.axes] == ["Causal: next sub-token", "Masked: hidden sub-tokens"]
    causal = figure.axes[0]
    heldout = training[(training["split"] == "heldout") & (training["model"] == "lstm-seed1")]
    assert any(np.array_equal(line.get_ydata(), heldout["loss"]) for line in causal.lines)
    labels = [text.get_text() for text in causal.get_legend().get_texts()]
    assert "Floor 1.40" in labels
    last = heldout["loss"].iloc[-1] / 1.40 - 1
    assert f"LSTM seed 1 ({100 * last:+.1f} %)" in labels
    level = training[(training["split"] == "heldout") & (training["model"] == "lstm-untrained")]["loss"].item()
    assert any(set(line.get_ydata()) == {level} for line in causal.lines)


def test_seed_agreement_is_the_mean_over_seed_pairs(similarity):
    figure = figures.seed_agreement(similarity)
    panel = next(axes for axes in figure.axes if axes.get_title() == "BERT")
    rows = one(similarity, "weighted_kendall")
    rows = rows[(rows["model_a"] == "bert-seed0") & (rows["model_b"] == "bert-seed1")]
    rows = rows[rows["layer_a"] == rows["layer_b"]]
    positions = layer_positions(rows["layer_a"])
    expected = rows.assign(x=rows["layer_a"].map(positions)).sort_values("x")["value"]
    assert any(
        np.allclose(line.get_ydata(), expected) for line in panel.lines if len(line.get_ydata()) == len(expected)
    )


def test_seeds_are_compared_like_for_like(similarity):
    figure = figures.seed_agreement(similarity)
    panel = next(axes for axes in figure.axes if axes.get_title() == "BERT")
    rows = one(similarity, "weighted_kendall")
    both = pd.concat([rows, rows.set_axis([*rows.columns[2:4], *rows.columns[:2], *rows.columns[4:]], axis=1)])
    both = both[both["model_a"].isin(["bert-seed0", "bert-seed1"]) & ~both["model_b"].str.contains("bert|untrained")]
    same = both[both["layer_a"] == both["layer_b"]]
    median = same.groupby("layer_a")["value"].median()
    expected = [median[layer] for layer in layer_positions(median.index)]
    drawn_values = [line.get_ydata() for line in panel.lines if len(line.get_ydata()) == len(expected)]
    assert any(np.allclose(values, expected) for values in drawn_values)
    words = next(text for text in texts(figure) if text.startswith("All pairs of layers"))
    assert words.endswith(f"others {both['value'].median():.2f}".replace("-", "−"))
    assert "Two seeds, same layer (1 pair each)" in texts(figure)


@pytest.mark.slow
def test_scores_of_both_codings_are_drawn_and_the_order_of_rows_does_not_choose(importance):
    both = tables.with_codings(importance, "importance")
    for table in (both, both.iloc[::-1]):
        shown = [figures.feature_importance(table), figures.feature_importance_difference(table)]
        lines = [[line.get_ydata() for axes in figure.axes for line in axes.lines] for figure in shown]
        lines = [[line.get_ydata() for axes in figure.axes for line in axes.lines] for figure in shown]
        tops = [max(max(values) for values in of_figure if len(values) > 2) for of_figure in lines]
        assert tops[1] == pytest.approx(tops[0] / 2)
    with pytest.raises(InputError, match="'difference' alone"):
        figures.feature_importance_difference(importance.assign(coding="difference"))


def test_level_weights_are_means_with_near_levels_together():
    figure = figures.level_weights(tables.level_weights_table(FOUR))
    first = figure.axes[0]
    assert {axes.get_ylabel() for axes in figure.axes if axes.get_ylabel()} == {
        *("BERT", "LSTM", "BERT, untrained", "LSTM, untrained")
    }
    labels = [text.get_text() for text in first.get_yticklabels()]
    matrix = pd.DataFrame(first.images[0].get_array().filled(np.nan), index=labels, columns=labels)
    assert matrix.loc["Noun", "Verb"] == matrix.loc["Verb", "Noun"] == pytest.approx(0.105)
    assert matrix.loc["Noun", "Det"] == pytest.approx(0.405)
    assert np.isnan(matrix.loc["Noun", "Noun"])
    assert labels in (["Det", "Noun", "Verb"], ["Verb", "Noun", "Det"])
    assert "No feature has levels" in texts(figures.level_weights(tables.level_weights_table().iloc[:0]))[0]


def test_level_weights_show_each_layer_once_and_truth_values_as_other_figures_do():
    table = tables.level_weights_table().query("feature == 'number'").replace({"singular": "True", "plural": "False"})
    (model, *_), (first, second, *_) = table["model"].unique(), table["layer"].unique()
    for layers in ([first], [first, second]):
        figure = figures.level_weights(table[(table["model"] == model) & table["layer"].isin(layers)])
        assert len([axes for axes in figure.axes if axes.images]) == len(layers)
        assert {text.get_text() for text in figure.axes[0].get_yticklabels()} == {"yes", "no"}


def test_scatter_counts_distances_negated(similarity):
    figure = figures.similarity_scatter(similarity, measure_x="rsa", measure_y="procrustes")
    # Made as sqrt(1 - rsa): they agree wholly.
    assert figure.axes[0].get_title() == "Spearman ρ = 1.00 over 2,775 layer pairs"


def test_stimuli_shows_the_numbers_of_its_tables(stimuli):
    levels, pairs = tables.stimulus_tables(stimuli)
    figure = figures.stimuli(levels, pairs)
    panels = {axes.get_title(): axes for axes in figure.axes}
    speech = levels[levels["feature"] == "part_of_speech"].set_index("level")["stimuli"]
    bars = panels["Part of speech"].patches
    labels = [text.get_text() for text in panels["Part of speech"].get_yticklabels()]
    assert dict(zip(labels, (bar.get_width() for bar in bars), strict=True)) == speech.to_dict()
    assert panels["Person"].patches[0].get_width() == (stimuli["person"] == 1).sum()
    assert [text.get_text() for text in panels["Person"].get_yticklabels()] == ["1", "2", "3"]
    shares = dict(
        zip(
            (text.get_text() for text in panels["Pairs that differ"].get_yticklabels()),
            (bar.get_width() for bar in panels["Pairs that differ"].patches),
            strict=True,
        )
    )
    assert shares["Gender"] == pairs.set_index("feature")["share"]["gender"]
    assert figure.get_suptitle() == "600 stimuli, 179,700 pairs"


def test_a_small_share_of_pairs_is_not_written_as_none(stimuli):
    levels, pairs = tables.stimulus_tables(stimuli.assign(gender=["f"] + ["m"] * 599, tense="past"))
    panel = next(axes for axes in figures.stimuli(levels, pairs).axes if axes.get_title() == "Pairs that differ")
    written = {round(text.get_position()[0] - 0.02, 4): text.get_text() for text in panel.texts}
    assert written[round(2 / 600, 4)] == "< 1 %" and written[0.0] == "0 %"


def test_many_numbers_are_a_histogram_of_all_stimuli(stimuli):
    levels, pairs = tables.stimulus_tables(stimuli.assign(word_length=np.arange(600) % 37))
    figure = figures.stimuli(levels, pairs)
    panel = next(axes for axes in figure.axes if axes.get_title() == "Word length")
    assert sum(bar.get_height() for bar in panel.patches) == 600 and len(panel.patches) == 20


def test_only_seeds_of_one_entry_are_averaged(importance):
    few = importance[importance["model"].isin(["gpt2-seed0", "gpt2-seed1", "bert-seed0"])]
    models = pd.DataFrame(
        {
            "model": ["gpt2-seed0", "gpt2-seed1", "bert-seed0"],
            "entry": ["small", "small", "large"],
            "family": "decoders",
            "control": False,
        }
    )
    figure = figures.feature_importance(few, models)
    assert [axes.get_title() for axes in figure.axes] == ["small", "large"]
    alone = few[(few["model"] == "bert-seed0") & (few["feature"] == "tense") & (few["layer"] != FINAL)]
    lines = [line.get_ydata() for line in figure.axes[1].lines if len(line.get_ydata()) == len(alone)]
    assert any(np.array_equal(line, alone["importance"]) for line in lines)


def test_scatter_tells_seeds_from_other_models_of_a_family():
    names = {"one-seed0": "a", "one-seed1": "a", "other": "a", "third": "b"}
    similarity = tables.similarity_table(names)
    models = tables.models_table(names)
    counts = {}
    for text in figures.similarity_scatter(similarity, models).legends[0].get_texts():
        kind, _, number = text.get_text().rpartition(" (")
        counts[kind] = int(number.rstrip(")"))
    layers = {name: len(tables.layers_of(name, names)) for name in names}
    assert counts["Between seeds"] == layers["one-seed0"] * layers["one-seed1"]
    assert counts["Within a family"] == 2 * layers["other"] * layers["one-seed0"]
    assert counts["Between families"] == layers["third"] * (sum(layers.values()) - layers["third"])


def test_pair_shows_the_table_of_pairs(importance, stimuli):
    pairs, words = tables.pair_tables(importance, stimuli)
    figure = figures.pair_least(pairs.assign(pair="least"), words.assign(pair="least"), stimuli)
    bars = next(axes for axes in figure.axes if axes.get_title().startswith("Contributions"))
    assert np.allclose(sorted(bar.get_width() for bar in bars.patches), sorted(pairs["contribution"]))
    scatter = next(axes for axes in figure.axes if axes.get_title().startswith("Weighted Kendall"))
    assert scatter.get_title().endswith(f"{pairs['contribution'].sum():.2f}".replace("-", "−"))
    points = {tuple(line.get_xydata()[0]) for line in scatter.lines if line.get_linestyle() == "None"}
    assert points == set(zip(pairs["importance_a"], pairs["importance_b"], strict=True))
    undefined = figures.pair_most(pairs.assign(contribution=np.nan), words, stimuli)
    assert "Weighted Kendall τ not defined" in texts(undefined)


def test_similarity_draws_the_maps_of_the_table(similarity):
    few = similarity[(similarity["model_a"] >= "mamba") & (similarity["model_b"] >= "mamba")]
    maps = map_layers(few, measures=["weighted_kendall", "rsa"])
    figure = figures.similarity(few, maps)
    for axes, measure in zip(figure.axes[1:4:2], ("weighted_kendall", "rsa"), strict=True):
        rows = maps[maps["measure"] == measure]
        points = {tuple(line.get_xydata()[0]) for line in axes.lines if len(line.get_xydata()) == 1}
        assert points == set(zip(rows["x"], rows["y"], strict=True))


@pytest.mark.parametrize(
    "name", ["feature_importance", "decoding", "scores", "similarity_matrix", "similarity_scatter"]
)
def test_a_single_panel_is_drawn_where_it_is_asked_for(name, importance, similarity):
    one_model = {"gpt2-seed0": "gpt2"}
    drawings = {
        "feature_importance": lambda ax: figures.feature_importance(tables.importance_table(one_model), ax=ax),
        "difference": lambda change: figures.feature_importance_difference(
            change(tables.with_codings(importance, "importance"))
        ),
        "levels": lambda change: figures.level_weights(change(tables.level_weights_table(FOUR))),
        "decoding": lambda ax: figures.decoding(tables.probes_table(one_model), ax=ax),
        "scores": lambda ax: figures.scores(tables.scores_table(one_model), ax=ax),
        "similarity_matrix": lambda ax: figures.similarity_matrix(similarity, measure="rsa", ax=ax),
        "similarity_scatter": lambda ax: figures.similarity_scatter(similarity, ax=ax),
    }
    figure = new_figure(5, 3)
    left, right = figure.subplots(1, 2)
    assert drawings[name](right) is figure
    assert right.has_data() and not left.has_data()
    drawn(figure)


def test_tables_of_one_model_need_neither_its_name_nor_roles():
    table = tables.importance_table({"gpt2-seed0": "gpt2"})[["layer", "feature", "importance"]]
    figure = figures.feature_importance(table)
    assert len(figure.axes) == 1 and figure.axes[0].get_title() == ""
    assert figures.scores(tables.scores_table({"gpt2-seed0": "gpt2"})[["layer", "score"]]).axes[0].lines


def test_resources_accept_jobs_without_memory():
    table = tables.benchmark_table()
    figure = figures.resources(table.assign(max_rss=table["max_rss"].astype(object).fillna("-")))
    assert "8 jobs, " + f"{table[table['rule'] == 'train']['s'].sum() / 60:.3g} min" in texts(figure)


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: figures.feature_importance(tables.importance_table().head(0)), "has no rows"),
        (lambda: figures.decoding(tables.probes_table().assign(score=np.nan)), "probes table has no rows"),
        (lambda: figures.scores(tables.scores_table().drop(columns="score")), "no column 'score'"),
        (lambda: figures.similarity_matrix(FEW, measure="cka"), "rsa, weighted_kendall"),
        (lambda: figures.similarity(FEW, FEW.rename(columns={"value": "x"})), "layer_maps table has no column 'model'"),
        (lambda: figures.seed_agreement(tables.similarity_table({"lstm": "lstm"})), "train a second seed"),
        (lambda: figures.measure_agreement(pd.concat([tables.agreement_table()] * 2)), "twice"),
        (
            lambda: figures.stimuli(tables.stimuli_table(), tables.stimuli_table()),
            "no column 'feature', 'role'",
        ),
        (lambda: extreme_pairs(FEW, exclude=["a-seed0", "a-untrained"]), "add a model"),
        (lambda: figures.feature_importance(tables.importance_table(), ax=new_figure(1, 1).subplots()), "8 panels"),
        (lambda: figures.training(tables.training_table().assign(architecture="opt")), "'opt', which is none of those"),
    ],
)
def test_mistakes_are_one_sentence(draw, message):
    with pytest.raises(InputError, match=message) as raised, warnings.catch_warnings():
        draw()
    assert str(raised.value).endswith(".")


@pytest.mark.slow
def test_no_window_system_is_touched(importance):
    import sys

    figures.feature_importance(importance)
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or not pyplot.get_fignums()


def test_without_minimal_pairs_the_figure_says_so():
    figure = figures.grammaticality(tables.accuracy_table().head(0))
    assert [text.get_text() for text in figure.texts] == ["The training corpus' grammar has no minimal pairs."]
