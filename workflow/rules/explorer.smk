# The explorer: one page that shows, for any two layers, how alike they are and why.

from html import escape

EXPLORED = ["importance", "similarity", "models"]
EXPLORED += [table for table in ("inference", "explained") if table in STUDY.tables]
EXPLORED += [table for table in ["summary"] if table in STUDY.tables]
SUMMARISED = ["importance", "scores", "similarity", "models"]
SUMMARISED += [table for table in ("agreement", "explained") if table in STUDY.tables]


rule word_maps:
    input:
        collect("<results>/{{dataset}}/{model}/representations", model=STUDY.models),
    output:
        "<results>/{dataset}/tables/word_maps.parquet",
    log:
        "<logs>/{dataset}/word_maps.log",
    benchmark:
        "<benchmarks>/{dataset}/word_maps.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(20),
    params:
        **SETTINGS["word_maps"],
    message:
        "Maps of the words of every layer"
    script:
        "../scripts/word_maps.py"


rule explorer:
    input:
        **{table: f"<results>/{{dataset}}/tables/{table}.parquet" for table in EXPLORED},
        stimuli="<results>/{dataset}/stimuli.parquet",
        sentences="<results>/{dataset}/sentences.parquet",
        word_maps="<results>/{dataset}/tables/word_maps.parquet",
    output:
        page="<results>/{dataset}/explorer.html",
        in_report=report(
            "<results>/{dataset}/figures/explorer.html",
            caption="../report/explorer.rst",
            category="0 Explorer",
            labels={"figure": "explorer", "dataset": "{dataset}"},
        ),
    log:
        "<logs>/{dataset}/explorer.log",
    benchmark:
        "<benchmarks>/{dataset}/explorer.tsv"
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(10),
    params:
        names=lambda wildcards: dict(
            study=STUDY.name,
            dataset=wildcards.dataset,
            datasets=list(STUDY.datasets),
            profile=STUDY.similarity["profile"],
        ),
        version=STAGE_VERSION["figures"],
    message:
        "Explorer of {wildcards.dataset}"
    script:
        "../scripts/explorer.py"


rule reproduction_page:
    input:
        reproduction="<results>/{dataset}/tables/reproduction.parquet",
        setup="<results>/{dataset}/tables/reproduction_setup.parquet",
        numbering="<results>/{dataset}/tables/layer_numbering.parquet",
    output:
        report(
            "<results>/{dataset}/figures/reproduction.html",
            caption="../report/reproduction.rst",
            category="0 Explorer",
            labels={"figure": "reproduction", "dataset": "{dataset}"},
        ),
    log:
        "<logs>/{dataset}/reproduction_page.log",
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    params:
        # Snakemake writes parameters into a script of the report as they are.
        source=as_told(escape(STUDY.reference.get("source", ""), quote=False)),
        study=STUDY.name,
        version=STAGE_VERSION["figures"],
    message:
        "Sheet of published values beside the study's own"
    script:
        "../scripts/reproduction_page.py"


rule summary:
    input:
        **{
            table: f"<results>/{{dataset}}/tables/{table}.parquet"
            for table in SUMMARISED
        },
        stimuli="<results>/{dataset}/stimuli.parquet",
        stimuli_warnings="<results>/{dataset}/tables/stimuli_warnings.parquet",
    output:
        parquet="<results>/{dataset}/tables/summary.parquet",
        csv="<results>/{dataset}/tables/summary.csv",
    log:
        "<logs>/{dataset}/summary.log",
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(10),
    params:
        version=STAGE_VERSION["figures"],
    message:
        "Summary of {wildcards.dataset}"
    script:
        "../scripts/summary.py"


# The report opens with it (see the Snakefile), where it is there.
rule front_page:
    input:
        collect("<results>/{dataset}/tables/summary.parquet", dataset=STUDY.datasets),
    output:
        "<results>/report.rst",
    log:
        "<logs>/front_page.log",
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    params:
        datasets=list(STUDY.datasets),
        version=STAGE_VERSION["figures"],
    message:
        "First page of the report"
    script:
        "../scripts/front_page.py"
