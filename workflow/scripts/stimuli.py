"""Make a dataset: its stimuli with their features, and its sentences."""

from pathlib import Path

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.stimuli import build_dataset, write_dataset

    dataset = build_dataset(
        snakemake.params.source, name=snakemake.wildcards.dataset, seed=snakemake.params.seed, base=Path()
    )
    if snakemake.params.leave_out:
        from thinkalike.representations.leaving_out import leave_out

        dataset = dataset.without(*leave_out(dataset.stimuli, dataset.sentences, **snakemake.params.leave_out))
    write_dataset(dataset, snakemake.output.stimuli, snakemake.output.sentences)
