"""Draw a figure of one table of the study; which one is the rule's parameter `figure`."""

from thinkalike.jobs import logged

with logged(snakemake.log[0]):
    from thinkalike import figures
    from thinkalike.collect import families
    from thinkalike.tables import read_table

    draw = getattr(figures, snakemake.params.figure)
    figure = draw(
        read_table(snakemake.input.table),
        families=families(read_table(snakemake.input.models)),
        **snakemake.params.arguments,
    )
    figures.save_figure(figure, snakemake.output, **snakemake.params.options)
