"""The vision example: features mean what they say, and the network has learnt."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from thinkalike.errors import InputError
from thinkalike.examples.digits import LAYERS, digit_features, write_digit_activations, write_digit_stimuli
from thinkalike.representations.extraction import extract_to_folder
from thinkalike.representations.storage import layer_path, read_representation


def drawn(width: int = 2, lean: int = 0) -> np.ndarray:
    """Return a bar of some width; its upper half may be shifted to the right."""
    image = np.zeros((8, 8))
    image[1:7, 3 : 3 + width] = 1
    if lean:
        image[1:4] = np.roll(image[1:4], lean, axis=1)
    return image


def test_thickness_slant_and_aspect() -> None:
    images = np.stack([drawn(1), drawn(3), drawn(2, lean=1), drawn(2, lean=-1), drawn(2)])
    found = digit_features(images, np.arange(5))
    assert found["thickness"][0] < found["thickness"][4] < found["thickness"][1]
    assert found["slant"].tolist() == pytest.approx([0, 0, 0.2571, -0.2571, 0], abs=1e-3)
    assert found["aspect"][0] < found["aspect"][4] < found["aspect"][1]
    assert found["digit"].tolist() == [0, 1, 2, 3, 4]


def test_features_do_not_depend_on_place_or_ink() -> None:
    image = drawn(2, lean=1)
    moved = np.stack([image, np.roll(image, 1, axis=1), image / 2])
    found = digit_features(moved, np.zeros(3, dtype=int))
    for column in ("thickness", "slant", "aspect"):
        assert found[column].nunique() == 1


@pytest.mark.slow
def test_activations_go_through_extraction(tmp_path: Path) -> None:
    write_digit_stimuli(tmp_path / "stimuli.csv")
    trained = write_digit_activations(tmp_path / "trained.npz")
    untrained = write_digit_activations(tmp_path / "untrained.npz", steps=0)
    assert trained > 0.95
    assert untrained < 0.35
    stimuli = pd.read_csv(tmp_path / "stimuli.csv")
    assert len(stimuli) == 500
    assert stimuli["digit"].nunique() == 10
    extract_to_folder(
        {"activations": str(tmp_path / "trained.npz")}, pd.DataFrame(), stimuli, layers=LAYERS, folder=tmp_path / "r"
    )
    dense = read_representation(layer_path(tmp_path / "r", LAYERS[3]))
    assert dense.vectors.shape == (500, 64)
    assert dense.stimulus_ids.tolist() == stimuli["stimulus_id"].tolist()
    # Digits are further apart than images of one digit, the more the deeper.
    separation = []
    for layer in (LAYERS[0], LAYERS[3], LAYERS[4]):
        vectors = read_representation(layer_path(tmp_path / "r", layer)).vectors
        distance = ((vectors[:, None] - vectors[None]) ** 2).sum(axis=2)
        same = stimuli["digit"].to_numpy()[:, None] == stimuli["digit"].to_numpy()[None]
        separation.append(distance[~same].mean() / distance[same].mean())
    assert separation == sorted(separation)
    assert separation[0] > 1


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_digit_activations(tmp_path / f"{name}.npz", seed=3, steps=5)
        write_digit_stimuli(tmp_path / f"{name}.csv", seed=3)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_negative_steps_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="steps is -1"):
        write_digit_activations(tmp_path / "a.npz", steps=-1)
