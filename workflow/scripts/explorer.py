"""Write the page that shows why two layers are alike, from the tables of its inputs."""

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.explorer import write_page
    from thinkalike.tables import read_table

    tables = {name: read_table(path) for name, path in snakemake.input.items()}
    write_page(snakemake.output.page, in_report=snakemake.output.in_report, **tables, **snakemake.params.names)
