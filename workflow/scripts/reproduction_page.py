"""Write the sheet of published values beside the study's own as a page."""

from html import unescape

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.explorer.reproduction_sheet import write_sheet
    from thinkalike.tables import read_table

    tables = {name: read_table(path) for name, path in snakemake.input.items()}
    write_sheet(snakemake.output[0], **tables, source=unescape(snakemake.params.source), study=snakemake.params.study)
