"""Compare models with models: the paths that feature importance takes through their layers."""

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.collect import expected_layers, stack, write_collection
    from thinkalike.similarity import trajectory_table
    from thinkalike.tables import read_table

    resamples = [read_table(path) for path in snakemake.input.get("resamples", [])]
    table = trajectory_table(
        stack(snakemake.input.layers, expected_layers(snakemake.params.layers)),
        *resamples,
        profile=snakemake.params.profile,
    )
    write_collection(table, snakemake.output.parquet, snakemake.output.csv, {"dataset": snakemake.wildcards.dataset})
