"""Train a small vision network and write the activations of its layers."""

import logging

from thinkalike.jobs import logged

with logged(snakemake):
    from thinkalike.examples.digits import write_digit_activations

    accuracy = write_digit_activations(
        snakemake.output[0], steps=int(snakemake.wildcards.steps), network_seed=int(snakemake.wildcards.seed)
    )
    logging.getLogger(__name__).info("accuracy on the probed images: %.3f", accuracy)
