"""The workflow's tables of one layer of one model."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from thinkalike.errors import InputError
from thinkalike.features import Feature, fold_groups, kinds_and_missing, words_left_out
from thinkalike.mlem.conditioning import ASSOCIATED, Conditional
from thinkalike.mlem.cross_validation import cross_validate
from thinkalike.mlem.estimator import MLEM
from thinkalike.mlem.held_out import MAX_PAIRS
from thinkalike.mlem.level_pairs import FeatureCoding
from thinkalike.mlem.pair_distances import Distance
from thinkalike.mlem.profile_draws import draw_factors
from thinkalike.mlem.rank_tables import Scoring
from thinkalike.mlem.results import CrossValidation
from thinkalike.numerics.draws import Over
from thinkalike.property_levels import LEVEL_COLUMNS, level_units, with_levels

logger = logging.getLogger(__name__)


def analyse_layer(
    stimuli: pd.DataFrame,
    features: Mapping[str, Feature],
    representations: ArrayLike,
    *,
    model: str,
    layer: str,
    distance: Distance = "sqeuclidean",
    alphas: Sequence[float] | Literal["auto"] | None = None,
    folds: int = 5,
    inner_folds: int = 5,
    importance: Literal["exact", "sampled"] = "exact",
    n_repeats: int = 10,
    conditional: Conditional = ASSOCIATED,
    interactions: bool = False,
    fit_intercept: bool = True,
    ceiling: bool = True,
    drop_column: bool = True,
    resamples: int = 0,
    halvings: int = 0,
    over: Over = "sentences",
    inference: Mapping[str, Any] | None = None,
    same_word_pairs: Literal["keep", "exclude"] = "keep",
    coding: FeatureCoding = "levels",
    scoring: Scoring = "rho_a",
    max_pairs: int = MAX_PAIRS,
    seed: int = 0,
) -> dict[str, pd.DataFrame]:
    """Return the tables of one layer.

    Parameters
    ----------
    stimuli
        One row per stimulus, with `sentence_id` (the folds never split one), `word` and a column per feature.
    features
        The declared features by name, controls (`role="control"`) included: they are fitted as covariates, and their
        importance is given beside the others'.
    representations
        Shape (n_stimuli, n_units), in the order of `stimuli`.
    resamples, halvings
        How often the profile is computed anew from resampled stimuli, and from both halves of them.
    over
        What is resampled and halved: sentences (the claim is about new sentences of the same words), lemmas, or both,
        crossed. Lemmas are the column `lemma`, where there is none the word.
    inference
        `None` for no intervals and no p-values, else any of `n_resamples`, `n_permutations`, `confidence`, `seed` (see
        `CrossValidation.infer`) and `unit`: what exchanges its labels under the null, `level` (the default: each
        feature's own, and where none is declared the coarsest of items, sentences, lemmas and words in which it is
        constant), `stimulus`, `word`, `sentence` or a column of `stimuli`.
    same_word_pairs
        Whether pairs of stimuli of the same `word` (in lower case) are fitted and scored.
    seed
        Decides the folds, which depend on nothing else than it and the sentences: all layers share them.

    Other parameters are those of `cross_validate`.

    Returns
    -------
    dict
        `importance`, one row per (coding, fold, feature): `model, layer, coding, fold, feature, role, weight,
        relative_weight, importance, importance_drop_column, conditional_importance, shared_importance, conditioned_on,
        movable, tied_to`, see `CrossValidation.importance_table`. `scores`, one row per (coding, fold), see
        `CrossValidation.scores_table`. With levels, `level_weights`, one row per (fold, pair of levels): `model, layer,
        fold, feature, level_a, level_b, weight, pairs`; the two first tables then hold the rows of `levels` and, after
        them, those of `difference`. With interactions, `interactions`: one row per (fold, feature_a, feature_b) with
        `weight, importance`. With resamples or halvings, `resamples` (of the first coding alone), one row per draw and
        feature: `model, layer, kind, draw, role, feature, relative_weight, importance, over`, see
        `CrossValidation.profile_draws`. With inference, `inference` (of the first coding alone): `model, layer,
        quantity, feature, estimate, low, high, p, p_max, unit` (what exchanged its labels), `over`.
    """
    _check_columns(stimuli, features, same_word_pairs)
    words = words_left_out(stimuli, same_word_pairs)
    # The paper's form stands beside that of levels.
    codings: tuple[FeatureCoding, ...] = ("levels", "difference") if coding == "levels" else (coding,)
    results = [
        cross_validate(
            stimuli[list(features)],
            representations,
            model=MLEM(
                fit_intercept=fit_intercept,
                interactions=interactions,
                distance=distance,
                **kinds_and_missing(features),
                coding=each,
                scoring=scoring,
            ),
            folds=folds,
            inner_folds=inner_folds,
            alphas=alphas,
            groups=fold_groups(stimuli),
            exclude=words,
            importance=importance,
            n_repeats=n_repeats,
            conditional=conditional,
            seed=seed,
            drop_column=drop_column,
            ceiling=ceiling,
            max_pairs=max_pairs,
        )
        for each in codings
    ]
    result = results[0]
    table = pd.concat([each.importance_table() for each in results], ignore_index=True)
    table.insert(3, "role", [features[name].role for name in table["feature"]])
    scores = pd.concat([each.scores_table() for each in results], ignore_index=True)
    tables = {"importance": table, "scores": scores}
    if coding == "levels":
        tables["level_weights"] = result.level_weights.copy()
    if interactions:
        tables["interactions"] = result.importance_terms.copy()
    if resamples or halvings:
        factors = draw_factors(stimuli, over)
        draws = result.profile_draws(factors, n_resamples=resamples, n_halvings=halvings, seed=seed)
        draws.insert(2, "role", [features[name].role for name in draws["feature"]])
        tables["resamples"] = draws.assign(over=over)
    if inference is not None:
        tables["inference"] = _inferred(result, inference, stimuli, features, over, seed)
    return {name: _labelled(table, model, layer) for name, table in tables.items()}


def _inferred(
    result: CrossValidation,
    inference: Mapping[str, Any],
    stimuli: pd.DataFrame,
    features: Mapping[str, Feature],
    over: Over,
    seed: int,
) -> pd.DataFrame:
    """Return intervals and p-values; labels are exchanged at each feature's level, or between units of one kind."""
    allowed = {"n_resamples", "n_permutations", "confidence", "unit", "seed"}
    for key in inference:
        if key not in allowed:
            raise InputError(f"inference has the key '{key}', which is none of {', '.join(sorted(allowed))}.")
    kinds = dict.fromkeys(features, inference.get("unit", "level"))
    if inference.get("unit", "level") == "level":
        settled, found = with_levels(stimuli, features)
        for sentence in found:
            logger.info(sentence)
        kinds = {name: str(feature.level) for name, feature in settled.items()}
    units = {kind: _unit_labels(stimuli, kind) for kind in set(kinds.values())}
    factors = draw_factors(stimuli, over)
    table = result.infer(
        groups=None if over == "lemmas" else factors[0],
        lemmas=None if over == "sentences" else factors[-1],
        over="groups" if over == "sentences" else over,
        units={name: units[kind] for name, kind in kinds.items()},
        controls=[name for name, feature in features.items() if feature.role == "control"],
        **{"seed": seed, **{key: value for key, value in inference.items() if key != "unit"}},
    )
    # A study's q is over the features of all layers: it is found when these are collected.
    return table.drop(columns="q", errors="ignore").assign(unit=table["feature"].map(kinds), over=over)


def _unit_labels(stimuli: pd.DataFrame, kind: str) -> NDArray[np.int64] | pd.Series | None:
    """Return the unit of each stimulus: by name of a level, or a column; None for the stimuli."""
    if kind == "stimulus":
        return None
    units = level_units(stimuli)
    if kind in units:
        return units[kind]
    column = LEVEL_COLUMNS.get(kind, kind)
    if column not in stimuli.columns:
        raise InputError(
            f"Labels are to be permuted between units of level '{kind}', but the table of stimuli has no column "
            f"'{column}'; add it or name another unit."
        )
    return stimuli[column]


def _labelled(table: pd.DataFrame, model: str, layer: str) -> pd.DataFrame:
    table.insert(0, "model", model)
    table.insert(1, "layer", str(layer))
    return table


def _check_columns(stimuli: pd.DataFrame, features: Mapping[str, Feature], same_word_pairs: str) -> None:
    if same_word_pairs not in ("keep", "exclude"):
        raise InputError(f"same_word_pairs is '{same_word_pairs}' but must be one of keep, exclude.")
    needed = ["sentence_id", *features] + (["word"] if same_word_pairs == "exclude" else [])
    for column in needed:
        if column not in stimuli.columns:
            raise InputError(
                f"The table of stimuli has no column '{column}'; it has {', '.join(map(str, stimuli.columns))}."
            )
