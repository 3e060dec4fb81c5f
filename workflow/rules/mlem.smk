# The metric-learning encoding model of every layer: which features explain its distances.


rule mlem:
    input:
        stimuli="<results>/{dataset}/stimuli.parquet",
        representations="<results>/{dataset}/{model}/representations",
    output:
        importance="<results>/{dataset}/{model}/mlem/layer-{layer}/importance.parquet",
        scores="<results>/{dataset}/{model}/mlem/layer-{layer}/scores.parquet",
    log:
        "<logs>/{dataset}/{model}/mlem/layer-{layer}.log",
    benchmark:
        "<benchmarks>/{dataset}/{model}/mlem/layer-{layer}.tsv"
    conda:
        "../../envs/cpu.yaml"
    params:
        settings=STUDY.mlem,
        seed=STUDY.seed,
        version=STAGE_VERSION["mlem"],
    threads: 1
    resources:
        mem_mb=2000,
        runtime=20,
    message:
        "MLEM of {wildcards.model}, layer {wildcards.layer}"
    script:
        "../scripts/mlem.py"


rule collect_importance:
    localrule: True
    input:
        layers=collect("<results>/{{dataset}}/{model}/mlem/layer-{layer}/importance.parquet", zip, **STUDY.every_layer),
        models="<results>/{dataset}/tables/models.parquet",
    output:
        parquet="<results>/{dataset}/tables/importance.parquet",
        csv="<results>/{dataset}/tables/importance.csv",
    log:
        "<logs>/{dataset}/collect_importance.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    message:
        "Table of feature importance"
    script:
        "../scripts/collect_importance.py"


use rule collect_importance as collect_scores with:
    input:
        layers=collect("<results>/{{dataset}}/{model}/mlem/layer-{layer}/scores.parquet", zip, **STUDY.every_layer),
        models="<results>/{dataset}/tables/models.parquet",
    output:
        parquet="<results>/{dataset}/tables/scores.parquet",
        csv="<results>/{dataset}/tables/scores.csv",
    log:
        "<logs>/{dataset}/collect_scores.log",
    message:
        "Table of MLEM scores"
    script:
        "../scripts/collect_scores.py"
