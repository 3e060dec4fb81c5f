"""Describe what may mislead in the layers of a model: outlying dimensions, duplicates, few stimuli."""

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.representations.diagnostics import diagnose_layers
    from thinkalike.representations.storage import read_layers
    from thinkalike.tables import write_table

    layers = read_layers(snakemake.input[0], snakemake.params.layers)
    table = diagnose_layers(layers, snakemake.wildcards.model)
    write_table(table, snakemake.output[0], {"dataset": snakemake.wildcards.dataset})
