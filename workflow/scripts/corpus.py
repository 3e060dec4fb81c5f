"""Sample what the small models of a study are trained on, and the minimal pairs that tell what they have learnt."""

from pathlib import Path

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.stimuli import read_sentences
    from thinkalike.stimuli.corpus import build_corpus
    from thinkalike.stimuli.feature_grammar import read_grammar
    from thinkalike.stimuli.minimal_pairs import minimal_pairs
    from thinkalike.tables import write_table

    about = {"dataset": snakemake.wildcards.dataset}
    corpus, metadata = build_corpus(
        snakemake.params.source,
        dataset=read_sentences(snakemake.input.sentences),
        seed=snakemake.params.seed,
        base=Path(),
    )
    pairs = minimal_pairs(
        read_grammar(snakemake.input.grammar),
        snakemake.params.pairs_per_phenomenon,
        snakemake.params.seed,
        exclude=[tuple(words) for words in corpus["words"]],
    )
    write_table(pairs, snakemake.output.minimal_pairs, about)
    write_table(corpus, snakemake.output.corpus, {**about, **metadata})
