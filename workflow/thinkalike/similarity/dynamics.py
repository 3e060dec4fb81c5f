"""Dynamical similarity analysis: do two systems move alike through their representations, word after word?

Unlike the measures of `MEASURES`, it needs sequences: the vectors of the words of sentences, in their order. It is
computed by its authors' library (optional, `pip install dsa-metric`).
"""

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from thinkalike.errors import InputError
from thinkalike.similarity.matrices import as_matrix


def dynamical_similarity(
    sequences_x: Sequence[npt.NDArray[Any]],
    sequences_y: Sequence[npt.NDArray[Any]],
    *,
    delays: int = 2,
    rank: int = 10,
    iterations: int = 500,
    seed: int = 0,
) -> float:
    """Return the DSA distance (angle, 0 to pi) between two systems' dynamics.

    A linear operator is fitted to each system's delay-embedded sequences; the distance is the smallest angle between
    the two operators over rotations, found by a non-convex optimisation: a small positive value, not 0, is what a
    rotated copy gives.

    Parameters
    ----------
    sequences_x, sequences_y
        Arrays of shape (words, units), the same sequences for both, longer than `delays`; one width for each system.
    delays, rank
        Of the delay embedding and of the operator; choose them by prediction error and state them.
    iterations, seed
        Of the optimisation.

    Raises
    ------
    InputError
        When the library is not installed, or the sequences are too short or not the same.
    """
    dsa = _library()
    for name, sequences in (("X", sequences_x), ("Y", sequences_y)):
        if not len(sequences) or min(len(sequence) for sequence in sequences) <= delays:
            raise InputError(f"{name}: every sequence must be longer than the {delays} delays; leave short ones out.")
    if [len(sequence) for sequence in sequences_x] != [len(sequence) for sequence in sequences_y]:
        raise InputError("The two systems must be given the same sequences: their lengths differ.")
    sys.modules["torch"].manual_seed(seed)  # the library's; this stage does not import it
    systems = [[np.asarray(sequence, dtype=np.float64) for sequence in s] for s in (sequences_x, sequences_y)]
    # Given as one list of systems, each with its own list of sequences; two lists would be taken for 2 x n systems.
    model = dsa(systems, None, n_delays=delays, rank=rank, iters=iterations, score_method="angular", verbose=False)
    return float(np.asarray(model.fit_score())[0, 1])


def sentence_sequences(stimuli: pd.DataFrame, vectors: Any) -> list[npt.NDArray[np.float64]]:
    """Return one array a sentence: the vectors of its stimuli in the order of `position`.

    Parameters
    ----------
    stimuli
        Columns sentence_id and position, a row a stimulus in the order of `vectors`.
    vectors
        Shape (n, units), or a `Representation`.
    """
    X = as_matrix(vectors, "vectors")
    if len(stimuli) != len(X):
        raise InputError(f"There are {len(stimuli)} stimuli but {len(X)} vectors; give one vector a stimulus.")
    table = stimuli.reset_index(drop=True).sort_values(["sentence_id", "position"], kind="stable")
    return [X[rows.index.to_numpy()] for _, rows in table.groupby("sentence_id", sort=True)]


def _library() -> Any:
    try:
        from DSA import DSA
    except ImportError as error:
        raise InputError(
            "Dynamical similarity needs the library dsa-metric, which is not installed; run `pip install dsa-metric`."
        ) from error
    return DSA
