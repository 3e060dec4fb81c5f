"""Put the study's own values beside the published ones that it names."""

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.collect import write_collection
    from thinkalike.similarity.reproduction import numbering_table, reproduction_table, setup_table
    from thinkalike.tables import read_metadata, read_table

    reference = snakemake.params.reference
    tables = {name: read_table(path) for name, path in snakemake.input.items() if name != "layers"}
    properties = [read_metadata(path) for path in snakemake.input.layers]
    known = {each["model"]: each.get("properties", {}) for each in properties}
    sheets = {
        "reproduction": reproduction_table(reference["statements"], tables),
        "reproduction_setup": setup_table(reference.get("setup", {}), snakemake.params.own),
        "layer_numbering": numbering_table(tables["models"], known, snakemake.params.numberings),
    }
    about = {"dataset": snakemake.wildcards.dataset, "source": reference["source"]}
    for name, sheet in sheets.items():
        write_collection(sheet, snakemake.output[name], snakemake.output[f"{name}_csv"], about)
