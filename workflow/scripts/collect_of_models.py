"""Collect one table of every model of a study, with what is known of the models."""

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.collect import describe_models, stack, write_collection
    from thinkalike.tables import read_table

    rows = stack(snakemake.input.tables, [{"model": [name]} for name in snakemake.params.models])
    table = describe_models(rows, read_table(snakemake.input.models))
    write_collection(table, snakemake.output.parquet, snakemake.output.csv, {"dataset": snakemake.wildcards.dataset})
