"""Test for every layer and model whether it is nearer to one of two others."""

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.collect import write_collection
    from thinkalike.similarity import nearness
    from thinkalike.tables import read_table

    tables = [read_table(snakemake.input[name]) for name in ("importance", "resamples", "models")]
    table = nearness(*tables, measures=list(snakemake.params.measures), profile=snakemake.params.profile)
    write_collection(table, snakemake.output.parquet, snakemake.output.csv, {"dataset": snakemake.wildcards.dataset})
