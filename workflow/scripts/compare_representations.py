"""Compare the vectors of every layer of one model with those of another."""

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.representations.storage import read_layers
    from thinkalike.similarity import compare_models
    from thinkalike.similarity.known_of_stimuli import known_of_stimuli
    from thinkalike.stimuli import read_stimuli
    from thinkalike.tables import write_table

    names = snakemake.wildcards
    stimuli, declared = read_stimuli(snakemake.input.stimuli)
    layers = snakemake.params.layers
    layers_a = read_layers(snakemake.input.a, layers[0])
    itself = names.model_a == names.model_b
    table = compare_models(
        layers_a,
        layers_a if itself else read_layers(snakemake.input.b, layers[1]),
        measure=names.measure,
        model_a=names.model_a,
        model_b=names.model_b,
        seed=snakemake.params.seed,
        threads=snakemake.threads,
        **known_of_stimuli(stimuli, declared, **snakemake.params.settings),
    )
    write_table(table, snakemake.output[0], {"dataset": names.dataset, "measure": names.measure, **table.attrs})
