"""What each rule's jobs are told: the parameters of the rules, and what their results must have been made with."""

from collections.abc import Callable
from typing import Any

from thinkalike.study.digests import file_digests
from thinkalike.study.reference import own_setup
from thinkalike.study.stage_versions import STAGE_VERSION
from thinkalike.study.study import Study

Settings = dict[str, Any]
PAIRS_PER_PHENOMENON = 300
# Tables with rows of every layer.
_COLLECTED = (
    *("importance", "scores", "level_weights", "resamples", "inference", "interactions", "probes"),
    *("importance_within", "scores_within"),
)
# Settings of the MLEM that decide a fit; the others are about what is reported of it.
_OF_FITS = (
    *("features", "controls", "distance", "alphas", "coding", "scoring", "folds", "inner_folds", "interactions"),
    *("max_pairs", "same_word_pairs"),
)
# Those of what is reported of a fit to a part of the stimuli.
_OF_PARTS = (*_OF_FITS, "importance", "n_repeats", "conditional", "drop_column", "ceiling")
STIMULUS_TABLES = [
    f"stimuli_{table}"
    for table in (
        "levels",
        "combinations",
        "pairs",
        "correlation",
        "difference_correlation",
        "variance_inflation",
        "cells",
        "duplicates",
        "warnings",
        "counts",
    )
]


def job_settings(study: Study) -> dict[str, Settings]:
    """Return the parameters of every rule that makes numbers.

    Returns
    -------
    dict
        Rule name to parameter name to a value, or to a function of the job's wildcards where it depends on them. A
        result whose recorded settings differ from these is not of this study.
    """
    version = STAGE_VERSION
    measures = [names[0] for names in (study.similarity["feature_based"], study.similarity["feature_agnostic"])]
    profile = {"profile": study.similarity["profile"]}
    layers = {"layers": {name: list(model.layers) for name, model in study.models.items()}}

    settings: dict[str, Settings] = {
        "stimuli": {
            "source": lambda wildcards: study.stimulus_source(wildcards.dataset),
            "leave_out": lambda wildcards: study.leaving_out(wildcards.dataset),
            "sources": lambda wildcards: file_digests(
                [*study.stimulus_files(wildcards.dataset), *study.tokenizer_files(wildcards.dataset)]
            ),
            "seed": study.seed,
            "version": version["stimuli"],
        },
        "corpus": {
            "source": lambda wildcards: study.datasets[wildcards.dataset]["corpus"],
            "sources": lambda wildcards: file_digests(study.corpus_files(wildcards.dataset)),
            "pairs_per_phenomenon": PAIRS_PER_PHENOMENON,
            "seed": study.seed,
            "version": version["stimuli"],
        },
        "stimulus_report": {"tables": STIMULUS_TABLES, "version": version["stimuli"]},
        "train": {
            "architecture": lambda wildcards: study.models[wildcards.model].location,
            "layers": lambda wildcards: study.models[wildcards.model].blocks,
            "seed": lambda wildcards: study.models[wildcards.model].seed,
            "settings": lambda wildcards: study.training_settings(wildcards.model),
            "sources": lambda wildcards: file_digests(study.corpus_files(wildcards.dataset)),
            "version": version["training"],
        },
        "extract": {
            "source": lambda wildcards: study.source(wildcards.model),
            "sources": lambda wildcards: file_digests(study.source_files(wildcards.model)),
            "layers": lambda wildcards: list(study.models[wildcards.model].layers),
            "settings": lambda wildcards: study.extraction_settings(wildcards.dataset, wildcards.model),
            "version": version["representations"],
        },
        "collect_models": {"models": [model.record() for model in study.models.values()]},
        "versions": {},
        "collect_training": {"models": study.trained},
        "collect_grammaticality": {"models": study.trained},
        "mlem": {
            "settings": {key: value for key, value in study.mlem.items() if key != "within"},
            "seed": study.seed,
            "version": version["mlem"],
        },
        "mlem_within": {
            "settings": {key: study.mlem[key] for key in _OF_PARTS if key in study.mlem},
            "within": study.mlem.get("within", []),
            "seed": study.seed,
            "version": version["mlem"],
        },
        **{f"collect_{table}": {"table": table, **layers} for table in _COLLECTED},
        "compare_profiles": {
            "options": {name: study.similarity["options"].get(name, {}) for name in study.similarity["feature_based"]},
            "layers": _layers_of_both(study),
            **profile,
            "version": version["similarity"],
        },
        "compare_representations": {
            "layers": _layers_of_both(study),
            "settings": lambda wildcards: study.comparison_settings(wildcards.measure),
            "seed": study.seed,
            "version": version["similarity"],
        },
        "explain_similarity": {
            "features": study.mlem.get("features"),
            "controls": study.mlem.get("controls"),
            "settings": study.explanation_settings,
            "seed": study.seed,
            **layers,
            "version": version["similarity"],
        },
        "collect_similarity": {"measures": study.measures, **layers},
        "agreement": {"version": version["similarity"]},
        "explain_pairs": {"measure": measures[0], "seed": study.seed, "version": version["figures"]},
        "word_maps": {**layers, "seed": study.seed, "version": version["figures"]},
        "layer_maps": {"measures": measures, "seed": study.seed, "version": version["similarity"]},
        "trajectories": {**layers, **profile, "version": version["similarity"]},
        "nearness": {"measures": study.similarity["feature_based"], **profile, "version": version["similarity"]},
        "reliability": {"measures": study.similarity["feature_based"], **profile, "version": version["similarity"]},
        "refit_feature_sets": {
            "settings": {key: study.mlem[key] for key in _OF_FITS if key in study.mlem},
            "most": study.similarity["feature_sets"],
            "seed": study.seed,
            "version": version["mlem"],
        },
        "feature_sets": {"measure": measures[0], **layers, "version": version["similarity"]},
        "reproduction": {
            "reference": study.reference,
            "own": lambda wildcards: own_setup(study, wildcards.dataset),
            "numberings": lambda wildcards: {
                name: study.extraction_settings(wildcards.dataset, name)["numbering"] for name in study.models
            },
            "version": version["similarity"],
        },
        "model_metadata": {"models": {name: model.declared_properties() for name, model in study.models.items()}},
        "explain_models": {
            "measures": measures,
            "settings": study.similarity["model_mlem"],
            "seed": study.seed,
            "version": version["similarity"],
        },
        "diagnose": {
            "layers": lambda wildcards: list(study.models[wildcards.model].layers),
            "version": version["similarity"],
        },
        "collect_diagnostics": {"models": list(study.models)},
        "probe": {
            "features": study.mlem.get("features"),
            "controls": study.mlem.get("controls"),
            "folds": study.mlem["folds"],
            "seed": study.seed,
            "version": version["similarity"],
        },
        "agreement_across_datasets": {"datasets": list(study.datasets), "version": version["similarity"]},
    }
    return {rule: {key: as_told(value) for key, value in told.items()} for rule, told in settings.items()}


def as_told(value: Any) -> Any:
    """Return a parameter so that Snakemake leaves a text with braces in it, such as a feature's name, as it is."""
    return (lambda wildcards: value) if isinstance(value, str | list) else value


def settings_of_job(settings: Settings, wildcards: Any) -> Settings:
    """Return one rule's parameters with those that depend on the job's wildcards filled in."""
    return {name: value(wildcards) if callable(value) else value for name, value in settings.items()}


def _layers_of_both(study: Study) -> Callable[[Any], list[list[str]]]:
    return lambda wildcards: [list(study.models[name].layers) for name in (wildcards.model_a, wildcards.model_b)]
