"""Put together what is known of the models: from the study and from their configurations."""

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.collect import write_collection
    from thinkalike.similarity.model_tables import metadata_table
    from thinkalike.tables import read_metadata

    declared = snakemake.params.models
    configured = {
        model: read_metadata(path).get("properties", {})
        for model, path in zip(declared, snakemake.input.layers, strict=True)
    }
    table = metadata_table(declared, configured)
    write_collection(table, snakemake.output.parquet, snakemake.output.csv, {"dataset": snakemake.wildcards.dataset})
