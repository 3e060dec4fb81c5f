# The whole workflow on one page: a study's configuration, the stages in their order, the targets.
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

try:
    from thinkalike.errors import InputError
    from thinkalike.study.job_settings import STIMULUS_TABLES, as_told, job_settings
    from thinkalike.study.needs import Needs, growing
    from thinkalike.study.products import STAGES, made_by, products
    from thinkalike.study.reading import load_study
    from thinkalike.study.stage_versions import STAGE_VERSION
    from thinkalike.study.study import LABEL, name_pattern
    from thinkalike.study.workplace import refuse_place
    from thinkalike.study.yaml_file import read_study_file
except ImportError as error:
    raise WorkflowError(
        f"This workflow needs the Python package thinkalike of its own version ({error}); install it where snakemake is "
        "installed, by `pip install .` in a checkout of the same version."
    ) from None

min_version("9.25")


# A file given with --configfile replaces the default study: Snakemake would merge the two.
IS_MAIN = workflow.modifier.is_main_snakefile()
STUDY_FILES = workflow.configfiles if IS_MAIN else []
if not IS_MAIN and config and "study" not in config:
    raise WorkflowError(
        f"The configuration of a module of thinkalike must be a study, but it has the keys {', '.join(map(str, config))}; "
        "give the module the part that is one, such as `config: config['thinkalike']`."
    )
# `--config study=other` is the default study under another name.
if not STUDY_FILES and (
    "study" not in config or (IS_MAIN and "datasets" not in config)
):

    configfile: "config/config.yaml"


try:
    for path in STUDY_FILES:
        read_study_file(path)
    STUDY = load_study(config)
    if workflow.is_main_process:
        refuse_place(Path.cwd(), workflow.basedir, f"results/{STUDY.name}")
except InputError as error:
    raise WorkflowError(str(error)) from None


pathvars:
    results=f"results/{STUDY.name}",
    logs=f"results/{STUDY.name}/logs",
    benchmarks=f"results/{STUDY.name}/benchmarks",


# Where a path lies when another workflow uses this one as a module, with `prefix:` or with `pathvars:` of its own.
PLACE = lambda path: workflow.modifier.path_modifier.modify(
    workflow.pathvars.apply(path)
)
# The files that a study is made from lie where it says, also under a `prefix:`.
OUTSIDE = lambda paths: [local(path) for path in paths]
# What the rules tell their jobs, and what each job leaves.
SETTINGS = job_settings(STUDY)
PRODUCTS = products(STUDY)
# Estimates of memory and time, by what is known of the study and by what is there already.
NEEDS = Needs(STUDY, PLACE("<results>"))


wildcard_constraints:
    dataset=name_pattern(list(STUDY.datasets)),
    model=name_pattern(list(STUDY.models)),
    model_a=name_pattern(list(STUDY.models)),
    model_b=name_pattern(list(STUDY.models)),
    layer=LABEL,


# The report opens with what the study found, once that is known.
FRONT_PAGE = Path(PLACE("<results>/report.rst")).resolve()


report: str(FRONT_PAGE) if FRONT_PAGE.exists() else "workflow/report/workflow.rst"


include: "workflow/rules/notes.smk"
include: "workflow/rules/stimuli.smk"
include: "workflow/rules/representations.smk"
include: "workflow/rules/mlem.smk"
include: "workflow/rules/similarity.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/explorer.smk"


# What lies between is asked for too. A job that starts removes its old results, and Snakemake takes a file in between
# that is not there for no reason to run when the last ones are: without this, a job of a change that failed would be
# tried once, and the next run would find nothing to do.
rule all:
    input:
        collect("<results>/{path}", path=made_by(PRODUCTS, *STAGES)),
        collect("<results>/downloads/{model}.json", model=STUDY.on_hub),
        collect(
            "<results>/{dataset}/tables/{table}.csv",
            dataset=STUDY.datasets,
            table=[*STUDY.tables, *STIMULUS_TABLES],
        ),
        collect(
            "<results>/{dataset}/figures/{figure}.{format}",
            dataset=STUDY.datasets,
            figure=FIGURES,
            format=STUDY.figures["formats"],
        ),
        ["<results>/across_datasets/agreement.csv"] if len(STUDY.datasets) > 1 else [],
        (
            collect(
                "<results>/{dataset}/{made}",
                dataset=STUDY.datasets,
                made=["tables/word_maps.parquet", "explorer.html"],
            )
            if len(STUDY.every_layer["layer"]) > 1
            else []
        ),
        (
            collect(
                "<results>/{dataset}/figures/reproduction.html", dataset=STUDY.datasets
            )
            if "reproduction" in STUDY.tables
            else []
        ),
        ["<results>/report.rst"] if "summary" in STUDY.tables else [],
        "<results>/resources/jobs.csv",
    localrule: True
    message:
        f"Study {STUDY.name}: all tables and figures are made"


include: "workflow/rules/operation.smk"
include: "workflow/rules/examples.smk"
