"""How far two seeds, two architectures, and a trained and an untrained model agree: the numbers of the README.

Compared is like with like: all pairs of layers of two models with all pairs, and layers of the same label with layers
of the same label. Two seeds are a reference, not a ceiling: nothing keeps two architectures from agreeing more.

python benchmarks/agreement_of_seeds.py [results/same-task/short_sentences/tables]
"""

import sys
from pathlib import Path

import pandas as pd

from thinkalike.tables import read_table

tables = Path(sys.argv[1] if len(sys.argv) > 1 else "results/same-task/short_sentences/tables")
models = read_table(tables / "models.parquet").drop_duplicates("model").set_index("model")
rows = read_table(tables / "similarity.parquet").query("model_a != model_b")
family_a, family_b = (rows[side].map(models["family"]) for side in ("model_a", "model_b"))
control_a, control_b = (rows[side].map(models["control"]) for side in ("model_a", "model_b"))
trained = ~control_a & ~control_b
kinds = {
    **{f"two seeds of {family}": trained & (family_a == family) & (family_b == family) for family in set(family_a)},
    "two seeds of one architecture": trained & (family_a == family_b),
    "two architectures": trained & (family_a != family_b),
    "a trained and an untrained model": control_a != control_b,
}
same_label = rows["layer_a"] == rows["layer_b"]
summary = []
for measure in rows["measure"].unique():
    of_measure = rows["measure"] == measure
    for pairs, compared in (("all pairs of layers", True), ("same label", same_label)):
        for kind, chosen in kinds.items():
            values = rows.loc[of_measure & chosen & compared, ["model_a", "model_b", "value"]].dropna()
            if len(values):
                of_models = values.groupby(["model_a", "model_b"])["value"].mean()
                spread = (len(of_models), values["value"].mean(), of_models.min(), of_models.max(), len(values))
                summary.append((measure, pairs, kind, *spread))
columns = ["measure", "pairs", "models", "pairs of models", "mean", "lowest pair", "highest pair", "pairs of layers"]
table = pd.DataFrame(summary, columns=columns).sort_values(["measure", "pairs", "models"])
print(table.round(2).to_string(index=False))
