"""All that a study's jobs leave under its folder of results, one file per job, by stage."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from thinkalike.study.job_settings import STIMULUS_TABLES, Settings, job_settings, settings_of_job
from thinkalike.study.study import Study

# Where a table is not collected by a rule of its name.
_RULE_OF_TABLE = {
    **{name: name for name in ("versions", "agreement", "layer_maps", "trajectories", "nearness", "reliability")},
    **{"explained": "explain_similarity", "explained_sentences": "explain_similarity"},
    **dict.fromkeys(("feature_sets", "feature_set_profiles"), "feature_sets"),
    **dict.fromkeys(("reproduction", "reproduction_setup", "layer_numbering"), "reproduction"),
    **{"model_metadata": "model_metadata", "model_distances": "explain_models"},
    **{"model_mlem": "explain_models", "model_maps": "explain_models"},
    **{"pairs": "explain_pairs", "pair_words": "explain_pairs", "summary": "summary"},
}
STAGES = ("stimuli", "representations", "mlem", "similarity", "tables")


@dataclass(frozen=True)
class Product:
    """What one job makes.

    Attributes
    ----------
    stage
        The stage that makes it, one of STAGES.
    rule, wildcards
        The job.
    paths
        Its Parquet files, relative to the study's folder of results. A job's files are removed before it starts, so
        any of them is missing after it has failed.
    """

    stage: str
    rule: str
    wildcards: dict[str, str]
    paths: tuple[str, ...]


def products(study: Study) -> list[Product]:
    """Return what every job of the study makes, each stage after those that it needs."""
    found = [product for dataset in study.datasets for product in _of_dataset(study, dataset)]
    if len(study.datasets) > 1:
        found.append(Product("tables", "agreement_across_datasets", {}, ("across_datasets/agreement.parquet",)))
    return sorted(found, key=lambda product: STAGES.index(product.stage))


def expected_settings(study: Study, product: Product, rules: dict[str, Settings] | None = None) -> Settings | None:
    """Return what a product must have been made with, or None where its rule does not say (figures' tables)."""
    rules = rules or job_settings(study)
    if product.rule not in rules:
        return None
    return settings_of_job(rules[product.rule], SimpleNamespace(**product.wildcards))


def made_by(found: list[Product], *stages: str, rule: str | None = None, **wildcards: str) -> list[str]:
    """Return the paths of the products of some stages, without those of other models or measures than are given."""
    return [
        path
        for product in found
        if product.stage in stages and rule in (None, product.rule)
        if all(product.wildcards.get(name, value) == value for name, value in wildcards.items())
        for path in product.paths
    ]


def leading_to(study: Study, found: list[Product], measure: str) -> list[str]:
    """Return the paths of what a measure needs, its own table included: only a measure of profiles needs the fits."""
    of_profiles = measure in study.similarity["feature_based"]
    stages = [stage for stage in STAGES[:3] if stage != "mlem" or of_profiles]
    comparison = "compare_profiles" if of_profiles else "compare_representations"
    return made_by(found, *stages) + made_by(found, "similarity", rule=comparison, measure=measure)


def folders_of_vectors(tables_of_layers: Iterable[str]) -> list[str]:
    """Return the folders of vectors that the tables of layers (`layers.parquet`) beside them speak of."""
    return [str(Path(path).parent / "representations") for path in tables_of_layers]


def _of_dataset(study: Study, dataset: str) -> Iterator[Product]:
    def product(stage: str, rule: str, *paths: str, **wildcards: str) -> Product:
        names = {"dataset": dataset, **wildcards}
        return Product(stage, rule, names, tuple(f"{dataset}/{path}" for path in paths))

    yield product("stimuli", "stimuli", "stimuli.parquet", "sentences.parquet")
    if study.trained:
        yield product("representations", "corpus", "corpus.parquet", "minimal_pairs.parquet")
    for name in study.trained:
        yield product(
            "representations", "train", f"{name}/training.parquet", f"{name}/grammaticality.parquet", model=name
        )
    for name, model in study.models.items():
        yield product("representations", "extract", f"{name}/layers.parquet", model=name)
        yield product("tables", "diagnose", f"{name}/diagnostics.parquet", model=name)
        for layer in model.layers:
            fits = [f"{name}/mlem/layer-{layer}/{table}.parquet" for table in study.layer_tables]
            yield product("mlem", "mlem", *fits, model=name, layer=layer)
            if "within" in study.mlem:
                parts = [f"{name}/within/layer-{layer}/{table}.parquet" for table in ("importance", "scores")]
                yield product("tables", "mlem_within", *parts, model=name, layer=layer)
            if study.similarity["feature_sets"]:
                path = f"{name}/feature_sets/layer-{layer}.parquet"
                yield product("tables", "refit_feature_sets", path, model=name, layer=layer)
            if study.similarity["probes"]:
                yield product("tables", "probe", f"{name}/probes/layer-{layer}.parquet", model=name, layer=layer)
    for a, b in study.pairs:
        paths = [f"similarity/{measure}/{a}--{b}.parquet" for measure in study.similarity["feature_based"]]
        yield product("similarity", "compare_profiles", *paths, model_a=a, model_b=b)
    for measure in study.similarity["feature_agnostic"]:
        for a, b in study.pairs:
            path = f"similarity/{measure}/{a}--{b}.parquet"
            yield product("similarity", "compare_representations", path, measure=measure, model_a=a, model_b=b)
    yield product("tables", "stimulus_report", *(f"tables/{table}.parquet" for table in STIMULUS_TABLES))
    for table in study.tables:
        yield product("tables", _RULE_OF_TABLE.get(table, f"collect_{table}"), f"tables/{table}.parquet")
    if len(study.every_layer["layer"]) > 1:
        yield product("tables", "word_maps", "tables/word_maps.parquet")
