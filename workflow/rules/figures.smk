# Figures: each from tables of the study alone, so that it can be redrawn when the vectors are gone.

FIGURES = [
    "feature_importance",
    "decoding",
    "scores",
    "similarity",
    "similarity_scatter",
    "measure_agreement",
    "seed_agreement",
    "pair_most",
    "pair_least",
    "feature_correlation",
    "stimuli",
    "training",
    "grammaticality",
]
# A study without trained models has no losses to draw, one with a single layer nothing to compare.
FIGURES = [figure for figure in FIGURES if figure not in STUDY.figures_without_data]
FORMATS = STUDY.figures["formats"]
# The report shows one format of each figure.
SHOWN = min(FORMATS, key=["png", "svg", "pdf"].index)


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
        measure=STUDY.similarity["feature_based"][0],
        seed=STUDY.seed,
        version=STAGE_VERSION["figures"],
    message:
        "What makes the most and the least similar layers alike"
    script:
        "../scripts/explain_pairs.py"


rule figure_feature_importance:
    input:
        table="<results>/{dataset}/tables/importance.parquet",
        models="<results>/{dataset}/tables/models.parquet",
    output:
        report(
            f"<results>/{{dataset}}/figures/feature_importance.{SHOWN}",
            caption="../report/feature_importance.rst",
            category="1 Feature importance",
            labels={"figure": "feature importance", "dataset": "{dataset}"},
        ),
        [
            f"<results>/{{dataset}}/figures/feature_importance.{format}"
            for format in FORMATS
            if format != SHOWN
        ],
    log:
        "<logs>/{dataset}/figures/feature_importance.log",
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        figure="feature_importance_profiles",
        arguments={},
        options=STUDY.figures["feature_importance"],
        version=STAGE_VERSION["figures"],
    message:
        "Figure: feature importance by layer"
    script:
        "../scripts/figure.py"


use rule figure_feature_importance as figure_decoding with:
    input:
        table="<results>/{dataset}/tables/probes.parquet",
        models="<results>/{dataset}/tables/models.parquet",
    output:
        report(
            f"<results>/{{dataset}}/figures/decoding.{SHOWN}",
            caption="../report/decoding.rst",
            category="1 Feature importance",
            labels={"figure": "decoding", "dataset": "{dataset}"},
        ),
        [
            f"<results>/{{dataset}}/figures/decoding.{format}"
            for format in FORMATS
            if format != SHOWN
        ],
    log:
        "<logs>/{dataset}/figures/decoding.log",
    localrule: True
    params:
        figure="decoding_profiles",
        arguments={},
        options=STUDY.figures["decoding"],
        version=STAGE_VERSION["figures"],
    message:
        "Figure: decoding by layer"


use rule figure_feature_importance as figure_scores with:
    input:
        table="<results>/{dataset}/tables/scores.parquet",
        models="<results>/{dataset}/tables/models.parquet",
    output:
        report(
            f"<results>/{{dataset}}/figures/scores.{SHOWN}",
            caption="../report/scores.rst",
            category="1 Feature importance",
            labels={"figure": "scores", "dataset": "{dataset}"},
        ),
        [
            f"<results>/{{dataset}}/figures/scores.{format}"
            for format in FORMATS
            if format != SHOWN
        ],
    log:
        "<logs>/{dataset}/figures/scores.log",
    localrule: True
    params:
        figure="score_by_layer",
        arguments={},
        options=STUDY.figures["scores"],
        version=STAGE_VERSION["figures"],
    message:
        "Figure: scores by layer"


use rule figure_feature_importance as figure_training with:
    input:
        table="<results>/{dataset}/tables/training.parquet",
        models="<results>/{dataset}/tables/models.parquet",
    output:
        report(
            f"<results>/{{dataset}}/figures/training.{SHOWN}",
            caption="../report/training.rst",
            category="5 Training",
            labels={"figure": "training", "dataset": "{dataset}"},
        ),
        [
            f"<results>/{{dataset}}/figures/training.{format}"
            for format in FORMATS
            if format != SHOWN
        ],
    log:
        "<logs>/{dataset}/figures/training.log",
    localrule: True
    params:
        figure="training_curves",
        arguments={},
        options=STUDY.figures["training"],
        version=STAGE_VERSION["figures"],
    message:
        "Figure: training curves"


use rule figure_feature_importance as figure_grammaticality with:
    input:
        table="<results>/{dataset}/tables/grammaticality.parquet",
        models="<results>/{dataset}/tables/models.parquet",
    output:
        report(
            f"<results>/{{dataset}}/figures/grammaticality.{SHOWN}",
            caption="../report/grammaticality.rst",
            category="5 Training",
            labels={"figure": "grammaticality", "dataset": "{dataset}"},
        ),
        [
            f"<results>/{{dataset}}/figures/grammaticality.{format}"
            for format in FORMATS
            if format != SHOWN
        ],
    log:
        "<logs>/{dataset}/figures/grammaticality.log",
    localrule: True
    params:
        figure="agreement_accuracy",
        arguments={},
        options=STUDY.figures["grammaticality"],
        version=STAGE_VERSION["figures"],
    message:
        "Figure: grammaticality judgements"


use rule figure_feature_importance as figure_similarity_scatter with:
    input:
        table="<results>/{dataset}/tables/similarity.parquet",
        models="<results>/{dataset}/tables/models.parquet",
    output:
        report(
            f"<results>/{{dataset}}/figures/similarity_scatter.{SHOWN}",
            caption="../report/similarity_scatter.rst",
            category="2 Similarity",
            labels={"figure": "similarity scatter", "dataset": "{dataset}"},
        ),
        [
            f"<results>/{{dataset}}/figures/similarity_scatter.{format}"
            for format in FORMATS
            if format != SHOWN
        ],
    log:
        "<logs>/{dataset}/figures/similarity_scatter.log",
    localrule: True
    params:
        figure="similarity_scatter",
        arguments=dict(
            measure_x=STUDY.similarity["feature_based"][0],
            measure_y=STUDY.similarity["feature_agnostic"][0],
        ),
        options=STUDY.figures["similarity_scatter"],
        version=STAGE_VERSION["figures"],
    message:
        "Figure: feature-based against feature-agnostic similarity"


use rule figure_feature_importance as figure_seed_agreement with:
    input:
        table="<results>/{dataset}/tables/similarity.parquet",
        models="<results>/{dataset}/tables/models.parquet",
    output:
        report(
            f"<results>/{{dataset}}/figures/seed_agreement.{SHOWN}",
            caption="../report/seed_agreement.rst",
            category="2 Similarity",
            labels={"figure": "seed agreement", "dataset": "{dataset}"},
        ),
        [
            f"<results>/{{dataset}}/figures/seed_agreement.{format}"
            for format in FORMATS
            if format != SHOWN
        ],
    log:
        "<logs>/{dataset}/figures/seed_agreement.log",
    localrule: True
    params:
        figure="seed_agreement",
        arguments=dict(measure=STUDY.similarity["feature_based"][0]),
        options=STUDY.figures["seed_agreement"],
        version=STAGE_VERSION["figures"],
    message:
        "Figure: agreement of two seeds"


rule figure_similarity:
    input:
        similarity="<results>/{dataset}/tables/similarity.parquet",
        models="<results>/{dataset}/tables/models.parquet",
    output:
        report(
            f"<results>/{{dataset}}/figures/similarity.{SHOWN}",
            caption="../report/similarity.rst",
            category="2 Similarity",
            labels={"figure": "similarity", "dataset": "{dataset}"},
        ),
        [
            f"<results>/{{dataset}}/figures/similarity.{format}"
            for format in FORMATS
            if format != SHOWN
        ],
    log:
        "<logs>/{dataset}/figures/similarity.log",
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        feature_based=STUDY.similarity["feature_based"][0],
        feature_agnostic=STUDY.similarity["feature_agnostic"][0],
        seed=STUDY.seed,
        options=STUDY.figures["similarity"],
        version=STAGE_VERSION["figures"],
    message:
        "Figure: similarity of all layers"
    script:
        "../scripts/figure_similarity.py"


rule figure_measure_agreement:
    input:
        "<results>/{dataset}/tables/agreement.parquet",
    output:
        report(
            f"<results>/{{dataset}}/figures/measure_agreement.{SHOWN}",
            caption="../report/measure_agreement.rst",
            category="2 Similarity",
            labels={"figure": "measure agreement", "dataset": "{dataset}"},
        ),
        [
            f"<results>/{{dataset}}/figures/measure_agreement.{format}"
            for format in FORMATS
            if format != SHOWN
        ],
    log:
        "<logs>/{dataset}/figures/measure_agreement.log",
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        options=STUDY.figures["measure_agreement"],
        version=STAGE_VERSION["figures"],
    message:
        "Figure: agreement of the measures"
    script:
        "../scripts/figure_measure_agreement.py"


rule figure_pair_most:
    input:
        importance="<results>/{dataset}/tables/importance.parquet",
        pairs="<results>/{dataset}/tables/pairs.parquet",
        words="<results>/{dataset}/tables/pair_words.parquet",
        stimuli="<results>/{dataset}/stimuli.parquet",
        models="<results>/{dataset}/tables/models.parquet",
    output:
        report(
            f"<results>/{{dataset}}/figures/pair_most.{SHOWN}",
            caption="../report/pair_most.rst",
            category="3 What makes two layers alike",
            labels={"figure": "pair most", "dataset": "{dataset}"},
        ),
        [
            f"<results>/{{dataset}}/figures/pair_most.{format}"
            for format in FORMATS
            if format != SHOWN
        ],
    log:
        "<logs>/{dataset}/figures/pair_most.log",
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        pair="most",
        options=STUDY.figures["pair_most"],
        version=STAGE_VERSION["figures"],
    message:
        "Figure: the most similar layers of two models"
    script:
        "../scripts/figure_pair.py"


use rule figure_pair_most as figure_pair_least with:
    output:
        report(
            f"<results>/{{dataset}}/figures/pair_least.{SHOWN}",
            caption="../report/pair_least.rst",
            category="3 What makes two layers alike",
            labels={"figure": "pair least", "dataset": "{dataset}"},
        ),
        [
            f"<results>/{{dataset}}/figures/pair_least.{format}"
            for format in FORMATS
            if format != SHOWN
        ],
    log:
        "<logs>/{dataset}/figures/pair_least.log",
    localrule: True
    params:
        pair="least",
        options=STUDY.figures["pair_least"],
        version=STAGE_VERSION["figures"],
    message:
        "Figure: the least similar layers of two models"


rule figure_feature_correlation:
    input:
        correlation="<results>/{dataset}/tables/stimuli_correlation.parquet",
        difference_correlation="<results>/{dataset}/tables/stimuli_difference_correlation.parquet",
    output:
        report(
            f"<results>/{{dataset}}/figures/feature_correlation.{SHOWN}",
            caption="../report/feature_correlation.rst",
            category="4 Stimuli",
            labels={"figure": "feature correlation", "dataset": "{dataset}"},
        ),
        [
            f"<results>/{{dataset}}/figures/feature_correlation.{format}"
            for format in FORMATS
            if format != SHOWN
        ],
    log:
        "<logs>/{dataset}/figures/feature_correlation.log",
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        options=STUDY.figures["feature_correlation"],
        version=STAGE_VERSION["figures"],
    message:
        "Figure: correlation of the features"
    script:
        "../scripts/figure_feature_correlation.py"


rule figure_stimuli:
    input:
        "<results>/{dataset}/stimuli.parquet",
    output:
        report(
            f"<results>/{{dataset}}/figures/stimuli.{SHOWN}",
            caption="../report/stimuli.rst",
            category="4 Stimuli",
            labels={"figure": "stimuli", "dataset": "{dataset}"},
        ),
        [
            f"<results>/{{dataset}}/figures/stimuli.{format}"
            for format in FORMATS
            if format != SHOWN
        ],
    log:
        "<logs>/{dataset}/figures/stimuli.log",
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        options=STUDY.figures["stimuli"],
        version=STAGE_VERSION["figures"],
    message:
        "Figure: the stimuli's features"
    script:
        "../scripts/figure_stimuli.py"
