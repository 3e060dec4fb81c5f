"""A study with everything that is off by default: its tables are there and hold what they should."""

import copy

import numpy as np
import pytest
from workflow_runs import TINY

from thinkalike.tables import read_table


@pytest.mark.long
def test_inference_interactions_probes_sets_and_nulls(workflow):
    study = copy.deepcopy(TINY)
    study["models"] = {name: {**study["models"][name], "steps": 0} for name in ("gpt2", "lstm")}
    study["mlem"] |= {
        "interactions": True,
        "coding": "difference",
        "features": ["part_of_speech", "word_position"],
        "controls": [],
    }
    study["similarity"] = {
        "feature_based": ["weighted_kendall", "cosine_profiles"],
        "feature_agnostic": ["ot+is", "cka_debiased", "dsa"],
        "options": {"dsa": {"rank": 3, "iterations": 20}},
        "permutations": 9,
        "probes": True,
    }
    targets = ("collect_interactions", "figure_decoding", "collect_similarity")
    workflow.study(study, "--cores", "2", "--until", *targets)
    tables = workflow.folder / "results/tiny/words/tables"

    interactions = read_table(tables / "interactions.parquet")
    assert {"feature_a", "feature_b", "weight"} <= set(interactions) and len(interactions) >= 6 * 3

    probes = read_table(tables / "probes.parquet")
    assert probes["score"].between(-1, 1).all() and set(probes["layer"]) == {"0", "1", "2", "final"}
    assert set(probes["feature"]) == {"part_of_speech", "word_position"}
    assert (tables.parent / "figures/decoding.png").exists()

    similarity = read_table(tables / "similarity.parquet")
    assert {"procrustes.ot+is", "jaccard.ot+is", "cosine_profiles", "cka_debiased"} <= set(similarity["measure"])
    null = similarity[similarity["measure"] == "cka_debiased"]
    assert null["p"].between(0.1, 1).all() and np.isfinite(null["calibrated"]).all()
    dynamics = similarity[similarity["measure"] == "dsa"]
    assert len(dynamics) == len(null) and dynamics["value"].between(0, np.pi).all() and dynamics["p"].isna().all()


@pytest.mark.long
def test_intervals_and_nulls_of_every_layer(copy_of_finished):
    study = copy.deepcopy(TINY)
    study["mlem"]["inference"] = {"n_resamples": 8, "n_permutations": 9}
    copy_of_finished.study(study, "--cores", "2", "--until", "collect_inference")
    table = read_table(copy_of_finished.folder / "results/tiny/words/tables/inference.parquet")
    assert set(table["quantity"]) == {"score", "weight", "importance"}
    assert table["p"].dropna().between(0.1, 1).all()
    assert (table["low"] <= table["high"]).all()
