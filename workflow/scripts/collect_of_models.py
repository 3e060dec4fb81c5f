"""Collect one table of every model of a study, with what is known of the models."""

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.collect import describe_models, stack, write_collection
    from thinkalike.tables import read_table

    table = describe_models(stack(snakemake.input.tables), read_table(snakemake.input.models))
    write_collection(table, snakemake.output.parquet, snakemake.output.csv, {"dataset": snakemake.wildcards.dataset})
