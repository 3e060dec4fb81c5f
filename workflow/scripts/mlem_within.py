"""Fit, score and explain the metric-learning encoding model of one layer within parts of the stimuli."""

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.features import choose_features
    from thinkalike.mlem.within import analyse_within
    from thinkalike.representations.storage import in_order, layer_path, read_representation
    from thinkalike.stimuli import read_stimuli
    from thinkalike.tables import write_table

    names = snakemake.wildcards
    settings = dict(snakemake.params.settings)
    stimuli, declared = read_stimuli(snakemake.input.stimuli)
    representation = in_order(
        read_representation(layer_path(snakemake.input.representations, names.layer)), stimuli["stimulus_id"]
    )
    tables = analyse_within(
        stimuli,
        choose_features(declared, settings.pop("features", None), settings.pop("controls", None)),
        representation.vectors,
        snakemake.params.within,
        model=names.model,
        layer=names.layer,
        seed=snakemake.params.seed,
        **settings,
    )
    metadata = {**representation.metadata, "mlem": dict(snakemake.params.settings), "seed": snakemake.params.seed}
    for name, path in snakemake.output.items():
        write_table(tables[name], path, metadata)
