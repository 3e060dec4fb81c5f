"""Maps of the words of every layer: principal components, turned so that neighbouring layers lie alike."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from thinkalike.errors import InputError
from thinkalike.numerics.parallel import single_threaded
from thinkalike.representations.storage import layer_path, read_representation
from thinkalike.similarity.maps import turned_to

#: More would make a page that opens slowly: points of all layers together.
_MOST_POINTS = 600_000


def word_maps(
    folders: Mapping[str, str | Path], layers: Mapping[str, Sequence[str]], *, seed: int, max_words: int = 2000
) -> pd.DataFrame:
    """Return the words' places in the plane of the two first principal components of every layer.

    Parameters
    ----------
    folders
        Folder of representations by model.
    layers
        Labels of the layers to map by model, in their order.
    seed
        Draws the words where there are more than `max_words`: the same in all layers.
    max_words
        The most words of a layer; fewer where all layers together would have more than 600,000 points.

    Returns
    -------
    DataFrame
        One row per word of a layer: `model, layer, stimulus_id, x, y`, and `share`, the part of the layer's variance
        that lies in the plane. A map is turned and mirrored, distances kept, to lie like that of the layer before it in
        its model, the first of a model like the first of the first model.

    Raises
    ------
    InputError
        When a layer has fewer than three words, or layers have other words than the first.
    """
    count = sum(len(labels) for labels in layers.values())
    most = max(3, min(max_words, _MOST_POINTS // max(count, 1)))
    chosen: np.ndarray | None = None
    first: pd.DataFrame | None = None
    maps = []
    for model, labels in layers.items():
        before = first
        for label in labels:
            path = layer_path(folders[model], label)
            representation = read_representation(path)
            ids = np.asarray(representation.stimulus_ids, dtype=object).astype(str)
            order = np.argsort(ids)
            if chosen is None:
                chosen = _draw(ids[order], most, seed)
            points, share = principal_plane(representation.vectors)
            table = pd.DataFrame(points, index=ids, columns=["x", "y"])
            if not np.isin(chosen, ids).all():
                raise InputError(f"{path}: this layer has other words than the first; extract the models again.")
            table = table.loc[chosen]
            table = table if before is None else turned_to(table, before)
            before = table
            first = table if first is None else first
            rows = table.rename_axis("stimulus_id").reset_index()
            maps.append(rows.assign(model=model, layer=label, share=share))
    columns = ["model", "layer", "stimulus_id", "x", "y", "share"]
    return pd.concat(maps, ignore_index=True)[columns].round({"x": 9, "y": 9, "share": 9})


def principal_plane(vectors: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the rows' scores on the two first principal components, shape (rows, 2), and their share of the variance.

    The sign of a component is that which makes its largest score positive.
    """
    from scipy.linalg import eigh

    values = np.asarray(vectors, dtype=np.float64)
    if values.ndim != 2 or len(values) < 3:
        raise InputError(f"A map of words needs at least three rows of numbers, but this has the shape {values.shape}.")
    if not np.isfinite(values).all():
        raise InputError("A map of words needs finite numbers; extract the layer again.")
    centred = values - values.mean(axis=0)
    total = float(np.sum(centred**2))
    if total == 0 or values.shape[1] == 0:
        return np.zeros((len(values), 2)), 0.0
    wide = centred.shape[0] <= centred.shape[1]
    with single_threaded():
        gram = centred @ centred.T if wide else centred.T @ centred
        least = max(0, len(gram) - 2)
        sizes, directions = eigh(gram, subset_by_index=[least, len(gram) - 1])
        sizes, directions = np.clip(sizes[::-1], 0, None), directions[:, ::-1]
        scores = directions * np.sqrt(sizes) if wide else centred @ directions
    points = np.zeros((len(values), 2))
    points[:, : scores.shape[1]] = scores
    largest = points[np.abs(points).argmax(axis=0), [0, 1]]
    return points * np.where(largest < 0, -1.0, 1.0), float(sizes.sum() / total)


def _draw(ids: np.ndarray, most: int, seed: int) -> np.ndarray:
    if len(ids) <= most:
        return ids
    return ids[np.sort(np.random.default_rng(seed).choice(len(ids), most, replace=False))]
