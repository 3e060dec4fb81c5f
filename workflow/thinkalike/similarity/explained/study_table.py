"""The table `explained` of a study: what makes any two layers of any two models alike."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from thinkalike.catalogue import MOST_CELL_PAIRS
from thinkalike.errors import InputError
from thinkalike.features import Feature, fold_groups, kinds_and_missing
from thinkalike.mlem.cells import distinct_rows, label_codes
from thinkalike.numerics.matrices import checked_matrix, preprocess
from thinkalike.numerics.parallel import single_threaded
from thinkalike.similarity.chance import half_samples
from thinkalike.similarity.explained.all_pairs import StimulusSample, stimulus_sample
from thinkalike.similarity.explained.explain import DECIMALS, excluded_labels
from thinkalike.similarity.explained.feature_levels import Levels, read_levels
from thinkalike.similarity.explained.halves import HALVINGS
from thinkalike.similarity.explained.layer_sums import check_measure, pair_numbers
from thinkalike.similarity.explained.parts import Parts
from thinkalike.similarity.inputs import MAX_STIMULI, subsample
from thinkalike.similarity.measures.pair_vectors import PairVector, shelf

_logger = logging.getLogger(__name__)
_SHELF_BYTES = 2 * 2**30
COLUMNS = ["model_a", "layer_a", "model_b", "layer_b", "measure", "by", "part", "role", "value", "last"]


def explained_table(
    stimuli: pd.DataFrame,
    features: Mapping[str, Feature],
    layers: Iterable[tuple[str, str, Any]],
    *,
    measure: str = "rsa",
    exclude: pd.DataFrame | None = None,
    preprocessing: str = "none",
    max_stimuli: int | None = None,
    resamples: int = 0,
    seed: int = 0,
) -> pd.DataFrame:
    """Divide the similarity of every pair of layers into what each feature carries, and the rest.

    Every layer is ranked once and its ranks summed per pair of cells; a pair of layers then costs sums of products.

    Parameters
    ----------
    stimuli
        One row per stimulus, with `sentence_id` and a column per feature; halves never split a sentence, nor an item
        where there is `item_id`.
    features
        The features, and the controls (`role="control"`), by name.
    layers
        Model, layer and vectors of shape (n_stimuli, n_units), one layer after another, all layers of a model
        together; they are read once and need not fit into memory together.
    measure
        As in `explain_similarity`.
    exclude
        As in `explain_similarity`.
    preprocessing
        As in `compare`.
    max_stimuli, seed
        If there are more stimuli, this many are drawn. None draws 10,000, or as many as have at most 2.5 million pairs
        of combinations of feature values, and says so in the log. `seed` also draws the halves.
    resamples
        Number of random halves of the sentences; 0 for none. Adds the columns `low` and `high`, a 95 % interval for
        new sentences, and `over`, which says so. Each costs nearly as much as the table without.

    Returns
    -------
    DataFrame
        `model_a, layer_a, model_b, layer_b, measure, by, part, role, value, last`, one row per part of a pair of
        layers: `by` values and by differences of the features, whose parts sum to the similarity each. `role` is
        feature, control, form (how the features combine), lexical (what single values of the controls carry) or
        unexplained; `last` is what a feature adds to all others. `attrs` holds what made it, with the share of the
        pairs of stimuli for which the form could be estimated.
    """
    check_measure(measure, exclude)
    if resamples and measure != "rsa":
        raise InputError(f"Intervals of the table are for 'rsa', but the measure is '{measure}'; give no resamples.")
    total = len(stimuli)
    all_levels = _levels(stimuli, features)
    most = max_stimuli or _affordable(all_levels)
    rows = subsample(total, most, seed) if total > most else np.arange(total)
    sample = _sample(stimuli, all_levels, exclude, rows, seed)
    levels = sample.levels
    labels: list[tuple[str, str]] = []
    vectors: list[PairVector] = []
    with shelf(_SHELF_BYTES) as keep, single_threaded():
        for model, layer, given in layers:
            matrix = checked_matrix(given, f"{model}, layer {layer}").astype(np.float64, copy=False)
            if len(matrix) != total:
                raise InputError(
                    f"{model}, layer {layer} has {len(matrix)} stimuli, but the table of stimuli has {total}; give "
                    "both the same stimuli in the same order."
                )
            labels.append((model, layer))
            vectors.append(keep(pair_numbers(preprocess(matrix[rows], preprocessing), measure, sample.cells)))
        if not labels:
            raise InputError("There are no layers to compare; give at least one.")
        pairs = _pairs(labels)
        values, parts = sample.divide(vectors)
        frame = pd.concat([_rows(labels, levels, values, *pairs, by, each) for by, each in parts.items()])
        if resamples:
            frame = _with_intervals(frame, sample, vectors, pairs, resamples)
    frame.insert(4, "measure", measure)
    covered = {by: round(each.covered, DECIMALS) for by, each in parts.items()}
    frame.attrs.update(
        measure=measure,
        exclude=None if exclude is None else list(exclude.columns),
        preprocessing=preprocessing,
        stimuli=len(rows),
        stimuli_given=total,
        seed=seed,
        halvings=HALVINGS,
        resamples=resamples,
        covered=covered,
        bins={name: list(edges) for name, edges in levels.bins.items()},
        features={name: feature.role for name, feature in features.items()},
    )
    _logger.info("%s explained: %s", measure, frame.attrs)
    return frame[[*COLUMNS, *(["low", "high", "over"] if resamples else [])]].reset_index(drop=True)


def _levels(stimuli: pd.DataFrame, features: Mapping[str, Feature]) -> Levels:
    controls = [name for name, feature in features.items() if feature.role == "control"]
    return read_levels(stimuli[list(features)], controls, **kinds_and_missing(features))


def _affordable(levels: Levels) -> int:
    """Return how many stimuli are looked at where the user does not say: what is kept grows with pairs of cells."""
    cells, most = len(distinct_rows(levels.codes)[0]), int((2 * MOST_CELL_PAIRS) ** 0.5)
    if cells <= most or len(levels.codes) <= most:
        return MAX_STIMULI
    _logger.warning(
        "The stimuli have %d combinations of feature values, and sums are kept for every pair of them: %d of %d "
        "stimuli, drawn by the seed, are divided among features. Set max_stimuli for more, at 1.4 kB a pair.",
        cells, most, len(levels.codes),
    )  # fmt: skip
    return most


def _sample(
    stimuli: pd.DataFrame,
    levels: Levels,
    exclude: pd.DataFrame | None,
    rows: NDArray[np.intp],
    seed: int,
) -> StimulusSample:
    places = pd.RangeIndex(len(stimuli))
    groups = label_codes(fold_groups(stimuli).reset_index(drop=True), places, "sentences")
    left_out = None if exclude is None else excluded_labels(exclude.reset_index(drop=True), places)[rows]
    return stimulus_sample(levels.of_stimuli(rows), groups[rows], left_out, seed)


def _with_intervals(
    frame: pd.DataFrame,
    sample: StimulusSample,
    vectors: list[PairVector],
    pairs: tuple[NDArray[np.intp], NDArray[np.intp]],
    resamples: int,
) -> pd.DataFrame:
    """Return the rows with 95 % intervals from random halves of the sentences, centred on the estimates."""
    draws = []
    for rows in half_samples(len(sample.groups), resamples, sample.seed, sample.groups.tolist()):
        half, ranks = sample.part(rows, vectors)
        values, parts = half.divide(ranks)
        draws.append(np.concatenate([_shares(half.levels, values, *pairs, each)[0].ravel() for each in parts.values()]))
    drawn = np.array(draws)
    low, high = np.quantile(drawn - drawn.mean(axis=0), [0.025, 0.975], axis=0)
    estimates = frame["value"].to_numpy()
    bounds = {"low": np.round(estimates + low, DECIMALS), "high": np.round(estimates + high, DECIMALS)}
    return frame.assign(**bounds, over="sentences")


def _pairs(labels: Sequence[tuple[str, str]]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the places of the layers of every pair, as the table of similarities has them."""
    of_model: dict[str, list[int]] = {}
    for place, (model, _) in enumerate(labels):
        of_model.setdefault(model, []).append(place)
    both = [
        (i, j) for a, b in combinations_with_replacement(sorted(of_model), 2) for i in of_model[a] for j in of_model[b]
    ]
    first, second = zip(*both, strict=True)
    return np.array(first), np.array(second)


def _rows(
    labels: Sequence[tuple[str, str]],
    levels: Levels,
    values: NDArray[np.float64],
    first: NDArray[np.intp],
    second: NDArray[np.intp],
    by: str,
    parts: Parts,
) -> pd.DataFrame:
    """Return the rows of all pairs, those of a pair together."""
    shares, last = _shares(levels, values, first, second, parts)
    names = [*levels.names, "form", "lexical", "unexplained"]
    roles = [*np.where(levels.controls, "control", "feature"), "form", "lexical", "unexplained"]
    if not levels.controls.any():
        names, roles = ([each for each in column if each != "lexical"] for column in (names, roles))
    columns: dict[str, Any] = {
        f"{column}_{side}": np.repeat([labels[place][which] for place in places], len(names))
        for side, places in (("a", first), ("b", second))
        for which, column in enumerate(("model", "layer"))
    }
    columns |= {"by": by, "part": np.tile(names, len(first)), "role": np.tile(roles, len(first))}
    columns |= {"value": np.round(shares, DECIMALS).ravel(), "last": np.round(last, DECIMALS).ravel()}
    return pd.DataFrame(columns)


def _shares(
    levels: Levels, values: NDArray[np.float64], first: NDArray[np.intp], second: NDArray[np.intp], parts: Parts
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return value and `last` of the parts of every pair, shape (n_pairs, n_parts)."""
    division = parts.division
    rest = values - division.together - parts.form - parts.lexical
    others = [parts.form, parts.lexical, rest] if levels.controls.any() else [parts.form, rest]
    shares = np.array([*division.values, *others])[:, first, second].T
    last = np.full_like(shares, np.nan)
    last[:, : len(levels.names)] = division.last[:, first, second].T
    return shares, last
