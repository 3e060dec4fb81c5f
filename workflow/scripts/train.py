"""Train a small model on the corpus of a dataset, and tell how often it prefers the grammatical sentence of a pair."""

from pathlib import Path

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.representations.training import evaluate_agreement, grammar_floor, train_model
    from thinkalike.stimuli import read_sentences
    from thinkalike.tables import read_table, write_table

    about = {"dataset": snakemake.wildcards.dataset}
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
    judgements = evaluate_agreement(snakemake.output.checkpoint, read_table(snakemake.input.minimal_pairs))
    judgements.insert(0, "model", snakemake.wildcards.model)
    write_table(judgements, snakemake.output.grammaticality, about)
    write_table(training, snakemake.output.training, about)
