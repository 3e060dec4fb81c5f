"""Fit, score and explain the metric-learning encoding model of one layer."""

from thinkalike.jobs import logged

with logged(snakemake.log[0]):
    from thinkalike.features import choose_features
    from thinkalike.mlem import analyse_layer
    from thinkalike.representations.storage import layer_path, read_representation
    from thinkalike.stimuli import read_stimuli
    from thinkalike.tables import write_table

    names = snakemake.wildcards
    settings = dict(snakemake.params.settings)
    stimuli, declared = read_stimuli(snakemake.input.stimuli)
    representation = read_representation(layer_path(snakemake.input.representations, names.layer))
    tables = analyse_layer(
        stimuli,
        choose_features(declared, settings.pop("features", None), settings.pop("controls", None)),
        representation,
        model=names.model,
        layer=names.layer,
        seed=snakemake.params.seed,
        **settings,
    )
    metadata = {**representation.metadata, "mlem": dict(snakemake.params.settings), "seed": snakemake.params.seed}
    for name, path in snakemake.output.items():
        write_table(tables[name], path, metadata)
