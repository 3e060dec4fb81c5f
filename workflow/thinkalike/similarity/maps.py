"""Maps in the plane on which neighbours are alike, of layers and of a layer's words: multidimensional scaling."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from thinkalike.errors import InputError
from thinkalike.numerics.parallel import single_threaded
from thinkalike.similarity.agreement import square_matrix
from thinkalike.similarity.measures.measure import find_measure

Matrix = npt.NDArray[np.float64]


def multidimensional_scaling(
    matrix: pd.DataFrame, *, larger_is_more_similar: bool, seed: int = 0
) -> tuple[pd.DataFrame, float]:
    """Place layers in the plane so that distances there are as close as possible to their dissimilarities.

    Metric scaling (SMACOF, scikit-learn), started from classical scaling and from 7 random maps drawn by seed; the
    map of least stress is kept. It is turned to its principal axes with a fixed sign, so that the same matrix gives
    the same picture.

    Parameters
    ----------
    matrix
        All layers against all, as `square_matrix` or `compare_all` gives; made symmetric by averaging.
    larger_is_more_similar
        If so, dissimilarity is the largest value of the matrix minus the value.
    seed
        Decides the random starts.

    Returns
    -------
    coordinates : DataFrame
        Columns x and y, index as the matrix'.
    stress : float
        Kruskal's stress-1, sqrt(sum (d - D)^2 / sum D^2) over pairs: 0 is a perfect map; .1 fair; .2 poor.

    Raises
    ------
    InputError
        When the matrix is not square, has a value that is not finite, or fewer than 3 layers.
    """
    values = _dissimilarity(matrix, larger_is_more_similar)
    generator = np.random.default_rng(seed)
    starts = [_classical(values), *(generator.normal(size=(len(values), 2)) for _ in range(7))]
    maps = [_smacof(values, start) for start in starts]
    stresses = [round(_stress(values, points), 9) for points in maps]
    best = _turned(maps[int(np.argmin(stresses))])
    return pd.DataFrame(np.round(best, 9) + 0.0, index=matrix.index, columns=["x", "y"]), min(stresses)


def map_layers(similarity: pd.DataFrame, *, measures: Sequence[str], seed: int = 0) -> pd.DataFrame:
    """Map the layers of all models in the plane, once for each measure.

    Parameters
    ----------
    similarity
        model_a, layer_a, model_b, layer_b, measure, value, as for `square_matrix`.
    measures
        Which of its measures to map.
    seed
        Decides the random starts.

    Returns
    -------
    DataFrame
        measure, model, layer, x, y, stress (of the whole map). The maps of the other measures are turned and mirrored,
        distances kept, to lie like that of the first, so that what differs is the measure. A layer whose similarities
        are undefined (no feature shapes it, so it has no profile) is left out; a measure that leaves fewer than 3
        layers is left out as a whole.
    """
    maps: list[pd.DataFrame] = []
    first: pd.DataFrame | None = None
    for name in measures:
        matrix = without_gaps(square_matrix(similarity, name))
        if len(matrix) < 3:
            continue
        larger = find_measure(name).larger_is_more_similar
        coordinates, stress = multidimensional_scaling(matrix, larger_is_more_similar=larger, seed=seed)
        if first is None:
            first = coordinates
        else:
            coordinates = turned_to(coordinates, first).round(9) + 0.0
        maps.append(coordinates.reset_index().assign(measure=name, stress=stress))
    columns = ["measure", "model", "layer", "x", "y", "stress"]
    return pd.concat(maps, ignore_index=True)[columns] if maps else pd.DataFrame(columns=columns)


def turned_to(points: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Return a map turned and mirrored, distances kept, so that its points lie as in another map as far as they can.

    Both have columns x and y; points of one name (the index) are the same point.
    """
    from scipy.linalg import orthogonal_procrustes

    common = points.index.intersection(other.index, sort=False)
    if len(common) < 2:
        return points
    centred = points - points.loc[common].mean()
    target = other.loc[common] - other.loc[common].mean()
    with single_threaded():
        turn, _ = orthogonal_procrustes(centred.loc[common].to_numpy(), target.to_numpy())
        turned = centred.to_numpy() @ turn
    return pd.DataFrame(turned, index=points.index, columns=points.columns)


def without_gaps(matrix: pd.DataFrame) -> pd.DataFrame:
    """Return the matrix without the layers that have gaps, those with most gaps going first."""
    gaps = matrix.isna().to_numpy()
    kept = np.arange(len(matrix))
    while gaps[np.ix_(kept, kept)].any():
        kept = np.delete(kept, gaps[np.ix_(kept, kept)].sum(axis=1).argmax())
    return matrix.iloc[kept, kept]


def _dissimilarity(matrix: pd.DataFrame, larger_is_more_similar: bool) -> Matrix:
    values = matrix.to_numpy(dtype=np.float64)
    if values.ndim != 2 or values.shape[0] != values.shape[1] or len(values) < 3:
        raise InputError(
            f"A map needs a square matrix of at least 3 layers, but this one has the shape {values.shape}."
        )
    if not np.isfinite(values).all():
        row, column = np.argwhere(~np.isfinite(values))[0]
        raise InputError(
            f"The similarity of {matrix.index[row]} and {matrix.columns[column]} is not defined; leave out the layer "
            "that has no defined similarities before drawing a map."
        )
    values = (values + values.T) / 2
    values = values.max() - values if larger_is_more_similar else values
    np.fill_diagonal(values, 0.0)
    return values


def _classical(values: Matrix) -> Matrix:
    """Return the best map of the double-centred squared dissimilarities: a start without chance."""
    squares = values**2
    centred = squares - squares.mean(axis=0) - squares.mean(axis=1)[:, None] + squares.mean()
    eigenvalues, vectors = np.linalg.eigh(-centred / 2)
    return vectors[:, [-1, -2]] * np.sqrt(np.maximum(eigenvalues[[-1, -2]], 0.0))


def _smacof(values: Matrix, start: Matrix) -> Matrix:
    from sklearn.manifold import smacof

    with single_threaded():
        points, _ = smacof(
            values, metric=True, n_components=2, init=start, n_init=1, max_iter=3000, eps=1e-9, normalized_stress=False
        )
    return points


def _stress(values: Matrix, points: Matrix) -> float:
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    total = np.sum(values**2)
    return float(np.sqrt(np.sum((distances - values) ** 2) / total)) if total > 0 else 0.0


def _turned(points: Matrix) -> Matrix:
    """Return the map on its principal axes, the point farthest along each axis on the positive side."""
    centred = points - points.mean(axis=0)
    turned = centred @ np.linalg.svd(centred, full_matrices=False)[2].T
    return _facing(turned)


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
    points, stress = _scale_words(vectors[order])
    table = pd.DataFrame(points, columns=["x", "y"], index=pd.Index(names[order], name="stimulus_id"))
    return table.assign(stress=stress)


def _scale_words(vectors: np.ndarray) -> tuple[np.ndarray, float]:
    from scipy.spatial.distance import pdist, squareform
    from sklearn.manifold import smacof

    centred = vectors - vectors.mean(axis=0)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    start = np.zeros((len(centred), 2))
    start[:, : min(2, len(sizes))] = (left * sizes)[:, :2]
    distances = squareform(pdist(centred))
    if not distances.any():
        return start, 0.0
    # One thread: the same bits whatever the number of cores.
    with single_threaded():
        points, _ = smacof(distances, n_components=2, init=start, n_init=1, max_iter=100, normalized_stress=False)
    wanted = squareform(distances)
    stress = np.sqrt(np.sum((pdist(points) - wanted) ** 2) / np.sum(wanted**2))
    return _facing(points - points.mean(axis=0)), float(stress)


def _facing(points: np.ndarray) -> np.ndarray:
    """Return `points` mirrored so that each axis' largest coordinate is positive: a solver's sign is arbitrary."""
    largest = points[np.abs(points).argmax(axis=0), [0, 1]]
    return points * np.where(largest < 0, -1.0, 1.0)
