"""How far two seeds, two architectures, and a trained and an untrained model agree: the numbers of the README.

python benchmarks/agreement_of_seeds.py [results/same-task/short_sentences/tables]
"""

import sys
from pathlib import Path

from thinkalike.tables import read_table

tables = Path(sys.argv[1] if len(sys.argv) > 1 else "results/same-task/short_sentences/tables")
models = read_table(tables / "models.parquet").drop_duplicates("model").set_index("model")
rows = read_table(tables / "similarity.parquet").query("model_a != model_b")
family_a, family_b = (rows[side].map(models["family"]) for side in ("model_a", "model_b"))
control_a, control_b = (rows[side].map(models["control"]) for side in ("model_a", "model_b"))
trained = ~control_a & ~control_b
seeds = trained & (family_a == family_b) & (rows["layer_a"] == rows["layer_b"])
for measure, values in rows["value"].groupby(rows["measure"]):
    print(measure)
    for family, of_family in values[seeds].groupby(family_a):
        print(f"  two seeds of {family}, same layer: {of_family.mean():.2f}")
    print(f"  two architectures, all pairs of layers: {values[trained & (family_a != family_b)].mean():.2f}")
    print(f"  trained and untrained, all pairs of layers: {values[control_a != control_b].mean():.2f}")
