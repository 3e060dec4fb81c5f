"""Draw the minimal pairs that tell what a trained model knows of grammar."""

from thinkalike.jobs import logged

with logged(snakemake.log[0]):
    from thinkalike.stimuli.feature_grammar import read_grammar
    from thinkalike.stimuli.minimal_pairs import minimal_pairs
    from thinkalike.tables import read_table, write_table

    corpus = read_table(snakemake.input.corpus, columns=["words"])
    pairs = minimal_pairs(
        read_grammar(snakemake.input.grammar),
        snakemake.params.number,
        snakemake.params.seed,
        exclude=[tuple(words) for words in corpus["words"]],
    )
    write_table(pairs, snakemake.output[0], {"dataset": snakemake.wildcards.dataset})
