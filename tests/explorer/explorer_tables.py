"""Tables of a made-up study for the page: some with names and words that would be markup."""

from typing import Any

import figure_tables
import numpy as np
import pandas as pd

#: A word and a sentence that a careless page would run.
MARKUP = "<script>window.harmed=1</script>"
MODELS = {
    **{"bert-seed0": "bert", "gpt2-seed0": "gpt2", "gpt2-seed1": "gpt2"},
    **{"lstm-untrained": "lstm", "mamba-seed0": "mamba"},
}


def page_tables() -> dict[str, Any]:
    """Every table that a page takes, of five models and 120 words."""
    stimuli = figure_tables.stimuli_table(120).assign(position=np.arange(120) % 4)
    stimuli.loc[7, "word"] = MARKUP
    stimuli["sentence_id"] = [f"s{number // 4:03d}" for number in range(120)]
    sentences = stimuli.groupby("sentence_id", sort=True)["word"].apply(list).rename("words").reset_index()
    importance = figure_tables.importance_table(MODELS)
    similarity = figure_tables.similarity_table(MODELS)
    low = (similarity["measure"] == "rsa") & (similarity["model_a"] != similarity["model_b"])
    similarity["low"] = similarity["value"].where(low) - 0.1
    similarity["high"] = similarity["value"].where(low) + 0.1
    return {
        "similarity": similarity,
        "importance": importance,
        "models": figure_tables.models_table(MODELS),
        "stimuli": stimuli,
        "sentences": sentences,
        "word_maps": word_maps(stimuli, importance),
        "explained": explained(similarity),
        "study": "made-up",
        "dataset": "words & <b>more</b>",
        "datasets": ["words & <b>more</b>"],
    }


def word_maps(stimuli: pd.DataFrame, importance: pd.DataFrame) -> pd.DataFrame:
    """A map for every layer: noise around places that the layers share, turned."""
    random = np.random.default_rng(1)
    places = random.normal(size=(len(stimuli), 2))
    tables = []
    for number, (model, layer) in enumerate(importance[["model", "layer"]].drop_duplicates().itertuples(index=False)):
        turn = np.array([[np.cos(number), -np.sin(number)], [np.sin(number), np.cos(number)]])
        points = (places + random.normal(0, 0.1, places.shape)) @ turn
        table = pd.DataFrame(points, columns=["x", "y"]).assign(stimulus_id=stimuli["stimulus_id"].to_numpy())
        tables.append(table.assign(model=model, layer=layer, share=0.4))
    return pd.concat(tables, ignore_index=True)


def explained(similarity: pd.DataFrame) -> pd.DataFrame:
    """Parts that sum to RSA, for pairs with one model, but not of layers of the same label."""
    random = np.random.default_rng(2)
    pairs = similarity[(similarity["measure"] == "rsa") & (similarity["model_b"] == "mamba-seed0")]
    pairs = pairs[pairs["layer_a"] != pairs["layer_b"]]
    rows = []
    for pair in pairs.itertuples(index=False):
        shares = random.uniform(0, 0.2, len(figure_tables.FEATURES))
        parts = [*zip(figure_tables.FEATURES, ["feature"] * 8, shares * pair.value, strict=True)]
        parts.append(("unexplained", "unexplained", pair.value - sum(value for *_, value in parts)))
        key = (pair.model_a, pair.layer_a, pair.model_b, pair.layer_b, "rsa")
        rows += [(*key, "values", *part) for part in parts]
        rows += [
            (*key, "differences", "tense", "feature", pair.value / 2),
            (*key, "differences", "form", "form", pair.value / 2),
        ]
    columns = ["model_a", "layer_a", "model_b", "layer_b", "measure", "by", "part", "role", "value"]
    table = pd.DataFrame(rows, columns=columns)
    total = table.groupby(["model_a", "layer_a", "model_b", "layer_b", "by"])["value"].transform("sum")
    return table.assign(
        low=table["value"] - 0.01,
        high=table["value"] + 0.02,
        similarity_low=total - 0.03,
        similarity_high=total + 0.04,
        over="sentences",
    )


def many_layers(models: int, layers: int, words: int) -> dict[str, Any]:
    """A large study: every pair of layers by three measures."""
    names = [(f"model{model:02d}", str(layer)) for model in range(models) for layer in range(layers)]
    random = np.random.default_rng(0)
    first, second = np.triu_indices(len(names))
    model, layer = (np.array(one, dtype=object) for one in zip(*names, strict=True))
    pairs = pd.DataFrame(
        {"model_a": model[first], "layer_a": layer[first], "model_b": model[second], "layer_b": layer[second]}
    )
    values = np.tanh(random.normal(size=(len(names), 4)))
    likeness = (values @ values.T / 4)[first, second]
    similarity = pd.concat(
        [
            pairs.assign(measure=name, value=likeness + random.normal(0, 0.05, len(pairs)))
            for name in ("weighted_kendall", "rsa", "cka")
        ],
        ignore_index=True,
    )
    features = figure_tables.FEATURES
    importance = pd.DataFrame(
        {
            "model": np.repeat(model, len(features)),
            "layer": np.repeat(layer, len(features)),
            "feature": features * len(names),
            "importance": random.gamma(1, 0.1, len(names) * len(features)),
        }
    )
    stimuli = figure_tables.stimuli_table(words)
    maps = pd.DataFrame(random.normal(size=(len(names) * words, 2)), columns=["x", "y"]).assign(
        model=np.repeat(model, words),
        layer=np.repeat(layer, words),
        stimulus_id=stimuli["stimulus_id"].tolist() * len(names),
        share=0.3,
    )
    explained = pd.concat(
        [
            pairs.assign(measure="rsa", by="values", part=part, role=role, value=share * likeness)
            for part, role, share in (
                ("tense", "feature", 0.7),
                ("form", "form", 0.2),
                ("unexplained", "unexplained", 0.1),
            )
        ],
        ignore_index=True,
    )
    return {
        "similarity": similarity.assign(low=similarity["value"] - 0.1, high=similarity["value"] + 0.1),
        "importance": importance,
        "stimuli": stimuli,
        "word_maps": maps,
        "explained": explained.assign(low=explained["value"] - 0.1, high=explained["value"] + 0.1, over="sentences"),
    }
