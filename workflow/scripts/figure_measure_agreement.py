"""Draw how far the measures of similarity agree."""

from thinkalike.jobs import logged

with logged(snakemake.log[0]):
    from thinkalike.figures import measure_agreement, save_figure
    from thinkalike.tables import read_table

    figure = measure_agreement(read_table(snakemake.input[0]))
    save_figure(figure, snakemake.output, **snakemake.params.options)
