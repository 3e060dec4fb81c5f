"""Sample the corpus that the small models of a study are trained on."""

from pathlib import Path

from thinkalike.jobs import logged

with logged(snakemake.log[0]):
    from thinkalike.stimuli import read_sentences
    from thinkalike.stimuli.corpus import build_corpus
    from thinkalike.tables import write_table

    corpus, metadata = build_corpus(
        snakemake.params.source,
        dataset=read_sentences(snakemake.input.sentences),
        seed=snakemake.params.seed,
        base=Path(),
    )
    write_table(corpus, snakemake.output[0], {"dataset": snakemake.wildcards.dataset, **metadata})
