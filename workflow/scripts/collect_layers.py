"""Collect one table of every layer of a study: importance, scores or inference."""

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.collect import layer_table, stack, write_collection
    from thinkalike.tables import read_table

    table = layer_table(snakemake.params.table, stack(snakemake.input.layers), read_table(snakemake.input.models))
    write_collection(table, snakemake.output.parquet, snakemake.output.csv, {"dataset": snakemake.wildcards.dataset})
