"""Divide the similarity of any two layers of any two models into what each feature carries, and the rest."""

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.collect import write_collection
    from thinkalike.features import choose_features
    from thinkalike.representations.storage import in_order, layer_path, read_representation
    from thinkalike.similarity.explained import explained_sentences, explained_table
    from thinkalike.similarity.known_of_stimuli import left_out_pairs
    from thinkalike.stimuli import read_stimuli

    stimuli, declared = read_stimuli(snakemake.input.stimuli)
    names = snakemake.params.layers
    layers = (
        (model, layer, in_order(read_representation(layer_path(folder, layer)), stimuli["stimulus_id"]).vectors)
        for model, folder in zip(names, snakemake.input.representations, strict=True)
        for layer in names[model]
    )
    settings = dict(snakemake.params.settings)
    asked = {name: settings.pop(name) for name in ("same_word_pairs", "same_lemma_pairs") if name in settings}
    table = explained_table(
        stimuli,
        choose_features(declared, snakemake.params.features, snakemake.params.controls),
        layers,
        seed=snakemake.params.seed,
        exclude=left_out_pairs(stimuli, **asked),
        **settings,
    )
    metadata = {"dataset": snakemake.wildcards.dataset, **table.attrs}
    write_collection(table, snakemake.output.parquet, snakemake.output.csv, metadata)
    sentences = explained_sentences(table)
    write_collection(sentences, snakemake.output.sentences, snakemake.output.sentences_csv, metadata)
