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
from thinkalike.mlem.profile_draws import draw_factors
from thinkalike.numerics.draws import Over
from thinkalike.numerics.matrices import checked_matrix, preprocess
from thinkalike.numerics.parallel import single_threaded
from thinkalike.similarity.explained.all_pairs import StimulusSample, stimulus_sample
from thinkalike.similarity.explained.explain import DECIMALS, excluded_labels
from thinkalike.similarity.explained.feature_levels import Levels, read_levels
from thinkalike.similarity.explained.halves import HALVINGS
from thinkalike.similarity.explained.jackknife import PartDeviations
from thinkalike.similarity.explained.layer_sums import check_measure, pair_numbers
from thinkalike.similarity.explained.parts import Parts
from thinkalike.similarity.explained.stimulus_blocks import Blocks, make_blocks
from thinkalike.similarity.inputs import MAX_STIMULI, subsample
from thinkalike.similarity.measures.pair_vectors import PairVector, shelf

_logger = logging.getLogger(__name__)
_SHELF_BYTES = 2 * 2**30
INTERVALS = ["low", "high", "similarity_low", "similarity_high", "over"]
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
    over: Over | None = "sentences",
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
    over
        What the intervals are for: new `sentences` of the same words, new `lemmas` in the same sentences, or `both`;
        None for no intervals. Only of `rsa`.

    Returns
    -------
    DataFrame
        `model_a, layer_a, model_b, layer_b, measure, by, part, role, value, last`, one row per part of a pair of
        layers: `by` values and by differences of the features, whose parts sum to the similarity each. `role` is
        feature, control, form (how the features combine), lexical (what single values of the controls carry) or
        unexplained; `last` is what a feature adds to all others. With intervals also `low` and `high` of the part,
        `similarity_low` and `similarity_high` of the sum of the parts (95 %, by the jackknife; nan where there are
        fewer than 8 sentences or lemmas), and `over`. `attrs` holds what made it, with the share of the pairs of
        stimuli for which the form could be estimated.
    """
    check_measure(measure, exclude)
    total = len(stimuli)
    all_levels = _levels(stimuli, features)
    most = max_stimuli or _affordable(all_levels)
    rows = subsample(total, most, seed) if total > most else np.arange(total)
    sample = _sample(stimuli, all_levels, exclude, rows, seed)
    levels = sample.levels
    # Ranks move without a block of stimuli as `sums_without_blocks` has it; a kernel's centring does otherwise.
    over = over if measure == "rsa" else None
    blocks = None if over is None else make_blocks(sample.cells, _drawn(stimuli, over, rows), seed)
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
        divided = sample.divide(vectors, blocks)
    pairs, parts = _pairs(labels), divided.parts
    frames = {by: _rows(labels, levels, divided.values, *pairs, by, each) for by, each in parts.items()}
    if over is not None:
        deviations = divided.deviations or {}
        reach = _reach(blocks)
        for by, own in frames.items():
            _add_intervals(own, levels, divided.values, *pairs, deviations.get(by), reach)
    frame = pd.concat(list(frames.values()))
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
        over=over,
        blocks=None if blocks is None else [own.stop - own.start for own in blocks.factors],
        covered=covered,
        bins={name: list(edges) for name, edges in levels.bins.items()},
        features={name: feature.role for name, feature in features.items()},
    )
    _logger.info("%s explained: %s", measure, frame.attrs)
    if over is None:
        return frame[COLUMNS].reset_index(drop=True)
    return frame.assign(over=over)[[*COLUMNS, *INTERVALS]].reset_index(drop=True)


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


def _drawn(stimuli: pd.DataFrame, over: Over, rows: NDArray[np.intp]) -> list[NDArray[np.int64]]:
    """Return the groups that intervals are over, of the stimuli that are looked at."""
    factors = draw_factors(stimuli.reset_index(drop=True), over)
    return [np.unique(groups[rows], return_inverse=True)[1].reshape(-1).astype(np.int64) for groups in factors]


def _reach(blocks: Blocks | None) -> float:
    """Return how many standard deviations an interval of 95 % reaches."""
    from scipy.stats import t  # it takes a second to import

    return float("nan") if blocks is None else float(t.ppf(0.975, blocks.freedom))


def _add_intervals(
    frame: pd.DataFrame,
    levels: Levels,
    values: NDArray[np.float64],
    first: NDArray[np.intp],
    second: NDArray[np.intp],
    deviations: PartDeviations | None,
    reach: float,
) -> None:
    """Add the columns of intervals to the rows of all pairs by one way: value and similarity -+ reach deviations."""
    of_pairs, n_parts = values[first, second], len(frame) // max(len(first), 1)
    parts, similarity = np.full((len(first), n_parts), np.nan), np.full(len(first), np.nan)
    if deviations is not None:
        others = [deviations.form, deviations.lexical, deviations.unexplained]
        if not levels.controls.any():
            del others[1]
        parts = np.array([*deviations.contributions, *others])[:, first, second].T
        similarity = deviations.value[first, second]
    value = frame["value"].to_numpy()
    for sign, end in ((-1, "low"), (1, "high")):
        frame[end] = np.round(value + sign * reach * parts.ravel(), DECIMALS)
        bound = np.clip(of_pairs + sign * reach * similarity, -1, 1)
        frame[f"similarity_{end}"] = np.repeat(np.round(bound, DECIMALS), n_parts)


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
