"""Tell how far the measures of similarity agree over pairs of layers."""

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.collect import write_collection
    from thinkalike.similarity import agreement
    from thinkalike.tables import read_table

    table = agreement(read_table(snakemake.input[0]))
    write_collection(table, snakemake.output.parquet, snakemake.output.csv, {"dataset": snakemake.wildcards.dataset})
