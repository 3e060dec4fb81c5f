"""Write the stimulus table of handwritten digits."""

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.examples.digits import write_digit_stimuli

    write_digit_stimuli(snakemake.output[0])
