"""Compare the feature-importance profiles of every layer of one model with those of another."""

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.collect import stack
    from thinkalike.similarity import compare_profiles
    from thinkalike.tables import write_table

    names = snakemake.wildcards
    table = compare_profiles(
        stack(snakemake.input.a),
        stack(snakemake.input.b),
        measure=names.measure,
        model_a=names.model_a,
        model_b=names.model_b,
        **snakemake.params.options,
    )
    write_table(table, snakemake.output[0], {"dataset": names.dataset, "measure": names.measure})
