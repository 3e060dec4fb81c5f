# Representations: small models trained here, and the vectors of every layer of every model.


rule train:
    input:
        corpus="<results>/{dataset}/corpus.parquet",
        minimal_pairs="<results>/{dataset}/minimal_pairs.parquet",
        sentences="<results>/{dataset}/sentences.parquet",
        grammar=lambda wildcards: local(STUDY.corpus_files(wildcards.dataset)[0]),
    output:
        checkpoint=directory("<results>/{dataset}/{model}/checkpoint"),
        training="<results>/{dataset}/{model}/training.parquet",
        grammaticality="<results>/{dataset}/{model}/grammaticality.parquet",
    log:
        "<logs>/{dataset}/{model}/train.log",
    benchmark:
        "<benchmarks>/{dataset}/{model}/train.tsv"
    # All that follows of a model waits for it.
    priority: 20
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=NEEDS.train_memory,
        runtime=NEEDS.train_minutes,
    params:
        **SETTINGS["train"],
    message:
        "Training of {wildcards.model} on {wildcards.dataset}, and what it has learnt"
    script:
        "../scripts/train.py"


rule extract:
    input:
        stimuli="<results>/{dataset}/stimuli.parquet",
        sentences="<results>/{dataset}/sentences.parquet",
        checkpoint=branch(
            lambda wildcards: STUDY.models[wildcards.model].kind == "train",
            then="<results>/{dataset}/{model}/checkpoint",
        ),
        files=lambda wildcards: OUTSIDE(STUDY.source_files(wildcards.model)),
        download=branch(
            lambda wildcards: wildcards.model in STUDY.on_hub,
            then="<results>/downloads/{model}.json",
        ),
    output:
        representations=directory("<results>/{dataset}/{model}/representations"),
        # Stays when the vectors are removed, and says that they have been made.
        layers="<results>/{dataset}/{model}/layers.parquet",
    log:
        "<logs>/{dataset}/{model}/extract.log",
    benchmark:
        "<benchmarks>/{dataset}/{model}/extract.tsv"
    priority: 10
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=NEEDS.extract_memory,
        runtime=NEEDS.extract_minutes,
    params:
        **SETTINGS["extract"],
    message:
        "Representations of {wildcards.dataset} in {wildcards.model}"
    script:
        "../scripts/extract.py"


rule collect_models:
    output:
        parquet="<results>/{dataset}/tables/models.parquet",
        csv="<results>/{dataset}/tables/models.csv",
    log:
        "<logs>/{dataset}/collect_models.log",
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    params:
        **SETTINGS["collect_models"],
    message:
        "Table of models and layers"
    script:
        "../scripts/collect_models.py"


rule versions:
    output:
        parquet="<results>/{dataset}/tables/versions.parquet",
        csv="<results>/{dataset}/tables/versions.csv",
    log:
        "<logs>/{dataset}/versions.log",
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    params:
        **SETTINGS["versions"],
    message:
        "Table of versions"
    script:
        "../scripts/versions.py"


rule collect_training:
    input:
        tables=collect(
            "<results>/{{dataset}}/{model}/training.parquet", model=STUDY.trained
        ),
        models="<results>/{dataset}/tables/models.parquet",
    output:
        parquet="<results>/{dataset}/tables/training.parquet",
        csv="<results>/{dataset}/tables/training.csv",
    log:
        "<logs>/{dataset}/collect_training.log",
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    params:
        **SETTINGS["collect_training"],
    message:
        "Table of training losses"
    script:
        "../scripts/collect_of_models.py"


use rule collect_training as collect_grammaticality with:
    input:
        tables=collect(
            "<results>/{{dataset}}/{model}/grammaticality.parquet", model=STUDY.trained
        ),
        models="<results>/{dataset}/tables/models.parquet",
    output:
        parquet="<results>/{dataset}/tables/grammaticality.parquet",
        csv="<results>/{dataset}/tables/grammaticality.csv",
    log:
        "<logs>/{dataset}/collect_grammaticality.log",
    localrule: True
    params:
        **SETTINGS["collect_grammaticality"],
    message:
        "Table of grammaticality judgements"
