"""Write the first page of the report, from the summary of each dataset."""

from thinkalike.jobs import logged

with logged(snakemake):
    from pathlib import Path

    from thinkalike.explorer.front_page import front_page
    from thinkalike.files import whole_file
    from thinkalike.tables import read_table

    summaries = dict(zip(snakemake.params.datasets, map(read_table, snakemake.input), strict=True))
    description = Path(snakemake.scriptdir).parent / "report" / "workflow.rst"
    page = front_page(summaries, description.read_text(encoding="utf-8"))
    with whole_file(snakemake.output[0]) as temporary:
        temporary.write_text(page, encoding="utf-8")
