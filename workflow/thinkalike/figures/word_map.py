"""A representation's words in a plane: multi-dimensional scaling of their Euclidean distances."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from thinkalike.errors import InputError


def word_map(vectors: np.ndarray, ids: Sequence[str], *, seed: int, max_points: int = 500) -> pd.DataFrame:
    """Return two coordinates for each word, or for `max_points` of them drawn by `seed`.

    Metric multi-dimensional scaling (SMACOF) that starts from the classical solution, which is the projection on the
    two first principal components: one start, no luck, the same plane every time.

    Parameters
    ----------
    vectors
        A layer's representation, (words, dimensions).
    ids
        `stimulus_id` of each row. The same ids and seed draw the same words in every layer, in whatever order.
    seed
        Draws the words.
    max_points
        The most words that are drawn; the method's cost grows with the square of it.

    Returns
    -------
    DataFrame
        Columns `x`, `y` and `stress` (Kruskal's stress-1 of the whole map, the same in every row), index
        `stimulus_id`, sorted.

    Raises
    ------
    InputError
        Fewer than three words, ids that do not match the rows or repeat, or values that are not finite.
    """
    vectors = np.asarray(vectors, dtype=np.float64)
    names = np.asarray(ids, dtype=object).astype(str)
    if vectors.ndim != 2 or len(vectors) != len(names) or len(names) < 3:
        raise InputError(
            f"A word map needs one row of numbers for each of at least three words, but there are {len(names)} ids and "
            f"an array of shape {vectors.shape}."
        )
    if len(np.unique(names)) != len(names) or not np.isfinite(vectors).all():
        raise InputError("A word map needs ids that do not repeat and finite numbers; extract the layer again.")
    order = np.argsort(names)
    if len(order) > max_points:
        order = order[np.sort(np.random.default_rng(seed).choice(len(order), max_points, replace=False))]
    points, stress = _scale(vectors[order])
    table = pd.DataFrame(points, columns=["x", "y"], index=pd.Index(names[order], name="stimulus_id"))
    return table.assign(stress=stress)


def _scale(vectors: np.ndarray) -> tuple[np.ndarray, float]:
    from scipy.spatial.distance import pdist, squareform
    from sklearn.manifold import smacof
    from threadpoolctl import threadpool_limits

    centred = vectors - vectors.mean(axis=0)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    start = np.zeros((len(centred), 2))
    start[:, : min(2, len(sizes))] = (left * sizes)[:, :2]
    distances = squareform(pdist(centred))
    if not distances.any():
        return start, 0.0
    # One thread: the same bits whatever the number of cores.
    with threadpool_limits(limits=1):
        points, _ = smacof(distances, n_components=2, init=start, n_init=1, max_iter=100, normalized_stress=False)
    wanted = squareform(distances)
    stress = np.sqrt(np.sum((pdist(points) - wanted) ** 2) / np.sum(wanted**2))
    return _oriented(points - points.mean(axis=0)), float(stress)


def _oriented(points: np.ndarray) -> np.ndarray:
    """Return `points` mirrored so that each axis' largest coordinate is positive: a solver's sign is arbitrary."""
    largest = points[np.abs(points).argmax(axis=0), [0, 1]]
    return points * np.where(largest < 0, -1.0, 1.0)
