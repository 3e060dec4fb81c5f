"""Draw what makes two layers alike: their features' importance, and the words of each."""

from thinkalike.jobs import logged

with logged(snakemake.log[0]):
    from thinkalike.collect import families
    from thinkalike.figures import pair_explanation, save_figure
    from thinkalike.tables import read_table

    pairs = read_table(snakemake.input.pairs).query("pair == @snakemake.params.pair")
    words = read_table(snakemake.input.words).query("pair == @snakemake.params.pair").set_index("stimulus_id")
    layers = pairs[["model_a", "layer_a", "model_b", "layer_b"]].iloc[0]
    figure = pair_explanation(
        read_table(snakemake.input.importance),
        ((layers["model_a"], layers["layer_a"]), (layers["model_b"], layers["layer_b"])),
        words[words["side"] == "a"],
        words[words["side"] == "b"],
        read_table(snakemake.input.stimuli),
        families=families(read_table(snakemake.input.models)),
    )
    save_figure(figure, snakemake.output, **snakemake.params.options)
