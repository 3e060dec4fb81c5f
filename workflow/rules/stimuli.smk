# Stimuli: words in sentences with their features, and the corpus that small models are trained on.


rule stimuli:
    input:
        files=lambda wildcards: OUTSIDE(STUDY.stimulus_files(wildcards.dataset)),
        # Only where sentences are left out that a model cannot be asked about.
        downloads=lambda wildcards: collect(
            "<results>/downloads/{model}.json",
            model=[
                name
                for name in STUDY.leaving_out(wildcards.dataset).get("models", ())
                if name in STUDY.on_hub
            ],
        ),
    output:
        stimuli="<results>/{dataset}/stimuli.parquet",
        sentences="<results>/{dataset}/sentences.parquet",
    log:
        "<logs>/{dataset}/stimuli.log",
    benchmark:
        "<benchmarks>/{dataset}/stimuli.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=NEEDS.stimuli_memory,
        runtime=growing(10),
    params:
        **SETTINGS["stimuli"],
    message:
        "Stimuli of {wildcards.dataset}"
    script:
        "../scripts/stimuli.py"


rule corpus:
    input:
        sentences="<results>/{dataset}/sentences.parquet",
        grammar=lambda wildcards: local(STUDY.corpus_files(wildcards.dataset)[0]),
    output:
        corpus="<results>/{dataset}/corpus.parquet",
        minimal_pairs="<results>/{dataset}/minimal_pairs.parquet",
    log:
        "<logs>/{dataset}/corpus.log",
    benchmark:
        "<benchmarks>/{dataset}/corpus.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(20),
    params:
        **SETTINGS["corpus"],
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
    conda:
        "../../envs/cpu.yaml"
    resources:
        mem_mb=NEEDS.report_memory,
        runtime=NEEDS.report_minutes,
    params:
        **SETTINGS["stimulus_report"],
    message:
        "What the stimuli of {wildcards.dataset} can tell apart"
    script:
        "../scripts/stimulus_report.py"
