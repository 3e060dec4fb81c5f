"""What a cross-validation returns, and the tables made of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from thinkalike.errors import InputError
from thinkalike.mlem.cells import label_codes
from thinkalike.mlem.exchange import units_of
from thinkalike.mlem.fold_fit import Choice, FoldFit, fit_folds
from thinkalike.mlem.folds import Labels
from thinkalike.mlem.inference import inference_table
from thinkalike.mlem.level_pairs import FeatureCoding
from thinkalike.mlem.procedure import Procedure, equal_parts
from thinkalike.mlem.profile_draws import profile_draws
from thinkalike.mlem.rank_tables import DECIMALS, Scoring


@dataclass(frozen=True, eq=False, repr=False)
class CrossValidation:
    """Result of `cross_validate`. Rows of frames and entries of arrays are outer folds, in the order of their labels.

    Attributes
    ----------
    scores
        Held-out score of each fold by `scoring`; `score` is their mean.
    scores_by
        The same by either scoring, `rho_a` and `spearman`.
    scoring
        What alpha was chosen by and what scores, importances and ceilings are differences and bounds of.
    alphas
        The penalty that the inner folds chose.
    intercepts
        Intercept of each fold's fit.
    weights
        Fold x feature, in units of the scaled distance. With levels, the mean over a feature's pairs of levels,
        weighted by how many pairs of stimuli have them. With interactions, the diagonal of W; `matrices` has all of it.
    importance
        Fold x feature: drop of the score when the feature is permuted over held-out stimuli.
    importance_drop_column
        Fold x feature: drop of the score when the model is fitted without the feature (same alpha).
    conditional_importance
        Fold x feature: drop of the score when the feature is permuted among held-out stimuli that are alike in the
        features that go with it (`diagnostics` names them): what it tells beyond them. That of a feature that goes with
        no other is its importance; 0 where the others determine it. `shared_importance` is the rest of its importance.
        NaN where it was not asked for.
    relative_weights
        Fold x feature: what a difference of the feature adds to the distance, in units of the mean distance of the
        training pairs. Unlike `weights` they do not depend on the two most distant stimuli.
    coding
        `levels`, a weight per pair of levels of a feature, or `difference`.
    ceilings
        With `difference` the largest score that any function of the feature differences has on the held-out pairs of
        each fold: no score exceeds it. With `levels` the same as `ceilings_by_values`. `ceiling` is the mean. NaN where
        it was not asked for.
    ceilings_by_values
        Estimate of the largest correlation that any function of the features' values (controls among them) has with the
        distances' ranks on the pairs whose combination of values occurs in another fold: a share `covered` of all. The
        score is of all pairs, so that it is a yardstick and no bound. NaN where it was not asked for.
    pairs, patterns
        Numbers of held-out pairs that were scored, and of their distinct patterns.
    pair_sampling_errors
        Standard error of each score from scoring a sample of pairs; 0 where all pairs were scored.
    low, high
        Smallest and largest distance of each fold's training pairs: 0 and 1 of the target.
    level_weights
        One row per fold and pair of levels of a feature: `fold, feature, level_a, level_b, weight, pairs` (of stimuli).
        Empty with `difference`.
    matrices
        With interactions, the matrices W, shape (n_folds, n_features, n_features); None without.
    importance_terms
        With interactions, one row per (fold, feature_a, feature_b): weight and importance of each main effect
        (feature_a = feature_b) and pair.
    folds
        Outer fold of each stimulus.
    procedure
        The problem and the settings that the result is of.
    diagnostics
        One row per feature: on how many pairs it varies, the feature whose differences it goes with most, and those
        that it cannot be told from (`tied_to`, names); with conditional importance what it is permuted within
        (`conditioned_on`, names) and the share of held-out stimuli whose value can change then (`movable`).
    correlations
        Feature x feature: correlation of the differences over all pairs.
    warnings
        Sentences about features that cannot be told apart or do not vary.
    """

    features: tuple[str, ...]
    scores: NDArray[np.float64]
    alphas: NDArray[np.float64]
    intercepts: NDArray[np.float64]
    weights: pd.DataFrame
    importance: pd.DataFrame
    importance_drop_column: pd.DataFrame
    conditional_importance: pd.DataFrame
    relative_weights: pd.DataFrame
    scores_by: Mapping[Scoring, NDArray[np.float64]]
    scoring: Scoring
    coding: FeatureCoding
    ceilings: NDArray[np.float64]
    ceilings_by_values: NDArray[np.float64]
    covered: NDArray[np.float64]
    pairs: NDArray[np.int64]
    patterns: NDArray[np.int64]
    pair_sampling_errors: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    folds: NDArray[np.int64]
    diagnostics: pd.DataFrame
    correlations: pd.DataFrame
    warnings: tuple[str, ...]
    procedure: Procedure
    level_weights: pd.DataFrame
    matrices: NDArray[np.float64] | None = None
    importance_terms: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def score(self) -> float:
        """Mean score over folds."""
        return float(self.scores.mean())

    @property
    def shared_importance(self) -> pd.DataFrame:
        """Fold x feature: the part of the importance that is not the feature's alone, importance less conditional."""
        return (self.importance - self.conditional_importance).round(DECIMALS) + 0.0

    @property
    def ceiling(self) -> float:
        """Mean ceiling over folds."""
        return float(self.ceilings.mean())

    def __repr__(self) -> str:
        with_ceiling = "" if np.isnan(self.ceiling) else f", ceiling {self.ceiling:.3f}"
        first = (
            f"CrossValidation ({self.coding}): {self.scoring} {self.score:.3f}{with_ceiling}, {len(self.scores)} folds"
        )
        return f"{first}\n{self.summary().round(4).to_string()}"

    def __eq__(self, other: object) -> bool:
        """Tell whether all results are equal, whatever data and settings they came from."""
        if not isinstance(other, CrossValidation):
            return NotImplemented
        names = [each.name for each in fields(self) if each.name != "procedure"]
        return all(equal_parts(getattr(self, name), getattr(other, name)) for name in names)

    __hash__ = None  # type: ignore[assignment]

    def summary(self) -> pd.DataFrame:
        """Return one row per feature, means over folds.

        Columns `weight, importance, conditional_importance, importance_drop_column`.
        """
        columns = {
            "weight": self.weights.mean(),
            "importance": self.importance.mean(),
            "conditional_importance": self.conditional_importance.mean(),
            "importance_drop_column": self.importance_drop_column.mean(),
        }
        return pd.DataFrame(columns).rename_axis("feature")

    def infer(
        self,
        groups: Labels | None = None,
        units: Labels | Mapping[str, Labels | None] | None = None,
        controls: Sequence[str] = (),
        levels: Mapping[str, Labels] | None = None,
        lemmas: Labels | None = None,
        over: Literal["groups", "lemmas", "both"] = "groups",
        n_resamples: int = 1000,
        n_permutations: int = 1000,
        confidence: float = 0.95,
        seed: int = 0,
    ) -> pd.DataFrame:
        """Return intervals by resampling groups or lemmas, and p-values by permuting labels between units.

        Data, model and folds are those of this result. Each resample chooses its penalty and its scale again; under
        permutation the penalties are those of this result.

        Parameters
        ----------
        groups
            What is resampled, one label per stimulus (its sentence). By default the groups of the folds.
        lemmas, over
            What the intervals generalise over: new `groups` with the same words; new `lemmas` (labels, one per
            stimulus) in the same sentences; or `both`, whose variances are added (a little too wide, as what belongs to
            single stimuli counts twice).
        units
            What exchanges its labels under the null: labels, one per stimulus (its lemma), for all features or by
            name; `None` for single stimuli. A feature that is not named exchanges its labels between the units of the
            coarsest of the `levels` in which it is constant, between single stimuli where there is none.
        controls
            Features that are no hypotheses: they keep their labels when the score is tested, and are not among those
            whose largest statistic makes `p_max`.
        levels
            Kinds of units by name, labels for each stimulus, the coarsest first: `{"sentence": ..., "lemma": ...}`. By
            default the groups of the folds, `groups`. A feature that is as constant in one kind as in another is taken
            as a property of the first, and the log says so.
        n_resamples, n_permutations
            Numbers of resamples and of permutations; 0 for no intervals or no p-values.
        confidence
            Of the intervals: quantiles of the resamples about the estimate (see `resampling.Draws`).

        Returns
        -------
        DataFrame
            One row per quantity and feature: `quantity` (score, weight, importance), `feature` (None for the score),
            `estimate` (mean over folds), `low`, `high`, `p`, `q` (Benjamini and Hochberg, over the features of
            a quantity that are no controls), `p_max` (from the largest statistic over features), `unit`, what exchanged
            its labels: the name of a level, `given` or `stimulus`, and `over`, what was resampled. p is (1 +
            number of null statistics at least as large) / (1 + n_permutations), one-sided. A weight's interval is for
            its expectation at this number of stimuli: the min-max scale depends on it.
        """
        own = self.procedure
        factors = self._resampled(groups, lemmas, over)
        kinds = {"groups": own.groups} if own.groups.max() + 1 < len(own.groups) else {}
        if levels is not None:
            kinds = {name: label_codes(labels, own.index, f"levels['{name}']") for name, labels in levels.items()}
        exchanged = units_of(own.problem.coding, units, kinds, own.index)
        table = inference_table(
            self.folds_again(),
            own.alphas,
            factors,
            exchanged,
            controls,
            n_resamples=n_resamples,
            n_permutations=n_permutations,
            confidence=confidence,
            seed=seed,
        )
        return table.assign(over=over)

    def _resampled(self, groups: Labels | None, lemmas: Labels | None, over: str) -> list[NDArray[np.int64]]:
        own = self.procedure
        if over not in ("groups", "lemmas", "both"):
            raise InputError(f"over is '{over}' but must be one of groups, lemmas, both.")
        if over == "groups":
            lemmas = None
        elif lemmas is None:
            raise InputError(f"over is '{over}' but there are no lemmas; give the lemma of each stimulus as lemmas.")
        factors = []
        if over != "lemmas":
            factors.append(own.groups if groups is None else label_codes(groups, own.index, "groups"))
        if lemmas is not None:
            factors.append(label_codes(lemmas, own.index, "lemmas"))
        return factors

    def profile_draws(
        self,
        groups: Labels | Sequence[Labels] | None = None,
        n_resamples: int = 100,
        n_halvings: int = 10,
        seed: int = 0,
    ) -> pd.DataFrame:
        """Return weights and importances in resamples and in halves of the groups: how far the stimuli decide them.

        Data, model, folds and penalties are those of this result. Results of the same groups and seed, of whatever
        representations, have the same draws.

        Parameters
        ----------
        groups
            What is drawn, one label per stimulus (its sentence). By default the groups of the folds. A list of such
            labels (of its sentence, of its lemma) draws each of them and keeps what is in all: for new sentences of
            new words.
        n_resamples, n_halvings
            Numbers of resamples (with replacement) and of random halvings.

        Returns
        -------
        DataFrame
            One row per draw and feature: `kind` (resample or half), `draw`, `feature`, `relative_weight` and
            `importance`. Halves 2k and 2k + 1 are of the same halving. With fewer than 8 groups all values are nan.
        """
        own = self.procedure
        crossed = isinstance(groups, (list, tuple)) and len(groups) > 0 and np.ndim(groups[0]) == 1
        given = [] if groups is None else list(groups) if crossed else [groups]
        factors = [label_codes(labels, own.index, "groups") for labels in given] or [own.groups]
        return profile_draws(self.folds_again(), factors, n_resamples=n_resamples, n_halvings=n_halvings, seed=seed)

    def folds_again(self) -> list[FoldFit]:
        """Return the fits of the folds, with the penalties that were chosen."""
        own = self.procedure
        choice = Choice(own.alphas, own.inner_folds, list(self.alphas))
        return fit_folds(own.problem, own.labels, own.groups, choice, own.seed, own.max_pairs)[0]

    def importance_table(self) -> pd.DataFrame:
        """Return one row per (fold, feature).

        Columns `coding, fold, feature, weight, relative_weight, importance, importance_drop_column,
        conditional_importance, shared_importance, conditioned_on, movable, tied_to`. The last three are of the stimuli,
        the same in all folds; names are joined by commas, empty for none.
        """
        n_folds, n_features = self.weights.shape
        return pd.DataFrame(
            {
                "coding": self.coding,
                "fold": np.repeat(np.arange(n_folds), n_features),
                "feature": np.tile(np.array(self.features, dtype=object), n_folds),
                "weight": self.weights.to_numpy().reshape(-1),
                "relative_weight": self.relative_weights.to_numpy().reshape(-1),
                "importance": self.importance.to_numpy().reshape(-1),
                "importance_drop_column": self.importance_drop_column.to_numpy().reshape(-1),
                "conditional_importance": self.conditional_importance.to_numpy().reshape(-1),
                "shared_importance": self.shared_importance.to_numpy().reshape(-1),
                **{
                    column: np.tile(self.diagnostics[column].to_numpy(), n_folds)
                    for column in ("conditioned_on", "movable", "tied_to")
                },
            }
        )

    def scores_table(self) -> pd.DataFrame:
        """Return one row per fold.

        Columns `coding, fold, score, alpha, intercept, ceiling, ceiling_by_values, covered, scoring, rho_a, spearman,
        pairs, patterns, pair_sampling_error`; `score` is the one of the two that `scoring` names.
        """
        return pd.DataFrame(
            {
                "coding": self.coding,
                "fold": np.arange(len(self.scores)),
                "score": self.scores,
                "alpha": self.alphas,
                "intercept": self.intercepts,
                "ceiling": self.ceilings,
                "ceiling_by_values": self.ceilings_by_values,
                "covered": self.covered,
                "scoring": self.scoring,
                "rho_a": self.scores_by["rho_a"],
                "spearman": self.scores_by["spearman"],
                "pairs": self.pairs,
                "patterns": self.patterns,
                "pair_sampling_error": self.pair_sampling_errors,
            }
        )
