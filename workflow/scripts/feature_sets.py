"""Tell how far profiles, similarities and conclusions depend on which features were chosen."""

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.collect import expected_layers, stack, write_collection
    from thinkalike.similarity.feature_sensitivity import feature_sensitivity
    from thinkalike.tables import read_table

    profiles = stack(snakemake.input.layers, expected_layers(snakemake.params.layers))
    sets = feature_sensitivity(profiles, read_table(snakemake.input.models), snakemake.params.measure)
    about = {"dataset": snakemake.wildcards.dataset, "measure": snakemake.params.measure}
    write_collection(sets, snakemake.output.sets, snakemake.output.sets_csv, about)
    write_collection(profiles, snakemake.output.profiles, snakemake.output.profiles_csv, about)
