"""Fit, score and explain the metric-learning encoding model of one layer, or within parts of the stimuli."""

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.features import choose_features
    from thinkalike.mlem import analyse_layer
    from thinkalike.mlem.within import analyse_within
    from thinkalike.representations.storage import in_order, layer_path, read_representation
    from thinkalike.stimuli import read_stimuli
    from thinkalike.tables import write_table

    names = snakemake.wildcards
    settings = dict(snakemake.params.settings)
    stimuli, declared = read_stimuli(snakemake.input.stimuli)
    path = layer_path(snakemake.input.representations, names.layer)
    representation = in_order(read_representation(path), stimuli["stimulus_id"])
    within = snakemake.params.get("within")
    tables = (analyse_within if within else analyse_layer)(
        stimuli,
        choose_features(declared, settings.pop("features", None), settings.pop("controls", None)),
        representation.vectors,
        model=names.model,
        layer=names.layer,
        seed=snakemake.params.seed,
        **({"within": within} if within else {}),
        **settings,
    )
    metadata = {**representation.metadata, "mlem": dict(snakemake.params.settings), "seed": snakemake.params.seed}
    for name, path in snakemake.output.items():
        write_table(tables[name], path, metadata)
