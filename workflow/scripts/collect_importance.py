"""Collect the feature importance of every layer of a study."""

from thinkalike.jobs import logged

with logged(snakemake.log[0]):
    from thinkalike.study_tables import importance_table, write_collection
    from thinkalike.tables import read_table

    table = importance_table(snakemake.input.layers, read_table(snakemake.input.models))
    write_collection(table, snakemake.output.parquet, snakemake.output.csv, {"dataset": snakemake.wildcards.dataset})
