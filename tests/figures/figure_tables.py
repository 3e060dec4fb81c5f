"""Made-up tables that look like a study's, for the figures' tests."""

import itertools
import re

import numpy as np
import pandas as pd

from thinkalike.features import Feature
from thinkalike.similarity.maps import word_map
from thinkalike.similarity.measures.profiles import decompose_weighted_kendall
from thinkalike.stimuli.report import stimulus_report

FEATURES = ["word_length", "gender", "number", "part_of_speech", "tense", "person", "word_position", "question"]
SMALL = {
    f"{family}-{kind}": family
    for family in ("bert", "gpt2", "mamba", "lstm")
    for kind in ("seed0", "seed1", "untrained")
}
DEPTHS = {"bert": 4, "gpt2": 4, "mamba": 6, "lstm": 3}
HUB = {"bert-base-uncased": "bert", "gpt2": "gpt2", "mamba-130m-hf": "mamba"}


def layers_of(model: str, families: dict[str, str]) -> list[str]:
    """Layer labels of a model: 0 to L and final, or 13, 13 and 25 raw lists for the hub's."""
    if families is HUB:
        return [str(layer) for layer in range(25 if "mamba" in model else 13)]
    return [*map(str, range(DEPTHS.get(families[model], 2) + 1)), "final"]


def importance_table(families: dict[str, str] = SMALL, seed: int = 0) -> pd.DataFrame:
    """Feature importance by model and layer, smooth over layers, alike between seeds."""
    random = np.random.default_rng(seed)
    shapes = {name: random.gamma(0.6, 0.08, size=(2, len(FEATURES))) for name in sorted(set(families.values()))}
    rows = []
    for model, family in families.items():
        layers = layers_of(model, families)
        for index, layer in enumerate(layers):
            depth = index / (len(layers) - 1)
            profile = (1 - depth) * shapes[family][0] + depth * shapes[family][1]
            if "untrained" in model:
                profile = np.where(np.array(FEATURES) == "word_position", 0.4 * (1 - depth) + 0.1, 0.004)
            else:
                profile = profile + np.where(np.array(FEATURES) == "part_of_speech", 0.15, 0)
            noisy = profile * random.normal(1, 0.08, len(FEATURES)) + random.normal(0, 0.004, len(FEATURES))
            for feature, value in [*zip(FEATURES, noisy, strict=True), ("word_identity", 0.05 + 0.1 * depth)]:
                role = "control" if feature == "word_identity" else "feature"
                rows.append((model, family, layer, index, feature, role, abs(value) * 2, value, 0.01))
    columns = ["model", "family", "layer", "layer_index", "feature", "role", "weight", "importance", "importance_sd"]
    return pd.DataFrame(rows, columns=columns)


def probes_table(families: dict[str, str] = SMALL, seed: int = 10) -> pd.DataFrame:
    """Decoding by model and layer: word length a number, the others classes, the one of two classes with an AUC."""
    random = np.random.default_rng(seed)
    rows = []
    for model, family in families.items():
        for layer in layers_of(model, families):
            for feature in [*FEATURES, "word_identity"]:
                role = "control" if feature == "word_identity" else "feature"
                first = (model, family, layer, feature)
                if feature == "word_length":
                    rows.append((*first, "numeric", role, "r2", random.uniform(-1.5, 0.9), 0.0, 0.05, 300))
                    continue
                classes = 2 if feature == "number" else 5
                score = random.uniform(1 / classes, 1)
                rows.append((*first, "categorical", role, "balanced_accuracy", score, 1 / classes, 0.7, 300))
                if classes == 2:
                    rows.append((*first, "categorical", role, "roc_auc", score, 0.5, 0.7, 300))
    columns = ["model", "family", "layer", "feature", "kind", "role", "score_name", "score", "chance"]
    columns += ["control_score", "n"]
    return pd.DataFrame(rows, columns=columns)


def with_codings(table: pd.DataFrame, *values: str) -> pd.DataFrame:
    """The rows of a table as `levels`, and after them as `difference` with some of their values halved."""
    halved = {value: table[value] / 2 for value in values}
    return pd.concat([table.assign(coding="levels"), table.assign(coding="difference", **halved)], ignore_index=True)


def level_weights_table(families: dict[str, str] = SMALL) -> pd.DataFrame:
    """Weights of the pairs of three parts of speech, one of which is far from the others, and of two numbers."""
    pairs = [("part_of_speech", "Noun", "Verb", 0.1), ("part_of_speech", "Noun", "Det", 0.4)]
    pairs += [("part_of_speech", "Det", "Verb", 0.5), ("part_of_speech", None, None, 9.0)]
    pairs += [("number", "singular", "plural", 0.02)]
    rows = [
        (model, layer, fold, feature, one, other, weight + 0.01 * fold, 100.0)
        for model, family in families.items()
        for layer in layers_of(model, families)
        for fold in (0, 1)
        for feature, one, other, weight in pairs
    ]
    columns = ["model", "layer", "fold", "feature", "level_a", "level_b", "weight", "pairs"]
    return pd.DataFrame(rows, columns=columns)


def scores_table(families: dict[str, str] = SMALL, seed: int = 1) -> pd.DataFrame:
    """Score, its spread over folds and its ceiling by model and layer."""
    random = np.random.default_rng(seed)
    rows = []
    for model, family in families.items():
        for index, layer in enumerate(layers_of(model, families)):
            score = (0.25 if "untrained" in model else 0.55) + 0.1 * np.sin(index) + random.normal(0, 0.02)
            rows.append((model, family, layer, index, score, 0.03, score + 0.12, 1.0))
    return pd.DataFrame(
        rows, columns=["model", "family", "layer", "layer_index", "score", "score_sd", "ceiling", "alpha"]
    )


def similarity_table(families: dict[str, str] = SMALL, seed: int = 2) -> pd.DataFrame:
    """Values of two similarities and of a distance for all pairs, as the workflow stores them."""
    random = np.random.default_rng(seed)
    importance = importance_table(families)
    importance = importance[importance["role"] == "feature"]
    profiles = importance.pivot_table(index=["model", "layer"], columns="feature", values="importance")
    profiles = (profiles - profiles.mean()) / profiles.std()
    rows = []
    for model_a, model_b in itertools.combinations_with_replacement(sorted(families), 2):
        for layer_a, layer_b in itertools.product(layers_of(model_a, families), layers_of(model_b, families)):
            one, other = profiles.loc[(model_a, layer_a)], profiles.loc[(model_b, layer_b)]
            same = (model_a, layer_a) == (model_b, layer_b)
            # The same noise for (a, b) and (b, a) of one model.
            local = np.random.default_rng(abs(hash_of(sorted([model_a + layer_a, model_b + layer_b]))))
            tau = 1.0 if same else float(np.clip(np.corrcoef(one, other)[0, 1] + local.normal(0, 0.1), -1, 1))
            rsa = 1.0 if same else float(np.clip(0.4 + 0.4 * tau + local.normal(0, 0.1), -1, 1))
            for measure, value in [("weighted_kendall", tau), ("rsa", rsa), ("procrustes", np.sqrt(1.0 - rsa))]:
                rows.append((model_a, layer_a, model_b, layer_b, measure, value))
    table = pd.DataFrame(rows, columns=["model_a", "layer_a", "model_b", "layer_b", "measure", "value"])
    return table.sample(frac=1, random_state=int(random.integers(1000))).reset_index(drop=True)


def hash_of(parts: list[str]) -> int:
    """A number from strings that does not change between runs."""
    return sum(ord(letter) * (place + 1) for place, letter in enumerate("".join(parts)))


def training_table(families: dict[str, str] = SMALL, seed: int = 3) -> pd.DataFrame:
    """Losses by step: held-out and training, and one row for each untrained model."""
    random = np.random.default_rng(seed)
    rows = []
    for model, family in families.items():
        floor = 1.95 if family == "bert" else 1.40
        number = int(model[-1]) if model[-1].isdigit() else 0
        steps = [0] if "untrained" in model else range(0, 801, 50)
        for step in steps:
            loss = floor + 3.6 * np.exp(-step / 120) + 0.05 + 0.01 * number
            for split in ("train", "heldout"):
                rows.append((model, family, number, step, split, loss + random.normal(0, 0.01), floor))
    return pd.DataFrame(rows, columns=["model", "architecture", "seed", "step", "split", "loss", "floor"])


def stimuli_table(count: int = 600, seed: int = 4) -> pd.DataFrame:
    """Words with Table S1's features and a control."""
    random = np.random.default_rng(seed)
    position = random.integers(0, 8, count)
    speech = random.choice(["Det", "Noun", "Verb", "Pronoun", "Auxiliary", "Adjective"], count)
    number = np.where(np.isin(speech, ["Noun", "Verb", "Pronoun"]), random.choice(["singular", "plural"], count), None)
    return pd.DataFrame(
        {
            "stimulus_id": [f"s{index:05d}-0" for index in range(count)],
            "sentence_id": [f"s{index:05d}" for index in range(count)],
            "position": position,
            "word": [f"word{index % 80}" for index in range(count)],
            "word_length": pd.array(random.integers(1, 10, count), dtype="Int64"),
            "gender": np.where(speech == "Noun", random.choice(["female", "male"], count), None),
            "number": number,
            "part_of_speech": speech,
            "tense": np.where(speech == "Verb", random.choice(["past", "present"], count), None),
            "person": pd.array(np.where(speech == "Pronoun", random.integers(1, 4, count), 3), dtype="Int64"),
            "word_position": pd.array(position, dtype="Int64"),
            "question": random.random(count) < 0.4,
            "word_identity": [f"word{index % 80}" for index in range(count)],
        }
    )


def vectors(stimuli: pd.DataFrame, feature: str = "part_of_speech", size: int = 16, seed: int = 5) -> np.ndarray:
    """Representations that a feature of the stimuli shapes."""
    random = np.random.default_rng(seed)
    codes = stimuli[feature].astype("category").cat.codes.to_numpy()
    centres = random.normal(0, 2, size=(codes.max() + 2, size))
    return (centres[codes] + random.normal(0, 1, size=(len(stimuli), size))).astype(np.float32)


def correlation_table(seed: int = 6) -> pd.DataFrame:
    """Correlations of Table S1's features and a control, one of them not defined."""
    random = np.random.default_rng(seed)
    names = [*FEATURES, "word_identity"]
    rows = []
    for first, second in itertools.combinations_with_replacement(names, 2):
        value = 1.0 if first == second else float(np.clip(random.normal(0, 0.3), -1, 1))
        roles = ["control" if name == "word_identity" else "feature" for name in (first, second)]
        rows.append((first, second, np.nan if (first, second) == ("gender", "tense") else value, *roles))
    return pd.DataFrame(rows, columns=["feature_a", "feature_b", "correlation", "role_a", "role_b"])


def explained_parts(families: dict[str, str] = SMALL, seed: int = 12) -> pd.DataFrame:
    """Parts of the similarity of every two layers of every two models; some are a little below 0."""
    random = np.random.default_rng(seed)
    parts = [*((name, "feature") for name in FEATURES), ("word_identity", "control")]
    parts += [(role, role) for role in ("form", "lexical", "unexplained")]
    rows = []
    for model_a, model_b in itertools.combinations_with_replacement(sorted(families), 2):
        for layer_a in layers_of(model_a, families)[:3]:
            for layer_b in layers_of(model_b, families)[:3]:
                for by in ("values", "differences"):
                    shares = 0.1 * random.random(len(parts)) - 0.01
                    names = (model_a, layer_a, model_b, layer_b, "rsa", by)
                    rows += [(*names, *part, share) for part, share in zip(parts, shares, strict=True)]
    columns = ["model_a", "layer_a", "model_b", "layer_b", "measure", "by", "part", "role", "value"]
    table = pd.DataFrame(rows, columns=columns)
    totals = table.groupby([*columns[:4], "by"])["value"].transform("sum")
    intervals = {"low": table["value"] - 0.02, "high": table["value"] + 0.03, "over": "sentences"}
    return table.assign(**intervals, similarity_low=totals - 0.05, similarity_high=totals + 0.05)


def agreement_table(measures: int = 8, seed: int = 7) -> pd.DataFrame:
    """Agreement between measures."""
    random = np.random.default_rng(seed)
    names = ["weighted_kendall", "rsa", "cka", "cka_debiased", "procrustes", "jaccard", "aligned_cosine", "svcca"]
    rows = [(a, b, random.uniform(-0.3, 1), 2556) for a, b in itertools.combinations(names[:measures], 2)]
    return pd.DataFrame(rows, columns=["measure_a", "measure_b", "spearman", "n_pairs"])


def accuracy_table(families: dict[str, str] = SMALL, seed: int = 8) -> pd.DataFrame:
    """Accuracy of each model by phenomenon."""
    random = np.random.default_rng(seed)
    rows = []
    for model, phenomenon in itertools.product(families, ["subject_verb_number", "question_form", "reflexive_gender"]):
        level = 0.5 if "untrained" in model else 0.93
        rows.append((model, phenomenon, float(np.clip(level + random.normal(0, 0.05), 0, 1))))
    return pd.DataFrame(rows, columns=["model", "phenomenon", "accuracy"])


def benchmark_table(seed: int = 9) -> pd.DataFrame:
    """Time and memory of made-up jobs."""
    random = np.random.default_rng(seed)
    rules = {
        "train": (8, 60, 900),
        "extract": (12, 9, 800),
        "fit": (70, 1.2, 300),
        "compare": (78, 0.6, 250),
        "stimuli": (1, 4, 200),
    }
    rows = []
    for rule, (count, seconds, memory) in rules.items():
        for _ in range(count):
            rows.append((rule, seconds * random.lognormal(0, 0.3), memory * random.lognormal(0, 0.15)))
    rows.append(("report", 0.2, np.nan))
    return pd.DataFrame(rows, columns=["rule", "s", "max_rss"])


def models_table(families: dict[str, str] = SMALL) -> pd.DataFrame:
    """The table of models, in the order of `families`."""
    rows = [(name, re.sub(r"-seed\d+$", "", name), family, "untrained" in name) for name, family in families.items()]
    return pd.DataFrame(rows, columns=["model", "entry", "family", "control"])


def stimulus_tables(stimuli: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables of levels and of pairs of the stimulus report."""
    features = {name: Feature(name) for name in FEATURES}
    features["word_identity"] = Feature("word_identity", role="control")
    tables = stimulus_report(stimuli, features)
    return tables["levels"], tables["pairs"]


def pair_tables(importance: pd.DataFrame, stimuli: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables that explain one pair of layers, called most."""
    layers = {"a": ("bert-seed0", "1"), "b": ("mamba-seed0", "final")}
    profiles, words = {}, []
    for (side, (model, layer)), feature in zip(layers.items(), ("part_of_speech", "word_position"), strict=True):
        rows = importance[(importance["model"] == model) & (importance["layer"] == layer)]
        profiles[side] = rows[rows["role"] == "feature"].set_index("feature")["importance"]
        points = word_map(vectors(stimuli, feature), stimuli["stimulus_id"], seed=0, max_points=80)
        words.append(points.reset_index().assign(pair="most", side=side))
    pairs = pd.DataFrame(
        {
            "importance_a": profiles["a"],
            "importance_b": profiles["b"],
            "contribution": decompose_weighted_kendall(profiles["a"], profiles["b"]),
        }
    )
    pairs = pairs.reset_index(names="feature").assign(pair="most")
    for side, (model, layer) in layers.items():
        pairs[f"model_{side}"], pairs[f"layer_{side}"] = model, layer
    return pairs, pd.concat(words, ignore_index=True)


def model_tables_of(models: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What explains the distances between models by one distance, and maps by it and by one that nothing explains."""
    whole = {"distance": "trajectories", "models": 5, "entries": 4, "score": 0.8, "ceiling": 0.9, "score_chance": 0.4}
    rows = [
        ("trained", "property", 0.5, 0.05, 0.004, 0.02, ""),
        ("architecture", "property", -0.01, 0.02, 0.9, 0.9, "activation"),
        ("entry", "control", 0.02, np.nan, np.nan, np.nan, ""),
    ]
    columns = ["property", "role", "importance", "chance", "p", "q", "tied_to"]
    explained = pd.DataFrame(rows, columns=columns).assign(**whole, score_p=0.03)
    places = np.random.default_rng(0).normal(size=(2, len(models), 2))
    maps = [
        pd.DataFrame({"distance": name, "model": models, "x": xy[:, 0], "y": xy[:, 1], "stress": 0.1})
        for name, xy in zip(("rsa", "trajectories"), places, strict=True)
    ]
    return explained, pd.concat(maps, ignore_index=True)


def feature_set_tables(features: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What moves where each feature is left out, and the profiles of three layers with and without each."""
    random = np.random.default_rng(0)
    sets = pd.DataFrame({"left_out": features, "similarity_rank": random.uniform(0.5, 1, len(features))})
    sets = sets.assign(same_first=[1.0, 0.5, 0.0], score_lost=[0.1, -0.002, 0.01])
    rows = [
        ("bert", layer, left_out, feature, random.uniform(0, 0.5))
        for layer in "012"
        for left_out in ("", *features)
        for feature in features
        if feature != left_out
    ]
    return sets, pd.DataFrame(rows, columns=["model", "layer", "left_out", "feature", "importance"])
