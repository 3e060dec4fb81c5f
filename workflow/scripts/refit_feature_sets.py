"""Fit the metric-learning encoding model of one layer without each feature, or each two."""

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.features import choose_features
    from thinkalike.mlem.feature_refits import refit_feature_sets
    from thinkalike.representations.storage import in_order, layer_path, read_representation
    from thinkalike.stimuli import read_stimuli
    from thinkalike.tables import write_table

    names = snakemake.wildcards
    settings = dict(snakemake.params.settings)
    stimuli, declared = read_stimuli(snakemake.input.stimuli)
    path = layer_path(snakemake.input.representations, names.layer)
    features = choose_features(declared, settings.pop("features", None), settings.pop("controls", None))
    table = refit_feature_sets(
        stimuli,
        features,
        in_order(read_representation(path), stimuli["stimulus_id"]).vectors,
        most=snakemake.params.most,
        seed=snakemake.params.seed,
        **settings,
    )
    about = {"dataset": names.dataset, "model": names.model, "layer": names.layer}
    write_table(table.assign(model=names.model, layer=names.layer), snakemake.output[0], about)
