"""A vision example: images of handwritten digits, their features, and the layers of a small network that reads them.

Nothing here is about language: the activations and the table of stimuli go through the same stages as words do. The
images (8 x 8 grey values) come with scikit-learn, so nothing is downloaded.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from thinkalike.errors import InputError
from thinkalike.files import whole_file

# Held out from training; the network is probed on these.
_PROBED = 500
_BATCH = 32
# Named so that they sort in their order.
LAYERS = ("0_input", "1_convolution", "2_convolution", "3_dense", "4_output")


class DigitNetwork(nn.Module):
    """Two convolutions and two dense layers, enough for 98 % of unseen digits."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution_1 = nn.Conv2d(1, 16, 3, padding=1)
        self.convolution_2 = nn.Conv2d(16, 32, 3, padding=1)
        self.dense = nn.Linear(32 * 4 * 4, 64)
        self.output = nn.Linear(64, 10)

    def layers(self, images: Tensor) -> dict[str, Tensor]:
        """Return what each layer gives for images of shape (n, 1, 8, 8), by the names in `LAYERS`."""
        first = self.convolution_1(images).relu()
        second = nn.functional.max_pool2d(self.convolution_2(first).relu(), 2)
        dense = self.dense(second.flatten(1)).relu()
        outputs = (images, first, second, dense, self.output(dense))
        return {name: output.flatten(1) for name, output in zip(LAYERS, outputs, strict=True)}

    def forward(self, images: Tensor) -> Tensor:
        """Return scores of shape (n, 10)."""
        return self.layers(images)[LAYERS[-1]]


def write_digit_stimuli(path: str | Path, seed: int = 0) -> None:
    """Write the table of the probed images, for a dataset with the key `table`.

    Columns: `stimulus_id` and `sentence_id` (an image each), `word` (the digit's name), and the features `digit`,
    `thickness`, `slant`, `aspect` of `digit_features`.

    Parameters
    ----------
    path
        A CSV file.
    seed
        Which images are probed.
    """
    images, classes, names = _split(seed)[1]
    table = pd.DataFrame({"stimulus_id": names, "sentence_id": names, "word": [f"digit-{digit}" for digit in classes]})
    table = pd.concat([table, digit_features(images, classes)], axis=1)
    with whole_file(path) as temporary:
        table.to_csv(temporary, index=False)


def write_digit_activations(
    path: str | Path, seed: int = 0, steps: int = 600, network_seed: int | None = None
) -> float:
    """Train a network, write its layers' activations for the probed images, and return its accuracy on them.

    Parameters
    ----------
    path
        An NPZ file: `stimulus_id` and an array (n, units) for every name in `LAYERS`.
    seed
        Which images are probed.
    steps
        Training steps; 0 is the untrained control.
    network_seed
        Decides the network's first weights and the order of the images; `seed` when left out.

    Returns
    -------
    float
        Share of the probed images whose digit is found, in [0, 1].
    """
    if steps < 0:
        raise InputError(f"steps is {steps} but must be 0 (an untrained network) or more.")
    (images, classes, _), (probed, answers, names) = _split(seed)
    network = _train(images, classes, seed if network_seed is None else network_seed, steps)
    with torch.inference_mode():
        layers = {name: values.numpy() for name, values in network.layers(_to_tensor(probed)).items()}
    with whole_file(path) as temporary:
        np.savez(temporary, stimulus_id=names, **layers)  # type: ignore[arg-type]
    return float((layers[LAYERS[-1]].argmax(axis=1) == answers).mean())


def digit_features(images: np.ndarray, classes: np.ndarray) -> pd.DataFrame:
    """Compute what the features of images are.

    Parameters
    ----------
    images
        Grey values from 0 to 1, shape (n, 8, 8).
    classes
        The digits, n integers.

    Returns
    -------
    DataFrame
        `digit`; `thickness`, the width of the stroke in pixels (twice the ink over the length of its outline);
        `slant`, by how many columns the figure moves to the left a row downwards (0 is upright, an italic letter is
        positive); `aspect`, its width over its height.
    """
    rows, columns = np.mgrid[: images.shape[1], : images.shape[2]].astype(float)
    ink = images.sum(axis=(1, 2))
    row_mean = (images * rows).sum(axis=(1, 2)) / ink
    column_mean = (images * columns).sum(axis=(1, 2)) / ink
    row_offset = rows - row_mean[:, None, None]
    column_offset = columns - column_mean[:, None, None]
    across = (images * row_offset * column_offset).sum(axis=(1, 2))
    height = (images * row_offset**2).sum(axis=(1, 2))
    width = (images * column_offset**2).sum(axis=(1, 2))
    framed = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    outline = np.hypot(framed[:, 1:, :-1] - framed[:, :-1, :-1], framed[:, :-1, 1:] - framed[:, :-1, :-1])
    return pd.DataFrame(
        {
            "digit": classes,
            "thickness": (2 * ink / outline.sum(axis=(1, 2))).round(4),
            "slant": (-across / height).round(4),
            "aspect": np.sqrt(width / height).round(4),
        }
    )


_Images = tuple[np.ndarray, np.ndarray, np.ndarray]


def _split(seed: int) -> tuple[_Images, _Images]:
    """Return images, classes and names for training, and the same for probing."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    order = np.random.default_rng(seed).permutation(len(digits.images))
    names = np.array([f"image-{number:04d}" for number in range(len(order))])
    parts = order[_PROBED:], np.sort(order[:_PROBED])
    training, probing = ((digits.images[part] / 16, digits.target[part], names[part]) for part in parts)
    return training, probing


def _to_tensor(images: np.ndarray) -> Tensor:
    return torch.as_tensor(images, dtype=torch.float32)[:, None]


def _train(images: np.ndarray, classes: np.ndarray, seed: int, steps: int) -> DigitNetwork:
    rng = np.random.default_rng([seed, 1])
    inputs, answers = _to_tensor(images), torch.as_tensor(classes, dtype=torch.long)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = DigitNetwork()
    optimiser = torch.optim.AdamW(network.parameters(), lr=2e-3)
    for _ in range(steps):
        chosen = torch.as_tensor(rng.choice(len(inputs), _BATCH, replace=False))
        optimiser.zero_grad()
        nn.functional.cross_entropy(network(inputs[chosen]), answers[chosen]).backward()
        optimiser.step()
    return network.eval()
