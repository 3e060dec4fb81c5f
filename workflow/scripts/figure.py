"""Draw the figure that the rule's parameter `figure` names, from the tables of its inputs."""

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike import figures
    from thinkalike.tables import read_table

    tables = {name: read_table(path) for name, path in snakemake.input.items()}
    figure = getattr(figures, snakemake.params.figure)(**tables, **snakemake.params.arguments)
    figures.save_figure(figure, snakemake.output, **snakemake.params.options)
