"""A study's answer in five sentences: what makes its models alike, with numbers and 95 % intervals.

python benchmarks/what_makes_them_alike.py results/same-task/short_sentences

Reads the tables `explained`, `models` and `similarity` of a dataset of a study. One sentence each, at the most alike
layers: two seeds of one model, the three most alike pairs of trained models of different families, and a trained model
with its untrained control. A pair was chosen for being the most alike, so its similarity is a little too high. Where
the study has both measures of profiles, one more: how often weighted and resolved Kendall disagree about which of two
pairs of layers is the more alike.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from thinkalike.errors import InputError
from thinkalike.similarity.explained import explained_sentences
from thinkalike.tables import read_table, require


def kinds_of_pairs(sentences: pd.DataFrame, models: pd.DataFrame) -> pd.DataFrame:
    """Return the sentences of pairs of models, the most alike first, with what kind of pair it is."""
    require(models, ("model", "entry", "family", "control"), "models")
    known = models.drop_duplicates("model").set_index("model")
    one, other = (known.loc[sentences[f"model_{side}"]].reset_index() for side in "ab")
    seeds = (one["entry"] == other["entry"]) & ~one["control"]
    families = (one["family"] != other["family"]) & ~one["control"] & ~other["control"]
    controls = (one["family"] == other["family"]) & (one["control"] != other["control"])
    kind = pd.Series(None, index=sentences.index, dtype=object)
    for name, chosen in (("seeds", seeds), ("families", families), ("control", controls)):
        kind[chosen.to_numpy()] = name
    pairs = [" and ".join(sorted(both)) for both in zip(one["entry"], other["entry"], strict=True)]
    return sentences.assign(kind=kind, entries=pairs).sort_values(
        ["value", "model_a", "model_b"], ascending=[False, True, True]
    )


def answers(explained: pd.DataFrame, models: pd.DataFrame) -> list[str]:
    """Return the five sentences; fewer, where a study has no such pair."""
    rows = kinds_of_pairs(explained_sentences(explained), models)
    found = []
    for kind, count, words in (
        ("seeds", 1, "Two seeds of one model"),
        ("families", 3, "Two families"),
        ("control", 1, "A trained model and its untrained control"),
    ):
        for row in rows[rows["kind"] == kind].drop_duplicates("entries").head(count).itertuples():
            layers = f"{row.model_a} (layer {row.layer_a}) and {row.model_b} (layer {row.layer_b})"
            found.append(f"{words}, {layers}: {row.sentence}")
    return found


def disagreement(similarity: pd.DataFrame, one: str = "weighted_kendall", other: str = "resolved_kendall") -> str:
    """Return in what share of comparisons two measures order pairs of layers in opposite ways; nothing without both."""
    rows = similarity[similarity["measure"].isin([one, other])].dropna(subset="value")
    layers = [list(zip(rows[f"model_{side}"], rows[f"layer_{side}"].astype(str), strict=True)) for side in "ab"]
    pair = [tuple(sorted(both)) for both in zip(*layers, strict=True)]
    distinct = rows.assign(pair=pair)[[first != second for first, second in pair]]
    wide = distinct.drop_duplicates(["pair", "measure"]).pivot(index="pair", columns="measure", values="value")
    if not {one, other} <= set(wide):
        return ""
    values = wide.dropna().round(12)
    first, second = np.triu_indices(len(values), k=1)
    signs = [np.sign(values[name].to_numpy()[first] - values[name].to_numpy()[second]) for name in (one, other)]
    share = float((signs[0] * signs[1] < 0).mean())
    return (
        f"Which of two pairs of layers is the more alike, {one} and {other} see in opposite ways in "
        f"{100 * share:.0f} % of {len(first):,} comparisons of the {len(values):,} pairs for which both are defined."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path, help="folder of a study's dataset, results/STUDY/DATASET")
    tables = parser.parse_args().dataset / "tables"
    try:
        explained, models, similarity = (
            read_table(tables / f"{name}.parquet") for name in ("explained", "models", "similarity")
        )
        print(*answers(explained, models), disagreement(similarity), sep="\n\n")
    except InputError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
