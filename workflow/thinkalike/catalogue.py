"""Names without code: which measures there are and what their options may be, sources, trained architectures.

Who only checks a name or a value (a study that is read before anything runs) need not import what computes it. Tests
hold these tables to the code that they speak of, and the schema of a study to them.
"""

import difflib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from pathlib import Path
from typing import Any, Literal

from thinkalike.errors import InputError

STIMULUS_SOURCES = {
    "grammar": "thinkalike.stimuli.grammar_source:read_grammar_source",
    "table": "thinkalike.stimuli.table_source:read_table_source",
    "conllu": "thinkalike.stimuli.conllu_source:read_conllu_source",
    "prompts": "thinkalike.stimuli.prompt_source:read_prompt_source",
    "pairs": "thinkalike.stimuli.pair_source:read_pair_source",
}
"""Sources of stimuli, by the key that names one in a dataset's entry, and the function that reads it."""

MODEL_SOURCES = ("train", "hub", "activations")


@dataclass(frozen=True)
class Architecture:
    """An architecture of which small models are trained here.

    Attributes
    ----------
    objective
        `causal`, every next sub-token is predicted from those before it; `masked`, some are hidden and predicted from
        the others.
    final_norm
        Whether the last block is followed by a norm, whose output is the layer `final`.
    """

    objective: Literal["causal", "masked"]
    final_norm: bool


TRAINED_ARCHITECTURES = {
    "bert": Architecture("masked", final_norm=False),
    "gpt2": Architecture("causal", final_norm=True),
    "lstm": Architecture("causal", final_norm=False),
    "mamba": Architecture("causal", final_norm=True),
}
HEAD_WIDTH = 32
"""Units of an attention head of a trained model: its width is a multiple of them, or at most this."""


MOST_CELL_PAIRS = 2_500_000
"""Pairs of combinations of values among which similarity is divided (3.4 GB), unless more stimuli are asked for."""


def check_width(width: int) -> None:
    """Refuse a width that no model can be trained with."""
    if width < 1 or (width > HEAD_WIDTH and width % HEAD_WIDTH):
        raise InputError(f"A width of {width} cannot be built: 'width' must be a multiple of {HEAD_WIDTH}.")


@dataclass(frozen=True)
class Option:
    """What an option of a measure may be.

    Attributes
    ----------
    kind
        `boolean`, `integer`, `number` (finite) or `choice`.
    choices
        The values of a `choice`.
    minimum, maximum
        The smallest and the largest value of an `integer` or a `number`; None for no bound.
    above
        A bound that the value must exceed; None for none.
    besides
        Values that are allowed beside these.
    """

    kind: Literal["boolean", "integer", "number", "choice"]
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    besides: tuple[Any, ...] = ()

    def allows(self, value: Any) -> bool:
        """Return whether an option may have this value."""
        if any(value is other or (type(value) is type(other) and value == other) for other in self.besides):
            return True
        if self.kind == "choice":
            return isinstance(value, str) and value in self.choices
        if self.kind == "boolean" or isinstance(value, bool):
            return self.kind == "boolean" and isinstance(value, bool)
        if not isinstance(value, Integral if self.kind == "integer" else Real):
            return False
        number = float(value)
        at_least = self.minimum is None or number >= self.minimum
        at_most = self.maximum is None or number <= self.maximum
        return math.isfinite(number) and at_least and at_most and (self.above is None or number > self.above)

    def __str__(self) -> str:
        """Return the allowed values in words, to follow "must be"."""
        if self.kind == "choice":
            words = f"one of {', '.join(map(repr, self.choices))}"
        elif self.kind == "boolean":
            words = "true or false"
        else:
            bounds = [
                f"{name} {value:g}"
                for name, value in (("above", self.above), ("at least", self.minimum), ("at most", self.maximum))
                if value is not None
            ]
            words = ("a whole number" if self.kind == "integer" else "a number") + (", " if bounds else "")
            words += " and ".join(bounds)
        others = [{None: "null", 0: "0"}.get(value, repr(value)) for value in self.besides]
        return " or ".join([*others, words])


_YES_NO = Option("boolean")
_SEED = Option("integer", minimum=0)
_TRIVIAL = {"allow_trivial": _YES_NO}
_CENTRE = {"centre": _YES_NO}
_NEIGHBOURS = {"k": Option("integer", minimum=1), **_CENTRE}
_CKA = {
    "kernel": Option("choice", ("linear", "rbf")),
    "bandwidth": Option("choice", ("median", "lower_median", "median_nonzero")),
    "scale": Option("number", above=0),
    "batch_size": Option("integer", minimum=4, besides=(None,)),
}

PROFILE_MEASURES: dict[str, dict[str, Option]] = {
    "weighted_kendall": {},
    "spearman_profiles": {},
    "cosine_profiles": {},
    "euclidean_profiles": {},
}
"""Measures of feature-importance profiles (`feature_based` in a study), and what their options may be."""

RESAMPLE_MEASURES: dict[str, dict[str, Option]] = {"resolved_kendall": {}}
"""Measures of resampled profiles, which need more of a layer than its profile, and what their options may be."""

FEWEST_RESAMPLES = 20
"""Resamples that a measure of them takes at least: of fewer, 95 % means all."""

LAYER_MEASURES: dict[str, dict[str, Option]] = {
    "aligned_cosine": _CENTRE,
    "cca": {"squared": _YES_NO, **_TRIVIAL},
    "cka": _CKA,
    "cka_debiased": _CKA,
    "distance_correlation": {},
    "dsa": {
        "delays": Option("integer", minimum=1),
        "rank": Option("integer", minimum=1),
        "iterations": Option("integer", minimum=1),
        "centre": _YES_NO,
        "seed": _SEED,
    },
    "jaccard": _NEIGHBOURS,
    "linear_regression": {"folds": Option("integer", minimum=2, besides=(0,)), "seed": _SEED, **_TRIVIAL},
    "mutual_knn": _NEIGHBOURS,
    "partial_rsa": {
        "dissimilarity": Option("choice", ("euclidean", "sqeuclidean", "cosine", "correlation")),
        "comparison": Option("choice", ("spearman", "pearson")),
        "centre": _YES_NO,
    },
    "procrustes": _CENTRE,
    "procrustes_angular": {**_CENTRE, "alpha": Option("number", minimum=0, maximum=1)},
    "procrustes_size_and_shape": _CENTRE,
    "pwcca": _TRIVIAL,
    "rsa": {
        "dissimilarity": Option("choice", ("euclidean", "sqeuclidean", "cosine", "correlation")),
        "comparison": Option("choice", ("spearman", "pearson", "cosine", "kendall_tau_a", "kendall_tau_b")),
        "centre": _YES_NO,
    },
    "rsm_norm_difference": {
        "dissimilarity": Option("choice", ("euclidean", "cosine")),
        "centre": _YES_NO,
        "normalise": _YES_NO,
        "per_pair": _YES_NO,
    },
    "rv": _CKA,
    "second_order_cosine": _NEIGHBOURS,
    "svcca": {"variance": Option("number", above=0, maximum=1), **_TRIVIAL},
}
"""Measures of the vectors themselves (`feature_agnostic` in a study), and what their options may be."""

PAIR_MEASURES = ("cka_debiased", "partial_rsa", "rsa", "rsm_norm_difference")
"""Measures that are sums over pairs of stimuli, of which those of the same word or lemma may be left out."""

MEASURE_OPTIONS = {**LAYER_MEASURES, **PROFILE_MEASURES, **RESAMPLE_MEASURES}

MEASURE_SETS: dict[str, dict[str, dict[str, Any]]] = {
    # Klabunde et al. 2023: measures invariant to rotations and scaling; only Procrustes is normalised (by its norm).
    "ot+is": {
        "procrustes": {"centre": False},
        "aligned_cosine": {"centre": False},
        "rsm_norm_difference": {"dissimilarity": "cosine", "centre": False, "normalise": False},
        "jaccard": {"k": 10, "centre": False},
    },
    # The same study: invariant to translation too, by centring; RSA and CKA are so by themselves.
    "ot+is+tr": {
        "procrustes": {"centre": True},
        "aligned_cosine": {"centre": True},
        "rsm_norm_difference": {"dissimilarity": "euclidean", "centre": True, "normalise": True},
        "jaccard": {"k": 10, "centre": True},
        "rsa": {"dissimilarity": "euclidean", "comparison": "spearman"},
        "cka": {"kernel": "linear"},
    },
}
"""Sets of measures with the conventions of published studies: set name to measure name to options."""

PREPROCESSING = r"none|centre|z-score|drop-top-[1-9][0-9]*"
"""What may be done to a representation before it is compared, as a regular expression for the whole value."""


def measure_options(name: str) -> dict[str, Option]:
    """Return the options of a measure by name, which may be one of a published set such as `procrustes.ot+is`.

    Raises
    ------
    InputError
        When there is no such measure.
    """
    base, _, published = name.partition(".")
    if base not in MEASURE_OPTIONS:
        close = difflib.get_close_matches(base, MEASURE_OPTIONS, n=1)
        hint = f" (did you mean '{close[0]}'?)" if close else ""
        raise InputError(f"There is no measure '{name}'{hint}; choose one of {', '.join(sorted(MEASURE_OPTIONS))}.")
    if published and base not in MEASURE_SETS.get(published, {}):
        known = ", ".join(f"{member}.{each}" for each, members in MEASURE_SETS.items() for member in members)
        raise InputError(f"There is no measure '{name}'; measures of published sets are {known}.")
    return MEASURE_OPTIONS[base]


def check_measure_options(name: str, options: Mapping[str, Any]) -> None:
    """Refuse an unknown measure, an option that it does not have, or a value that the option may not have."""
    check_options(name, options, measure_options(name))


def check_options(name: str, options: Mapping[str, Any], allowed: Mapping[str, Option | None]) -> None:
    """Refuse an option that is not allowed, or a value that it may not have; where that is None, any value will do."""
    for key, value in options.items():
        if key not in allowed:
            raise InputError(
                f"Measure '{name}' has no option '{key}'; its options are: {', '.join(allowed) or 'none'}."
            )
        option = allowed[key]
        if option is not None and not option.allows(value):
            raise InputError(f"Measure '{name}': option '{key}' is {value!r} but must be {option}.")


def check_preprocessing(how: Any) -> None:
    """Refuse a preprocessing that does not exist."""
    if not isinstance(how, str) or not re.fullmatch(PREPROCESSING, how):
        raise InputError(
            f"Preprocessing '{how}' is not known; it must be 'none', 'centre', 'z-score' or 'drop-top-k' with k a "
            "number, as in 'drop-top-1'."
        )


FIGURES = tuple(sorted(path.stem for path in (Path(__file__).parent / "figures").glob("[a-z]*.py")))
"""Names of the figures: each is a module of the folder figures/."""
