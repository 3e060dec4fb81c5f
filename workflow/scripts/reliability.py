"""Compare each layer's profile in one half of the stimuli with that in the other half."""

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.collect import write_collection
    from thinkalike.similarity import reliability
    from thinkalike.tables import read_table

    table = reliability(
        read_table(snakemake.input[0]), measures=list(snakemake.params.measures), profile=snakemake.params.profile
    )
    write_collection(table, snakemake.output.parquet, snakemake.output.csv, {"dataset": snakemake.wildcards.dataset})
