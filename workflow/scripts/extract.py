"""Take the vectors of all stimuli from every layer of one model."""

from pathlib import Path

from thinkalike.jobs import logged

with logged(snakemake.log[0]):
    from thinkalike.representations.extraction import extract_to_folder
    from thinkalike.stimuli import read_sentences, read_stimuli

    stimuli, _ = read_stimuli(snakemake.input.stimuli)
    source = snakemake.params.source
    if snakemake.input.get("checkpoint"):
        source = {"checkpoint": snakemake.input.checkpoint}
    extract_to_folder(
        source,
        read_sentences(snakemake.input.sentences),
        stimuli,
        layers=list(snakemake.params.layers),
        threads=snakemake.threads,
        folder=Path(snakemake.output[0]),
        metadata={"dataset": snakemake.wildcards.dataset, "model": snakemake.wildcards.model},
        **snakemake.params.settings,
    )
