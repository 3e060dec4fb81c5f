# Stimuli: words in sentences with their features, and the corpus that small models are trained on.


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
    params:
        source=lambda wildcards: STUDY.stimulus_source(wildcards.dataset),
        seed=STUDY.seed,
        version=STAGE_VERSION["stimuli"],
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    message:
        "Stimuli of {wildcards.dataset}"
    script:
        "../scripts/stimuli.py"


rule corpus:
    input:
        sentences="<results>/{dataset}/sentences.parquet",
        grammar=lambda wildcards: STUDY.datasets[wildcards.dataset]["corpus"]["grammar"],
    output:
        "<results>/{dataset}/corpus.parquet",
    log:
        "<logs>/{dataset}/corpus.log",
    benchmark:
        "<benchmarks>/{dataset}/corpus.tsv"
    conda:
        "../../envs/cpu.yaml"
    params:
        source=lambda wildcards: STUDY.datasets[wildcards.dataset]["corpus"],
        seed=STUDY.seed,
        version=STAGE_VERSION["stimuli"],
    threads: 1
    resources:
        mem_mb=2000,
        runtime=20,
    message:
        "Training corpus of {wildcards.dataset}"
    script:
        "../scripts/corpus.py"


rule stimulus_report:
    localrule: True
    input:
        "<results>/{dataset}/stimuli.parquet",
    output:
        tables=collect(
            "<results>/{{dataset}}/tables/stimuli_{table}.{extension}", table=STIMULUS_TABLES, extension=["parquet", "csv"]
        ),
    log:
        "<logs>/{dataset}/stimulus_report.log",
    conda:
        "../../envs/cpu.yaml"
    params:
        tables=STIMULUS_TABLES,
        version=STAGE_VERSION["stimuli"],
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    message:
        "What the stimuli of {wildcards.dataset} can tell apart"
    script:
        "../scripts/stimulus_report.py"
