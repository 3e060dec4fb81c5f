"""Tell how often a trained model prefers the grammatical sentence of a minimal pair."""

from thinkalike.jobs import logged

with logged(snakemake.log[0]):
    from thinkalike.representations.training import evaluate_agreement
    from thinkalike.tables import read_table, write_table

    table = evaluate_agreement(snakemake.input.checkpoint, read_table(snakemake.input.minimal_pairs))
    table.insert(0, "model", snakemake.wildcards.model)
    write_table(table, snakemake.output[0], {"dataset": snakemake.wildcards.dataset})
