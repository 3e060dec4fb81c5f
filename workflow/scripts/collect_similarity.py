"""Collect the similarities of all pairs of layers."""

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.collect import expected_pairs, stack, write_collection

    expected = expected_pairs(snakemake.params.layers, snakemake.params.measures)
    table = stack(snakemake.input.pairs, expected)
    write_collection(table, snakemake.output.parquet, snakemake.output.csv, {"dataset": snakemake.wildcards.dataset})
