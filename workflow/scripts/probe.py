"""Decode every feature from one layer by a linear model."""

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.features import choose_features
    from thinkalike.mlem.probes import probe_layer
    from thinkalike.representations.storage import in_order, layer_path, read_representation
    from thinkalike.stimuli import read_stimuli
    from thinkalike.tables import write_table

    names = snakemake.wildcards
    stimuli, declared = read_stimuli(snakemake.input.stimuli)
    path = layer_path(snakemake.input.representations, names.layer)
    representation = in_order(read_representation(path), stimuli["stimulus_id"])
    table = probe_layer(
        stimuli,
        choose_features(declared, snakemake.params.features, snakemake.params.controls),
        representation.vectors,
        folds=snakemake.params.folds,
        seed=snakemake.params.seed,
    )
    table.insert(0, "model", names.model)
    table.insert(1, "layer", names.layer)
    write_table(table, snakemake.output[0], {"dataset": names.dataset})
