"""Explain the most and the least similar pair of layers: which features, and how their words lie."""

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.collect import write_collection
    from thinkalike.similarity.explain_pairs import explain_pairs
    from thinkalike.tables import read_table

    models = read_table(snakemake.input.models)
    folders = dict(zip(models["model"].unique(), snakemake.input.representations, strict=True))
    tables = explain_pairs(
        read_table(snakemake.input.importance),
        read_table(snakemake.input.similarity),
        models,
        folders,
        measure=snakemake.params.measure,
        seed=snakemake.params.seed,
    )
    for name, table in tables.items():
        metadata = {"dataset": snakemake.wildcards.dataset, "measure": snakemake.params.measure}
        write_collection(table, snakemake.output[name], snakemake.output[f"{name}_csv"], metadata)
