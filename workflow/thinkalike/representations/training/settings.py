"""How each architecture is trained where a study does not say otherwise."""

from dataclasses import dataclass
from typing import Literal

from thinkalike.errors import InputError

Objective = Literal["causal", "masked"]


@dataclass(frozen=True)
class Settings:
    """The training of one architecture.

    Attributes
    ----------
    objective
        `causal`, every next sub-token is predicted from those before it; `masked`, some are hidden and predicted
        from the others.
    steps
        Updates of the weights; 0 leaves the random initialisation.
    batch_size
        Sentences an update.
    learning_rate
        Its largest value, after the warm-up.
    initial_scale
        Standard deviation of the weights at the start. The libraries' 0.02 is meant for widths near 1000; at 128 it
        costs hundreds of steps.
    warm_up
        Share of the steps in which the learning rate rises; it falls as a cosine after that.
    weight_decay
        Of the matrices (biases and norms do not decay).
    mask_rate
        Share of sub-tokens hidden in training; masked objective alone.
    """

    objective: Objective
    steps: int
    batch_size: int
    learning_rate: float
    initial_scale: float = 0.05
    warm_up: float = 0.1
    weight_decay: float = 0.05
    mask_rate: float = 0.15


# Tuned on the default study's corpus with 4 (BERT, GPT-2, Mamba) and 2 (LSTM) layers of width 128; the outcome
# is in docs/training.md. Small batches: many updates an hour count more than exact gradients.
SETTINGS: dict[str, Settings] = {
    "bert": Settings("masked", steps=3000, batch_size=32, learning_rate=1e-3, mask_rate=0.3),
    "gpt2": Settings("causal", steps=1400, batch_size=32, learning_rate=2e-3),
    "mamba": Settings("causal", steps=1200, batch_size=32, learning_rate=3e-3),
    "lstm": Settings("causal", steps=1200, batch_size=32, learning_rate=8e-3, initial_scale=0.3),
}


def settings_of(architecture: str) -> Settings:
    """Return the default settings of an architecture.

    Raises
    ------
    InputError
        If no such architecture can be trained here.
    """
    if architecture not in SETTINGS:
        raise InputError(
            f"Architecture '{architecture}' cannot be trained here: write one of {', '.join(SETTINGS)} after 'train:'."
        )
    return SETTINGS[architecture]
