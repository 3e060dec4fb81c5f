"""Divide the similarity of any two layers of any two models into what each feature carries, and the rest."""

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.collect import write_collection
    from thinkalike.features import choose_features
    from thinkalike.representations.storage import in_order, layer_path, read_representation
    from thinkalike.similarity.explained import explained_sentences, explained_table
    from thinkalike.similarity.known_of_stimuli import known_of_stimuli
    from thinkalike.stimuli import read_stimuli

    stimuli, declared = read_stimuli(snakemake.input.stimuli)
    names = snakemake.params.layers
    layers = (
        (model, layer, in_order(read_representation(layer_path(folder, layer)), stimuli["stimulus_id"]).vectors)
        for model, folder in zip(names, snakemake.input.representations, strict=True)
        for layer in names[model]
    )
    known = known_of_stimuli(stimuli, declared, **snakemake.params.settings)
    table = explained_table(
        stimuli,
        choose_features(declared, snakemake.params.features, snakemake.params.controls),
        layers,
        seed=snakemake.params.seed,
        **{name: value for name, value in known.items() if name not in ("groups", "sentences", "positions")},
    )
    metadata = {"dataset": snakemake.wildcards.dataset, **table.attrs}
    write_collection(table, snakemake.output.parquet, snakemake.output.csv, metadata)
    sentences = explained_sentences(table)
    write_collection(sentences, snakemake.output.sentences, snakemake.output.sentences_csv, metadata)
