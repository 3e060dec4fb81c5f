"""Map the layers of all models in the plane, once for each measure of the figures."""

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.collect import write_collection
    from thinkalike.similarity import map_layers
    from thinkalike.tables import read_table

    table = map_layers(
        read_table(snakemake.input.similarity), measures=snakemake.params.measures, seed=snakemake.params.seed
    )
    write_collection(table, snakemake.output.parquet, snakemake.output.csv, {"dataset": snakemake.wildcards.dataset})
