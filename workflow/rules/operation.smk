# Operation: parts of a study as targets, downloads, disk, cleaning, and what the jobs took.
# `snakemake --list-target-rules` shows the targets; docs/cluster.md says what they are for.

from thinkalike.study.needs import disk_message
from thinkalike.study.products import folders_of_vectors, leading_to


onstart:
    logger.info(disk_message(NEEDS))
    # Snakemake's limit of jobs per second (9.27) wakes its scheduler once more a second for every job that has ended,
    # which soon takes most of its processor time. On one machine the cores are the limit.
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None


# Each stage as a target, so that a study can be run in parts: the vectors on a GPU, the rest wherever there are cores.
# Each asks for all that leads to it (see `rule all`).
rule all_downloads:
    input:
        collect("<results>/downloads/{model}.json", model=STUDY.on_hub),
    localrule: True


rule all_stimuli:
    input:
        collect("<results>/{path}", path=made_by(PRODUCTS, "stimuli")),
    localrule: True


rule all_representations:
    input:
        collect(
            "<results>/{path}", path=made_by(PRODUCTS, "stimuli", "representations")
        ),
        collect(
            "<results>/{dataset}/{model}/representations",
            dataset=STUDY.datasets,
            model=STUDY.models,
        ),
    localrule: True


rule all_mlem:
    input:
        collect("<results>/{path}", path=made_by(PRODUCTS, *STAGES[:3])),
        collect(
            "<results>/{dataset}/tables/{table}.parquet",
            dataset=STUDY.datasets,
            table=["importance", "scores"],
        ),
    localrule: True


rule all_similarity:
    input:
        collect("<results>/{path}", path=made_by(PRODUCTS, *STAGES[:4])),
        collect("<results>/{dataset}/tables/similarity.parquet", dataset=STUDY.datasets),
    localrule: True


# All numbers, no figures.
rule all_tables:
    input:
        collect("<results>/{path}", path=made_by(PRODUCTS, *STAGES)),
        collect(
            "<results>/{dataset}/tables/{table}.csv",
            dataset=STUDY.datasets,
            table=[*STUDY.tables, *STIMULUS_TABLES],
        ),
    localrule: True


# One model: its vectors and the fits of its layers, on every dataset.
for one_model in STUDY.models:

    rule:
        name:
            f"model_{one_model}"
        input:
            collect(
                "<results>/{path}",
                path=made_by(PRODUCTS, *STAGES[:3], model=one_model),
            ),
        localrule: True


# One measure: all pairs of models by it.
for one_measure in STUDY.measures:

    rule:
        name:
            f"measure_{one_measure}"
        input:
            collect(
                "<results>/{path}",
                path=leading_to(STUDY, PRODUCTS, one_measure),
            ),
        localrule: True


# Compute nodes often have no network: this runs where Snakemake runs, also when the other jobs go through SLURM.
rule download:
    output:
        "<results>/downloads/{model}.json",
    log:
        "<logs>/downloads/{model}.log",
    retries: 2
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    params:
        source=lambda wildcards: STUDY.source(wildcards.model),
    message:
        "Download of {wildcards.model}"
    script:
        "../scripts/download.py"


# The vectors are nearly all that a study takes on disk. Nothing asks for them once the study is complete; a model that is
# added later brings the others' back.
rule remove_representations:
    input:
        rules.all.input,
        layers=collect(
            "<results>/{path}",
            path=made_by(PRODUCTS, "representations", rule="extract"),
        ),
    log:
        "<logs>/remove_representations.log",
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    params:
        folders=lambda wildcards, input: folders_of_vectors(input.layers),
    message:
        "Removing the representations of a complete study"
    shell:
        "rm -rf {params.folders:q} > {log:q} 2>&1"


# Differs from run to run, hence outside the tables.
rule resources:
    input:
        collect(
            "<results>/{dataset}/tables/{table}.parquet",
            dataset=STUDY.datasets,
            table=STUDY.tables,
        ),
    output:
        table="<results>/resources/jobs.csv",
        figure=report(
            f"<results>/resources/resources.{SHOWN}",
            caption="../report/resources.rst",
            category="6 Resources",
            labels={"figure": "time and memory of the jobs", "dataset": "all"},
        ),
        other=[
            f"<results>/resources/resources.{format}"
            for format in FORMATS
            if format != SHOWN
        ],
    log:
        "<logs>/resources.log",
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    params:
        benchmarks=PLACE("<benchmarks>"),
        version=STAGE_VERSION["figures"],
    message:
        "Time and memory of the jobs"
    script:
        "../scripts/resources.py"
