"""Nested cross-validation of the metric-learning encoding model."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from thinkalike.errors import InputError
from thinkalike.features import Kind, Missing
from thinkalike.mlem.ceiling import ceiling as best_score
from thinkalike.mlem.cells import label_codes
from thinkalike.mlem.designs import Quadratic
from thinkalike.mlem.diagnostics import diagnose, pairs_varying
from thinkalike.mlem.distances import Distance
from thinkalike.mlem.extremes import block_extremes, without_label
from thinkalike.mlem.folds import Labels, inner_folds, outer_folds
from thinkalike.mlem.held_out import MAX_PAIRS, HeldOutPairs, held_out_pairs, pair_sampling_error
from thinkalike.mlem.importance import exact_importance, sampled_importance
from thinkalike.mlem.moments import Moments
from thinkalike.mlem.problem import Problem, check_spread, make_problem
from thinkalike.mlem.results import CrossValidation
from thinkalike.mlem.term_importance import term_importance

logger = logging.getLogger(__name__)

ALPHAS = tuple(float(10.0**power) for power in range(-4, 5))


@dataclass(frozen=True)
class FoldFit:
    """The fit of one outer fold: its scaled training moments, its parameters, and its held-out pairs."""

    moments: Moments
    ranges: NDArray[np.float64]
    low: float
    high: float
    alpha: float
    parameters: NDArray[np.float64]
    intercept: float
    held_out: HeldOutPairs
    score: float


def cross_validate(
    features: pd.DataFrame,
    representations: ArrayLike,
    *,
    folds: int | Labels = 5,
    inner_folds: int = 5,
    alphas: Sequence[float] | None = None,
    groups: Labels | None = None,
    importance: Literal["exact", "sampled"] = "exact",
    n_repeats: int = 10,
    interactions: bool = False,
    seed: int = 0,
    distance: Distance = "sqeuclidean",
    missing: Missing | Mapping[str, Missing] = "same",
    kinds: Mapping[str, Kind] | None = None,
    fit_intercept: bool = True,
    exclude: Labels | None = None,
    drop_column: bool = True,
    ceiling: bool = True,
    max_pairs: int = MAX_PAIRS,
) -> CrossValidation:
    """Fit the model on training stimuli and score it on pairs of held-out stimuli, fold by fold.

    In each outer fold the penalty is the one of `alphas` with the largest mean Spearman over the inner folds (the
    first of equals), as `sklearn.model_selection.GridSearchCV` has it; then the model is fitted to all training pairs.

    Parameters
    ----------
    features
        Shape (n_stimuli, n_features).
    representations
        Shape (n_stimuli, n_units), or a distance matrix with `distance="precomputed"`.
    folds
        Number of outer folds, made from `groups`, or an array of fold labels, one per stimulus.
    inner_folds
        Number of inner folds, made from `groups`.
    alphas
        Penalties to choose from; 1e-4, 1e-3, ..., 1e4 by default. One alone is taken without inner folds.
    groups
        Labels, one per stimulus (its sentence); a group is never split between folds. By default every stimulus is
        a group.
    importance
        `exact`, the limit of infinitely many permutations; `sampled`, the mean over `n_repeats` permutations.
    seed
        Of the folds, of sampled permutations and of samples of pairs.
    distance, missing, kinds, fit_intercept, interactions
        See `MLEM`.
    exclude
        Labels, one per stimulus (its word, say); pairs of equal label are neither fitted nor scored.
    drop_column, ceiling
        Whether to refit without each feature, and to score the saturated model.
    max_pairs
        Of more held-out pairs than this a sample is scored, and the log says so.

    Raises
    ------
    InputError
        For input that cannot be fitted; the message says what to mend.

    References
    ----------
    Jalouzot, Pallier, Chemla and Lakretz (2024), What Makes Two Language Models Think Alike? arXiv:2406.12620.
    """
    n_stimuli = len(features)
    excluded = None if exclude is None else label_codes(exclude, n_stimuli, "exclude")
    problem = make_problem(
        features,
        representations,
        distance=distance,
        interactions=interactions,
        fit_intercept=fit_intercept,
        kinds=kinds,
        missing=missing,
        exclude=excluded,
    )
    grouping = np.arange(n_stimuli) if groups is None else label_codes(groups, n_stimuli, "groups")
    labels = outer_folds(folds, grouping, seed)
    if importance not in ("exact", "sampled"):
        raise InputError(f"importance is '{importance}' but must be one of exact, sampled.")
    fits, total = fit_folds(problem, labels, grouping, inner_folds, _checked_alphas(alphas), seed, max_pairs)
    return _collect(problem, labels, fits, total, importance, n_repeats, seed, drop_column, ceiling)


def fit_folds(
    problem: Problem,
    labels: NDArray[np.int64],
    groups: NDArray[np.int64],
    n_inner: int,
    alphas: Sequence[float],
    seed: int,
    max_pairs: int = MAX_PAIRS,
    chosen: Sequence[float] | None = None,
) -> tuple[list[FoldFit], Moments]:
    """Return the fit of each outer fold, and the unscaled moments of all pairs.

    With `chosen`, one penalty per fold, nothing is chosen in inner folds.
    """
    choose = chosen is None and len(alphas) > 1
    lowest, highest = block_extremes(problem.distances, labels, problem.exclude)
    outer = [np.flatnonzero(labels == fold) for fold in range(labels.max() + 1)]
    inner = [inner_folds(groups, labels == fold, n_inner, seed, fold) if choose else [] for fold in range(len(outer))]
    sets: list[list[NDArray[np.intp]]] = [[]]
    sets += [[held] for held in outer]
    sets += [[held, part] for held, parts in zip(outer, inner, strict=True) for part in parts]
    moments = iter(problem.moment_source().without(sets))
    total = next(moments)
    training = [next(moments) for _ in outer]
    fits = []
    for fold, held in enumerate(outer):
        low, high = without_label(lowest, highest, fold)
        check_spread(low, high, f"between training stimuli of fold {fold}")
        ranges = problem.coding.ranges(np.flatnonzero(labels != fold))
        scaled = problem.scaled(training[fold], ranges, low, high)
        alpha = alphas[0] if chosen is None else chosen[fold]
        if choose:
            parts = [(part, problem.scaled(next(moments), ranges, low, high)) for part in inner[fold]]
            alpha = _best_alpha(problem, parts, ranges, alphas, seed, max_pairs)
        parameters = problem.design.solve(scaled, alpha, problem.fit_intercept)
        pairs = held_out_pairs(problem.coding, problem.distances, held, problem.exclude, max_pairs, seed)
        fits.append(
            FoldFit(
                scaled,
                ranges,
                low,
                high,
                alpha,
                parameters,
                scaled.intercept(parameters) if problem.fit_intercept else 0.0,
                pairs,
                score_of(problem, parameters, ranges, pairs),
            )
        )
    return fits, total


def score_of(
    problem: Problem, parameters: NDArray[np.float64], ranges: NDArray[np.float64], pairs: HeldOutPairs
) -> float:
    """Return the Spearman correlation on held-out pairs."""
    return pairs.table.spearman(problem.design.predict(parameters, pairs.patterns / ranges))


def _best_alpha(
    problem: Problem,
    parts: list[tuple[NDArray[np.intp], Moments]],
    ranges: NDArray[np.float64],
    alphas: Sequence[float],
    seed: int,
    max_pairs: int,
) -> float:
    scores = np.empty((len(parts), len(alphas)))
    for place, (held, moments) in enumerate(parts):
        pairs = held_out_pairs(problem.coding, problem.distances, held, problem.exclude, max_pairs, seed)
        columns = problem.design.expand(pairs.patterns / ranges)
        for choice, alpha in enumerate(alphas):
            parameters = problem.design.solve(moments, alpha, problem.fit_intercept)
            scores[place, choice] = pairs.table.spearman(columns @ parameters)
    # Means that differ by rounding alone are equal: the first one is taken on every machine.
    return alphas[int(np.argmax(np.round(scores.mean(axis=0), 12)))]


def _collect(
    problem: Problem,
    labels: NDArray[np.int64],
    fits: list[FoldFit],
    total: Moments,
    importance: str,
    n_repeats: int,
    seed: int,
    drop_column: bool,
    ceiling: bool,
) -> CrossValidation:
    coding, design = problem.coding, problem.design
    matrices = None
    if isinstance(design, Quadratic):
        matrices = np.array([design.matrix(fit.parameters) for fit in fits])
        weights = np.array([np.diag(matrix) for matrix in matrices])
    else:
        weights = np.array([fit.parameters for fit in fits])
    drops = [_importance(problem, fit, importance, n_repeats, [seed, fold]) for fold, fit in enumerate(fits)]
    without = np.full(weights.shape, np.nan)
    if drop_column:
        without = np.array([drop_column_importance(problem, fit) for fit in fits])
    diagnostics, correlations, sentences = diagnose(
        _main_columns(problem, total), coding, pairs_varying(coding, problem.exclude)
    )
    for sentence in sentences:
        logger.warning(sentence)
    errors = [
        pair_sampling_error(fit.held_out, design.predict(fit.parameters, fit.held_out.patterns / fit.ranges))
        for fit in fits
    ]
    for fold, error in enumerate(errors):
        if error > 0:
            pairs = fits[fold].held_out
            logger.warning(
                "Fold %d: the score %.6f is of %d held-out pairs, those within %d random blocks of the %d stimuli "
                "(see max_pairs; seed %d); its standard error is %.2g. Inner folds are sampled alike.",
                *(fold, fits[fold].score, pairs.n_pairs, len(pairs.blocks), len(pairs.stimuli), seed, error),
            )

    def frame(rows: NDArray[np.float64] | list[NDArray[np.float64]]) -> pd.DataFrame:
        return pd.DataFrame(np.asarray(rows), columns=list(coding.names))

    return CrossValidation(
        features=coding.names,
        scores=np.array([fit.score for fit in fits]),
        alphas=np.array([fit.alpha for fit in fits]),
        intercepts=np.array([fit.intercept for fit in fits]),
        weights=frame(weights),
        importance=frame(drops),
        importance_drop_column=frame(without),
        ceilings=np.array([best_score(fit.held_out.table) if ceiling else np.nan for fit in fits]),
        pairs=np.array([fit.held_out.n_pairs for fit in fits]),
        patterns=np.array([len(fit.held_out.patterns) for fit in fits]),
        pair_sampling_errors=np.array(errors),
        low=np.array([fit.low for fit in fits]),
        high=np.array([fit.high for fit in fits]),
        folds=labels,
        diagnostics=diagnostics,
        correlations=correlations,
        warnings=sentences,
        matrices=matrices,
        importance_terms=term_importance(problem, fits) if matrices is not None else pd.DataFrame(),
    )


def _main_columns(problem: Problem, moments: Moments) -> Moments:
    """Return the moments of the features alone, without those of their products."""
    if not isinstance(problem.design, Quadratic):
        return moments
    main = np.flatnonzero(problem.design.rows == problem.design.columns)
    return Moments(moments.pairs, moments.z[main], moments.zz[np.ix_(main, main)], moments.d, moments.zd[:, main])


def drop_column_importance(problem: Problem, fit: FoldFit) -> NDArray[np.float64]:
    """Return how much lower each score is without the feature in the fit, same alpha; shape (n_features,)."""
    drops = np.zeros(problem.coding.n_features)
    for f in range(len(drops)):
        parameters = problem.design.solve(fit.moments, fit.alpha, problem.fit_intercept, leave_out=f)
        drops[f] = fit.score - score_of(problem, parameters, fit.ranges, fit.held_out)
    return drops


def _importance(
    problem: Problem, fit: FoldFit, importance: str, n_repeats: int, seed: Sequence[int]
) -> NDArray[np.float64]:
    arguments = (problem.design, fit.parameters, problem.coding, fit.ranges, fit.held_out, fit.score)
    if importance == "exact":
        return exact_importance(*arguments)
    return sampled_importance(*arguments, n_repeats, np.random.default_rng(seed)).mean(axis=0)


def _checked_alphas(alphas: Sequence[float] | None) -> tuple[float, ...]:
    chosen = ALPHAS if alphas is None else tuple(float(alpha) for alpha in alphas)
    if not chosen or not all(np.isfinite(alpha) and alpha >= 0 for alpha in chosen):
        raise InputError(f"alphas are {list(chosen)} but must be one or more finite numbers that are not negative.")
    return chosen
