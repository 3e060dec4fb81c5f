"""Collect the models of a study and their layers."""

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.collect import model_table, write_collection

    metadata = {"dataset": snakemake.wildcards.dataset}
    write_collection(model_table(snakemake.params.models), snakemake.output.parquet, snakemake.output.csv, metadata)
