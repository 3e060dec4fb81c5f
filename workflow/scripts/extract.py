"""Take the vectors of all stimuli from every layer of one model."""

from pathlib import Path

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.representations.extraction import extract_to_folder
    from thinkalike.representations.storage import properties_of, table_of_layers
    from thinkalike.stimuli import read_sentences, read_stimuli
    from thinkalike.tables import write_table

    about = {"dataset": snakemake.wildcards.dataset, "model": snakemake.wildcards.model}
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
        folder=Path(snakemake.output.representations),
        metadata=about,
        **snakemake.params.settings,
    )
    written = snakemake.output.representations, snakemake.params.layers
    write_table(table_of_layers(*written), snakemake.output.layers, {**about, "properties": properties_of(*written)})
