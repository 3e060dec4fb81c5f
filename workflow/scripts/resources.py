"""Collect what Snakemake's benchmark files say of every job, and draw it."""

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.collect import collect_benchmarks
    from thinkalike.figures import resources, save_figure
    from thinkalike.files import whole_file

    table = collect_benchmarks(snakemake.params.benchmarks)
    with whole_file(snakemake.output.table) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n")
    save_figure(resources(table), [snakemake.output.figure, *snakemake.output.other])
