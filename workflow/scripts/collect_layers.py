"""Collect one table of every layer of a study: importance, scores or inference."""

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.collect import expected_layers, layer_table, stack, write_collection
    from thinkalike.tables import read_table

    rows = stack(snakemake.input.layers, expected_layers(snakemake.params.layers))
    draws = snakemake.input.get("resamples")
    models, resamples = read_table(snakemake.input.models), read_table(draws) if draws else None
    table = layer_table(snakemake.params.table, rows, models, resamples)
    write_collection(table, snakemake.output.parquet, snakemake.output.csv, {"dataset": snakemake.wildcards.dataset})
