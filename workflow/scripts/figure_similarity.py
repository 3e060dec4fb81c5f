"""Draw the feature-based and the feature-agnostic similarity of all layers, as matrices and maps."""

from thinkalike.jobs import logged

with logged(snakemake.log[0]):
    from thinkalike.collect import families
    from thinkalike.figures import save_figure, similarity_matrices
    from thinkalike.tables import read_table

    similarity = read_table(snakemake.input.similarity)
    figure = similarity_matrices(
        similarity[similarity["measure"] == snakemake.params.feature_based],
        similarity[similarity["measure"] == snakemake.params.feature_agnostic],
        families=families(read_table(snakemake.input.models)),
        seed=snakemake.params.seed,
    )
    save_figure(figure, snakemake.output, **snakemake.params.options)
