"""Collect the similarities of all pairs of layers."""

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.collect import expected_pairs, stack, write_collection
    from thinkalike.numerics.false_discovery import with_q

    expected = expected_pairs(snakemake.params.layers, snakemake.params.measures)
    table = with_q(stack(snakemake.input.pairs, expected), ["measure"])  # over all pairs of layers
    write_collection(table, snakemake.output.parquet, snakemake.output.csv, {"dataset": snakemake.wildcards.dataset})
