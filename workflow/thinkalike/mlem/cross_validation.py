"""Nested cross-validation of the metric-learning encoding model."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from thinkalike.errors import InputError
from thinkalike.mlem.ceilings import ceilings_of_values
from thinkalike.mlem.cells import as_frame, label_codes
from thinkalike.mlem.conditioning import ASSOCIATED, Conditional, Conditioning, conditioning
from thinkalike.mlem.designs import LevelDesign, Quadratic
from thinkalike.mlem.estimator import MLEM
from thinkalike.mlem.feature_diagnostics import diagnose_features, pairs_varying, same_differences
from thinkalike.mlem.fold_fit import Choice, FoldFit, fit_folds
from thinkalike.mlem.folds import Labels, outer_folds
from thinkalike.mlem.held_out import MAX_PAIRS, pair_sampling_error
from thinkalike.mlem.moments import Moments
from thinkalike.mlem.problem import Problem, weights_of_level_pairs
from thinkalike.mlem.procedure import Procedure
from thinkalike.mlem.rank_tables import Scoring, rounded
from thinkalike.mlem.results import CrossValidation

logger = logging.getLogger(__name__)

ALPHAS = tuple(float(10.0**power) for power in range(-4, 5))


def cross_validate(
    features: pd.DataFrame,
    representations: ArrayLike,
    *,
    model: MLEM | None = None,
    folds: int | Labels = 5,
    inner_folds: int = 5,
    alphas: Sequence[float] | Literal["auto"] | None = None,
    groups: Labels | None = None,
    exclude: Labels | None = None,
    importance: Literal["exact", "sampled"] = "exact",
    n_repeats: int = 10,
    conditional: Conditional = ASSOCIATED,
    seed: int = 0,
    drop_column: bool = True,
    ceiling: bool = True,
    max_pairs: int = MAX_PAIRS,
) -> CrossValidation:
    """Fit the model on training stimuli and score it on pairs of held-out stimuli, fold by fold.

    In each outer fold the penalty is the one of `alphas` with the largest mean score over the inner folds (the first
    of equals), as `sklearn.model_selection.GridSearchCV` has it; then the model is fitted to all training pairs.

    Parameters
    ----------
    features
        Shape (n_stimuli, n_features).
    representations
        Shape (n_stimuli, n_units), or a distance matrix with `distance="precomputed"`. A pandas object is put into the
        order of the features' index; so are `folds`, `groups` and `exclude`.
    model
        The model's settings; its own `alpha` plays no part. `MLEM()` by default.
    folds
        Number of outer folds, made from `groups`, or an array of fold labels, one per stimulus.
    inner_folds
        Number of inner folds, made from `groups`.
    alphas
        Penalties to choose from; 1e-4, 1e-3, ..., 1e4 by default. One alone is taken without inner folds. `auto`: where
        an end of these is the best, tenfold larger (or smaller) ones follow as long as each raises the mean score by
        more than .0001.
    groups
        Labels, one per stimulus (its sentence); a group is never split between folds. By default every stimulus is
        a group.
    exclude
        Labels, one per stimulus (its word, say); pairs of equal label are neither fitted nor scored.
    importance
        `exact`, the limit of infinitely many permutations; `sampled`, the mean over `n_repeats` permutations.
    conditional
        From which association of two features (Cramer's V, 0 to 1) on each is permuted within strata of the other for
        the conditional importance; or by name the features that a feature is permuted within; False for none. See
        `conditioning`. It is exact, whatever `importance` is.
    seed
        Decides the folds, sampled permutations and samples of pairs.
    drop_column, ceiling
        Whether to refit without each feature, and to find the best score that any function of the features' differences
        has, and estimate that of their values.
    max_pairs
        Of more held-out pairs than this a sample is scored, and the log says so.

    Raises
    ------
    InputError
        For input that cannot be fitted; the message says what to mend.

    References
    ----------
    Salle, Jalouzot, Lan, Chemla and Lakretz (2024), What Makes Two Language Models Think Alike? arXiv:2406.12620.
    """
    features = as_frame(features)
    model = _checked_model(model)
    problem = model.problem(features, representations, exclude)
    index = features.index
    grouping = np.arange(len(features)) if groups is None else label_codes(groups, index, "groups")
    labels = outer_folds(folds, grouping, seed, index)
    if importance not in ("exact", "sampled"):
        raise InputError(f"importance is '{importance}' but must be one of exact, sampled.")
    chosen_from = _checked_alphas(alphas)
    choice = Choice(chosen_from, inner_folds, extend=isinstance(alphas, str))
    fits, total = fit_folds(problem, labels, grouping, choice, seed, max_pairs)
    tried = tuple(sorted({*chosen_from, *(fit.alpha for fit in fits)}))
    procedure = Procedure(problem, index, labels, grouping, inner_folds, tried, seed, max_pairs)
    within = conditioning(problem.coding, conditional)
    return _collect(procedure, fits, total, n_repeats if importance == "sampled" else 0, within, drop_column, ceiling)


def _collect(
    procedure: Procedure,
    fits: list[FoldFit],
    total: Moments,
    n_repeats: int,
    within: Conditioning | None,
    drop_column: bool,
    ceiling: bool,
) -> CrossValidation:
    problem, seed = procedure.problem, procedure.seed
    coding, design = problem.coding, problem.design
    if n_repeats:
        rngs = [np.random.default_rng([seed, fold]) for fold in range(len(fits))]
        drops = [fit.sampled_importance(n_repeats, rng).mean(axis=0) for fit, rng in zip(fits, rngs, strict=True)]
    else:
        drops = [fit.importance() for fit in fits]
    without = [fit.drop_column_importance() for fit in fits] if drop_column else [np.full(coding.n_features, np.nan)]
    diagnostics, correlations, sentences = diagnose_features(
        _main_columns(problem, total), coding, pairs_varying(coding, problem.exclude)
    )
    conditional, movable = _conditional(fits, within, drops, same_differences(correlations))
    shares = rounded(movable.mean(axis=0))
    diagnostics = diagnostics.assign(conditioned_on=within.names(coding.names) if within else "", movable=shares)
    sentences += within.sentences(coding.names, shares) if within else ()
    sentences += _penalties_at_the_end(fits, procedure.alphas)
    for sentence in sentences:
        logger.warning(sentence)

    def frame(rows: list[NDArray[np.float64]]) -> pd.DataFrame:
        return pd.DataFrame(np.array(np.broadcast_to(rows, (len(fits), len(coding.names)))), columns=list(coding.names))

    quadratic = isinstance(design, Quadratic)
    held = [fit.held_out for fit in fits]
    nothing = np.full(len(fits), np.nan)
    # Levels are the features' values: the ceiling that goes with them is an estimate.
    by_values = ceilings_of_values(coding.cells[1], held) if ceiling else (nothing, nothing)
    return CrossValidation(
        features=coding.names,
        scores=rounded(np.array([fit.held_out_score for fit in fits])),
        alphas=np.array([fit.alpha for fit in fits]),
        intercepts=rounded(np.array([fit.intercept for fit in fits])),
        weights=frame([rounded(fit.weights) for fit in fits]),
        importance=frame([rounded(drop) for drop in drops]),
        importance_drop_column=frame(without),
        conditional_importance=frame(conditional),
        relative_weights=frame([rounded(fit.relative_weights(fit.parameters, fit.moments)) for fit in fits]),
        scores_by={name: rounded(np.array([fit.scored_by(name) for fit in fits])) for name in get_args(Scoring)},
        scoring=problem.scoring,
        coding="levels" if isinstance(design, LevelDesign) else "difference",
        ceilings=rounded(
            np.array([fit.ceiling for fit in fits]) if ceiling and not coding.has_levels else by_values[0]
        ),
        ceilings_by_values=rounded(by_values[0]),
        covered=rounded(by_values[1]),
        pairs=np.array([fit.held_out.n_pairs for fit in fits]),
        patterns=np.array([len(fit.held_out.patterns) for fit in fits]),
        pair_sampling_errors=_sampling_errors(fits, seed),
        low=np.array([fit.low for fit in fits]),
        high=np.array([fit.high for fit in fits]),
        folds=procedure.labels,
        diagnostics=diagnostics,
        correlations=correlations,
        warnings=sentences,
        matrices=np.array([design.matrix(fit.parameters) for fit in fits]) if isinstance(design, Quadratic) else None,
        importance_terms=_term_table(fits) if quadratic else pd.DataFrame(),
        level_weights=_level_table(fits),
        procedure=procedure,
    )


def _conditional(
    fits: list[FoldFit],
    within: Conditioning | None,
    importance: list[NDArray[np.float64]],
    copies: NDArray[np.bool_],
) -> tuple[list[NDArray[np.float64]], NDArray[np.float64]]:
    """Return conditional importance by fold, and the share of held-out stimuli that can exchange a feature's value."""
    n_features = fits[0].problem.coding.n_features
    if within is None:
        return [np.full(n_features, np.nan)], np.full((1, n_features), np.nan)
    drops = [fit.conditional_importance(within, drop) for fit, drop in zip(fits, importance, strict=True)]
    movable = np.array([within.movable(fit.problem.coding, fit.held_out.stimuli) for fit in fits])
    # What differs just where another feature does tells nothing beyond it, whatever its strata are.
    return [np.where(copies, 0.0, drop) for drop in drops], np.where(copies, 0.0, movable)


def _sampling_errors(fits: list[FoldFit], seed: int) -> NDArray[np.float64]:
    """Return the standard error of each score from having scored a sample of pairs, and say so in the log."""
    errors = [
        pair_sampling_error(fit.held_out, fit.predict(fit.parameters, fit.held_out.patterns), fit.problem.scoring)
        for fit in fits
    ]
    for fold, (fit, error) in enumerate(zip(fits, errors, strict=True)):
        if error > 0:
            pairs = fit.held_out
            logger.warning(
                "Fold %d: the score %.6f is of %d held-out pairs, those within %d random blocks of the %d stimuli "
                "(see max_pairs; seed %d); its standard error is %.2g. Inner folds are sampled alike.",
                *(fold, fit.held_out_score, pairs.n_pairs, len(pairs.blocks), len(pairs.stimuli), seed, error),
            )
    return np.array(errors)


def _term_table(fits: list[FoldFit]) -> pd.DataFrame:
    """Return one row per (fold, term) of a model with interactions; `weight` is the entry of W."""
    frames = []
    for fold, fit in enumerate(fits):
        design = fit.problem.design
        assert isinstance(design, Quadratic)
        terms = design.terms(fit.problem.coding.names)
        frames.append(
            pd.DataFrame(
                {
                    "fold": fold,
                    "feature_a": [first for first, _ in terms],
                    "feature_b": [second for _, second in terms],
                    "weight": fit.parameters / design.factors,
                    "importance": fit.term_importance(),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def _main_columns(problem: Problem, moments: Moments) -> Moments:
    """Return the moments of the features' differences, without products of features, whatever their levels."""
    design = problem.design
    if isinstance(design, Quadratic):
        main = np.flatnonzero(design.rows == design.columns)
        return Moments(moments.pairs, moments.z[main], moments.zz[np.ix_(main, main)], moments.d, moments.zd[:, main])
    if isinstance(design, LevelDesign):  # a difference is one between any two levels
        sums = np.array([design.involving(f) for f in range(design.n_features)], dtype=float)
        zz = sums @ moments.zz @ sums.T
        return Moments(moments.pairs, sums @ moments.z, zz, moments.d, moments.zd @ sums.T)
    return moments


def _level_table(fits: list[FoldFit]) -> pd.DataFrame:
    """Return one row per (fold, pair of levels)."""
    frames = [
        weights_of_level_pairs(fit.problem, rounded(fit.parameters)).assign(fold=fold) for fold, fit in enumerate(fits)
    ]
    return pd.concat(frames, ignore_index=True)[["fold", "feature", "level_a", "level_b", "weight", "pairs"]]


def _checked_model(model: MLEM | None) -> MLEM:
    if model is not None and not isinstance(model, MLEM):
        raise InputError(f"model is a {type(model).__name__} but must be an MLEM, MLEM(distance='cosine') say.")
    return MLEM() if model is None else model


def _penalties_at_the_end(fits: list[FoldFit], alphas: Sequence[float]) -> tuple[str, ...]:
    """Return a sentence where half of the folds or more chose the largest penalty, or a smallest that still counts."""
    if len(alphas) < 2:
        return ()
    sentences = []
    for word, further, end in (("largest", "larger", max(alphas)), ("smallest", "smaller", min(alphas))):
        there = [fit for fit in fits if fit.alpha == end and (word == "largest" or _counts(fit))]
        if 2 * len(there) >= len(fits) and end < 1e12:
            sentences.append(
                f"{len(there)} of {len(fits)} folds chose the {word} penalty, {end:g}: a {further} one may predict "
                f"better, and weights depend on it; give alphas beyond it, or alphas='auto'."
            )
    return tuple(sentences)


def _counts(fit: FoldFit) -> bool:
    """Tell whether a tenth of the penalty would change a parameter by a thousandth of the largest."""
    other = replace(fit, alpha=fit.alpha / 10).refit(fit.moments)
    return bool(np.abs(other - fit.parameters).max() > 1e-3 * np.abs(fit.parameters).max())


def _checked_alphas(alphas: Sequence[float] | str | None) -> tuple[float, ...]:
    if isinstance(alphas, str):
        if alphas != "auto":
            raise InputError(f"alphas is '{alphas}' but must be a list of penalties, or 'auto'.")
        return ALPHAS
    chosen = ALPHAS if alphas is None else tuple(float(alpha) for alpha in alphas)
    if not chosen or not all(np.isfinite(alpha) and alpha >= 0 for alpha in chosen):
        raise InputError(f"alphas are {list(chosen)} but must be one or more finite numbers that are not negative.")
    return chosen
