# Similarity of any two layers of two models: one job per pair of models for all measures of profiles, one for each measure
# of vectors.


# What names a table of each layer of one of the two models; nothing where the study has no such table.
TABLES_OF_LAYERS = lambda side, table: (
    collect(
        f"<results>/{{{{dataset}}}}/{{{{{side}}}}}/mlem/layer-{{layer}}/{table}.parquet",
        layer=lambda wildcards: STUDY.models[wildcards[side]].layers,
    )
    if table in STUDY.layer_tables
    else []
)


# All measures at once: a job's start would take longer than any of them.
rule compare_profiles:
    input:
        a=TABLES_OF_LAYERS("model_a", "importance"),
        b=TABLES_OF_LAYERS("model_b", "importance"),
        resamples_a=TABLES_OF_LAYERS("model_a", "resamples"),
        resamples_b=TABLES_OF_LAYERS("model_b", "resamples"),
    output:
        **{
            measure: f"<results>/{{dataset}}/similarity/{measure}/{{model_a}}--{{model_b}}.parquet"
            for measure in STUDY.similarity["feature_based"]
        },
    log:
        "<logs>/{dataset}/similarity/profiles/{model_a}--{model_b}.log",
    benchmark:
        "<benchmarks>/{dataset}/similarity/profiles/{model_a}--{model_b}.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        **SETTINGS["compare_profiles"],
    message:
        "Profiles of {wildcards.model_a} and {wildcards.model_b}"
    script:
        "../scripts/compare_profiles.py"


rule compare_representations:
    input:
        stimuli="<results>/{dataset}/stimuli.parquet",
        a="<results>/{dataset}/{model_a}/representations",
        b="<results>/{dataset}/{model_b}/representations",
    output:
        "<results>/{dataset}/similarity/{measure}/{model_a}--{model_b}.parquet",
    log:
        "<logs>/{dataset}/similarity/{measure}/{model_a}--{model_b}.log",
    benchmark:
        "<benchmarks>/{dataset}/similarity/{measure}/{model_a}--{model_b}.tsv"
    wildcard_constraints:
        measure=name_pattern(STUDY.similarity["feature_agnostic"]),
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=NEEDS.similarity_memory,
        runtime=NEEDS.similarity_minutes,
    params:
        **SETTINGS["compare_representations"],
    message:
        "{wildcards.measure} of {wildcards.model_a} and {wildcards.model_b}"
    script:
        "../scripts/compare_representations.py"


rule collect_similarity:
    input:
        pairs=[
            collect(
                "<results>/{{dataset}}/similarity/{measure}/{model_a}--{model_b}.parquet",
                measure=measure,
                model_a=a,
                model_b=b,
            )
            for measure in STUDY.measures
            for a, b in STUDY.pairs
        ],
    output:
        parquet="<results>/{dataset}/tables/similarity.parquet",
        csv="<results>/{dataset}/tables/similarity.csv",
    log:
        "<logs>/{dataset}/collect_similarity.log",
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    params:
        **SETTINGS["collect_similarity"],
    message:
        "Table of similarities"
    script:
        "../scripts/collect_similarity.py"


rule agreement:
    input:
        "<results>/{dataset}/tables/similarity.parquet",
    output:
        parquet="<results>/{dataset}/tables/agreement.parquet",
        csv="<results>/{dataset}/tables/agreement.csv",
    log:
        "<logs>/{dataset}/agreement.log",
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    params:
        **SETTINGS["agreement"],
    message:
        "How far the measures agree"
    script:
        "../scripts/agreement.py"


rule layer_maps:
    input:
        similarity="<results>/{dataset}/tables/similarity.parquet",
        models="<results>/{dataset}/tables/models.parquet",
    output:
        parquet="<results>/{dataset}/tables/layer_maps.parquet",
        csv="<results>/{dataset}/tables/layer_maps.csv",
    log:
        "<logs>/{dataset}/layer_maps.log",
    benchmark:
        "<benchmarks>/{dataset}/layer_maps.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        **SETTINGS["layer_maps"],
    message:
        "Maps of the layers"
    script:
        "../scripts/layer_maps.py"


# One job for all pairs, because a layer's ranks are the work and serve every pair it is in.
rule explain_similarity:
    input:
        stimuli="<results>/{dataset}/stimuli.parquet",
        representations=collect(
            "<results>/{{dataset}}/{model}/representations", model=STUDY.models
        ),
    output:
        parquet="<results>/{dataset}/tables/explained.parquet",
        csv="<results>/{dataset}/tables/explained.csv",
        sentences="<results>/{dataset}/tables/explained_sentences.parquet",
        sentences_csv="<results>/{dataset}/tables/explained_sentences.csv",
    log:
        "<logs>/{dataset}/explain_similarity.log",
    benchmark:
        "<benchmarks>/{dataset}/explain_similarity.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=NEEDS.explained_memory,
        runtime=NEEDS.explained_minutes,
    params:
        **SETTINGS["explain_similarity"],
    message:
        "What each feature carries of the similarity of any two layers"
    script:
        "../scripts/explain_similarity.py"


rule trajectories:
    input:
        layers=collect(
            "<results>/{{dataset}}/{model}/mlem/layer-{layer}/importance.parquet",
            zip,
            **STUDY.every_layer,
        ),
        resamples=["<results>/{dataset}/tables/resamples.parquet"] * STUDY.has_draws,
    output:
        parquet="<results>/{dataset}/tables/trajectories.parquet",
        csv="<results>/{dataset}/tables/trajectories.csv",
    log:
        "<logs>/{dataset}/trajectories.log",
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    params:
        **SETTINGS["trajectories"],
    message:
        "Distances between the models' paths through the layers"
    script:
        "../scripts/trajectories.py"


rule nearness:
    input:
        importance="<results>/{dataset}/tables/importance.parquet",
        resamples="<results>/{dataset}/tables/resamples.parquet",
        models="<results>/{dataset}/tables/models.parquet",
    output:
        parquet="<results>/{dataset}/tables/nearness.parquet",
        csv="<results>/{dataset}/tables/nearness.csv",
    log:
        "<logs>/{dataset}/nearness.log",
    benchmark:
        "<benchmarks>/{dataset}/nearness.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(20),
    params:
        **SETTINGS["nearness"],
    message:
        "Which layers and models are nearer to which"
    script:
        "../scripts/nearness.py"


rule reliability:
    input:
        "<results>/{dataset}/tables/resamples.parquet",
    output:
        parquet="<results>/{dataset}/tables/reliability.parquet",
        csv="<results>/{dataset}/tables/reliability.csv",
    log:
        "<logs>/{dataset}/reliability.log",
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    params:
        **SETTINGS["reliability"],
    message:
        "How far the profiles are decided by the stimuli"
    script:
        "../scripts/reliability.py"


rule refit_feature_sets:
    input:
        stimuli="<results>/{dataset}/stimuli.parquet",
        representations="<results>/{dataset}/{model}/representations",
    output:
        "<results>/{dataset}/{model}/feature_sets/layer-{layer}.parquet",
    log:
        "<logs>/{dataset}/{model}/feature_sets/layer-{layer}.log",
    benchmark:
        "<benchmarks>/{dataset}/{model}/feature_sets/layer-{layer}.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=NEEDS.mlem_memory,
        runtime=growing(60),
    params:
        **SETTINGS["refit_feature_sets"],
    message:
        "MLEM of {wildcards.model}, layer {wildcards.layer}, without each feature"
    script:
        "../scripts/refit_feature_sets.py"


rule feature_sets:
    input:
        layers=collect(
            "<results>/{{dataset}}/{model}/feature_sets/layer-{layer}.parquet",
            zip,
            **STUDY.every_layer,
        ),
        models="<results>/{dataset}/tables/models.parquet",
    output:
        sets="<results>/{dataset}/tables/feature_sets.parquet",
        sets_csv="<results>/{dataset}/tables/feature_sets.csv",
        profiles="<results>/{dataset}/tables/feature_set_profiles.parquet",
        profiles_csv="<results>/{dataset}/tables/feature_set_profiles.csv",
    log:
        "<logs>/{dataset}/feature_sets.log",
    benchmark:
        "<benchmarks>/{dataset}/feature_sets.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        **SETTINGS["feature_sets"],
    message:
        "How far the choice of features decides"
    script:
        "../scripts/feature_sets.py"


rule reproduction:
    input:
        **{
            table: f"<results>/{{dataset}}/tables/{table}.parquet"
            for table in (
                *("models", "importance", "scores", "similarity", "agreement"),
                *("trajectories", "resamples"),
            )
            if table in STUDY.tables
        },
        layers=collect(
            "<results>/{{dataset}}/{model}/layers.parquet", model=STUDY.models
        ),
    output:
        reproduction="<results>/{dataset}/tables/reproduction.parquet",
        reproduction_csv="<results>/{dataset}/tables/reproduction.csv",
        reproduction_setup="<results>/{dataset}/tables/reproduction_setup.parquet",
        reproduction_setup_csv="<results>/{dataset}/tables/reproduction_setup.csv",
        layer_numbering="<results>/{dataset}/tables/layer_numbering.parquet",
        layer_numbering_csv="<results>/{dataset}/tables/layer_numbering.csv",
    log:
        "<logs>/{dataset}/reproduction.log",
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    params:
        **SETTINGS["reproduction"],
    message:
        "Published values beside the study's own"
    script:
        "../scripts/reproduction.py"


# What layers.parquet holds of a model's configuration is enough: no vectors are read.
rule model_metadata:
    input:
        layers=collect(
            "<results>/{{dataset}}/{model}/layers.parquet", model=STUDY.models
        ),
    output:
        parquet="<results>/{dataset}/tables/model_metadata.parquet",
        csv="<results>/{dataset}/tables/model_metadata.csv",
    log:
        "<logs>/{dataset}/model_metadata.log",
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    params:
        **SETTINGS["model_metadata"],
    message:
        "What is known of the models"
    script:
        "../scripts/model_metadata.py"


rule explain_models:
    input:
        metadata="<results>/{dataset}/tables/model_metadata.parquet",
        similarity="<results>/{dataset}/tables/similarity.parquet",
        models="<results>/{dataset}/tables/models.parquet",
        trajectories="<results>/{dataset}/tables/trajectories.parquet",
    output:
        model_distances="<results>/{dataset}/tables/model_distances.parquet",
        model_distances_csv="<results>/{dataset}/tables/model_distances.csv",
        model_mlem="<results>/{dataset}/tables/model_mlem.parquet",
        model_mlem_csv="<results>/{dataset}/tables/model_mlem.csv",
        model_maps="<results>/{dataset}/tables/model_maps.parquet",
        model_maps_csv="<results>/{dataset}/tables/model_maps.csv",
    log:
        "<logs>/{dataset}/explain_models.log",
    benchmark:
        "<benchmarks>/{dataset}/explain_models.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(20),
    params:
        **SETTINGS["explain_models"],
    message:
        "What models that are alike have in common"
    script:
        "../scripts/explain_models.py"


rule diagnose:
    input:
        "<results>/{dataset}/{model}/representations",
    output:
        "<results>/{dataset}/{model}/diagnostics.parquet",
    log:
        "<logs>/{dataset}/{model}/diagnose.log",
    benchmark:
        "<benchmarks>/{dataset}/{model}/diagnose.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=NEEDS.mlem_memory,
        runtime=growing(20),
    params:
        **SETTINGS["diagnose"],
    message:
        "What may mislead in the layers of {wildcards.model}"
    script:
        "../scripts/diagnose.py"


rule collect_diagnostics:
    input:
        tables=collect(
            "<results>/{{dataset}}/{model}/diagnostics.parquet", model=STUDY.models
        ),
        models="<results>/{dataset}/tables/models.parquet",
    output:
        parquet="<results>/{dataset}/tables/diagnostics.parquet",
        csv="<results>/{dataset}/tables/diagnostics.csv",
    log:
        "<logs>/{dataset}/collect_diagnostics.log",
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    params:
        **SETTINGS["collect_diagnostics"],
    message:
        "Table of diagnostics"
    script:
        "../scripts/collect_of_models.py"


rule probe:
    input:
        stimuli="<results>/{dataset}/stimuli.parquet",
        representations="<results>/{dataset}/{model}/representations",
    output:
        "<results>/{dataset}/{model}/probes/layer-{layer}.parquet",
    log:
        "<logs>/{dataset}/{model}/probes/layer-{layer}.log",
    benchmark:
        "<benchmarks>/{dataset}/{model}/probes/layer-{layer}.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=NEEDS.mlem_memory,
        runtime=growing(60),
    params:
        **SETTINGS["probe"],
    message:
        "Linear probes of {wildcards.model}, layer {wildcards.layer}"
    script:
        "../scripts/probe.py"


rule collect_probes:
    input:
        layers=collect(
            "<results>/{{dataset}}/{model}/probes/layer-{layer}.parquet",
            zip,
            **STUDY.every_layer,
        ),
        models="<results>/{dataset}/tables/models.parquet",
    output:
        parquet="<results>/{dataset}/tables/probes.parquet",
        csv="<results>/{dataset}/tables/probes.csv",
    log:
        "<logs>/{dataset}/collect_probes.log",
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    params:
        **SETTINGS["collect_probes"],
    message:
        "Table of linear probes"
    script:
        "../scripts/collect_layers.py"


rule agreement_across_datasets:
    input:
        collect("<results>/{dataset}/tables/similarity.parquet", dataset=STUDY.datasets),
    output:
        parquet="<results>/across_datasets/agreement.parquet",
        csv="<results>/across_datasets/agreement.csv",
    log:
        "<logs>/agreement_across_datasets.log",
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    params:
        **SETTINGS["agreement_across_datasets"],
    message:
        "Whether who is alike depends on the stimuli"
    script:
        "../scripts/agreement_across_datasets.py"
