# Figures: each from tables of the study alone, so that it can be redrawn when the vectors are gone.

FORMATS = STUDY.figures["formats"]
# The report shows one format of each figure.
SHOWN = min(FORMATS, key=["png", "svg", "pdf"].index)
BASED, AGNOSTIC = (
    STUDY.similarity[kind][0] for kind in ("feature_based", "feature_agnostic")
)

# What the figures of pairs draw at their bottom, where the study has it.
EXPLAINED = [table for table in STUDY.tables if table == "explained"]

# Name: category in the report, tables (the arguments of the figure's function), and its further arguments. A figure is
# made where the study has all of its tables. The module, the function and the caption have the figure's name.
FIGURES = {
    "feature_importance": (
        "1 Feature importance",
        ["importance", "models"],
        {"profile": STUDY.similarity["profile"]},
    ),
    "feature_importance_difference": (
        "1 Feature importance",
        ["importance", "models"],
        {},
    ),
    "level_weights": ("1 Feature importance", ["level_weights", "models"], {}),
    "decoding": ("1 Feature importance", ["probes", "models"], {}),
    "scores": ("1 Feature importance", ["scores", "models"], {}),
    "similarity": (
        "2 Similarity",
        ["similarity", "layer_maps", "models"],
        {"feature_based": BASED, "feature_agnostic": AGNOSTIC},
    ),
    "similarity_scatter": (
        "2 Similarity",
        ["similarity", "models"],
        {"measure_x": BASED, "measure_y": AGNOSTIC},
    ),
    "measure_agreement": ("2 Similarity", ["agreement"], {}),
    "seed_agreement": ("2 Similarity", ["similarity", "models"], {"measure": BASED}),
    "explained": ("3 What makes two layers alike", ["explained", "models"], {}),
    "pair_most": (
        "3 What makes two layers alike",
        ["pairs", "pair_words", "stimuli", "models", *EXPLAINED],
        {},
    ),
    "pair_least": (
        "3 What makes two layers alike",
        ["pairs", "pair_words", "stimuli", "models", *EXPLAINED],
        {},
    ),
    "feature_sets": (
        "3 What makes two layers alike",
        ["feature_sets", "feature_set_profiles", "models"],
        {},
    ),
    "model_mlem": (
        "3 What makes two layers alike",
        ["model_mlem", "model_maps", "models"],
        {},
    ),
    "feature_correlation": (
        "4 Stimuli",
        ["stimuli_correlation", "stimuli_difference_correlation"],
        {},
    ),
    "stimuli": ("4 Stimuli", ["stimuli_levels", "stimuli_pairs"], {}),
    "training": ("5 Training", ["training", "models"], {}),
    "grammaticality": ("5 Training", ["grammaticality", "models"], {}),
}
# What tables do not tell: of two measures the one number stands in other figures.
WITHOUT = {
    "similarity_scatter": len(STUDY.every_layer["layer"]) < 2,
    "measure_agreement": len(STUDY.measures) < 3,
    "feature_importance_difference": STUDY.mlem["coding"] != "levels",
    "explained": len(STUDY.models) < 2,
    "seed_agreement": not STUDY.has_two_seeds,
}
TABLES = ["stimuli", *STUDY.tables, *STIMULUS_TABLES]
FIGURES = {
    name: figure
    for name, figure in FIGURES.items()
    if set(figure[1]) <= set(TABLES) and not WITHOUT.get(name)
}


for figure_name, (category, tables, arguments) in FIGURES.items():

    rule:
        name:
            f"figure_{figure_name}"
        input:
            **{
                table: f"<results>/{{dataset}}/{'' if table == 'stimuli' else 'tables/'}{table}.parquet"
                for table in tables
            },
        output:
            report(
                f"<results>/{{dataset}}/figures/{figure_name}.{SHOWN}",
                caption=f"../report/{figure_name}.rst",
                category=category,
                labels={
                    "figure": figure_name.replace("_", " "),
                    "dataset": "{dataset}",
                },
            ),
            [
                f"<results>/{{dataset}}/figures/{figure_name}.{format}"
                for format in FORMATS
                if format != SHOWN
            ],
        log:
            f"<logs>/{{dataset}}/figures/{figure_name}.log",
        localrule: True
        conda:
            "../../envs/cpu.yaml"
        threads: 1
        resources:
            mem_mb=2000,
            runtime=30,
        params:
            figure=figure_name,
            arguments=arguments,
            options=STUDY.figures.get(figure_name, {}),
            version=STAGE_VERSION["figures"],
        message:
            f"Figure: {figure_name.replace('_', ' ')}"
        script:
            "../scripts/figure.py"


# The vectors are read here once; the figures of pairs need only what this writes.
rule explain_pairs:
    input:
        importance="<results>/{dataset}/tables/importance.parquet",
        similarity="<results>/{dataset}/tables/similarity.parquet",
        models="<results>/{dataset}/tables/models.parquet",
        representations=collect(
            "<results>/{{dataset}}/{model}/representations", model=STUDY.models
        ),
    output:
        pairs="<results>/{dataset}/tables/pairs.parquet",
        pairs_csv="<results>/{dataset}/tables/pairs.csv",
        words="<results>/{dataset}/tables/pair_words.parquet",
        words_csv="<results>/{dataset}/tables/pair_words.csv",
    log:
        "<logs>/{dataset}/explain_pairs.log",
    benchmark:
        "<benchmarks>/{dataset}/explain_pairs.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(20),
    params:
        **SETTINGS["explain_pairs"],
    message:
        "What makes the most and the least similar layers alike"
    script:
        "../scripts/explain_pairs.py"
