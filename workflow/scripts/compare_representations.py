"""Compare the vectors of every layer of one model with those of another."""

from thinkalike.jobs import logged

with logged(snakemake.log[0]):
    from thinkalike.representations.storage import read_layers
    from thinkalike.similarity import compare_models
    from thinkalike.tables import write_table

    names = snakemake.wildcards
    table = compare_models(
        read_layers(snakemake.input.a, snakemake.params.layers_a),
        read_layers(snakemake.input.b, snakemake.params.layers_b),
        measure=names.measure,
        model_a=names.model_a,
        model_b=names.model_b,
        options=snakemake.params.options,
        seed=snakemake.params.seed,
    )
    write_table(table, snakemake.output[0], {"dataset": names.dataset, "measure": names.measure})
