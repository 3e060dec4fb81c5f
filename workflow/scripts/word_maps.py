"""Map the words of every layer in the plane of its two first principal components."""

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.similarity.word_maps import word_maps
    from thinkalike.tables import write_table

    folders = dict(zip(snakemake.params.layers, snakemake.input, strict=True))
    table = word_maps(folders, snakemake.params.layers, seed=snakemake.params.seed)
    write_table(table, snakemake.output[0], {"dataset": snakemake.wildcards.dataset})
