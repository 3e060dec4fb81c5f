"""A study of given activations: no training, no torch, hence fast."""

from pathlib import Path
from typing import Any

import numpy as np

from thinkalike.stimuli import build_dataset

GRAMMAR = "config/grammars/short_sentences.fcfg"


def activation_study(
    folder: Path,
    layers: dict[str, int],
    *,
    name: str = "activations",
    sentences: int = 60,
    units: int = 8,
    seed: int = 0,
) -> dict[str, Any]:
    """Write one file of random activations a model below `folder`, and return the study of them.

    Parameters
    ----------
    folder
        Where the study will be run; `config/` lies or is linked there.
    layers
        Number of layers of each model, by its name.
    """
    for model, count in layers.items():
        write_activations(folder / f"{name}-{model}.npz", folder, count, sentences, units, seed)
    return {
        "study": name,
        "seed": seed,
        "datasets": {"words": {"grammar": GRAMMAR, "sentences": sentences}},
        "models": {
            model: {"activations": f"{name}-{model}.npz", "layers": list(map(str, range(count)))}
            for model, count in layers.items()
        },
        "mlem": {"folds": 3, "inner_folds": 3, "resamples": 0, "halvings": 0},
        "figures": {"formats": ["png"]},
    }


def write_activations(path: Path, folder: Path, layers: int, sentences: int, units: int, seed: int = 0) -> None:
    """Write random vectors for the stimuli of the study's dataset, different in each file and layer."""
    source = {"grammar": GRAMMAR, "sentences": sentences}
    dataset = build_dataset(source, name="words", seed=seed, base=folder)
    identifiers = dataset.stimuli["stimulus_id"].to_numpy().astype(str)
    # The word's length moves the vectors, so that there is something to explain.
    length = dataset.stimuli["word"].str.len().to_numpy(dtype=float)[:, None]
    draw = np.random.default_rng([seed, *path.name.encode()])
    vectors = {
        str(layer): (draw.normal(size=(len(identifiers), units)) + length * draw.normal(size=units)).astype(np.float32)
        for layer in range(layers)
    }
    np.savez(path, stimulus_id=identifiers, **vectors)
