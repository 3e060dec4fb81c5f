"""Train a small model on the corpus of a dataset."""

from pathlib import Path

from thinkalike.jobs import logged

with logged(snakemake.log[0]):
    from thinkalike.representations.training import grammar_floor, train_model
    from thinkalike.stimuli import read_sentences
    from thinkalike.tables import read_table, write_table

    training = train_model(
        snakemake.params.architecture,
        read_table(snakemake.input.corpus),
        name=snakemake.wildcards.model,
        layers=snakemake.params.layers,
        seed=snakemake.params.seed,
        folder=Path(snakemake.output.checkpoint),
        masked_floor=grammar_floor(snakemake.input.grammar, read_sentences(snakemake.input.sentences)["words"]),
        **snakemake.params.settings,
    )
    write_table(training, snakemake.output.training, {"dataset": snakemake.wildcards.dataset})
