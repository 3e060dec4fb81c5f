"""Compare the profiles of every layer of one model with those of another, by every measure of profiles."""

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.collect import expected_layers, stack
    from thinkalike.similarity import compare_profiles
    from thinkalike.tables import write_table

    names = snakemake.wildcards
    models = (names.model_a, names.model_b)
    expected = [expected_layers({name: layers}) for name, layers in zip(models, snakemake.params.layers, strict=True)]
    profiles = [stack(paths, one) for paths, one in zip((snakemake.input.a, snakemake.input.b), expected, strict=True)]
    drawn = (snakemake.input.get("resamples_a"), snakemake.input.get("resamples_b"))
    resamples = [stack(paths, one) if paths else None for paths, one in zip(drawn, expected, strict=True)]
    for measure, path in snakemake.output.items():
        table = compare_profiles(
            *profiles,
            *resamples,
            measure=measure,
            profile=snakemake.params.profile,
            model_a=names.model_a,
            model_b=names.model_b,
            **snakemake.params.options.get(measure, {}),
        )
        write_table(table, path, {"dataset": names.dataset, "measure": measure, "profile": snakemake.params.profile})
