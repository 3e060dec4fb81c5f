"""Draw how often each value of each feature occurs, and on how many pairs it varies."""

from thinkalike.jobs import logged

with logged(snakemake.log[0]):
    from thinkalike.figures import save_figure, stimulus_report
    from thinkalike.stimuli import read_stimuli

    figure = stimulus_report(*read_stimuli(snakemake.input[0]))
    save_figure(figure, snakemake.output, **snakemake.params.options)
