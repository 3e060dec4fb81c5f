"""The numbers of a training."""

from dataclasses import dataclass
from typing import Literal

Objective = Literal["causal", "masked"]


@dataclass(frozen=True)
class Settings:
    """The training of one architecture.

    Attributes
    ----------
    steps
        Updates of the weights; 0 leaves the random initialisation.
    batch_size
        Sentences per update of the weights.
    learning_rate
        Its largest value, after the warm-up.
    initial_scale
        Standard deviation of the weights at the start. The libraries' 0.02 is meant for widths near 1000; at 128 it
        costs hundreds of steps.
    warm_up
        Share of the steps in which the learning rate rises; it falls as a cosine after that.
    weight_decay
        How fast the weights of matrices decay; biases and norms do not.
    mask_rate
        Share of sub-tokens hidden in training; masked objective alone.
    """

    steps: int
    batch_size: int
    learning_rate: float
    initial_scale: float = 0.05
    warm_up: float = 0.1
    weight_decay: float = 0.05
    mask_rate: float = 0.15
