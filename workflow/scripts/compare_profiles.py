"""Compare the feature-importance profiles of every layer of one model with those of another."""

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.collect import expected_layers, stack
    from thinkalike.similarity import compare_profiles
    from thinkalike.tables import write_table

    names = snakemake.wildcards
    layers = dict(zip((names.model_a, names.model_b), snakemake.params.layers, strict=True))
    table = compare_profiles(
        stack(snakemake.input.a, expected_layers({names.model_a: layers[names.model_a]})),
        stack(snakemake.input.b, expected_layers({names.model_b: layers[names.model_b]})),
        measure=names.measure,
        model_a=names.model_a,
        model_b=names.model_b,
        **snakemake.params.options,
    )
    write_table(table, snakemake.output[0], {"dataset": names.dataset, "measure": names.measure})
