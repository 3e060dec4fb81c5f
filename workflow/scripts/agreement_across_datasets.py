"""Tell whether who is alike depends on the stimuli."""

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.collect import write_collection
    from thinkalike.similarity import agreement_across_datasets
    from thinkalike.tables import read_table

    datasets = snakemake.params.datasets
    table = agreement_across_datasets(
        {name: read_table(path) for name, path in zip(datasets, snakemake.input, strict=True)}
    )
    write_collection(table, snakemake.output.parquet, snakemake.output.csv, {"datasets": datasets})
