"""Collect the similarities of all pairs of layers."""

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.collect import stack, write_collection

    table = stack(snakemake.input.pairs)
    write_collection(table, snakemake.output.parquet, snakemake.output.csv, {"dataset": snakemake.wildcards.dataset})
