"""Write the study in a few sentences, from the tables of its inputs."""

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.collect import write_collection
    from thinkalike.explorer.summary import summarise
    from thinkalike.tables import read_table

    tables = {name: read_table(path) for name, path in snakemake.input.items()}
    metadata = {"dataset": snakemake.wildcards.dataset}
    write_collection(summarise(**tables), snakemake.output.parquet, snakemake.output.csv, metadata)
