"""What figures share: files, looks, layers, chosen pairs, word maps, captions."""

import itertools
import subprocess
import sys
from pathlib import Path

import figure_tables as tables
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from thinkalike import figures
from thinkalike.errors import InputError
from thinkalike.figures.parts.block_labels import spread
from thinkalike.figures.parts.feature_styles import feature_styles
from thinkalike.figures.parts.layer_axis import layer_ticks, sort_layers
from thinkalike.figures.parts.levels import level_styles
from thinkalike.figures.parts.model_styles import model_styles
from thinkalike.figures.parts.theme import new_figure, theme
from thinkalike.similarity.explain_pairs import extreme_pairs
from thinkalike.similarity.maps import map_layers, turned_to, word_map

REPORT = Path(__file__).parents[2] / "workflow" / "report"


@pytest.fixture(scope="module")
def scores() -> pd.DataFrame:
    return tables.scores_table({name: family for name, family in tables.SMALL.items() if family == "lstm"})


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["pdf", "svg", "png"])
def test_equal_figures_are_equal_files(scores, ending, tmp_path):
    for name in ("one", "other"):
        figures.save_figure(figures.scores(scores), tmp_path / f"{name}.{ending}")
    content = (tmp_path / f"one.{ending}").read_bytes()
    assert content == (tmp_path / f"other.{ending}").read_bytes()
    assert b"CreationDate" not in content and b"<dc:date>" not in content


def test_pdf_embeds_truetype_and_user_settings_do_not_matter(scores, tmp_path):
    import matplotlib as mpl

    figures.save_figure(figures.scores(scores), tmp_path / "one.pdf")
    with mpl.rc_context({"font.size": 30, "pdf.fonttype": 3, "axes.facecolor": "red", "savefig.bbox": "tight"}):
        figures.save_figure(figures.scores(scores), tmp_path / "other.pdf")
    content = (tmp_path / "one.pdf").read_bytes()
    assert b"/FontFile2" in content and b"/Type3" not in content
    assert content == (tmp_path / "other.pdf").read_bytes()


def test_saving_scales_the_page_and_leaves_the_figure(tmp_path):
    from PIL import Image

    figure = new_figure(2.0, 1.0)
    figures.save_figure(figure, [tmp_path / "figure.png"], scale=1.5, dpi=100)
    assert Image.open(tmp_path / "figure.png").size == (300, 150)
    assert tuple(figure.get_size_inches()) == (2.0, 1.0)


def test_saving_refuses_other_formats_before_it_writes(tmp_path):
    with pytest.raises(InputError, match=r"\.pdf, \.svg, \.png"):
        figures.save_figure(new_figure(1, 1), [tmp_path / "figure.png", tmp_path / "figure.jpg"])
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_same_bytes_in_another_process(tmp_path):
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import figure_tables as tables; from thinkalike import figures;"
        "figures.save_figure(figures.measure_agreement(tables.agreement_table()), sys.argv[2])"
    )
    subprocess.run([sys.executable, "-c", code, str(Path(__file__).parent), str(tmp_path / "one.svg")], check=True)
    figures.save_figure(figures.measure_agreement(tables.agreement_table()), tmp_path / "other.svg")
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "other.svg").read_bytes()


def named(models: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"model": models})


def test_models_by_family_seed_and_control():
    styles = model_styles(named(["gpt2-untrained", "gpt2-seed1", "gpt2-seed0", "bert-base-uncased"]))
    assert list(styles) == ["bert-base-uncased", "gpt2-seed0", "gpt2-seed1", "gpt2-untrained"]
    assert [style.label for style in styles.values()] == [
        "bert-base-uncased",
        "GPT-2 seed 0",
        "GPT-2 seed 1",
        "GPT-2 untrained",
    ]
    assert styles["gpt2-untrained"].control and not styles["gpt2-seed0"].control
    assert styles["gpt2-untrained"].family_colour == styles["gpt2-seed0"].colour != styles["gpt2-seed1"].colour


def test_a_family_that_says_so_makes_a_control():
    models = pd.DataFrame({"model": ["model", "baseline"], "family": ["gpt2", "gpt2-untrained"]})
    styles = model_styles(named(["baseline"]), models)
    assert styles["baseline"].control and styles["baseline"].family == "gpt2"


def test_a_model_keeps_its_look_where_others_are_missing():
    families = {f"{letter}-seed0": letter for letter in "zyxw"}
    models = tables.models_table(families)
    assert model_styles(named(["x-seed0"]), models)["x-seed0"] == model_styles(models, models)["x-seed0"]


def test_family_colours_differ_with_red_green_deficiency():
    deuteranopia = np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    )
    styles = model_styles(named([f"{family}-seed0" for family in ("bert", "gpt2", "mamba", "lstm")]))
    seen = [deuteranopia @ np.array(to_rgb(style.colour)) ** 2.2 for style in styles.values()]
    gaps = [np.abs(one - other).max() for i, one in enumerate(seen) for other in seen[:i]]
    assert min(gaps) > 0.1


def test_features_look_the_same_whatever_else_there_is():
    alone = feature_styles(["gender"])["gender"]
    among = feature_styles(dict.fromkeys([*tables.FEATURES, "tree_depth"], "feature") | {"word": "control"})
    assert among["gender"] == alone
    looks = [(style.colour, style.marker) for style in among.values()]
    assert len(set(looks)) == len(looks)
    assert list(among)[-1] == "word" and len(set(to_rgb(among["word"].colour))) == 1


def test_layers_are_sorted_as_numbers_with_final_last():
    assert sort_layers(["final", "10", "2", "0"]) == ["0", "2", "10", "final"]
    assert layer_ticks(map(str, range(25)))[1] == ["0", "4", "8", "12", "16", "20", "24"]
    assert layer_ticks([*map(str, range(13)), "final"])[1][-1] == "final"


def test_extreme_pairs_are_the_extremes_between_trained_groups(similarity):
    untrained = [name for name in tables.SMALL if "untrained" in name]
    chosen = extreme_pairs(similarity, "weighted_kendall", groups=tables.SMALL, exclude=untrained)
    rows = similarity[similarity["measure"] == "weighted_kendall"]
    for side in "ab":
        rows = rows[~rows[f"model_{side}"].str.contains("untrained")]
    rows = rows[rows["model_a"].map(tables.SMALL) != rows["model_b"].map(tables.SMALL)]
    for name, value in (("most", rows["value"].max()), ("least", rows["value"].min())):
        keys = [key for layer in chosen[name] for key in layer]
        assert rows.set_index(["model_a", "layer_a", "model_b", "layer_b"])["value"][*keys] == value
    distances = extreme_pairs(similarity, "procrustes")
    assert "procrustes" in set(similarity["measure"]) and distances["most"] != distances["least"]


def test_extreme_pairs_are_between_groups_where_there_are_two(similarity):
    one_group = dict.fromkeys(tables.SMALL, "all") | {"lstm-seed0": "other"}
    for pair in extreme_pairs(similarity, groups=one_group).values():
        assert "lstm-seed0" in dict(pair)
    alone = similarity[(similarity["model_a"] == "lstm-seed0") & (similarity["model_b"] == "lstm-seed0")]
    for (_, layer_a), (_, layer_b) in extreme_pairs(alone).values():
        assert layer_a != layer_b


def test_extreme_pairs_do_not_depend_on_row_order(similarity):
    assert extreme_pairs(similarity) == extreme_pairs(similarity.iloc[::-1])


def test_word_map_keeps_distances_that_fit_into_a_plane():
    from scipy.spatial.distance import pdist

    random = np.random.default_rng(0)
    plane = random.normal(size=(60, 2))
    turned = plane @ np.linalg.qr(random.normal(size=(5, 5)))[0][:2] + 3
    words = [f"w{index:02d}" for index in range(60)]
    table = word_map(turned, words, seed=0)
    assert np.allclose(pdist(table[["x", "y"]]), pdist(plane), atol=1e-6)
    assert table["stress"].max() < 1e-6


def test_word_map_draws_the_same_words_in_any_order_and_layer():
    random = np.random.default_rng(0)
    vectors, words = random.normal(size=(90, 6)), np.array([f"w{index:02d}" for index in range(90)])
    order = random.permutation(90)
    one = word_map(vectors, words, seed=3, max_points=40)
    other = word_map(vectors[order], words[order], seed=3, max_points=40)
    assert len(one) == 40
    pd.testing.assert_frame_equal(one, other)


def test_word_map_refuses_what_it_cannot_place():
    with pytest.raises(InputError, match="at least three words"):
        word_map(np.zeros((2, 4)), ["a", "b"], seed=0)
    with pytest.raises(InputError, match="do not repeat"):
        word_map(np.zeros((3, 4)), ["a", "b", "b"], seed=0)


def test_a_map_turned_to_another_keeps_distances():
    random = np.random.default_rng(0)
    index = pd.MultiIndex.from_product([["m"], map(str, range(9))], names=["model", "layer"])
    target = pd.DataFrame(random.normal(size=(9, 2)), index=index, columns=["x", "y"])
    mirrored = target.assign(x=-target["x"]).iloc[::-1]
    turned = turned_to(mirrored, target)
    expected = target - target.mean()
    assert np.allclose(turned.loc[target.index], expected)


def uneven(depths: dict[str, int]) -> pd.DataFrame:
    """Similarity of models with those numbers of layers."""
    layers = [(model, str(layer)) for model, depth in depths.items() for layer in range(depth)]
    values = np.corrcoef(np.random.default_rng(0).normal(size=(len(layers), 3)))
    rows = [(*one, *other, "rsa", values[i, j]) for i, one in enumerate(layers) for j, other in enumerate(layers)]
    return pd.DataFrame(rows, columns=["model_a", "layer_a", "model_b", "layer_b", "measure", "value"])


@pytest.mark.parametrize(
    "depths",
    [
        {"llama-3-8b": 33, "tiny": 1, "small": 2, "mamba-130m": 25},
        {
            f"{name}-seed{seed}": depth
            for name, depth in zip("abcde", (33, 2, 1, 1, 13), strict=True)
            for seed in (0, 1)
        },
        {f"model{number}": 1 + number % 4 for number in range(60)},
    ],
    ids=["few", "seeds", "many"],
)
def test_names_beside_a_matrix_do_not_collide(depths):
    figure = figures.similarity_matrix(uneven(depths), measure="rsa")
    figure.canvas.draw()
    for labels in (figure.axes[0].get_xticklabels(), figure.axes[0].get_yticklabels()):
        boxes = [label.get_window_extent() for label in labels if label.get_text()]
        assert len(boxes) > 1
        for one, other in itertools.combinations(boxes, 2):
            assert not one.overlaps(other)


def test_names_are_spread_no_farther_than_needed():
    places = spread([0, 5, 5.2, 5.4, 20], 2.0, -0.5, 20.5)
    assert np.all(np.diff(places) >= 2 - 1e-9) and places[0] == pytest.approx(0.5)
    assert np.allclose(places[1:4], [3.2, 5.2, 7.2]) and places[4] == pytest.approx(19.5)


def test_levels_cover_every_row_once():
    values = pd.Series([*"abcdefghijkl"] * 2 + [None])
    covered = np.sum([level.rows for level in level_styles(values)], axis=0)
    assert np.array_equal(covered, np.ones(len(values)))
    assert [level.label for level in level_styles(pd.Series([True, False], dtype=bool))] == ["no", "yes"]
    numbers = level_styles(pd.Series([3, 1, None, 2], dtype="Int64"))
    assert [level.label for level in numbers] == ["undefined", "1", "2", "3"]


@pytest.mark.parametrize("caption", sorted(REPORT.glob("*.rst")), ids=lambda path: path.stem)
def test_captions_render(caption):
    from types import SimpleNamespace

    from docutils.core import publish_doctree
    from jinja2 import Environment, StrictUndefined

    job = SimpleNamespace(
        config={"study": "same-task"},
        wildcards=SimpleNamespace(dataset="short"),
        params=SimpleNamespace(
            arguments={"measure": "rsa", "measure_x": "weighted_kendall", "measure_y": "rsa"}, source="a paper"
        ),
    )
    text = Environment(undefined=StrictUndefined).from_string(caption.read_text()).render(snakemake=job)
    # Level 1 is docutils' "info": anything it has to say fails the test.
    body = publish_doctree(text, settings_overrides={"halt_level": 1, "report_level": 1}).astext()
    assert "{{" not in body and len(body) > 300


def test_two_layers_make_no_map_but_still_a_figure():
    rows = [
        ("a", str(i), "a", str(j), measure, 1.0 if i == j else 0.4)
        for measure in ("weighted_kendall", "rsa")
        for i in range(2)
        for j in range(2)
    ]
    columns = ["model_a", "layer_a", "model_b", "layer_b", "measure", "value"]
    similarity = pd.DataFrame(rows, columns=columns)
    figure = figures.similarity(similarity, map_layers(similarity, measures=["weighted_kendall", "rsa"]))
    assert sum("No map of fewer than 3 layers" in axes.get_xlabel() for axes in figure.axes) == 2


def test_where_axes_are_does_not_depend_on_the_solvers_last_bits():
    figure = new_figure(5, 3)
    figure.subplots(1, 4, sharey=True, width_ratios=[2.4, 1, 1, 1])[0].set_title("A title that takes room")
    for _ in range(2):  # nor are axes taken out of the layout by the first
        figure.draw_without_rendering()
        for axes in figure.axes:
            assert axes.get_in_layout()
            assert axes.get_position().bounds == pytest.approx(
                [round(b, 9) for b in axes.get_position().bounds], abs=1e-15
            )
    assert figure.axes[0].get_position().width > 2 * figure.axes[1].get_position().width


@pytest.mark.parametrize("text", ["a$x^$", "b $n_$ \\frac", "{model}", "</script><b>"])
def test_a_name_is_drawn_as_it_is_whatever_signs_it_holds(text, tmp_path):
    with theme():
        figure = new_figure(2.0, 1.0)
        figure.add_subplot().set_title(text)
    figures.save_figure(figure, tmp_path / "figure.svg")
    assert "</script>" not in (tmp_path / "figure.svg").read_text(encoding="utf-8")
