"""Record the versions of Python and of the packages that this study was computed with."""

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.collect import version_table, write_collection

    write_collection(
        version_table(), snakemake.output.parquet, snakemake.output.csv, {"dataset": snakemake.wildcards.dataset}
    )
