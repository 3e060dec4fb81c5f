# Stimuli: words in sentences with their features, and the corpus that small models are trained on.

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
    )
]


rule stimuli:
    input:
        lambda wildcards: STUDY.stimulus_files(wildcards.dataset),
    output:
        stimuli="<results>/{dataset}/stimuli.parquet",
        sentences="<results>/{dataset}/sentences.parquet",
    log:
        "<logs>/{dataset}/stimuli.log",
    benchmark:
        "<benchmarks>/{dataset}/stimuli.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(10),
    params:
        source=lambda wildcards: STUDY.stimulus_source(wildcards.dataset),
        seed=STUDY.seed,
        version=STAGE_VERSION["stimuli"],
    message:
        "Stimuli of {wildcards.dataset}"
    script:
        "../scripts/stimuli.py"


rule corpus:
    input:
        sentences="<results>/{dataset}/sentences.parquet",
        grammar=lambda wildcards: STUDY.datasets[wildcards.dataset]["corpus"]["grammar"],
    output:
        corpus="<results>/{dataset}/corpus.parquet",
        minimal_pairs="<results>/{dataset}/minimal_pairs.parquet",
    log:
        "<logs>/{dataset}/corpus.log",
    benchmark:
        "<benchmarks>/{dataset}/corpus.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(20),
    params:
        source=lambda wildcards: STUDY.datasets[wildcards.dataset]["corpus"],
        pairs_per_phenomenon=300,
        seed=STUDY.seed,
        version=STAGE_VERSION["stimuli"],
    message:
        "Training corpus and minimal pairs of {wildcards.dataset}"
    script:
        "../scripts/corpus.py"


rule stimulus_report:
    input:
        stimuli="<results>/{dataset}/stimuli.parquet",
        sentences="<results>/{dataset}/sentences.parquet",
    output:
        parquet=collect(
            "<results>/{{dataset}}/tables/{table}.parquet", table=STIMULUS_TABLES
        ),
        csv=collect("<results>/{{dataset}}/tables/{table}.csv", table=STIMULUS_TABLES),
    log:
        "<logs>/{dataset}/stimulus_report.log",
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        tables=STIMULUS_TABLES,
        version=STAGE_VERSION["stimuli"],
    message:
        "What the stimuli of {wildcards.dataset} can tell apart"
    script:
        "../scripts/stimulus_report.py"
