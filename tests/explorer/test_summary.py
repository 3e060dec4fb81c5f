"""The study in a few sentences: every number recomputed from the tables, and nothing in it taken for markup."""

import figure_tables
import pandas as pd
import pytest
from jinja2 import Environment

from thinkalike.explorer import render_page
from thinkalike.explorer.front_page import front_page
from thinkalike.explorer.summary import summarise

MODELS = {f"{family}-{kind}": family for family in ("bert", "lstm") for kind in ("seed0", "seed1", "untrained")}


@pytest.fixture(scope="module")
def study():
    return {
        "importance": figure_tables.importance_table(MODELS),
        "scores": figure_tables.with_codings(figure_tables.scores_table(MODELS), "score"),
        "similarity": figure_tables.similarity_table(MODELS),
        "models": models_by_layer(),
        "stimuli": figure_tables.stimuli_table(60),
        "explained": figure_tables.explained_parts(MODELS),
        "agreement": figure_tables.agreement_table(2),
        "stimuli_warnings": pd.DataFrame({"warning": ["word_length: *odd* {levels}_."]}),
    }


def models_by_layer() -> pd.DataFrame:
    layers = figure_tables.importance_table(MODELS)[["model", "layer"]].drop_duplicates()
    return figure_tables.models_table(MODELS).merge(layers, on="model")


def written(value: float) -> str:
    return f"{value:.2f}".replace("-", "−").replace("0.", ".")


def test_the_numbers_are_those_of_the_tables(study):
    summary = summarise(**study)
    said = summary.set_index("topic")["sentence"]
    assert said["study"].startswith("6 models (BERT, LSTM and 2 untrained controls), ")
    layers = study["importance"][study["importance"]["role"] == "feature"]
    firsts = layers.loc[layers.groupby(["model", "layer"])["importance"].idxmax()]
    counts = firsts[firsts["model"].str.contains("untrained")]["feature"].value_counts()
    assert f"word position in {counts['word_position']}" in said["importance"]
    own = study["scores"][study["scores"]["coding"] == "levels"]
    trained = own[~own["model"].str.contains("untrained")]["score"]
    assert f"mean score of {written(trained.mean())} (levels)" in said["score"]
    assert f"the trained models' mean is {written(trained.mean() / 2)}" in said["score"]
    rows = study["explained"]
    rows = rows[(rows["by"] == "values") & ~(rows["model_a"] + rows["model_b"]).str.contains("untrained")]
    between = rows[rows["model_a"].str[:4] != rows["model_b"].str[:4]]
    totals = between.groupby(["model_a", "layer_a", "model_b", "layer_b"])["value"].sum()
    assert f": RSA {written(totals.max())}" in said["most alike"]
    assert f"{len(totals):,} pairs" in said["explained"]
    assert f"is {written(totals.mean())}" in said["explained"]
    single = between[between["role"].isin(["feature", "control"])]["value"].sum() / len(totals)
    assert f"carry {written(single)} ({100 * single / totals.mean():.0f} %" in said["explained"]


def test_like_is_compared_with_like(study):
    said = summarise(**study).set_index("topic")["sentence"]["training"]
    rows = study["similarity"]
    rows = rows[(rows["measure"] == "rsa") & (rows["layer_a"] == rows["layer_b"])]
    seeds = rows[(rows["model_a"].str[-5:] == "seed0") & (rows["model_b"].str[-5:] == "seed1")]
    seeds = seeds[seeds["model_a"].str[:4] == seeds["model_b"].str[:4]]
    assert f"{written(seeds['value'].mean())} of two seeds of one model" in said


def test_what_agrees_is_a_measure_by_features_with_one_without(study):
    measures = ["weighted_kendall", "resolved_kendall", "rsa"]
    pairs = [(a, b) for a in measures for b in measures[measures.index(a) :]]
    agreement = pd.DataFrame(pairs, columns=["measure_a", "measure_b"]).assign(
        spearman=[1.0, 0.84, 0.58, 1.0, 0.57, 1.0], n_pairs=1770
    )
    expected = "Weighted Kendall τ (by features) and RSA (without) rank 1,770 pairs of layers with a Spearman"
    for table in (agreement, agreement.rename(columns={"measure_a": "measure_b", "measure_b": "measure_a"})):
        said = summarise(**{**study, "agreement": table}).set_index("topic")["sentence"]["agreement"]
        assert said == f"{expected} correlation of .58."
    by_features = agreement[agreement["measure_b"] != "rsa"]
    assert "agreement" not in set(summarise(**{**study, "agreement": by_features})["topic"])


def test_it_says_what_it_can_of_a_single_model(study):
    one = {name: table for name, table in study.items() if name in ("importance", "scores", "models")}
    one = {name: table[table["model"] == "bert-seed0"] for name, table in one.items()}
    pairs = study["similarity"]
    pairs = pairs[(pairs["model_a"] == "bert-seed0") & (pairs["model_b"] == "bert-seed0")]
    summary = summarise(**one, similarity=pairs, stimuli=study["stimuli"])
    assert set(summary["topic"]) <= {"study", "importance", "score", "profiles"}


def test_the_first_page_is_text(study):
    from docutils.core import publish_parts

    page = front_page({"words": summarise(**study)}, "First.\n\nHow to read it.\n")
    rendered = Environment().from_string(page).render()
    html = publish_parts(rendered, writer="html", settings_overrides={"halt_level": 2})["html_body"]
    assert "word_length: *odd* {levels}_." in html
    assert html.index("What was studied") < html.index("What was found") < html.index("How to read it")


def test_the_explorer_opens_with_it(tables):
    summary = pd.DataFrame(
        [("studied", "Two <b>models</b>."), ("result", "They differ.")], columns=["kind", "sentence"]
    )
    page = render_page(**tables, summary=summary)
    assert "Two &lt;b&gt;models&lt;/b&gt;." in page
    assert "<li>They differ.</li>" in page
    assert "To beware of" not in page
