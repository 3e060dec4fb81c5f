"""The default study's conclusions with and without control of the words' identity, side by side.

    python benchmarks/with_and_without_control.py --results results/same-task/short_sentences

Reads the representations of a finished study, fits every layer again without its control features, and prints each
feature's importance averaged over the layers of each architecture, trained and untrained, in both analyses, and how
far the profiles of single layers agree (weighted Kendall).
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from scipy.stats import weightedtau
from tqdm import tqdm

from thinkalike.features import choose_features
from thinkalike.mlem import analyse_layer
from thinkalike.representations.storage import in_order, layer_path, read_representation
from thinkalike.stimuli import read_stimuli
from thinkalike.tables import read_table


def main(
    results: Annotated[Path, typer.Option(help="Folder of a dataset of a finished study.")] = Path(
        "results/same-task/short_sentences"
    ),
    output: Annotated[Path, typer.Option(help="Table to write.")] = Path(
        "benchmarks/results/with_and_without_control.csv"
    ),
) -> None:
    """Fit every layer without the controls and compare."""
    controlled = read_table(results / "tables/importance.parquet").query("role == 'feature'")
    stimuli, declared = read_stimuli(results / "stimuli.parquet")
    features = choose_features(declared, controls=[])
    tables = []
    for model, layer in tqdm(list(controlled[["model", "layer"]].drop_duplicates().itertuples(index=False))):
        path = layer_path(results / model / "representations", layer)
        representation = in_order(read_representation(path), stimuli["stimulus_id"])
        tables.append(analyse_layer(stimuli, features, representation.vectors, model=model, layer=layer)["importance"])
    without = pd.concat(tables).groupby(["model", "layer", "feature"], sort=False)["importance"].mean()
    both = controlled.merge(without.rename("uncontrolled").reset_index(), on=["model", "layer", "feature"])
    both = both.rename(columns={"importance": "controlled"})
    output.parent.mkdir(parents=True, exist_ok=True)
    both[["model", "family", "control", "layer", "feature", "controlled", "uncontrolled"]].to_csv(output, index=False)
    means = both.groupby(["control", "family", "feature"], sort=False)[["controlled", "uncontrolled"]].mean()
    print(means.unstack("feature").swaplevel(axis=1).sort_index(axis=1).round(3).T.to_string())
    agreement = both.groupby(["model", "layer"])[["controlled", "uncontrolled"]].apply(
        lambda layer: weightedtau(layer["controlled"], layer["uncontrolled"]).statistic
    )
    print(
        f"\nweighted Kendall of a layer's two profiles: median {agreement.median():.2f}, lowest {agreement.min():.2f}"
    )


if __name__ == "__main__":
    typer.run(main)
