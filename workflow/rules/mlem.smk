# The metric-learning encoding model of every layer: which features explain its distances.


rule mlem:
    input:
        stimuli="<results>/{dataset}/stimuli.parquet",
        representations="<results>/{dataset}/{model}/representations",
    output:
        **{
            table: f"<results>/{{dataset}}/{{model}}/mlem/layer-{{layer}}/{table}.parquet"
            for table in STUDY.layer_tables
        },
    log:
        "<logs>/{dataset}/{model}/mlem/layer-{layer}.log",
    benchmark:
        "<benchmarks>/{dataset}/{model}/mlem/layer-{layer}.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=NEEDS.mlem_memory,
        runtime=NEEDS.mlem_minutes,
    params:
        **SETTINGS["mlem"],
    message:
        "MLEM of {wildcards.model}, layer {wildcards.layer}"
    script:
        "../scripts/mlem.py"


rule mlem_within:
    input:
        stimuli="<results>/{dataset}/stimuli.parquet",
        representations="<results>/{dataset}/{model}/representations",
    output:
        importance="<results>/{dataset}/{model}/within/layer-{layer}/importance.parquet",
        scores="<results>/{dataset}/{model}/within/layer-{layer}/scores.parquet",
    log:
        "<logs>/{dataset}/{model}/within/layer-{layer}.log",
    benchmark:
        "<benchmarks>/{dataset}/{model}/within/layer-{layer}.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=NEEDS.mlem_memory,
        runtime=NEEDS.mlem_minutes,
    params:
        **SETTINGS["mlem_within"],
    message:
        "MLEM of {wildcards.model}, layer {wildcards.layer}, within parts of the stimuli"
    script:
        "../scripts/mlem.py"


rule collect_importance:
    input:
        **(
            {"resamples": "<results>/{dataset}/tables/resamples.parquet"}
            if STUDY.mlem["resamples"]
            else {}
        ),
        layers=collect(
            "<results>/{{dataset}}/{model}/mlem/layer-{layer}/importance.parquet",
            zip,
            **STUDY.every_layer,
        ),
        models="<results>/{dataset}/tables/models.parquet",
    output:
        parquet="<results>/{dataset}/tables/importance.parquet",
        csv="<results>/{dataset}/tables/importance.csv",
    log:
        "<logs>/{dataset}/collect_importance.log",
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    params:
        **SETTINGS["collect_importance"],
    message:
        "Table of feature importance"
    script:
        "../scripts/collect_layers.py"


use rule collect_importance as collect_scores with:
    input:
        layers=collect(
            "<results>/{{dataset}}/{model}/mlem/layer-{layer}/scores.parquet",
            zip,
            **STUDY.every_layer,
        ),
        models="<results>/{dataset}/tables/models.parquet",
    output:
        parquet="<results>/{dataset}/tables/scores.parquet",
        csv="<results>/{dataset}/tables/scores.csv",
    log:
        "<logs>/{dataset}/collect_scores.log",
    localrule: True
    params:
        **SETTINGS["collect_scores"],
    message:
        "Table of MLEM scores"


use rule collect_importance as collect_level_weights with:
    input:
        layers=collect(
            "<results>/{{dataset}}/{model}/mlem/layer-{layer}/level_weights.parquet",
            zip,
            **STUDY.every_layer,
        ),
        models="<results>/{dataset}/tables/models.parquet",
    output:
        parquet="<results>/{dataset}/tables/level_weights.parquet",
        csv="<results>/{dataset}/tables/level_weights.csv",
    log:
        "<logs>/{dataset}/collect_level_weights.log",
    localrule: True
    params:
        **SETTINGS["collect_level_weights"],
    message:
        "Table of weights of pairs of levels"


use rule collect_importance as collect_resamples with:
    input:
        layers=collect(
            "<results>/{{dataset}}/{model}/mlem/layer-{layer}/resamples.parquet",
            zip,
            **STUDY.every_layer,
        ),
        models="<results>/{dataset}/tables/models.parquet",
    output:
        parquet="<results>/{dataset}/tables/resamples.parquet",
        csv="<results>/{dataset}/tables/resamples.csv",
    log:
        "<logs>/{dataset}/collect_resamples.log",
    localrule: True
    params:
        **SETTINGS["collect_resamples"],
    message:
        "Table of profiles in resamples"


use rule collect_importance as collect_inference with:
    input:
        layers=collect(
            "<results>/{{dataset}}/{model}/mlem/layer-{layer}/inference.parquet",
            zip,
            **STUDY.every_layer,
        ),
        models="<results>/{dataset}/tables/models.parquet",
    output:
        parquet="<results>/{dataset}/tables/inference.parquet",
        csv="<results>/{dataset}/tables/inference.csv",
    log:
        "<logs>/{dataset}/collect_inference.log",
    localrule: True
    params:
        **SETTINGS["collect_inference"],
    message:
        "Table of intervals and null distributions"


use rule collect_importance as collect_interactions with:
    input:
        layers=collect(
            "<results>/{{dataset}}/{model}/mlem/layer-{layer}/interactions.parquet",
            zip,
            **STUDY.every_layer,
        ),
        models="<results>/{dataset}/tables/models.parquet",
    output:
        parquet="<results>/{dataset}/tables/interactions.parquet",
        csv="<results>/{dataset}/tables/interactions.csv",
    log:
        "<logs>/{dataset}/collect_interactions.log",
    localrule: True
    params:
        **SETTINGS["collect_interactions"],
    message:
        "Table of interactions between features"


use rule collect_importance as collect_importance_within with:
    input:
        layers=collect(
            "<results>/{{dataset}}/{model}/within/layer-{layer}/importance.parquet",
            zip,
            **STUDY.every_layer,
        ),
        models="<results>/{dataset}/tables/models.parquet",
    output:
        parquet="<results>/{dataset}/tables/importance_within.parquet",
        csv="<results>/{dataset}/tables/importance_within.csv",
    log:
        "<logs>/{dataset}/collect_importance_within.log",
    localrule: True
    params:
        **SETTINGS["collect_importance_within"],
    message:
        "Table of feature importance within parts of the stimuli"


use rule collect_importance as collect_scores_within with:
    input:
        layers=collect(
            "<results>/{{dataset}}/{model}/within/layer-{layer}/scores.parquet",
            zip,
            **STUDY.every_layer,
        ),
        models="<results>/{dataset}/tables/models.parquet",
    output:
        parquet="<results>/{dataset}/tables/scores_within.parquet",
        csv="<results>/{dataset}/tables/scores_within.csv",
    log:
        "<logs>/{dataset}/collect_scores_within.log",
    localrule: True
    params:
        **SETTINGS["collect_scores_within"],
    message:
        "Table of MLEM scores within parts of the stimuli"
