"""A map of the layers on which neighbours are alike: multidimensional scaling."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from thinkalike.errors import InputError
from thinkalike.numerics.parallel import single_threaded
from thinkalike.similarity.agreement import similarity_matrix
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
        All layers against all, as `similarity_matrix` or `compare_all` gives; made symmetric by averaging.
    larger_is_more_similar
        If so, dissimilarity is the largest value of the matrix minus the value.
    seed
        Of the random starts.

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
        model_a, layer_a, model_b, layer_b, measure, value, as for `similarity_matrix`.
    measures
        Which of its measures to map.
    seed
        As in `multidimensional_scaling`.

    Returns
    -------
    DataFrame
        measure, model, layer, x, y, stress (of the whole map). A layer whose similarities are undefined (no feature
        shapes it, so it has no profile) is left out; a measure that leaves fewer than 3 layers is left out as a whole.
    """
    maps = []
    for name in measures:
        matrix = without_gaps(similarity_matrix(similarity, name))
        if len(matrix) < 3:
            continue
        larger = find_measure(name).larger_is_more_similar
        coordinates, stress = multidimensional_scaling(matrix, larger_is_more_similar=larger, seed=seed)
        maps.append(coordinates.reset_index().assign(measure=name, stress=stress))
    columns = ["measure", "model", "layer", "x", "y", "stress"]
    return pd.concat(maps, ignore_index=True)[columns] if maps else pd.DataFrame(columns=columns)


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
    return turned * np.where(turned[np.argmax(np.abs(turned), axis=0), [0, 1]] < 0, -1.0, 1.0)
