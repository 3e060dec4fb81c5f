"""The tiny study from stimuli to figures, as a user runs it."""

import numpy as np
import pandas as pd
from scipy.stats import spearmanr, weightedtau
from workflow_runs import TINY, Workflow

from thinkalike.representations.storage import read_representation
from thinkalike.tables import read_metadata, read_table

RESULTS = "results/tiny/words"


def table(workflow: Workflow, name: str) -> pd.DataFrame:
    return read_table(workflow.folder / RESULTS / "tables" / f"{name}.parquet")


def test_every_table_is_there_as_csv_too_with_the_same_rows(finished):
    folder = finished.folder / RESULTS / "tables"
    # Maps of words have a row per word and layer, and are there for the explorer.
    names = {path.stem for path in folder.glob("*.parquet")} - {"word_maps"}
    assert {"models", "importance", "scores", "similarity", "agreement", "training", "grammaticality"} <= names
    for name in names:
        assert len(pd.read_csv(folder / f"{name}.csv")) == len(read_table(folder / f"{name}.parquet"))


def test_every_figure_is_there(finished):
    figures = {path.stem for path in (finished.folder / RESULTS / "figures").glob("*.png")}
    expected = {"feature_importance", "scores", "similarity", "pair_most", "pair_least", "feature_correlation"}
    assert expected | {"training", "grammaticality", "stimuli", "similarity_scatter"} <= figures


def test_nothing_is_written_outside_results(finished):
    made = {path.name for path in finished.folder.iterdir()}
    assert made <= {"results", ".snakemake", "config", "profiles", "study.yaml"}


def test_a_second_run_has_nothing_to_do(finished):
    result = finished.study(TINY, "--cores", "1")
    assert "Nothing to be done" in result.stdout + result.stderr


def test_every_layer_of_every_model_is_in_the_tables(finished):
    for _, scores in table(finished, "scores").groupby("coding"):
        layers = scores.groupby("model", sort=False)["layer"].agg(list).to_dict()
        assert layers == {"gpt2": ["0", "1", "2", "final"], "lstm": ["0", "1"], "bert-untrained": ["0", "1"]}
    importance = table(finished, "importance")
    features = read_metadata(finished.folder / RESULTS / "stimuli.parquet")["features"]
    assert set(importance["feature"]) == {feature["name"] for feature in features}
    assert importance.groupby(["coding", "model", "layer"]).size().eq(len(features)).all()
    assert set(importance["coding"]) == {"levels", "difference"}


def test_the_similarity_of_profiles_is_scipys_weighted_kendall(finished):
    importance = table(finished, "importance").query("role == 'feature' and coding == 'levels'")
    profiles = importance.pivot(index=["model", "layer"], columns="feature", values="importance")
    rows = table(finished, "similarity").query("measure == 'weighted_kendall'")
    assert len(rows) > 20
    for row in rows.itertuples():
        expected = weightedtau(profiles.loc[row.model_a, row.layer_a], profiles.loc[row.model_b, row.layer_b]).statistic
        assert row.value == np.float64(expected) or abs(row.value - expected) < 1e-12


def test_profiles_have_intervals_and_say_what_is_resolved(finished):
    rows = table(finished, "similarity").query("measure in ('weighted_kendall', 'resolved_kendall')")
    plain, resolved = (rows[rows["measure"] == name].reset_index() for name in ("weighted_kendall", "resolved_kendall"))
    assert len(plain) == len(resolved) and set(rows["over"]) == {"sentences"}
    # Defined where both layers are resolved, and there alone.
    assert (resolved["value"].notna() == resolved["resolved"].astype(bool)).all()
    assert (plain["low"] <= plain["value"] + 1e-12).all() and (plain["value"] <= plain["high"] + 1e-12).all()
    resamples = table(finished, "resamples")
    assert (
        resamples.groupby(["kind", "model", "layer"])["draw"]
        .nunique()
        .unstack(["model", "layer"])
        .T.eq({"half": 4, "resample": 20})
        .all(axis=None)
    )
    reliability = table(finished, "reliability")
    assert set(reliability["measure"]) == {"weighted_kendall"} and len(reliability) == 8
    assert reliability["reliability"].dropna().between(-1, 1).all()
    nearness = table(finished, "nearness")
    assert (nearness["q"] >= nearness["p"] - 1e-12).loc[nearness["p"].notna()].all()
    distances = table(finished, "trajectories").set_index(["model_a", "model_b"])["distance"]
    of_models = nearness[nearness["compared"] == "models"].set_index("model").loc["gpt2"]
    assert (of_models["model_b"], of_models["model_c"]) == ("lstm", "bert-untrained")
    expected = distances["bert-untrained", "gpt2"] - distances["gpt2", "lstm"]
    assert abs(of_models["difference"] - expected) < 1e-11


def test_rsa_is_scipys_spearman_of_the_distances(finished):
    from scipy.spatial.distance import pdist

    rows = table(finished, "similarity").query("measure == 'rsa' and model_a == 'gpt2' and model_b == 'lstm'")
    assert len(rows) == 8
    for row in rows.itertuples():
        vectors = [
            read_representation(
                finished.folder / RESULTS / model / "representations" / f"layer-{layer}.parquet"
            ).vectors
            for model, layer in ((row.model_a, row.layer_a), (row.model_b, row.layer_b))
        ]
        x, y = (pdist(matrix.astype(np.float64)) for matrix in vectors)
        assert abs(row.value - spearmanr(x, y).statistic) < 5e-4


def test_every_table_says_what_made_it(finished):
    for path in (finished.folder / RESULTS).rglob("*.parquet"):
        metadata = read_metadata(path)
        assert metadata.get("version"), path
        assert metadata.get("dataset") == "words", path
    layer = read_metadata(finished.folder / RESULTS / "gpt2/representations/layer-final.parquet")
    assert layer["model"] == "gpt2" and layer["layer"] == "final" and layer["numbering"] == "blocks"


def test_the_report_is_one_file_that_needs_no_network(finished):
    report = finished.folder / "report.html"
    finished.study(TINY, "--cores", "1", "--report", str(report))
    try:
        text = report.read_text(encoding="utf-8")
        assert "weighted Kendall" in text
        assert text.count("data:image/png;base64") + text.count("data:image/png") >= 10
    finally:
        report.unlink(missing_ok=True)
