"""Draw how features, and their differences over pairs of stimuli, correlate."""

from thinkalike.jobs import logged

with logged(snakemake.log[0]):
    from thinkalike.figures import feature_correlation, save_figure
    from thinkalike.tables import read_table

    figure = feature_correlation(
        read_table(snakemake.input.correlation), read_table(snakemake.input.difference_correlation)
    )
    save_figure(figure, snakemake.output, **snakemake.params.options)
